#include "binlog/payload.h"

#include "binlog/inflate.h"
#include "binlog/query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MIB (1 << 20)

/* n events of 19 + size bytes each. */
static void make_events(struct buf *buf, size_t n, size_t size)
{
    struct event_header header = {.type = EVENT_ROWS_QUERY,
                                  .length = (uint32_t)(EVENT_HEADER_SIZE + size)};

    for (size_t i = 0; i < n; i++) {
        header.timestamp = (uint32_t)i;
        event_header_encode(buf, &header);
        buf_reserve(buf, size);
    }
}

/* Takes all events of a packed payload; false when the stream ends in an error. */
static bool take_all(struct span body, size_t event_max, uint64_t plain_max, size_t *ret_events,
                     struct err *err)
{
    struct payload_stream *stream = payload_stream_new(event_max);
    struct payload payload;
    struct span event = {0};
    bool good = payload_decode(body, &payload, err) &&
                payload_stream_open(stream, &payload, plain_max, err);

    *ret_events = 0;
    do {
        good = good && payload_stream_next(stream, &event, err);
        *ret_events += good && event.len > 0;
    } while (good && event.len > 0);
    payload_stream_free(stream);
    return good;
}

static void packed_events_come_out_one_by_one(void **state)
{
    static const uint64_t compressions[] = {PAYLOAD_ZSTD, PAYLOAD_NONE};
    static const size_t sizes[] = {0, 1, 100, 70000, 300000};
    struct err err;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        struct buf events;
        struct buf body;
        size_t count;

        buf_init(&events, 16 * MIB);
        buf_init(&body, 16 * MIB);
        make_events(&events, 7, sizes[i / 2]);
        payload_pack(&body, buf_span(&events), compressions[i % 2], 3);
        assert_true(buf_ok(&body));
        if (!take_all(buf_span(&body), MIB, 16 * MIB, &count, &err))
            fail_msg("%s", err.text);
        assert_int_equal(count, 7);
        for (size_t n = 0; n < body.len; n += 1 + n / 10)
            assert_false(take_all(span_of(body.data, n), MIB, 16 * MIB, &count, &err));
        buf_done(&events);
        buf_done(&body);
    }
}

static void bombs_are_refused(void **state)
{
    struct buf events;
    struct buf body;
    struct payload payload;
    struct err err;
    size_t count;

    (void)state;
    buf_init(&events, 64 * MIB);
    buf_init(&body, MIB);
    make_events(&events, 30, MIB);
    payload_pack(&body, buf_span(&events), PAYLOAD_ZSTD, 3);
    assert_in_range(body.len, 1, 100000);

    assert_false(take_all(buf_span(&body), 2 * MIB, 29 * MIB, &count, &err)); /* declared */
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(count, 0);
    assert_false(take_all(buf_span(&body), MIB, 64 * MIB, &count, &err)); /* one event */
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(count, 0);

    /* A lie about the size. */
    assert_true(payload_decode(buf_span(&body), &payload, &err));
    payload.plain_size = 10 * MIB;
    buf_clear(&events);
    payload_encode(&events, &payload);
    assert_false(take_all(buf_span(&events), 2 * MIB, 64 * MIB, &count, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_in_range(count, 1, 10);
    buf_done(&events);
    buf_done(&body);
}

static void unknown_compression_and_sizes_are_refused(void **state)
{
    static const uint8_t algorithm[] = {2, 1, 5, 1, 1, 1, 0, 'x'};
    static const uint8_t size[] = {2, 3, 0xfc, 255, 0, 1, 1, 2, 0, 'x'};
    static const uint8_t unknown_field[] = {7, 2, 'x', 'y', 2, 3, 0xfc, 255, 0, 1, 1, 0, 0};
    struct payload payload;
    struct err err;

    (void)state;
    assert_false(payload_decode(span_of(algorithm, sizeof algorithm), &payload, &err));
    assert_int_equal(err.class, E_STATE);
    assert_false(payload_decode(span_of(size, sizeof size), &payload, &err));
    assert_non_null(strstr(err.text, "payload of 1 bytes, declared 2"));
    assert_true(payload_decode(span_of(unknown_field, sizeof unknown_field), &payload, &err));
    assert_int_equal(payload.compression, PAYLOAD_NONE);
}

static void mariadb_compression_comes_back(void **state)
{
    static const size_t sizes[] = {0, 1, 255, 256, 65535, 65536, 1 << 24};
    struct inflater *inflater = inflater_new();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf plain;
        struct buf packed;
        struct buf out;
        struct err err;
        uint32_t size;

        buf_init(&plain, 32 * MIB);
        buf_init(&packed, 32 * MIB);
        buf_init(&out, 32 * MIB);
        buf_reserve(&plain, sizes[i]);
        deflate_bytes(&packed, buf_span(&plain));
        assert_true(inflate_size(buf_span(&packed), &size, &err));
        assert_int_equal(size, sizes[i]);
        if (!inflate_bytes(inflater, buf_span(&packed), 32 * MIB, &out, &err))
            fail_msg("%zu: %s", sizes[i], err.text);
        assert_true(span_eq(buf_span(&out), buf_span(&plain)));
        buf_clear(&out);
        if (sizes[i] > 0) {
            assert_false(inflate_bytes(inflater, buf_span(&packed), sizes[i] - 1, &out, &err));
            assert_int_equal(err.class, E_LIMIT);
        }
        for (size_t n = 0; n < packed.len && n < 100; n++) {
            buf_clear(&out);
            assert_false(inflate_bytes(inflater, span_of(packed.data, n), 32 * MIB, &out, &err));
        }
        buf_done(&plain);
        buf_done(&packed);
        buf_done(&out);
    }
    inflater_free(inflater);
}

static void compressed_events_become_plain_ones(void **state)
{
    static const uint8_t update_head[] = {1, 0, 0, 0, 0, 0, 1, 0, 9, 0xff, 1, 0xff, 1};
    struct inflater *inflater = inflater_new();
    struct format format;
    struct query query = {.database = span_str("d")};
    struct buf text;
    struct buf body;
    struct buf out;
    struct err err;
    uint8_t type;

    (void)state;
    format_init(&format, "10.11.19-MariaDB", CHECKSUM_CRC32);
    buf_init(&text, 1000);
    buf_init(&body, 1000);
    buf_init(&out, 1000);
    deflate_bytes(&text, span_str("CREATE TABLE t"));
    query.text = buf_span(&text);
    query_encode(&body, &query);
    assert_true(inflate_event(inflater, EVENT_MARIADB_QUERY_COMPRESSED, buf_span(&body), &format,
                              1000, &out, &type, &err));
    assert_int_equal(type, EVENT_QUERY);
    assert_true(query_decode(buf_span(&out), type, &format, &query, &err));
    assert_true(span_eq(query.text, span_str("CREATE TABLE t")));

    buf_clear(&body);
    buf_clear(&out);
    buf_bytes(&body, span_of(update_head, sizeof update_head));
    deflate_bytes(&body, span_str("rows"));
    assert_true(inflate_event(inflater, EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1, buf_span(&body),
                              &format, 1000, &out, &type, &err));
    assert_int_equal(type, EVENT_UPDATE_ROWS_V1);
    assert_int_equal(out.len, sizeof update_head + 4);
    for (size_t n = 0; n < body.len; n++) {
        buf_clear(&out);
        assert_false(inflate_event(inflater, EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1,
                                   span_of(body.data, n), &format, 1000, &out, &type, &err));
    }
    assert_false(
        inflate_event(inflater, EVENT_QUERY, buf_span(&body), &format, 1000, &out, &type, &err));
    buf_done(&text);
    buf_done(&body);
    buf_done(&out);
    inflater_free(inflater);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_events_come_out_one_by_one),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(unknown_compression_and_sizes_are_refused),
        cmocka_unit_test(mariadb_compression_comes_back),
        cmocka_unit_test(compressed_events_become_plain_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
