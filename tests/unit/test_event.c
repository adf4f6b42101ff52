#include "binlog/event.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct event_header sample = {
    .timestamp = 0x01020304,
    .type = EVENT_QUERY,
    .server_id = 0x05060708,
    .length = 0x0a0b0c,
    .log_pos = 0x0d0e0f10,
    .flags = EVENT_FLAG_SUPPRESS_USE | EVENT_FLAG_ARTIFICIAL,
};

static void header_is_19_bytes_in_the_documented_order(void **state)
{
    static const uint8_t expected[EVENT_HEADER_SIZE] = {
        4, 3, 2, 1, 2, 8, 7, 6, 5, 0x0c, 0x0b, 0x0a, 0, 0x10, 0x0f, 0x0e, 0x0d, 0x28, 0};
    struct event_header decoded;
    struct err err;
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    event_header_encode(&buf, &sample);
    assert_int_equal(buf.len, EVENT_HEADER_SIZE);
    assert_memory_equal(buf.data, expected, EVENT_HEADER_SIZE);
    assert_true(event_header_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(decoded.timestamp, sample.timestamp);
    assert_int_equal(decoded.type, sample.type);
    assert_int_equal(decoded.server_id, sample.server_id);
    assert_int_equal(decoded.length, sample.length);
    assert_int_equal(decoded.log_pos, sample.log_pos);
    assert_int_equal(decoded.flags, sample.flags);
    buf_done(&buf);
}

static void header_refuses_short_input_and_impossible_lengths(void **state)
{
    static const uint32_t lengths[] = {0, EVENT_HEADER_SIZE - 1, EVENT_LENGTH_MAX + 1, UINT32_MAX};
    struct event_header header = sample;
    struct event_header untouched = {0};
    struct err err;
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    event_header_encode(&buf, &header);
    for (size_t n = 0; n < EVENT_HEADER_SIZE; n++)
        assert_false(event_header_decode(span_of(buf.data, n), &untouched, &err));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        buf_clear(&buf);
        header.length = lengths[i];
        event_header_encode(&buf, &header);
        assert_false(event_header_decode(buf_span(&buf), &untouched, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_non_null(strstr(err.text, "Query event: length"));
    }
    assert_int_equal(untouched.length, 0);
    buf_done(&buf);
}

static void every_type_has_one_name(void **state)
{
    size_t known = 0;

    (void)state;
    for (unsigned type = 0; type <= 255; type++) {
        const struct event_type_info *info = event_type_info((uint8_t)type);

        if (!info) {
            assert_string_equal(event_type_name((uint8_t)type), "Unknown");
            continue;
        }
        known++;
        assert_non_null(info->name);
        assert_non_null(info->versions);
        assert_string_equal(event_type_name((uint8_t)type), info->name);
    }
    assert_int_equal(known, 42 + 13);
    assert_null(event_type_info(EVENT_UNKNOWN));
    assert_null(event_type_info(43));
    assert_null(event_type_info(159));
    assert_null(event_type_info(173));
    assert_int_equal(event_type_info(EVENT_VIEW_CHANGE)->support, EVENT_CARRIED);
    assert_int_equal(event_type_info(EVENT_GTID_TAGGED)->family, EVENT_FAMILY_MYSQL);
    assert_int_equal(event_type_info(EVENT_MARIADB_GTID)->family, EVENT_FAMILY_MARIADB);
}

static void rows_are_recognised(void **state)
{
    unsigned rows = 0;

    (void)state;
    for (unsigned type = 0; type <= 255; type++)
        rows += event_type_is_rows((uint8_t)type);
    assert_int_equal(rows, 3 + 3 + 3 + 1 + 6);
    assert_false(event_type_is_rows(EVENT_TABLE_MAP));
    assert_false(event_type_is_rows(EVENT_MARIADB_QUERY_COMPRESSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_19_bytes_in_the_documented_order),
        cmocka_unit_test(header_refuses_short_input_and_impossible_lengths),
        cmocka_unit_test(every_type_has_one_name),
        cmocka_unit_test(rows_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
