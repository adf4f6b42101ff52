#include "check.h"

#include "wire/packet.h"

static void test_header(void **state)
{
    static const uint8_t bytes[] = {0x03, 0x02, 0x01, 0x07};
    struct packet_header header = packet_header_parse(bytes);

    (void)state;
    assert_int_equal(header.payload_len, 0x010203);
    assert_int_equal(header.sequence, 7);
}

static void test_err_packet_is_what_a_server_sends(void **state)
{
    /* MariaDB 10.11's answer to a wrong password, with a shorter text. */
    static const char want[] = "\x0b\0\0\x02\xff\x15\x04#28000no";
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    packet_write_err(&buf, 2, 1045, "28000", "no");
    assert_span_eq(buf_span(&buf), want);
    buf_clear(&buf);
    packet_write_err(&buf, 0, 1053, NULL, "x");
    assert_span_eq(buf_span(&buf), "\x04\0\0\0\xff\x1d\x04x");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_err_packet_is_what_a_server_sends),
    };

    return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
