/*
 * Where a dump of a view begins for a replica by position that was given another translation's
 * offsets before, as by the version before this one: at the same transaction.
 */
#include "log_feed.h"

#include "base/buf.h"
#include "base/file.h"
#include "log/offset_maps.h"
#include "replication/dump_start.h"
#include "replication/view_reader.h"
#include "translation/gtid_exchange.h"
#include "wire/reply.h"

#include <stdio.h>
#include <stdlib.h>

#define NEXT      "BOREALIS_NEXT_TRANSLATION"
#define ENDS_MAX  400
#define NAME      "a.000001"
#define MYSQL     "tests/data/binlog/mysql-9.7/rows-full.binlog"
#define MARIADB   "tests/data/binlog/mariadb-11.8/rows-full.binlog"
#define SERVER_ID 7

static struct err err;
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct mirror *mirror;
static struct translator_options options;

/* Of the view as it was recorded: each event's end, and the transaction's begin there or before. */
static struct {
    char name[LOG_NAME_MAX + 1];
    size_t count;
    uint64_t ends[ENDS_MAX];
    uint64_t begins[ENDS_MAX];
} recorded;

static void make(const char *path, enum dialect to)
{
    options = (struct translator_options){.to = to, .domain = 7, .server_id = SERVER_ID};
    feed_make_dir(dir, log_dir);
    feed_load(&file, path);
    mirror = feed_mirror_new(log_dir, NULL);
    feed_whole(mirror, &file, NAME);
}

static void destroy(void)
{
    mirror_close(mirror);
    feed_free(&file);
    ok(dir_remove(dir, &err));
}

static struct view_reader *open_reader(uint64_t offset)
{
    struct log_position from = {.name = NAME, .offset = offset};
    struct view_reader *reader;

    ok(view_reader_open(mirror, &options, &from, 0, &reader, &err));
    return reader;
}

static bool is_last(uint8_t type)
{
    return type == EVENT_ROTATE || type == EVENT_STOP;
}

/* What a transaction begins with, and what stands outside of all. */
static bool is_begin(uint8_t type)
{
    return type == EVENT_MARIADB_GTID || type == EVENT_GTID || is_last(type);
}

static void take(struct span events, uint64_t offset)
{
    struct cursor cur = cursor_of(events);

    while (cursor_left(&cur) > 0) {
        struct event_header header = {.length = 0};

        ok(event_header_decode(cur.rest, &header, &err));
        if (is_begin(header.type) && recorded.count > 0)
            recorded.begins[recorded.count - 1] = offset;
        offset += header.length;
        assert_true(recorded.count < ENDS_MAX);
        recorded.ends[recorded.count] = offset;
        recorded.begins[recorded.count] = recorded.count > 0 && !is_last(header.type)
                                              ? recorded.begins[recorded.count - 1]
                                              : offset;
        recorded.count++;
        cursor_skip(&cur, header.length);
    }
}

static void record(void)
{
    struct view_reader *reader = open_reader(LOG_FIRST_OFFSET);
    struct log_batch batch = {.kind = LOG_BATCH_EVENTS};

    recorded.count = 0;
    view_reader_record(reader, true);
    while (batch.kind != LOG_BATCH_NONE) {
        ok(view_reader_next(reader, &batch, &err));
        if (batch.kind == LOG_BATCH_FILE)
            (void)snprintf(recorded.name, sizeof recorded.name, "%s", batch.name);
        if (batch.kind == LOG_BATCH_EVENTS)
            take(batch.events, batch.offset);
    }
    view_reader_close(reader);
    assert_true(recorded.count > 10);
}

static struct dump_spec spec_at(const char *name, uint64_t offset)
{
    return (struct dump_spec){
        .mirror = mirror,
        .view = &options,
        .mariadb = options.to == DIALECT_MARIADB,
        .request = {.server_id = 5, .file = span_str(name), .position = offset},
    };
}

/* Where the recorded view has what begins at that place of the source's file. */
static uint64_t view_offset_of(uint64_t source_offset)
{
    struct view_reader *reader = open_reader(source_offset);
    struct log_batch batch = {.kind = LOG_BATCH_NONE};

    do
        ok(view_reader_next(reader, &batch, &err));
    while (batch.kind == LOG_BATCH_EVENTS);
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    view_reader_close(reader);
    return batch.offset;
}

static void check(size_t i)
{
    struct dump_spec spec = spec_at(recorded.name, recorded.ends[i]);
    struct dump_start start;

    dump_start_init(&start);
    assert_int_equal(setenv(NEXT, "1", 1), 0);
    ok(dump_start_find(&start, &spec, &err));
    assert_int_equal(unsetenv(NEXT), 0);
    assert_string_equal(start.from.name, NAME);
    assert_int_equal(start.goal, 0);
    if (i > 1) {
        assert_int_equal(view_offset_of(start.from.offset), recorded.begins[i]);
        assert_int_equal(start.again,
                         recorded.begins[i] < recorded.ends[i] ? recorded.begins[i] : 0);
    } else { /* in the file's head */
        assert_int_equal(view_offset_of(start.from.offset), recorded.ends[1]);
        assert_int_equal(start.again, 0);
    }
    dump_start_done(&start);
}

static void check_all(const char *path, enum dialect to)
{
    make(path, to);
    record();
    for (size_t i = 0; i < recorded.count; i++)
        check(i);
    destroy();
}

static void test_each_event_of_another_version(void **state)
{
    (void)state;
    check_all(MYSQL, DIALECT_MARIADB);
    check_all(MARIADB, DIALECT_MYSQL_8);
    check_all(MARIADB, DIALECT_MYSQL_5);
}

/* Its receiving thread can not go on between the rows events of a statement. */
static void test_mariadb_inside_a_transaction(void **state)
{
    (void)state;
    make(MYSQL, DIALECT_MARIADB);
    record();
    for (size_t i = 2; i < recorded.count; i++) {
        struct dump_spec spec = spec_at(recorded.name, recorded.ends[i]);
        bool inside = recorded.begins[i] < recorded.ends[i];
        struct dump_start start;

        dump_start_init(&start);
        ok(dump_start_find(&start, &spec, &err));
        assert_int_equal(start.again, inside ? recorded.begins[i] : 0);
        assert_int_equal(start.goal, inside ? 0 : recorded.ends[i]);
        if (inside)
            assert_int_equal(view_offset_of(start.from.offset), recorded.begins[i]);
        dump_start_done(&start);
    }
    destroy();
}

/* A translation with statements of accounts has other offsets, and a name of its own. */
static void test_another_setting(void **state)
{
    struct dump_start start;
    struct dump_spec spec;

    (void)state;
    make(MYSQL, DIALECT_MARIADB);
    record();
    options.accounts = ACCOUNTS_REPLICATE;
    spec = spec_at(recorded.name, recorded.ends[recorded.count - 1]);
    dump_start_init(&start);
    ok(dump_start_find(&start, &spec, &err));
    assert_int_equal(start.goal, 0);
    assert_int_equal(start.from.offset, file.size);
    dump_start_done(&start);
    destroy();
}

static void expect_refused(const char *name, uint64_t offset, const char *text)
{
    struct dump_spec spec = spec_at(name, offset);
    struct dump_start start;

    dump_start_init(&start);
    assert_false(dump_start_find(&start, &spec, &err));
    assert_int_equal(err.code, ER_MASTER_FATAL_ERROR_READING_BINLOG);
    assert_contains(err.text, text);
    dump_start_done(&start);
}

static void test_what_the_map_does_not_have(void **state)
{
    struct dump_spec spec = spec_at("a-mariadb7.000001", LOG_FIRST_OFFSET);
    struct dump_start start;

    (void)state;
    make(MYSQL, DIALECT_MARIADB);
    expect_refused("a-mariadb7.000001", 200,
                   "a-mariadb7.000001:200 is a position of the translation mariadb7, this relay "
                   "has mariadb2, and the log has no map a.000001.mariadb7.map: give");
    record();
    assert_int_equal(setenv(NEXT, "1", 1), 0);
    expect_refused(recorded.name, recorded.ends[recorded.count - 1] + 1,
                   "the log's map a.000001.mariadb2.map: ends at offset");
    assert_int_equal(unsetenv(NEXT), 0);
    expect_refused("a-mariadb7.000009", 200, "Could not find first log file name");
    /* A file's beginning is the same in all. */
    spec.mirror = mirror;
    dump_start_init(&start);
    ok(dump_start_find(&start, &spec, &err));
    assert_int_equal(start.from.offset, LOG_FIRST_OFFSET);
    dump_start_done(&start);
    destroy();
}

/* What a source without GTIDs has between a replica's place and the log's begin, it would lack. */
static void test_a_place_before_the_log(void **state)
{
    static const struct {
        int behind; /* the log's begin, by so many bytes */
        bool there;
    } cases[] = {{0, true}, {-1, true}, {-2, false}, {-100, false}};
    size_t part = 3;

    (void)state;
    options = (struct translator_options){.to = DIALECT_MARIADB, .domain = 7, .server_id = 7};
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-5.6/rows-full.binlog");
    while (!file.whole[part])
        part++;
    mirror = feed_mirror_new(log_dir, NULL);
    ok(mirror_next(mirror, span_str(NAME), file.ends[part],
                   span_of(file.bytes + LOG_FIRST_OFFSET, file.format_size), NULL, &err));
    feed_append(mirror, &file, file.ends[part], file.size);
    ok(mirror_sync(mirror, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t place = file.ends[part] + (uint64_t)(int64_t)cases[i].behind;
        struct dump_spec spec = spec_at("", LOG_FIRST_OFFSET);
        struct dump_start start;
        char position[64];

        (void)snprintf(position, sizeof position, "7-7-%llu",
                       (unsigned long long)gtid_sequence_of_place(1, place));
        spec.by_gtid = true;
        spec.connect_state = span_str(position);
        dump_start_init(&start);
        if (dump_start_find(&start, &spec, &err) != cases[i].there)
            fail_msg("%d: %s", cases[i].behind, err.text);
        if (cases[i].there)
            assert_int_equal(start.from.offset, file.ends[part]);
        else
            assert_contains(err.text, "slave state is too old");
        dump_start_done(&start);
    }
    destroy();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_event_of_another_version),
        cmocka_unit_test(test_mariadb_inside_a_transaction),
        cmocka_unit_test(test_another_setting),
        cmocka_unit_test(test_what_the_map_does_not_have),
        cmocka_unit_test(test_a_place_before_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
