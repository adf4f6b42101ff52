#include "check.h"

#include "wire/handshake.h"

/* The greeting of a MariaDB 10.11.19 engine, recorded from its socket. */
static const uint8_t greeting_bytes[] = "\x0a"
                                        "5.5.5-10.11.19-MariaDB-0+deb12u1-log\0"
                                        "\x05\0\0\0"
                                        "abcdefgh\0"
                                        "\xfe\xff" /* capabilities, low */
                                        "\x2d"
                                        "\x02\0"
                                        "\xff\x81" /* high */
                                        "\x15"
                                        "\0\0\0\0\0\0\x1d\0\0\0"
                                        "ijklmnopqrst\0"
                                        "mysql_native_password";

static void test_greeting(void **state)
{
    struct span payload = span_of(greeting_bytes, sizeof greeting_bytes);
    uint8_t copy[sizeof greeting_bytes];
    struct handshake_greeting greeting;
    struct handshake_greeting masked;
    struct err err;

    (void)state;
    assert_true(handshake_greeting_parse(payload, &greeting, &err));
    assert_span_eq(greeting.server_version, "5.5.5-10.11.19-MariaDB-0+deb12u1-log");
    assert_int_equal(greeting.thread_id, 5);
    assert_true(greeting.capabilities == 0x81fffffe);
    memcpy(copy, greeting_bytes, sizeof copy);
    handshake_greeting_patch(copy, &greeting, 0x85ffffde);
    assert_true(handshake_greeting_parse(span_of(copy, sizeof copy), &masked, &err));
    assert_true(masked.capabilities == 0x85ffffde);
    /* Nothing else has changed. */
    handshake_greeting_patch(copy, &greeting, greeting.capabilities);
    assert_memory_equal(copy, greeting_bytes, sizeof copy);
}

static void test_a_cut_greeting_is_refused(void **state)
{
    struct handshake_greeting greeting;
    struct err err;

    (void)state;
    for (size_t len = 0; len < 5 + 8 + 36 + 1 + 8; len++) {
        assert_false(handshake_greeting_parse(span_of(greeting_bytes, len), &greeting, &err));
        assert_int_equal(err.class, E_PROTO);
    }
}

static const char response_bytes[] = "\x0d\xa6\x7f\0\0\0\0\x01\x2d"
                                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                     "alice\0rest";

static void test_response(void **state)
{
    uint8_t copy[sizeof response_bytes];
    struct handshake_response response;
    struct err err;

    (void)state;
    assert_true(handshake_response_parse(span_of(response_bytes, sizeof response_bytes - 1),
                                         &response, &err));
    assert_span_eq(response.user, "alice");
    assert_int_equal(response.collation, 45);
    assert_false(response.ssl_request);
    for (size_t len = 0; len < 32 + 6; len++)
        assert_false(handshake_response_parse(span_of(response_bytes, len), &response, &err));
    memcpy(copy, response_bytes, sizeof copy);
    handshake_response_patch(copy, 0x017fa60d & ~(uint32_t)CAP_PROTOCOL_41, 46);
    assert_memory_equal(copy, "\x0d\xa4\x7f\x01\0\0\0\x01\x2e", 9);
    assert_memory_equal(copy + 9, response_bytes + 9, sizeof copy - 9);
}

static void test_ssl_request(void **state)
{
    char bytes[HANDSHAKE_SSL_REQUEST_LEN];
    struct handshake_response response;
    struct err err;

    (void)state;
    memcpy(bytes, response_bytes, sizeof bytes);
    bytes[1] = (char)(bytes[1] | 0x08); /* CAP_SSL */
    assert_true(handshake_response_parse(span_of(bytes, sizeof bytes), &response, &err));
    assert_true(response.ssl_request);
}

static void test_old_clients_are_refused(void **state)
{
    struct handshake_response response;
    struct err err;

    (void)state;
    /* Protocol 3.20's answer has two bytes of capabilities, without the 4.1 bit. */
    assert_false(handshake_response_parse(span_of("\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                                  "\0\0\0\0\0\0\0\0\0root\0",
                                                  37),
                                          &response, &err));
    assert_contains(err.text, "4.1");
}

static void test_change_user(void **state)
{
    static const char bytes[] = "\x11"
                                "bob\0"
                                "\x03xyz"
                                "db\0"
                                "\xff\x01plugin";
    struct handshake_change_user change;
    uint8_t copy[sizeof bytes];
    struct err err;

    (void)state;
    assert_true(handshake_change_user_parse(span_of(bytes, sizeof bytes), &change, &err));
    assert_span_eq(change.user, "bob");
    assert_int_equal(change.collation, 0x1ff);
    memcpy(copy, bytes, sizeof copy);
    handshake_change_user_patch(copy, &change, 45);
    assert_memory_equal(copy + 12, "\x2d\0plugin", 8);
    /* What is cut has no collation, and before the end of the name nothing at all. */
    for (size_t len = 0; len < 14; len++) {
        bool named = handshake_change_user_parse(span_of(bytes, len), &change, &err);

        assert_int_equal(named, len >= 5);
        if (named)
            assert_int_equal(change.collation_at, 0);
    }
}

static void test_proxy_header(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 200);
    handshake_write_proxy(&buf, false, "10.9.8.7", 50000, "127.0.0.1", 13306);
    assert_string_equal(buf_borrow_cstr(&buf), "PROXY TCP4 10.9.8.7 127.0.0.1 50000 13306\r\n");
    buf_clear(&buf);
    handshake_write_proxy(&buf, true, "fe80::1", 1, "::1", 2);
    assert_string_equal(buf_borrow_cstr(&buf), "PROXY TCP6 fe80::1 ::1 1 2\r\n");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greeting),
        cmocka_unit_test(test_a_cut_greeting_is_refused),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_ssl_request),
        cmocka_unit_test(test_old_clients_are_refused),
        cmocka_unit_test(test_change_user),
        cmocka_unit_test(test_proxy_header),
    };

    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
