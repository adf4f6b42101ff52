#include "check.h"

#include "base/dir_watch.h"
#include "base/file.h"
#include "base/wakeup.h"

#include <errno.h>
#include <stdio.h>

static struct err err;

static void test_it_tells_of_files_made_and_written(void **state)
{
    char dir[64];
    char path[96];
    FILE *file;
    int fd = -1;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/f", dir);
    assert_true(dir_watch_open(dir, &fd, &err));
    assert_false(wakeup_is_raised(fd));
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(wakeup_is_raised(fd));
    assert_true(dir_watch_clear(fd));
    assert_false(wakeup_is_raised(fd));
    assert_int_equal(fputs("x", file), 1);
    assert_int_equal(fclose(file), 0);
    assert_true(wakeup_is_raised(fd));
    assert_false(dir_watch_clear(fd)); /* written to: none has come */
    assert_false(wakeup_is_raised(fd));
    assert_false(dir_watch_clear(fd));
    fd_close(&fd);
    assert_true(dir_remove(dir, &err));
}

static void test_a_file_that_comes_is_told_among_writes(void **state)
{
    char dir[64];
    char path[96];
    char other[96];
    FILE *file;
    int fd = -1;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/a name that is longer than an event's head", dir);
    (void)snprintf(other, sizeof other, "%s/b", dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(dir_watch_open(dir, &fd, &err));
    assert_int_equal(fputs("x", file), 1);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(fputs("y", file), 1);
    assert_int_equal(fclose(file), 0);
    assert_true(dir_watch_clear(fd));
    assert_false(dir_watch_clear(fd));
    fd_close(&fd);
    assert_true(dir_remove(dir, &err));
}

static void test_writes_can_be_passed_over(void **state)
{
    char dir[64];
    char path[96];
    FILE *file;
    int fd = -1;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/a", dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(dir_watch_open(dir, &fd, &err));
    assert_true(dir_watch_writes(fd, dir, false, &err));
    assert_int_equal(fputs("x", file), 1);
    assert_int_equal(fflush(file), 0);
    assert_false(wakeup_is_raised(fd));
    assert_true(dir_watch_writes(fd, dir, true, &err));
    assert_false(wakeup_is_raised(fd));
    assert_int_equal(fputs("y", file), 1);
    assert_int_equal(fclose(file), 0);
    assert_true(wakeup_is_raised(fd));
    assert_false(dir_watch_clear(fd));

    assert_true(dir_watch_writes(fd, dir, false, &err));
    (void)snprintf(path, sizeof path, "%s/b", dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_true(dir_watch_clear(fd));
    assert_true(dir_remove(dir, &err));
    assert_false(dir_watch_writes(fd, dir, true, &err));
    assert_int_equal(err.code, ENOENT);
    fd_close(&fd);
}

static void test_only_a_directory_can_be_watched(void **state)
{
    int fd = -1;

    (void)state;
    assert_false(dir_watch_open("/nowhere/at/all", &fd, &err));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, ENOENT);
    assert_contains(err.text, "/nowhere/at/all");
    assert_false(dir_watch_open("/dev/null", &fd, &err));
    assert_int_equal(err.code, ENOTDIR);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_tells_of_files_made_and_written),
        cmocka_unit_test(test_a_file_that_comes_is_told_among_writes),
        cmocka_unit_test(test_writes_can_be_passed_over),
        cmocka_unit_test(test_only_a_directory_can_be_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
