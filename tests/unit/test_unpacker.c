#include "binlog/unpacker.h"

#include "binlog/inflate.h"
#include "binlog/payload.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "recorded.h"

#define PLAIN_MAX 100000

struct fixture {
    struct recorded file;
    struct unpacker *unpacker;
};

static void open_fixture(struct fixture *fixture, const char *name)
{
    recorded_open(&fixture->file, name);
    fixture->unpacker = unpacker_new();
}

static void close_fixture(struct fixture *fixture)
{
    unpacker_free(fixture->unpacker);
    recorded_close(&fixture->file);
}

/* Takes the next plain event, which must be of a type. */
static void take(struct fixture *fixture, uint8_t type, struct plain_event *ret_event)
{
    bool more;
    struct err err;

    if (!unpacker_next(fixture->unpacker, ret_event, &more, &err))
        fail_msg("%s", err.text);
    assert_true(more);
    assert_int_equal(ret_event->type, type);
}

static void take_end(struct fixture *fixture)
{
    struct plain_event plain;
    bool more;
    struct err err;

    for (int i = 0; i < 2; i++) {
        assert_true(unpacker_next(fixture->unpacker, &plain, &more, &err));
        assert_false(more);
    }
}

/* An event of a body of one's own. */
static struct reader_event event_of(uint8_t type, struct span body)
{
    return (struct reader_event){
        .header = {.type = type, .length = (uint32_t)(EVENT_HEADER_SIZE + body.len)},
        .offset = 1000,
        .body = body,
    };
}

static void expect_failure(struct fixture *fixture, const struct reader_event *event, size_t passes,
                           const char *part)
{
    struct plain_event plain;
    bool more = true;
    struct err err = {0};

    unpacker_start(fixture->unpacker, event, &fixture->file.reader.format);
    for (size_t i = 0; i < passes; i++)
        assert_true(unpacker_next(fixture->unpacker, &plain, &more, &err));
    assert_false(unpacker_next(fixture->unpacker, &plain, &more, &err));
    assert_contains(err.text, part);
}

static void a_plain_event_is_itself(void **state)
{
    struct fixture fixture;
    struct reader_event event;
    struct plain_event plain;
    size_t count = 0;

    (void)state;
    open_fixture(&fixture, "mysql-9.7/rows-full.binlog");
    while (recorded_next(&fixture.file, &event)) {
        unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
        take(&fixture, event.header.type, &plain);
        assert_ptr_equal(plain.body.data, event.body.data);
        assert_int_equal(plain.body.len, event.body.len);
        assert_int_equal(plain.offset, event.offset);
        assert_int_equal(plain.header.length, event.header.length);
        assert_false(plain.packed);
        take_end(&fixture);
        count++;
    }
    assert_in_range(count, 50, 1000);
    close_fixture(&fixture);
}

static void a_payload_comes_before_its_events(void **state)
{
    static const uint8_t inside[] = {EVENT_QUERY, EVENT_ROWS_QUERY, EVENT_TABLE_MAP,
                                     EVENT_WRITE_ROWS, EVENT_XID};
    struct fixture fixture;
    struct reader_event event;
    struct plain_event plain;
    struct query query;
    struct err err;

    (void)state;
    open_fixture(&fixture, "mysql-9.7/compressed.binlog");
    recorded_find(&fixture.file, EVENT_TRANSACTION_PAYLOAD, &event);
    unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
    take(&fixture, EVENT_TRANSACTION_PAYLOAD, &plain);
    assert_false(plain.packed);
    for (size_t i = 0; i < sizeof inside; i++) {
        take(&fixture, inside[i], &plain);
        assert_true(plain.packed);
        assert_int_equal(plain.offset, event.offset);
        assert_int_equal(plain.header.length, EVENT_HEADER_SIZE + plain.body.len);
        if (i == 0) {
            assert_true(
                query_decode(plain.body, plain.type, &fixture.file.reader.format, &query, &err));
            assert_span_eq(query.text, "BEGIN");
        }
    }
    take_end(&fixture);
    close_fixture(&fixture);
}

static void mariadb_s_compressed_events_are_plain(void **state)
{
    struct fixture fixture;
    struct reader_event event;
    struct plain_event plain;
    struct query query;
    struct rows rows;
    struct err err;

    (void)state;
    open_fixture(&fixture, "mariadb-10.11/compressed.binlog");
    recorded_find(&fixture.file, EVENT_MARIADB_QUERY_COMPRESSED, &event);
    unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
    take(&fixture, EVENT_QUERY, &plain);
    assert_int_equal(plain.header.type, EVENT_MARIADB_QUERY_COMPRESSED);
    assert_true(query_decode(plain.body, plain.type, &fixture.file.reader.format, &query, &err));
    assert_memory_equal(query.text.data, "CREATE TABLE u (", 16);
    take_end(&fixture);

    recorded_find(&fixture.file, EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1, &event);
    unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
    take(&fixture, EVENT_WRITE_ROWS_V1, &plain);
    assert_true(rows_decode(plain.body, plain.type, &fixture.file.reader.format, &rows, &err));
    assert_int_equal(rows.column_count, 2);
    assert_in_range(rows.images.len, 1200, 1300);
    take_end(&fixture);
    close_fixture(&fixture);
}

static void damage_is_found_and_the_next_event_is_read(void **state)
{
    struct fixture fixture;
    struct reader_event event;
    struct reader_event cut;
    struct plain_event plain;

    (void)state;
    open_fixture(&fixture, "mysql-9.7/compressed.binlog");
    recorded_find(&fixture.file, EVENT_TRANSACTION_PAYLOAD, &event);
    cut = event;
    cut.body.len -= 20;
    expect_failure(&fixture, &cut, 0, "Transaction_payload");
    cut.body.len = 1;
    expect_failure(&fixture, &cut, 0, "Transaction_payload");
    unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
    take(&fixture, EVENT_TRANSACTION_PAYLOAD, &plain);
    take(&fixture, EVENT_QUERY, &plain);
    close_fixture(&fixture);

    open_fixture(&fixture, "mariadb-10.11/compressed.binlog");
    recorded_find(&fixture.file, EVENT_MARIADB_QUERY_COMPRESSED, &event);
    cut = event;
    cut.body.len -= 1;
    expect_failure(&fixture, &cut, 0, "Query_compressed");
    unpacker_start(fixture.unpacker, &event, &fixture.file.reader.format);
    take(&fixture, EVENT_QUERY, &plain);
    close_fixture(&fixture);
}

/* Packs bytes that stand for events. */
static void pack(struct buf *body, struct span events)
{
    buf_init(body, PLAIN_MAX);
    payload_pack(body, events, PAYLOAD_ZSTD, 1);
    assert_true(buf_ok(body));
}

static void a_payload_inside_a_payload_is_refused(void **state)
{
    struct event_header header = {.type = EVENT_TRANSACTION_PAYLOAD};
    struct fixture fixture;
    struct reader_event event;
    struct buf inner;
    struct buf events;
    struct buf outer;

    (void)state;
    open_fixture(&fixture, "mysql-9.7/compressed.binlog");
    pack(&inner, (struct span){0});
    buf_init(&events, PLAIN_MAX);
    header.length = (uint32_t)(EVENT_HEADER_SIZE + inner.len);
    event_header_encode(&events, &header);
    buf_bytes(&events, buf_span(&inner));
    pack(&outer, buf_span(&events));
    event = event_of(EVENT_TRANSACTION_PAYLOAD, buf_span(&outer));
    expect_failure(&fixture, &event, 1, "inside another");
    buf_done(&inner);
    buf_done(&events);
    buf_done(&outer);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_event_is_itself),
        cmocka_unit_test(a_payload_comes_before_its_events),
        cmocka_unit_test(mariadb_s_compressed_events_are_plain),
        cmocka_unit_test(damage_is_found_and_the_next_event_is_read),
        cmocka_unit_test(a_payload_inside_a_payload_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
