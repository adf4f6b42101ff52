#include "check.h"

#include "base/cursor.h"

static void test_integers_are_little_endian(void **state)
{
    static const uint8_t bytes[] = {1, 2, 1, 3, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
    struct cursor cur = cursor_of(span_of(bytes, sizeof bytes));

    (void)state;
    assert_int_equal(cursor_u8(&cur), 1);
    assert_int_equal(cursor_u16(&cur), 0x0102);
    assert_int_equal(cursor_u24(&cur), 0x010203);
    assert_int_equal(cursor_u32(&cur), 0x01020304);
    assert_true(cursor_u64(&cur) == 0x0102030405060708u);
    assert_true(cursor_end(&cur));
}

static void test_reading_past_the_end_is_sticky(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct cursor cur = cursor_of(span_of(bytes, sizeof bytes));

    (void)state;
    assert_int_equal(cursor_u32(&cur), 0);
    assert_false(cursor_ok(&cur));
    /* What was left is not given out either: the parse is void. */
    assert_int_equal(cursor_u8(&cur), 0);
    assert_int_equal(cursor_left(&cur), 0);
    assert_false(cursor_end(&cur));
}

static void test_lenenc(void **state)
{
    static const uint8_t bytes[] = {250, 0xfc, 1, 2, 0xfd, 1, 2, 3, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t null[] = {0xfb};
    static const uint8_t text[] = {3, 'a', 'b', 'c', 1};
    static const uint8_t huge[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'};
    struct cursor cur = cursor_of(span_of(bytes, sizeof bytes));

    (void)state;
    assert_int_equal(cursor_lenenc(&cur), 250);
    assert_int_equal(cursor_lenenc(&cur), 0x0201);
    assert_int_equal(cursor_lenenc(&cur), 0x030201);
    assert_true(cursor_lenenc(&cur) == 0x0807060504030201u);
    assert_true(cursor_end(&cur));

    cur = cursor_of(span_of(null, sizeof null));
    (void)cursor_lenenc(&cur);
    assert_false(cursor_ok(&cur));

    cur = cursor_of(span_of(text, sizeof text));
    assert_span_eq(cursor_lenenc_bytes(&cur), "abc");
    (void)cursor_lenenc_bytes(&cur); /* says one byte, has none */
    assert_false(cursor_ok(&cur));

    /* A length near 2^64 must not wrap round. */
    cur = cursor_of(span_of(huge, sizeof huge));
    assert_int_equal(cursor_lenenc_bytes(&cur).len, 0);
    assert_false(cursor_ok(&cur));
}

static void test_cstr(void **state)
{
    struct cursor cur = cursor_of(span_of("ab\0\0cd", 6));

    (void)state;
    assert_span_eq(cursor_cstr(&cur), "ab");
    assert_span_eq(cursor_cstr(&cur), "");
    assert_true(cursor_ok(&cur));
    (void)cursor_cstr(&cur);
    assert_false(cursor_ok(&cur));
}

static void test_empty(void **state)
{
    struct cursor cur = cursor_of((struct span){0});

    (void)state;
    assert_true(cursor_end(&cur));
    assert_int_equal(cursor_rest(&cur).len, 0);
    cursor_skip(&cur, 0);
    assert_true(cursor_end(&cur));
    cursor_skip(&cur, 1);
    assert_false(cursor_ok(&cur));
}

static void decimal(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool good;
        uint64_t number;
        size_t left;
    } cases[] = {
        {"0", 9, true, 0, 0},
        {"007x", 9, true, 7, 1},
        {"9", 9, true, 9, 0},
        {"10", 9, false, 0, 1},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX, 0},
        {"18446744073709551616", UINT64_MAX, false, 0, 1},
        {"", 9, false, 0, 0},
        {"-1", 9, false, 0, 2},
        {":", 9, false, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cursor cur = cursor_of(span_str(cases[i].text));
        uint64_t number = 77;

        assert_int_equal(cursor_decimal(&cur, cases[i].max, &number), cases[i].good);
        assert_int_equal(number, cases[i].good ? cases[i].number : 77);
        assert_int_equal(cursor_left(&cur), cases[i].left);
        assert_true(cursor_ok(&cur));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_little_endian),
        cmocka_unit_test(test_reading_past_the_end_is_sticky),
        cmocka_unit_test(test_lenenc),
        cmocka_unit_test(test_cstr),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(decimal),
    };

    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
