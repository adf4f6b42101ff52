#include "binlog/format.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void versions_are_read_off_their_text(void **state)
{
    static const struct {
        const char *text;
        enum format_family family;
        uint32_t version;
        bool checksum;
    } cases[] = {
        {"5.1.73-log", FORMAT_MYSQL, 50173, false},
        {"5.6.0", FORMAT_MYSQL, 50600, false},
        {"5.6.1-m5", FORMAT_MYSQL, 50601, true},
        {"8.0.36", FORMAT_MYSQL, 80036, true},
        {"9.7.4-2", FORMAT_MYSQL, 90704, true},
        {"5.2.14-MariaDB", FORMAT_MARIADB, 50214, false},
        {"5.3.12-MariaDB-log", FORMAT_MARIADB, 50312, true},
        {"10.11.19-MariaDB-0+deb12u1-log", FORMAT_MARIADB, 101119, true},
        {"5.5.5-10.11.19-MariaDB", FORMAT_MARIADB, 101119, true},
        {"12.3.1-MariaDB", FORMAT_MARIADB, 120301, true},
        {"", FORMAT_MYSQL, 0, false},
        {"99999999999.1.1", FORMAT_MYSQL, 990000, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum format_family family;
        uint32_t version;

        format_parse_version(cases[i].text, &family, &version);
        assert_int_equal(family, cases[i].family);
        if (i < 11)
            assert_int_equal(version, cases[i].version);
        assert_int_equal(format_version_has_checksum(family, version), cases[i].checksum);
    }
}

static void what_is_made_decodes_and_encodes_the_same(void **state)
{
    static const struct {
        const char *version;
        size_t body; /* as the length of these servers' own events */
    } cases[] = {
        {"5.1.73", 102 - 19},
        {"5.5.62", 103 - 19},
        {"5.6.24", 116 - 4 - 19},
        {"5.7.44", 119 - 4 - 19},
        {"8.0.36", 122 - 4 - 19},
        {"9.7.4", 123 - 4 - 19},
        {"10.11.19-MariaDB", 252 - 4 - 19},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct format made;
        struct format decoded;
        struct buf buf;
        struct buf again;
        struct err err;

        format_init(&made, cases[i].version, CHECKSUM_CRC32);
        buf_init(&buf, 1000);
        buf_init(&again, 1000);
        format_encode(&buf, &made);
        assert_int_equal(buf.len, cases[i].body);
        assert_true(format_decode(buf_span(&buf), &decoded, &err));
        assert_memory_equal(&decoded, &made, sizeof made);
        format_encode(&again, &decoded);
        assert_true(span_eq(buf_span(&buf), buf_span(&again)));
        buf_done(&buf);
        buf_done(&again);
    }
}

static void broken_ones_are_refused(void **state)
{
    struct format made;
    struct format decoded;
    struct buf buf;
    struct err err;

    (void)state;
    format_init(&made, "8.0.36", CHECKSUM_CRC32);
    buf_init(&buf, 1000);
    format_encode(&buf, &made);
    for (size_t n = 0; n < 59; n++)
        assert_false(format_decode(span_of(buf.data, n), &decoded, &err));

    buf.data[0] = 3;
    assert_false(format_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(err.class, E_STATE);
    assert_string_equal(err.text, "Format_desc event: binlog version 3, expected 4");
    buf.data[0] = 4;

    buf.data[56] = 20;
    assert_false(format_decode(buf_span(&buf), &decoded, &err));
    buf.data[56] = 19;

    buf.data[buf.len - 1] = 2;
    assert_false(format_decode(buf_span(&buf), &decoded, &err));
    assert_non_null(strstr(err.text, "checksum algorithm 2, expected 0 or 1"));
    buf.data[buf.len - 1] = 1;

    buf_reserve(&buf, 300);
    assert_false(format_decode(buf_span(&buf), &decoded, &err));
    buf_done(&buf);
}

static void post_header_lengths_are_bounded(void **state)
{
    struct format format;

    (void)state;
    format_init(&format, "5.6.24", CHECKSUM_NONE);
    assert_int_equal(format_post_header_length(&format, EVENT_QUERY), 13);
    assert_int_equal(format_post_header_length(&format, EVENT_GTID), 25);
    assert_int_equal(format_post_header_length(&format, 0), 0);
    assert_int_equal(format_post_header_length(&format, EVENT_MARIADB_GTID), 0);
    assert_int_equal(format_event_checksum_size(&format), 0);
}

static void types_newer_than_the_version_can_be_known(void **state)
{
    struct format format;
    struct format decoded;
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 1000);
    format_init(&format, "8.0.40", CHECKSUM_CRC32);
    assert_int_equal(format.type_count, EVENT_HEARTBEAT_V2);
    format_extend(&format, EVENT_GTID);
    assert_int_equal(format.type_count, EVENT_HEARTBEAT_V2);
    format_extend(&format, EVENT_GTID_TAGGED);
    format_encode(&buf, &format);
    assert_true(format_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(decoded.type_count, EVENT_GTID_TAGGED);
    assert_int_equal(format_post_header_length(&decoded, EVENT_GTID_TAGGED), 0);
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read_off_their_text),
        cmocka_unit_test(what_is_made_decodes_and_encodes_the_same),
        cmocka_unit_test(broken_ones_are_refused),
        cmocka_unit_test(post_header_lengths_are_bounded),
        cmocka_unit_test(types_newer_than_the_version_can_be_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
