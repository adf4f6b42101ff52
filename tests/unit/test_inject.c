#include "check.h"

#include "base/fd_at.h"
#include "base/file.h"
#include "base/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static char path[96];
static struct err err;
static int fd;

static int open_file(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/file", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && inject_set(NULL, &err) ? 0 : -1;
}

static int close_file(void **state)
{
    (void)state;
    fd_close(&fd);
    return inject_set(NULL, &err) && dir_remove(dir, &err) ? 0 : -1;
}

static void assert_content(const char *text)
{
    char bytes[32] = {0};
    size_t got;

    assert_true(fd_read_at(fd, 0, bytes, sizeof bytes - 1, &got, &err));
    assert_int_equal(got, strlen(text));
    assert_string_equal(bytes, text);
}

static void test_at_the_nth_pass_only(void **state)
{
    (void)state;
    assert_true(inject_set("here:eio:2,there:enospc", &err));
    assert_int_equal(inject_take("here"), INJECT_NONE);
    assert_int_equal(inject_take("here"), INJECT_EIO);
    assert_int_equal(inject_take("here"), INJECT_NONE);
    assert_int_equal(inject_passes("here"), 3);
    assert_int_equal(inject_take("there"), INJECT_ENOSPC);
    assert_int_equal(inject_take("elsewhere"), INJECT_NONE);
    assert_int_equal(inject_passes("nowhere"), 0);
}

static void test_lists_that_are_refused(void **state)
{
    static const char *const wrong[] = {"x", "x:", "x:bang", "x:eio:0", "x:eio:y", ":eio"};

    (void)state;
    assert_true(inject_set("kept:eio", &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(inject_set(wrong[i], &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, "expected POINT:FAULT[:N]");
    }
    assert_int_equal(inject_take("kept"), INJECT_EIO);
}

static void test_writes_and_syncs_fail(void **state)
{
    (void)state;
    assert_true(inject_set("w:short,s:eio,t:enospc", &err));
    assert_true(fd_write_at(fd, 0, span_str("0123456789"), "w", &err));
    assert_content("0123456789");
    assert_false(fd_sync(fd, "s", &err));
    assert_int_equal(err.code, EIO);
    assert_true(fd_sync(fd, "s", &err));
    assert_false(fd_truncate(fd, 3, "t", &err));
    assert_int_equal(err.code, ENOSPC);
    assert_true(fd_truncate(fd, 3, "t", &err));
    assert_content("012");
    assert_true(inject_set("w:enospc", &err));
    assert_false(fd_write_at(fd, 3, span_str("3456"), "w", &err));
    assert_contains(err.text, "cannot write at offset 3");
}

static void test_torn_leaves_half(void **state)
{
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(inject_set("w:torn", &err) && fd_write_at(fd, 0, span_str("0123456789"), "w", &err));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), INJECT_EXIT);
    assert_content("01234");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_the_nth_pass_only, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_lists_that_are_refused, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_writes_and_syncs_fail, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_torn_leaves_half, open_file, close_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
