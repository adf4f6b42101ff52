#include "check.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static char path[128];
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

static void test_write_then_read(void **state)
{
    char *content = NULL;
    struct stat info;

    (void)state;
    assert_true(file_write(path, span_str("one"), 0600, &err));
    assert_true(file_write(path, span_str("second"), 0600, &err));
    assert_true(file_read(path, 6, &content, &err));
    assert_string_equal(content, "second");
    mem_free(content);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_false(file_read(path, 5, &content, &err));
    assert_int_equal(err.class, E_LIMIT);
}

static void test_a_left_over_file_does_not_lend_its_mode(void **state)
{
    char next[160];
    struct stat info;
    int fd;

    (void)state;
    (void)snprintf(next, sizeof next, "%s.new", path);
    fd = open(next, O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0 && fchmod(fd, 0666) == 0 && close(fd) == 0);
    assert_true(file_write(path, span_str("secret"), 0600, &err));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_a_failed_write_keeps_the_old(void **state)
{
    char next[160];
    char *content = NULL;

    (void)state;
    assert_true(file_write(path, span_str("old"), 0600, &err));
    (void)snprintf(next, sizeof next, "%s.new", path);
    assert_int_equal(mkdir(next, 0700), 0); /* in the way of the new one */
    assert_false(file_write(path, span_str("new"), 0600, &err));
    assert_contains(err.text, next);
    assert_true(file_read(path, 100, &content, &err));
    assert_string_equal(content, "old");
    mem_free(content);
}

static void test_directories(void **state)
{
    char deep[200];
    char outside[200];

    (void)state;
    (void)snprintf(deep, sizeof deep, "%s/a/b/c", dir);
    assert_true(dir_make_all(deep, 0700, &err));
    assert_true(dir_make_all(deep, 0700, &err));
    (void)snprintf(deep, sizeof deep, "%s/a/file", dir);
    assert_true(file_write(deep, span_str("x"), 0600, &err));
    assert_false(dir_make(deep, 0700, &err));
    assert_contains(err.text, "expected a directory");
    /* A link is removed, not followed. */
    (void)snprintf(outside, sizeof outside, "%s/kept", dir);
    assert_true(dir_make(outside, 0700, &err));
    (void)snprintf(deep, sizeof deep, "%s/a/link", dir);
    assert_int_equal(symlink(outside, deep), 0);
    (void)snprintf(deep, sizeof deep, "%s/a", dir);
    assert_true(dir_remove(deep, &err));
    assert_false(path_exists(deep));
    assert_true(path_exists(outside));
    assert_true(dir_remove(deep, &err));
}

static void test_the_lock_goes_on_in_a_child(void **state)
{
    int first = -1;
    int second = -1;
    int pipe_fds[2];
    pid_t child;

    (void)state;
    assert_true(file_lock(path, &first, &err));
    assert_false(file_lock(path, &second, &err));
    assert_int_equal(err.class, E_STATE);
    assert_int_equal(pipe(pipe_fds), 0);
    child = fork();
    if (child == 0) {
        char byte;

        (void)close(pipe_fds[1]);
        (void)!read(pipe_fds[0], &byte, 1);
        _exit(0);
    }
    (void)close(pipe_fds[0]);
    fd_close(&first);
    assert_false(file_lock(path, &second, &err));
    (void)close(pipe_fds[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(file_lock(path, &second, &err));
    fd_close(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_then_read, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_left_over_file_does_not_lend_its_mode, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_failed_write_keeps_the_old, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_directories, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_the_lock_goes_on_in_a_child, make_dir, drop_dir),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
