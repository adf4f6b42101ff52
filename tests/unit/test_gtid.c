#include "binlog/gtid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALL_PARTS ((1u << GTID_FIELDS) - 1)

static struct gtid sample(uint8_t type, uint32_t parts)
{
    struct gtid gtid = {
        .type = type,
        .parts = parts,
        .flags = GTID_FLAG_MAY_HAVE_SBR,
        .uuid = {{0, 1, 127, 128, 255, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 200}},
        .number = 12345,
        .last_committed = 7,
        .sequence_number = -1,
        .immediate_commit_usec = UINT64_C(1700000000123456),
        .original_commit_usec = UINT64_C(1600000000123456),
        .transaction_length = 300,
        .immediate_version = 90704,
        .original_version = 80036,
        .ticket = UINT64_C(0x8000000000000001),
    };

    if (type == EVENT_GTID_TAGGED && parts & GTID_TAG)
        gtid.tag = span_str("blue");
    return gtid;
}

static void check_round_trip(const struct gtid *gtid)
{
    struct gtid decoded;
    struct buf buf;
    struct buf again;
    struct err err;

    buf_init(&buf, 1000);
    buf_init(&again, 1000);
    gtid_encode(&buf, gtid);
    if (!gtid_decode(buf_span(&buf), gtid->type, &decoded, &err))
        fail_msg("parts 0x%x: %s", gtid->parts, err.text);
    assert_int_equal(decoded.number, gtid->number);
    assert_memory_equal(&decoded.uuid, &gtid->uuid, sizeof gtid->uuid);
    if (gtid->parts & GTID_LENGTH)
        assert_int_equal(decoded.transaction_length, gtid->transaction_length);
    if (gtid->parts & GTID_IMMEDIATE_TIME)
        assert_int_equal(decoded.original_commit_usec, gtid->parts & GTID_ORIGINAL_TIME
                                                           ? gtid->original_commit_usec
                                                           : gtid->immediate_commit_usec);
    if (gtid->parts & GTID_IMMEDIATE_VERSION)
        assert_int_equal(decoded.original_version, gtid->parts & GTID_ORIGINAL_VERSION
                                                       ? gtid->original_version
                                                       : gtid->immediate_version);
    gtid_encode(&again, &decoded);
    assert_true(span_eq(buf_span(&buf), buf_span(&again)));
    buf_done(&buf);
    buf_done(&again);
}

static void each_version_of_the_event_comes_back(void **state)
{
    const uint32_t v56 = GTID_FLAGS | GTID_UUID | GTID_NUMBER;
    const uint32_t v57 = v56 | GTID_LAST_COMMITTED | GTID_SEQUENCE;
    const uint32_t v80 = v57 | GTID_IMMEDIATE_TIME | GTID_LENGTH | GTID_IMMEDIATE_VERSION;
    const uint32_t cases[] = {
        v56,
        v57,
        v80,
        v80 | GTID_ORIGINAL_TIME,
        v80 | GTID_ORIGINAL_VERSION,
        ALL_PARTS & ~(uint32_t)GTID_TAG,
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gtid gtid = sample(EVENT_GTID, cases[i]);

        check_round_trip(&gtid);
        gtid.type = EVENT_ANONYMOUS_GTID;
        gtid.number = 0;
        check_round_trip(&gtid);
    }
}

static void tagged_events_come_back_with_any_fields(void **state)
{
    (void)state;
    for (uint32_t parts = 0; parts <= ALL_PARTS; parts++) {
        struct gtid gtid = sample(EVENT_GTID_TAGGED, parts | GTID_FLAGS | GTID_UUID | GTID_NUMBER);

        check_round_trip(&gtid);
    }
}

static void tagged_events_of_newer_servers(void **state)
{
    struct gtid gtid = sample(EVENT_GTID_TAGGED, ALL_PARTS);
    struct gtid decoded;
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 1000);
    gtid.unknown = span_str("\x18new"); /* field 12 */
    check_round_trip(&gtid);
    gtid.last_required_field = 13;
    gtid_encode(&buf, &gtid);
    assert_false(gtid_decode(buf_span(&buf), EVENT_GTID_TAGGED, &decoded, &err));
    assert_int_equal(err.class, E_STATE);
    assert_non_null(strstr(err.text, "field 12"));
    buf_done(&buf);
}

static void truncated_and_wrong_ones_are_refused(void **state)
{
    static const uint8_t types[] = {EVENT_GTID, EVENT_GTID_TAGGED};
    struct gtid decoded;
    struct buf buf;
    struct err err;

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct gtid gtid = sample(types[t], ALL_PARTS & ~(t == 0 ? (uint32_t)GTID_TAG : 0));

        buf_init(&buf, 1000);
        gtid_encode(&buf, &gtid);
        for (size_t n = 0; n < buf.len; n++) {
            /* Whole parts may be missing at the end of the older event. */
            if (gtid_decode(span_of(buf.data, n), types[t], &decoded, &err))
                assert_int_equal(types[t], EVENT_GTID);
            else
                assert_int_equal(err.class, E_PROTO);
        }
        buf_clear(&buf);
        gtid.number = 0;
        gtid_encode(&buf, &gtid);
        assert_false(gtid_decode(buf_span(&buf), types[t], &decoded, &err));
        buf_clear(&buf);
        gtid.number = INT64_MAX;
        gtid_encode(&buf, &gtid);
        assert_false(gtid_decode(buf_span(&buf), types[t], &decoded, &err));
        buf_done(&buf);
    }
}

static void tags_are_names(void **state)
{
    (void)state;
    assert_true(gtid_tag_valid(span_str("")));
    assert_true(gtid_tag_valid(span_str("_a1")));
    assert_true(gtid_tag_valid(span_str("abcdefghijklmnopqrstuvwxyz012345")));
    assert_false(gtid_tag_valid(span_str("abcdefghijklmnopqrstuvwxyz0123456")));
    assert_false(gtid_tag_valid(span_str("1a")));
    assert_false(gtid_tag_valid(span_str("A")));
    assert_false(gtid_tag_valid(span_str("a-b")));
}

static void the_transaction_length_counts_itself(void **state)
{
    static const uint8_t types[] = {EVENT_GTID, EVENT_GTID_TAGGED};
    static const uint64_t rests[] = {0, 100, 150, 170, 185, 200, 16000, 16300, 65400, 1 << 20};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
            struct gtid gtid = sample(types[t], ALL_PARTS & ~(t == 0 ? (uint32_t)GTID_TAG : 0));
            struct buf buf;

            gtid_set_transaction_length(&gtid, rests[i], 4);
            buf_init(&buf, 1000);
            gtid_encode(&buf, &gtid);
            assert_int_equal(gtid.transaction_length, rests[i] + EVENT_HEADER_SIZE + buf.len + 4);
            buf_done(&buf);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_version_of_the_event_comes_back),
        cmocka_unit_test(tagged_events_come_back_with_any_fields),
        cmocka_unit_test(tagged_events_of_newer_servers),
        cmocka_unit_test(truncated_and_wrong_ones_are_refused),
        cmocka_unit_test(tags_are_names),
        cmocka_unit_test(the_transaction_length_counts_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
