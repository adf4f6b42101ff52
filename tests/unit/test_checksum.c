#include "binlog/checksum.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void make_event(struct buf *buf, uint8_t type, uint16_t flags)
{
    struct event_header header = {.type = type, .flags = flags, .length = EVENT_HEADER_SIZE + 9};

    buf_init(buf, 1000);
    buf_str(buf, "before");
    event_header_encode(buf, &header);
    buf_str(buf, "body!");
    checksum_append(buf, 6);
}

static void an_appended_checksum_verifies_and_any_change_is_found(void **state)
{
    struct buf buf;
    struct err err;
    struct span event;

    (void)state;
    make_event(&buf, EVENT_QUERY, 0);
    event = span_of(buf.data + 6, buf.len - 6);
    assert_true(checksum_verify(event, &err));
    for (size_t i = 0; i < event.len; i++) {
        buf.data[6 + i] ^= 1;
        assert_false(checksum_verify(event, &err));
        assert_int_equal(err.class, E_PROTO);
        buf.data[6 + i] ^= 1;
    }
    buf_done(&buf);
}

static void in_use_counts_as_cleared_in_a_format_description_only(void **state)
{
    struct buf buf;
    struct err err;
    struct span event;

    (void)state;
    make_event(&buf, EVENT_FORMAT_DESCRIPTION, EVENT_FLAG_IN_USE);
    event = span_of(buf.data + 6, buf.len - 6);
    assert_true(checksum_verify(event, &err));
    buf.data[6 + 17] = 0;
    assert_true(checksum_verify(event, &err));
    buf.data[6 + 17] = 2;
    assert_false(checksum_verify(event, &err));
    buf_done(&buf);

    make_event(&buf, EVENT_QUERY, EVENT_FLAG_IN_USE);
    event = span_of(buf.data + 6, buf.len - 6);
    assert_true(checksum_verify(event, &err));
    buf.data[6 + 17] = 0;
    assert_false(checksum_verify(event, &err));
    buf_done(&buf);
}

static void a_known_value(void **state)
{
    (void)state;
    /* The check value of CRC-32/ISO-HDLC. */
    assert_int_equal(checksum_of_event(span_str("123456789")), 0xcbf43926);
}

static void short_events_are_refused(void **state)
{
    uint8_t bytes[EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE] = {0};
    struct err err;

    (void)state;
    for (size_t n = 0; n < sizeof bytes; n++)
        assert_false(checksum_verify(span_of(bytes, n), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_appended_checksum_verifies_and_any_change_is_found),
        cmocka_unit_test(in_use_counts_as_cleared_in_a_format_description_only),
        cmocka_unit_test(a_known_value),
        cmocka_unit_test(short_events_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
