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

/* All events that there are; returns where they end. */
static uint64_t read_to_end(struct log_reader *reader, struct log_batch *ret_batch)
{
    uint64_t end = 0;

    for (;;) {
        ok(log_reader_next(reader, ret_batch, &err));
        if (ret_batch->kind != LOG_BATCH_EVENTS)
            return end;
        end = ret_batch->offset + ret_batch->events.len;
    }
}

/* What a killed source left of a transaction is not given, neither before nor after its file ends.
 */
static void test_whole_transactions_only(void **state)
{
    char dir[FEED_DIR];
    char log_dir[FEED_LOG_DIR];
    struct feed_file file;
    struct mirror *mirror;
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    size_t part = 1;

    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mariadb-10.11/rows-full.binlog");
    while (file.whole[part] || !file.whole[part - 1])
        part++;
    part++; /* a GTID and an event of its transaction */
    assert_true(part < file.count && !file.whole[part]);
    mirror = feed_mirror_new(log_dir, NULL);
    feed_begin(mirror, &file, "a.000001");
    feed_append(mirror, &file, file.ends[0], file.ends[part]);
    ok(mirror_sync(mirror, &err));
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    log_reader_set_whole(reader);
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    assert_int_equal(read_to_end(reader, &batch), feed_whole_before(&file, file.ends[part]));
    assert_int_equal(batch.kind, LOG_BATCH_NONE);
    feed_begin(mirror, &file, "a.000002");
    feed_append(mirror, &file, file.ends[0], file.size);
    ok(mirror_sync(mirror, &err));
    assert_int_equal(read_to_end(reader, &batch), 0);
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    assert_string_equal(batch.name, "a.000002");
    assert_int_equal(read_to_end(reader, &batch), feed_whole_before(&file, file.size));
    log_reader_close(reader);
    mirror_close(mirror);
    feed_free(&file);
    ok(dir_remove(dir, &err));
}

/* How many bytes the first n events of a batch have; no more than are whole. */
static size_t size_of(struct span events, size_t n)
{
    struct cursor cur = cursor_of(events);
    struct event_header header = {0};

    while (n-- > 0 && cursor_left(&cur) >= EVENT_HEADER_SIZE) {
        ok(event_header_decode(cur.rest, &header, &err));
        if (header.length > cursor_left(&cur))
            break;
        cursor_skip(&cur, header.length);
    }
    return events.len - cursor_left(&cur);
}

/*
 * Reads a file that is in no cache in small pieces, of which n events are taken unseen; returns how
 * many pieces ended within an event.
 */
static size_t check_unwalked(struct mirror *mirror, const struct feed_file *file, size_t n)
{
    struct log_position from = {{0}, 0};
    uint64_t offset = LOG_FIRST_OFFSET;
    struct log_reader *reader;
    struct log_batch batch;
    size_t parts = 0;

    ok(log_reader_open(mirror, &from, LOG_READ_BUFFER_MIN, &reader, &err));
    log_reader_set_unwalked(reader);
    ok(log_reader_next(reader, &batch, &err));
    while (offset < file->size) {
        size_t taken;
        size_t left;

        ok(log_reader_next(reader, &batch, &err));
        assert_int_equal(batch.kind, LOG_BATCH_EVENTS);
        assert_false(batch.from_cache);
        assert_int_equal(batch.offset, offset);
        taken = size_of(batch.events, n);
        left = batch.events.len - taken;
        assert_memory_equal(batch.events.data, file->bytes + offset, taken);
        ok(log_reader_walk(reader, taken, &batch, &err));
        offset += taken;
        assert_int_equal(batch.offset, offset);
        assert_int_equal(size_of(batch.events, SIZE_MAX), batch.events.len);
        assert_memory_equal(batch.events.data, file->bytes + offset, batch.events.len);
        parts += batch.events.len < left;
        offset += batch.events.len;
        assert_true(taken + batch.events.len > 0);
    }
    assert_true(log_reader_at_end(reader));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_NONE);
    log_reader_close(reader);
    return parts;
}

static void test_batches_that_were_not_walked(void **state)
{
    static const size_t taken[] = {0, 1, 3, SIZE_MAX};
    char dir[FEED_DIR];
    char log_dir[FEED_LOG_DIR];
    struct mirror_recovery recovery;
    struct feed_file file;
    struct mirror *mirror;

    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-9.7/types.binlog");
    mirror = feed_mirror_new(log_dir, NULL);
    feed_whole(mirror, &file, "a.000001");
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        assert_true(check_unwalked(mirror, &file, taken[i]) > 2);
    mirror_close(mirror);
    feed_free(&file);
    ok(dir_remove(dir, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_for_a_file_to_close),
        cmocka_unit_test(test_whole_transactions_only),
        cmocka_unit_test(test_batches_that_were_not_walked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
