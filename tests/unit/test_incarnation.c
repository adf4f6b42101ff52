#include "log_feed.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "replication/incarnation.h"

#define HOUR_USEC (INT64_C(3600) * USEC_PER_SEC)
#define LOGS      3

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    feed_free(&file);
    return dir_remove(dir, &err) ? 0 : -1;
}

static void make_log(unsigned number)
{
    char *path = incarnation_path(log_dir, number);
    struct mirror *mirror = feed_mirror_new(path, NULL);

    feed_begin(mirror, &file, "mysql-bin.000001");
    feed_append(mirror, &file, file.ends[0], file.size);
    ok(mirror_sync(mirror, &err));
    mirror_close(mirror);
    mem_free(path);
}

/* Three logs, one file each. */
static void make_logs(void)
{
    ok(dir_remove(log_dir, &err) && dir_make(log_dir, 0700, &err));
    for (unsigned number = 1; number <= LOGS; number++)
        make_log(number);
}

static bool is_there(unsigned number)
{
    char *path = incarnation_path(log_dir, number);
    bool there = path_exists(path);

    mem_free(path);
    return there;
}

static struct log_purged purge(const struct log_retention *retention, int64_t now_usec)
{
    struct log_purged purged = {0};

    for (unsigned number = 1; number < LOGS; number++)
        ok(incarnation_purge(log_dir, number, LOGS, retention, now_usec, &purged, &err));
    return purged;
}

static void test_last(void **state)
{
    char *unfinished = incarnation_path(log_dir, LOGS + 1);
    char *other = mem_printf("%s/other", log_dir);
    unsigned last;

    (void)state;
    ok(dir_remove(log_dir, &err) && dir_make(log_dir, 0700, &err));
    ok(incarnation_last(log_dir, &last, &err));
    assert_int_equal(last, 0);
    make_logs();
    /* One that a crash has left without a manifest is made again. */
    ok(dir_make(unfinished, 0700, &err) && dir_make(other, 0700, &err));
    ok(incarnation_last(log_dir, &last, &err));
    assert_int_equal(last, LOGS);
    mem_free(unfinished);
    mem_free(other);
    assert_false(incarnation_last("/nonexistent", &last, &err));
    assert_int_equal(err.class, E_IO);
}

static void test_by_age(void **state)
{
    const struct log_retention retention = {.hours = 2};
    struct log_purged purged;
    int64_t now = clock_wall_usec();

    (void)state;
    make_logs();
    purged = purge(&retention, now + HOUR_USEC);
    assert_int_equal(purged.files, 0);
    assert_true(is_there(1) && is_there(2) && is_there(3));
    purged = purge(&retention, now + 3 * HOUR_USEC);
    assert_int_equal(purged.files, 2);
    assert_true(purged.bytes >= 2 * file.size);
    assert_false(is_there(1) || is_there(2));
    assert_true(is_there(3));
    /* What is gone is fine. */
    purged = purge(&retention, now + 3 * HOUR_USEC);
    assert_int_equal(purged.files, 0);
}

static void test_by_size(void **state)
{
    const struct log_retention unbounded = {.hours = -1};
    const struct log_retention two = {.hours = -1, .bytes = 2 * file.size};
    struct log_purged purged;

    (void)state;
    make_logs();
    purged = purge(&unbounded, INT64_MAX / 2);
    assert_int_equal(purged.files, 0);
    purged = purge(&two, clock_wall_usec());
    assert_int_equal(purged.files, 1);
    assert_false(is_there(1));
    assert_true(is_there(2) && is_there(3));
}

/* Without its manifest nobody knows when the log before it ended. */
static void test_damaged_successor(void **state)
{
    const struct log_retention retention = {.hours = 0};
    struct log_purged purged = {0};
    char *manifest = mem_printf("%s/00000002/manifest", log_dir);

    (void)state;
    make_logs();
    ok(file_write(manifest, span_str("no manifest\n"), 0600, &err));
    assert_false(incarnation_purge(log_dir, 1, LOGS, &retention, clock_wall_usec(), &purged, &err));
    assert_non_null(strstr(err.text, manifest));
    assert_true(is_there(1));
    assert_int_equal(purged.files, 0);
    mem_free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_by_age),
        cmocka_unit_test(test_by_size),
        cmocka_unit_test(test_damaged_successor),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
