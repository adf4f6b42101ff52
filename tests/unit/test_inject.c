#include "check.h"

#include "base/fd_at.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/power_loss.h"

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
    static const char *const wrong[] = {"x",    "x:",          "x:bang",    "x:eio:0",   "x:eio:y",
                                        ":eio", "x:cut:1:101", "x:cut:1:y", "x:eio:1:50"};

    (void)state;
    assert_true(inject_set("kept:eio", &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(inject_set(wrong[i], &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, "expected POINT:FAULT[:N");
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

/* A child writes, syncs and writes on; then its power is lost. */
static void lose_power(const char *fault)
{
    char faults[32];
    int status;
    pid_t pid;

    (void)snprintf(faults, sizeof faults, "s:%s", fault);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(inject_set(faults, &err) && fd_write_at(fd, 0, span_str("0123"), "w", &err) &&
              fd_sync(fd, "other", &err) && fd_write_at(fd, 4, span_str("4567"), "w", &err) &&
              fd_write_at(fd, 8, span_str("89ab"), "w", &err) && fd_sync(fd, "s", &err));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), INJECT_EXIT);
}

static void assert_left(const char *text, size_t size)
{
    char bytes[32] = {0};
    size_t got;

    assert_true(fd_read_at(fd, 0, bytes, sizeof bytes, &got, &err));
    assert_int_equal(got, size);
    assert_memory_equal(bytes, text, size);
}

static void test_power_takes_what_is_not_synced(void **state)
{
    char bytes[32];
    size_t got;

    (void)state;
    lose_power("cut");
    assert_left("0123", 4);
    lose_power("cut:1:50");
    assert_left("01234567", 8);
    lose_power("zeros:1:25");
    assert_left("012345\0\0\0\0\0\0", 12);
    lose_power("hole:1:75");
    assert_left("0123\0\0\0\0\0\0ab", 12);
    lose_power("garbage:1:50");
    assert_true(fd_read_at(fd, 0, bytes, sizeof bytes, &got, &err));
    assert_int_equal(got, 12);
    assert_memory_equal(bytes, "01234567", 8);
    assert_memory_not_equal(bytes + 8, "89ab", 4);
}

/* What was written while a sync went on is not synced. */
static void test_power_takes_what_came_after_a_sync_had_begun(void **state)
{
    uint64_t end;

    (void)state;
    assert_true(inject_set("never:cut", &err));
    assert_true(fd_write_at(fd, 0, span_str("0123"), "w", &err));
    end = power_loss_sync_begins(fd);
    assert_true(fd_write_at(fd, 4, span_str("4567"), "w", &err));
    power_loss_synced(fd, end);
    end = power_loss_sync_begins(fd);
    assert_int_equal(end, 8);
    power_loss_synced(fd, end);
    assert_int_equal(power_loss_sync_begins(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_the_nth_pass_only, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_lists_that_are_refused, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_writes_and_syncs_fail, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_torn_leaves_half, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_power_takes_what_is_not_synced, open_file, close_file),
        cmocka_unit_test_setup_teardown(test_power_takes_what_came_after_a_sync_had_begun,
                                        open_file, close_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
