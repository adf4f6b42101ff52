/*
 * Views of mirrors of recorded files: the same bytes however the log came and wherever the reader
 * began, and what is refused.
 */
#include "log_feed.h"

#include "base/buf.h"
#include "base/file.h"
#include "binlog/control.h"
#include "replication/view_reader.h"

#define MYSQL   "tests/data/binlog/mysql-9.7/rows-full.binlog"
#define MARIADB "tests/data/binlog/mariadb-11.8/rows-full.binlog"
#define VIEW    "a-mariadb2a."

static struct err err;
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];

struct fixture {
    struct feed_file file;
    struct mirror *mirror;
    struct translator_options options;
};

static void make(struct fixture *fixture, const char *path)
{
    *fixture = (struct fixture){
        .options = {.to = path[19] == 'y' ? DIALECT_MARIADB : DIALECT_MYSQL_8,
                    .domain = 7,
                    .server_id = 99,
                    .accounts = ACCOUNTS_REPLICATE},
    };
    feed_make_dir(dir, log_dir);
    feed_load(&fixture->file, path);
    fixture->mirror = feed_mirror_new(log_dir, NULL);
}

static void destroy(struct fixture *fixture)
{
    mirror_close(fixture->mirror);
    feed_free(&fixture->file);
    ok(dir_remove(dir, &err));
}

/* A file of a head alone. */
static void feed_head(struct fixture *fixture, const char *name)
{
    feed_begin(fixture->mirror, &fixture->file, name);
    feed_append(fixture->mirror, &fixture->file, fixture->file.ends[0], fixture->file.ends[1]);
    ok(mirror_sync(fixture->mirror, &err));
}

static struct view_reader *open_at(struct fixture *fixture, const char *name, uint64_t offset)
{
    struct log_position from = {.offset = offset};
    struct view_reader *reader;

    memcpy(from.name, name, strlen(name) + 1);
    ok(view_reader_open(fixture->mirror, &fixture->options, &from, 0, &reader, &err));
    return reader;
}

/*
 * All events until the log or the file ends, appended to `bytes`; where the first of them stands in
 * the view. Their offsets are those of the batches, and each says where it ends.
 */
static uint64_t read_file(struct view_reader *reader, const char *name, struct buf *bytes)
{
    struct log_batch batch = {.kind = LOG_BATCH_EVENTS};
    uint64_t first = 0;
    uint64_t at = 0;

    while (batch.kind != LOG_BATCH_NONE) {
        struct cursor cur;

        ok(view_reader_next(reader, &batch, &err));
        if (batch.kind == LOG_BATCH_FILE) {
            assert_int_equal(first, 0);
            assert_string_equal(batch.name, name);
            assert_true(batch.format.len > 0);
            first = at = batch.offset;
        }
        cur = cursor_of(batch.events);
        if (batch.kind != LOG_BATCH_EVENTS || batch.events.len == 0)
            continue;
        assert_true(at == 0 || batch.offset == at);
        at = batch.offset;
        while (cursor_left(&cur) > 0) {
            struct event_header header = {.length = 0};

            ok(event_header_decode(cur.rest, &header, &err));
            at += header.length;
            assert_int_equal(header.log_pos, at);
            cursor_skip(&cur, header.length);
        }
        buf_bytes(bytes, batch.events);
    }
    return first;
}

/* From each place where a transaction of the source ends: the rest of the view's file. */
static void check_places(struct fixture *fixture, const struct buf *whole, const char *view)
{
    size_t places = 0;

    for (size_t i = 0; i + 1 < fixture->file.count; i++) {
        struct view_reader *reader = open_at(fixture, "a.000001", fixture->file.ends[i]);
        struct buf bytes;
        uint64_t first;

        buf_init(&bytes, 1 << 20);
        if (fixture->file.whole[i]) {
            first = read_file(reader, view, &bytes);
            assert_int_equal(first - LOG_FIRST_OFFSET + bytes.len, whole->len);
            assert_memory_equal(bytes.data, whole->data + whole->len - bytes.len, bytes.len);
            places++;
        } else {
            struct log_batch batch = {.kind = LOG_BATCH_EVENTS};

            while (batch.kind == LOG_BATCH_EVENTS && view_reader_next(reader, &batch, &err))
                assert_int_equal(batch.events.len, 0);
            assert_int_equal(err.class, E_USAGE);
            assert_contains(err.text, "no transaction begins there");
            assert_false(view_reader_is_stopped(reader));
        }
        buf_done(&bytes);
        view_reader_close(reader);
    }
    assert_true(places > 3);
}

static void check_view(const char *path, const char *view)
{
    struct fixture fixture;
    struct view_reader *reader;
    struct buf whole;

    make(&fixture, path);
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    buf_init(&whole, 1 << 20);
    reader = open_at(&fixture, "a.000001", LOG_FIRST_OFFSET);
    assert_false(view_reader_at_end(reader));
    assert_int_equal(read_file(reader, view, &whole), LOG_FIRST_OFFSET);
    assert_true(view_reader_at_end(reader));
    view_reader_close(reader);
    check_places(&fixture, &whole, view);
    buf_done(&whole);
    destroy(&fixture);
}

static void test_places(void **state)
{
    (void)state;
    check_view(MYSQL, VIEW "000001");
    check_view(MARIADB, "a-mysql82a.000001");
}

/* Event by event, as it comes: what was given is the same, and nothing of a half transaction. */
static void test_a_log_that_grows(void **state)
{
    struct view_reader *reader;
    struct view_reader *later;
    struct fixture fixture;
    struct log_batch batch;
    struct buf bytes;
    struct buf whole;

    (void)state;
    make(&fixture, MYSQL);
    buf_init(&bytes, 1 << 20);
    buf_init(&whole, 1 << 20);
    feed_begin(fixture.mirror, &fixture.file, "a.000001");
    ok(mirror_sync(fixture.mirror, &err));
    reader = open_at(&fixture, "a.000001", LOG_FIRST_OFFSET);
    for (size_t i = 0; i + 1 < fixture.file.count; i++) {
        size_t before = bytes.len;

        do {
            ok(view_reader_next(reader, &batch, &err));
            buf_bytes(&bytes, batch.events);
        } while (batch.kind != LOG_BATCH_NONE);
        assert_true(bytes.len == before || fixture.file.whole[i]);
        feed_append(fixture.mirror, &fixture.file, fixture.file.ends[i], fixture.file.ends[i + 1]);
        ok(mirror_sync(fixture.mirror, &err));
    }
    (void)read_file(reader, NULL, &bytes);
    later = open_at(&fixture, "", LOG_FIRST_OFFSET);
    (void)read_file(later, VIEW "000001", &whole);
    assert_int_equal(bytes.len, whole.len);
    assert_memory_equal(bytes.data, whole.data, whole.len);
    view_reader_close(reader);
    view_reader_close(later);
    buf_done(&bytes);
    buf_done(&whole);
    destroy(&fixture);
}

/* The next file's place is one of the log's too, and further places are waited for. */
static void test_places_that_are_not_there(void **state)
{
    struct log_position from = {"a.000009", LOG_FIRST_OFFSET};
    struct view_reader *reader;
    struct fixture fixture;
    struct log_batch batch;
    struct buf bytes;

    (void)state;
    make(&fixture, MYSQL);
    buf_init(&bytes, 1 << 20);
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    assert_false(view_reader_open(fixture.mirror, &fixture.options, &from, 0, &reader, &err));
    assert_int_equal(err.class, E_STATE);
    reader = open_at(&fixture, "a.000001", fixture.file.size + 100);
    do {
        ok(view_reader_next(reader, &batch, &err));
        assert_int_equal(batch.events.len, 0);
    } while (batch.kind != LOG_BATCH_NONE);
    feed_head(&fixture, "a.000002");
    while (view_reader_next(reader, &batch, &err))
        assert_int_equal(batch.events.len, 0);
    assert_int_equal(err.class, E_USAGE);
    view_reader_close(reader);
    reader = open_at(&fixture, "a.000001", fixture.file.size);
    ok(view_reader_next(reader, &batch, &err));
    while (batch.kind != LOG_BATCH_FILE)
        ok(view_reader_next(reader, &batch, &err));
    assert_string_equal(batch.name, VIEW "000001");
    (void)read_file(reader, VIEW "000002", &bytes);
    assert_true(bytes.len > 0);
    view_reader_close(reader);
    buf_done(&bytes);
    destroy(&fixture);
}

/*
 * An empty transaction has its place, in a batch with the reason, so that what follows is the same
 * wherever a reader begins.
 */
static void test_what_can_not_be_translated(void **state)
{
    struct log_batch batch = {.kind = LOG_BATCH_FILE};
    struct view_reader *reader;
    struct fixture fixture;
    struct buf whole;
    size_t refused = 0;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/partial-json.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    buf_init(&whole, 1 << 20);
    reader = open_at(&fixture, "a.000001", LOG_FIRST_OFFSET);
    while (batch.kind != LOG_BATCH_NONE) {
        const struct err *refusal;

        ok(view_reader_next(reader, &batch, &err));
        refusal = view_reader_refusal(reader);
        buf_bytes(&whole, batch.events);
        if (!refusal)
            continue;
        assert_int_equal(refusal->class, E_STATE);
        assert_contains(refusal->text, "a.000001:");
        assert_contains(refusal->text, "without the document");
        assert_true(batch.events.len > 0 && batch.events.len < 200);
        assert_int_equal(batch.events.data[4], EVENT_MARIADB_GTID);
        refused++;
    }
    assert_true(refused > 0);
    assert_false(view_reader_is_stopped(reader));
    view_reader_close(reader);
    check_places(&fixture, &whole, VIEW "000001");
    buf_done(&whole);
    destroy(&fixture);
}

/* Outside of transactions nothing can be left out. */
static void test_a_log_that_can_not_be_translated(void **state)
{
    struct view_reader *reader;
    struct fixture fixture;
    struct log_batch batch;

    (void)state;
    make(&fixture, MYSQL);
    fixture.options.to = DIALECT_MYSQL_5;
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    reader = open_at(&fixture, "a.000001", LOG_FIRST_OFFSET);
    while (view_reader_next(reader, &batch, &err))
        assert_int_equal(batch.events.len, 0);
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "is not translated for MySQL 5.6");
    assert_true(view_reader_is_stopped(reader));
    view_reader_close(reader);
    destroy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_a_log_that_grows),
        cmocka_unit_test(test_places_that_are_not_there),
        cmocka_unit_test(test_what_can_not_be_translated),
        cmocka_unit_test(test_a_log_that_can_not_be_translated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
