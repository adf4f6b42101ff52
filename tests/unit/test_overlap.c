#include "log_feed.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/inject.h"
#include "log/overlap.h"

#define FLAGS_AT     17
#define TIMESTAMP_AT 0
#define LOG_POS_AT   13

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct err err;

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
    return dir_remove(dir, &err) ? 0 : -1;
}

/* All of the recorded file, synced, with records so close that an overlap is small. */
static struct mirror *make_log(uint32_t index_block)
{
    struct mirror_options options = {.index_block = index_block};
    struct mirror *mirror;

    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, &options);
    feed_begin(mirror, &file, "mysql-bin.000001");
    feed_append(mirror, &file, file.ends[0], file.size);
    ok(mirror_sync(mirror, &err));
    return mirror;
}

/* The recorded event that begins at an offset. */
static struct span event_at(size_t offset)
{
    struct event_header header;
    struct span bytes = span_of(file.bytes + offset, file.size - offset);

    ok(event_header_decode(bytes, &header, &err));
    return span_of(bytes.data, header.length);
}

static bool take(struct log_overlap *overlap, struct span event)
{
    struct event_header header;
    bool same;

    ok(event_header_decode(event, &header, &err));
    ok(log_overlap_take(overlap, &header, event, &same, &err));
    return same;
}

static void test_same_events(void **state)
{
    static const uint32_t blocks[] = {0, 512, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct mirror *mirror = make_log(blocks[i]);
        struct log_overlap *overlap;
        struct log_position from;

        ok(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
        assert_string_equal(from.name, "mysql-bin.000001");
        assert_true(from.offset >= LOG_FIRST_OFFSET && from.offset < file.size);
        for (size_t offset = from.offset; offset < file.size; offset += event_at(offset).len) {
            assert_false(log_overlap_is_done(overlap));
            assert_true(take(overlap, event_at(offset)));
        }
        assert_true(log_overlap_is_done(overlap));
        /* What comes behind the end is not the log's. */
        assert_false(take(overlap, event_at(LOG_FIRST_OFFSET)));
        log_overlap_close(overlap);
        mirror_close(mirror);
    }
}

static void test_other_events(void **state)
{
    struct mirror *mirror = make_log(512);
    struct log_overlap *overlap;
    struct log_position from;
    struct buf changed;
    bool same;

    (void)state;
    ok(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
    buf_init(&changed, EVENT_LENGTH_MAX);
    for (size_t at = 0; at < event_at(from.offset).len; at++) {
        buf_clear(&changed);
        buf_bytes(&changed, event_at(from.offset));
        changed.data[at] ^= 0x40;
        ok(log_overlap_take(overlap, &(struct event_header){.type = 0}, buf_span(&changed), &same,
                            &err));
        assert_false(same);
    }
    buf_done(&changed);
    /* Not moved on. */
    assert_true(take(overlap, event_at(from.offset)));
    log_overlap_close(overlap);
    mirror_close(mirror);
}

/* A source that can not be asked for all offsets sends more again. */
static void test_begins_where_the_source_can(void **state)
{
    struct mirror *mirror = make_log(512);

    (void)state;
    for (uint64_t most = LOG_FIRST_OFFSET; most < file.size; most += 100) {
        struct log_overlap *overlap;
        struct log_position from;

        ok(log_overlap_open(mirror, most, &overlap, &from, &err));
        assert_true(from.offset <= most && most - from.offset < 20000);
        for (size_t offset = from.offset; offset < file.size; offset += event_at(offset).len)
            assert_true(take(overlap, event_at(offset)));
        assert_true(log_overlap_is_done(overlap));
        log_overlap_close(overlap);
    }
    mirror_close(mirror);
}

/* An event that would go on behind the end of what the log has. */
static void test_event_past_the_end(void **state)
{
    size_t last = file.ends[file.count - 2];
    struct mirror_options options = {.index_block = 512};
    struct log_overlap *overlap;
    struct log_position from;
    struct mirror *mirror;

    (void)state;
    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, &options);
    feed_begin(mirror, &file, "mysql-bin.000001");
    feed_append(mirror, &file, file.ends[0], last);
    ok(mirror_sync(mirror, &err));
    ok(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
    for (size_t offset = from.offset; offset < last; offset += event_at(offset).len)
        assert_true(take(overlap, event_at(offset)));
    assert_false(take(overlap, event_at(last)));
    log_overlap_close(overlap);
    mirror_close(mirror);
}

/* The source's file is open: its format description says so, the log's does not. */
static void test_format_in_use(void **state)
{
    struct log_overlap *overlap;
    struct log_position from;
    struct mirror *mirror;
    struct buf format;
    bool same;

    (void)state;
    mirror = make_log(0);
    ok(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
    assert_int_equal(from.offset, LOG_FIRST_OFFSET);
    buf_init(&format, EVENT_LENGTH_MAX);
    buf_bytes(&format, event_at(LOG_FIRST_OFFSET));
    format.data[FLAGS_AT] |= EVENT_FLAG_IN_USE;
    ok(log_overlap_has_format(overlap, buf_span(&format), &same, &err));
    assert_true(same);
    assert_true(take(overlap, buf_span(&format)));
    log_overlap_close(overlap);
    mirror_close(mirror);
    buf_done(&format);
}

/* As it is sent for the middle of a file: without its own position. */
static void test_format_of_another_file(void **state)
{
    struct mirror *mirror = make_log(512);
    struct log_overlap *overlap;
    struct log_position from;
    struct buf format;
    bool same;

    (void)state;
    ok(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
    buf_init(&format, EVENT_LENGTH_MAX);
    buf_bytes(&format, event_at(LOG_FIRST_OFFSET));
    buf_patch_le(&format, LOG_POS_AT, 0, 4);
    ok(log_overlap_has_format(overlap, buf_span(&format), &same, &err));
    assert_true(same);
    format.data[TIMESTAMP_AT] ^= 1;
    ok(log_overlap_has_format(overlap, buf_span(&format), &same, &err));
    assert_false(same);
    ok(log_overlap_has_format(overlap, event_at(file.ends[0]), &same, &err));
    assert_false(same);
    assert_false(log_overlap_has_format(overlap, span_str("short"), &same, &err));
    assert_int_equal(err.class, E_PROTO);
    buf_done(&format);
    log_overlap_close(overlap);
    mirror_close(mirror);
}

static void test_log_without_files(void **state)
{
    struct log_overlap *overlap;
    struct log_position from;
    struct mirror *mirror;

    (void)state;
    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, NULL);
    assert_false(log_overlap_open(mirror, UINT64_MAX, &overlap, &from, &err));
    assert_int_equal(err.class, E_STATE);
    mirror_close(mirror);
    log_overlap_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_events),
        cmocka_unit_test(test_begins_where_the_source_can),
        cmocka_unit_test(test_other_events),
        cmocka_unit_test(test_event_past_the_end),
        cmocka_unit_test(test_format_in_use),
        cmocka_unit_test(test_format_of_another_file),
        cmocka_unit_test(test_log_without_files),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
