#include "log_feed.h"

#include "base/file.h"
#include "base/wakeup.h"
#include "log/log_reader.h"

static struct err err;

/* Growth does not raise it, only the end of the file, and what ends all waiting. */
static void test_waiting_for_a_file_to_close(void **state)
{
    char dir[FEED_DIR];
    char log_dir[FEED_LOG_DIR];
    struct feed_file file;
    struct mirror *mirror;
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;

    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    mirror = feed_mirror_new(log_dir, NULL);
    feed_begin(mirror, &file, "a.000001");
    ok(mirror_sync(mirror, &err));
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_false(log_reader_at_end(reader)); /* the format description is still to come */
    ok(log_reader_next(reader, &batch, &err));
    assert_true(log_reader_at_end(reader));
    assert_false(log_reader_arm_closed(reader));
    feed_append(mirror, &file, file.ends[0], file.size);
    ok(mirror_sync(mirror, &err));
    assert_false(wakeup_is_raised(log_reader_fd(reader)));
    feed_begin(mirror, &file, "a.000002");
    assert_true(wakeup_is_raised(log_reader_fd(reader)));
    assert_true(log_reader_arm_closed(reader));
    do
        ok(log_reader_next(reader, &batch, &err));
    while (batch.kind != LOG_BATCH_FILE);
    assert_string_equal(batch.name, "a.000002");
    assert_false(log_reader_arm_closed(reader));
    mirror_shutdown(mirror);
    assert_true(wakeup_is_raised(log_reader_fd(reader)));
    assert_true(log_reader_arm_closed(reader));
    log_reader_close(reader);
    mirror_close(mirror);
    feed_free(&file);
    ok(dir_remove(dir, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_for_a_file_to_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
