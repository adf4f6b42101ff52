#include "binlog/gtid_mariadb.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void events_with_every_flag_come_back(void **state)
{
    struct buf buf;
    struct buf again;

    (void)state;
    buf_init(&buf, 1000);
    buf_init(&again, 1000);
    for (unsigned flags = 0; flags < 256; flags++) {
        for (unsigned extra = 0; extra < 32; extra++) {
            struct gtid_mariadb_event event = {
                .sequence = 1000000000001,
                .domain = 7,
                .flags = (uint8_t)flags,
                .commit_id = 99,
                .xa = {1, span_str("gtrid"), span_str("b")},
                .has_extra = true,
                .extra_flags = (uint8_t)extra,
                .extra_engines = 2,
                .alter_sequence = 55,
                .thread_id = 1234567,
                .padding = span_of("\0\0\0", 3),
            };
            struct gtid_mariadb_event decoded;
            struct err err;

            buf_clear(&buf);
            buf_clear(&again);
            gtid_mariadb_encode(&buf, &event);
            assert_true(gtid_mariadb_decode(buf_span(&buf), &decoded, &err));
            assert_int_equal(decoded.sequence, event.sequence);
            assert_int_equal(decoded.extra_flags, extra);
            assert_int_equal(decoded.padding.len, 3);
            gtid_mariadb_encode(&again, &decoded);
            assert_true(span_eq(buf_span(&buf), buf_span(&again)));
            for (size_t n = 0; n < 13; n++)
                assert_false(gtid_mariadb_decode(span_of(buf.data, n), &decoded, &err));
        }
    }
    buf_done(&buf);
    buf_done(&again);
}

static void a_long_xa_name_is_refused(void **state)
{
    struct gtid_mariadb_event event = {.flags = GTID_MARIADB_PREPARED_XA};
    struct gtid_mariadb_event decoded;
    uint8_t name[65] = {0};
    struct buf buf;
    struct err err;

    (void)state;
    event.xa.gtrid = span_of(name, sizeof name);
    buf_init(&buf, 1000);
    gtid_mariadb_encode(&buf, &event);
    assert_false(gtid_mariadb_decode(buf_span(&buf), &decoded, &err));
    assert_non_null(strstr(err.text, "65"));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_with_every_flag_come_back),
        cmocka_unit_test(a_long_xa_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
