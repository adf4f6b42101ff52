#include "check.h"

#include "wire/greeting.h"

#define SHORT_FORM (1 + 37 + 4 + 8 + 1 + 2) /* bytes up to the lower capabilities */

static struct err err;

/* The greeting of a MariaDB 10.11.19 server, recorded from its socket. */
static const uint8_t mariadb[] = "\x0a"
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

static void test_parse(void **state)
{
    struct greeting greeting;

    (void)state;
    assert_true(greeting_parse(span_of(mariadb, sizeof mariadb), &greeting, &err));
    assert_span_eq(greeting.version, "5.5.5-10.11.19-MariaDB-0+deb12u1-log");
    assert_span_eq(greeting_plain_version(greeting.version), "10.11.19-MariaDB-0+deb12u1-log");
    assert_true(greeting_is_mariadb(greeting.version));
    assert_int_equal(greeting.thread_id, 5);
    assert_true(greeting.capabilities == 0x81fffffe);
    assert_int_equal(greeting.extended, 0x1d);
    assert_int_equal(greeting.scramble_len, 20);
    assert_memory_equal(greeting.scramble, "abcdefghijklmnopqrst", 20);
    assert_span_eq(greeting.plugin, "mysql_native_password");
    /* Old servers leave the last NUL away. */
    assert_true(greeting_parse(span_of(mariadb, sizeof mariadb - 1), &greeting, &err));
    assert_span_eq(greeting.plugin, "mysql_native_password");
}

static void test_cut(void **state)
{
    size_t name_at = sizeof mariadb - sizeof "mysql_native_password";

    (void)state;
    for (size_t len = 0; len < name_at; len++) {
        struct greeting greeting = {.thread_id = 77};
        uint8_t copy[sizeof mariadb];
        bool good;

        memcpy(copy, mariadb, len);
        good = greeting_parse(span_of(copy, len), &greeting, &err);
        /* Legal ends: of servers before 4.1, and without the scramble's last NUL. */
        if (len == SHORT_FORM || len == name_at - 1) {
            assert_true(good);
        } else {
            assert_false(good);
            assert_int_equal(err.class, E_PROTO);
            assert_int_equal(greeting.thread_id, 77);
        }
    }
}

static void test_round_trip(void **state)
{
    struct greeting greeting = {.version = span_str("9.7.0"),
                                .thread_id = 0xfedcba98,
                                .capabilities = 0xdfffffff,
                                .collation = 45,
                                .status = 2,
                                .plugin = span_str("caching_sha2_password")};
    struct greeting again;
    struct buf payload;

    (void)state;
    memcpy(greeting.scramble, "01234567890123456789", 20);
    buf_init(&payload, 300);
    greeting_write(&payload, &greeting);
    assert_true(greeting_parse(buf_span(&payload), &again, &err));
    assert_span_eq(again.version, "9.7.0");
    assert_span_eq(again.plugin, "caching_sha2_password");
    assert_true(again.thread_id == greeting.thread_id);
    assert_true(again.capabilities == greeting.capabilities);
    assert_memory_equal(again.scramble, greeting.scramble, 20);
    assert_false(greeting_is_mariadb(again.version));
    assert_span_eq(greeting_plain_version(again.version), "9.7.0");
    buf_done(&payload);
}

static void test_other_protocols_are_refused(void **state)
{
    struct greeting greeting;

    (void)state;
    assert_false(greeting_parse(span_of("\x09"
                                        "3.20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                        25),
                                &greeting, &err));
    assert_contains(err.text, "found version 9");
    assert_true(greeting_is_mariadb(span_str("11.8.6-MariaDB-log")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_other_protocols_are_refused),
    };

    return cmocka_run_group_tests_name("greeting", tests, NULL, NULL);
}
