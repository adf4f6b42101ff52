#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/log_reader.h"
#include "log/retention.h"

#include <unistd.h>

#define FILES     6
#define HOUR_USEC (INT64_C(3600) * USEC_PER_SEC)

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct err err;

/* Six equal files, the last one open. */
static struct mirror *make_log(void)
{
    struct mirror *mirror;

    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, NULL);
    for (size_t i = 1; i <= FILES; i++) {
        char name[32];

        feed_name(i, name);
        feed_begin(mirror, &file, name);
        feed_append(mirror, &file, file.ends[0], file.size);
        ok(mirror_sync(mirror, &err));
    }
    return mirror;
}

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    feed_free(&file);
    return inject_set(NULL, &err) && dir_remove(dir, &err) ? 0 : -1;
}

static void assert_first(struct mirror *mirror, size_t first)
{
    struct log_file *files;
    size_t count;
    char name[32];

    mirror_list(mirror, &files, &count);
    assert_int_equal(count, FILES + 1 - first);
    feed_name(first, name);
    assert_string_equal(files[0].name, name);
    mem_free(files);
    for (size_t i = 1; i <= FILES; i++) {
        char path[192];

        (void)snprintf(path, sizeof path, "%s/mysql-bin.%06zu", log_dir, i);
        assert_int_equal(path_exists(path), i >= first);
        (void)snprintf(path, sizeof path, "%s/mysql-bin.%06zu.idx", log_dir, i);
        assert_int_equal(path_exists(path), i >= first);
    }
}

static int64_t closed_usec(struct mirror *mirror, const char *name)
{
    struct log_file found;

    ok(mirror_find(mirror, name, &found, &err));
    return found.closed_usec;
}

static void test_by_hours(void **state)
{
    struct mirror *mirror = make_log();
    struct log_retention retention = {.hours = 24};
    struct log_purged purged;
    int64_t third = closed_usec(mirror, "mysql-bin.000003");

    (void)state;
    ok(log_purge(mirror, &retention, third + 23 * HOUR_USEC, &purged, &err));
    assert_int_equal(purged.files, 0);
    ok(log_purge(mirror, &retention, third + 24 * HOUR_USEC, &purged, &err));
    assert_int_equal(purged.files, 3);
    assert_int_equal(purged.bytes, 3 * file.size);
    assert_first(mirror, 4);
    /* However old it is: the file that is written stays. */
    ok(log_purge(mirror, &retention, third + 9999 * HOUR_USEC, &purged, &err));
    assert_first(mirror, FILES);
    mirror_close(mirror);
}

static void test_no_bound_removes_nothing(void **state)
{
    struct mirror *mirror = make_log();
    struct log_retention retention = {.hours = -1};
    struct log_purged purged;

    (void)state;
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, 1);
    mirror_close(mirror);
}

static void test_by_bytes(void **state)
{
    struct mirror *mirror = make_log();
    struct log_retention retention = {.hours = -1, .bytes = 3 * file.size};
    struct log_purged purged;

    (void)state;
    ok(log_purge(mirror, &retention, 0, &purged, &err));
    assert_first(mirror, 4);
    retention.bytes = 1;
    ok(log_purge(mirror, &retention, 0, &purged, &err));
    assert_first(mirror, FILES);
    mirror_close(mirror);
}

static void test_what_is_in_use_stays(void **state)
{
    struct mirror *mirror = make_log();
    struct log_retention retention = {.hours = 0, .bytes = 1, .in_use = "mysql-bin.000002"};
    struct log_purged purged;

    (void)state;
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, 2);
    retention.in_use = "mysql-bin.000001"; /* which is gone */
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, FILES);
    mirror_close(mirror);
}

static void test_to_a_file(void **state)
{
    struct mirror *mirror = make_log();
    struct log_purged purged;

    (void)state;
    ok(log_purge_to(mirror, "mysql-bin.000001", &purged, &err));
    assert_int_equal(purged.files, 0);
    ok(log_purge_to(mirror, "mysql-bin.000003", &purged, &err));
    assert_int_equal(purged.files, 2);
    assert_first(mirror, 3);
    assert_false(log_purge_to(mirror, "mysql-bin.000002", &purged, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "mysql-bin.000002: no such file in the log");
    assert_first(mirror, 3);
    mirror_close(mirror);
}

static void test_holds_keep_files_and_survive(void **state)
{
    struct mirror *mirror = make_log();
    struct mirror_recovery recovery;
    struct log_retention retention = {.hours = 0};
    struct log_purged purged;
    struct log_hold *holds;
    size_t count;

    (void)state;
    ok(log_hold_set(mirror, "replica-a", "mysql-bin.000005", 0, &err));
    ok(log_hold_set(mirror, "replica-b", "mysql-bin.000003", 0, &err));
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_false(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    assert_contains(err.text, "the hold of replica-b keeps the files from mysql-bin.000003");
    assert_first(mirror, 1);
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, 3);
    /* It moves on, as its replica does. */
    ok(log_hold_set(mirror, "replica-b", "mysql-bin.000006", 0, &err));
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, 5);
    ok(log_hold_drop(mirror, "replica-a", &err));
    ok(log_hold_drop(mirror, "nobody", &err));
    log_hold_list(mirror, &holds, &count);
    assert_int_equal(count, 1);
    assert_string_equal(holds[0].replica, "replica-b");
    assert_string_equal(holds[0].first, "mysql-bin.000006");
    mem_free(holds);
    mirror_close(mirror);
}

static void test_a_hold_over_its_cap_breaks(void **state)
{
    struct mirror *mirror = make_log();
    struct mirror_recovery recovery;
    struct log_retention retention = {.hours = 0};
    struct log_purged purged;
    struct log_hold *holds;
    size_t count;

    (void)state;
    ok(log_hold_set(mirror, "slow", "mysql-bin.000002", 3 * file.size, &err));
    ok(log_purge(mirror, &retention, INT64_MAX / 2, &purged, &err));
    assert_first(mirror, FILES);
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    log_hold_list(mirror, &holds, &count);
    assert_int_equal(count, 1);
    assert_true(holds[0].broken);
    mem_free(holds);
    ok(log_hold_set(mirror, "slow", "mysql-bin.000006", 3 * file.size, &err));
    log_hold_list(mirror, &holds, &count);
    assert_false(holds[0].broken);
    mem_free(holds);
    mirror_close(mirror);
}

static void test_holds_that_are_refused(void **state)
{
    struct mirror *mirror = make_log();
    char name[80] = {0};

    (void)state;
    assert_false(log_hold_set(mirror, "a", "mysql-bin.000099", 0, &err));
    assert_contains(err.text, "mysql-bin.000099: no such file");
    assert_false(log_hold_set(mirror, "", "mysql-bin.000001", 0, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(log_hold_set(mirror, "a b", "mysql-bin.000001", 0, &err));
    assert_int_equal(err.class, E_USAGE);
    memset(name, 'x', sizeof name - 1);
    assert_false(log_hold_set(mirror, name, "mysql-bin.000001", 0, &err));
    assert_int_equal(err.class, E_USAGE);
    for (int i = 0; i < LOG_HOLDS_MAX; i++) {
        (void)snprintf(name, sizeof name, "replica-%d", i);
        ok(log_hold_set(mirror, name, "mysql-bin.000001", 0, &err));
    }
    assert_false(log_hold_set(mirror, "one-more", "mysql-bin.000001", 0, &err));
    assert_int_equal(err.class, E_LIMIT);
    mirror_close(mirror);
}

/* Any of the two unlinks of any file may be missing after a crash. */
static void test_left_overs_of_a_purge_are_removed(void **state)
{
    (void)state;
    for (unsigned mask = 1; mask < 16; mask++) {
        struct mirror *mirror = make_log();
        struct mirror_recovery recovery;
        struct log_purged purged;
        unsigned left = 0;

        mirror_close(mirror);
        mirror = feed_mirror_open(log_dir, &recovery);
        for (unsigned bit = 0; bit < 4; bit++) {
            char from[192];
            char to[224];

            (void)snprintf(from, sizeof from, "%s/mysql-bin.%06u%s", log_dir, 1 + bit / 2,
                           bit % 2 ? ".idx" : "");
            (void)snprintf(to, sizeof to, "%s/kept-%u", dir, bit);
            assert_int_equal(link(from, to), 0);
        }
        ok(log_purge_to(mirror, "mysql-bin.000003", &purged, &err));
        mirror_close(mirror);
        for (unsigned bit = 0; bit < 4; bit++) {
            char from[192];
            char to[224];

            (void)snprintf(from, sizeof from, "%s/mysql-bin.%06u%s", log_dir, 1 + bit / 2,
                           bit % 2 ? ".idx" : "");
            (void)snprintf(to, sizeof to, "%s/kept-%u", dir, bit);
            if (mask & (1U << bit))
                assert_int_equal(rename(to, from), 0);
            else
                assert_int_equal(unlink(to), 0);
        }
        left = (mask & 3 ? 1U : 0U) + (mask & 12 ? 1U : 0U);
        mirror = feed_mirror_open(log_dir, &recovery);
        assert_int_equal(recovery.removed, left);
        assert_first(mirror, 3);
        mirror_close(mirror);
    }
}

static void test_an_unlink_that_fails_is_made_up_for(void **state)
{
    struct mirror *mirror = make_log();
    struct mirror_recovery recovery;
    struct log_purged purged;

    (void)state;
    ok(inject_set("log/purge-index:eio:1", &err));
    assert_false(log_purge_to(mirror, "mysql-bin.000003", &purged, &err));
    assert_int_equal(err.class, E_IO);
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_first(mirror, 3);
    mirror_close(mirror);
}

static void test_a_reader_keeps_what_it_has_open(void **state)
{
    struct mirror *mirror = make_log();
    struct log_position from = {"mysql-bin.000001", LOG_FIRST_OFFSET};
    struct log_reader *reader;
    struct log_batch batch;
    struct log_purged purged;
    size_t bytes = 0;

    (void)state;
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    ok(log_purge_to(mirror, "mysql-bin.000003", &purged, &err));
    do {
        if (!log_reader_next(reader, &batch, &err))
            break;
        bytes += batch.events.len;
    } while (batch.kind != LOG_BATCH_NONE);
    assert_int_equal(bytes, file.size - LOG_FIRST_OFFSET);
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "was purged");
    log_reader_close(reader);
    assert_false(log_reader_open(mirror, &from, 0, &reader, &err));
    assert_int_equal(err.class, E_STATE);
    mirror_close(mirror);
}

/* It was at the end of the file being written; that was then closed and purged. */
static void test_a_reader_of_a_file_that_was_open(void **state)
{
    struct mirror *mirror;
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch = {.kind = LOG_BATCH_FILE};
    struct log_purged purged;
    size_t bytes = 0;

    (void)state;
    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, NULL);
    feed_begin(mirror, &file, "mysql-bin.000001");
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    while (batch.kind != LOG_BATCH_NONE) {
        ok(log_reader_next(reader, &batch, &err));
        bytes += batch.events.len;
    }
    feed_append(mirror, &file, file.ends[0], file.size);
    feed_begin(mirror, &file, "mysql-bin.000002");
    ok(log_purge_to(mirror, "mysql-bin.000002", &purged, &err));
    ok(log_reader_next(reader, &batch, &err));
    bytes += batch.events.len;
    assert_int_equal(bytes, file.size - LOG_FIRST_OFFSET);
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    assert_string_equal(batch.name, "mysql-bin.000002");
    log_reader_close(reader);
    mirror_close(mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_hours, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_no_bound_removes_nothing, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_by_bytes, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_what_is_in_use_stays, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_to_a_file, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_holds_keep_files_and_survive, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_hold_over_its_cap_breaks, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_holds_that_are_refused, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_left_overs_of_a_purge_are_removed, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_an_unlink_that_fails_is_made_up_for, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_reader_keeps_what_it_has_open, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_reader_of_a_file_that_was_open, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
