#include "binlog/varint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(uint64_t value, size_t size)
{
    struct buf buf;
    struct cursor cur;

    buf_init(&buf, 9);
    buf_varint(&buf, value);
    assert_int_equal(buf.len, size);
    assert_int_equal(varint_size(value), size);
    cur = cursor_of(buf_span(&buf));
    assert_true(cursor_varint(&cur) == value);
    assert_true(cursor_end(&cur));
    for (size_t n = 0; n < size; n++) {
        cur = cursor_of(span_of(buf.data, n));
        (void)cursor_varint(&cur);
        assert_false(cursor_ok(&cur));
    }
    buf_done(&buf);
}

static void sizes_grow_with_seven_bits(void **state)
{
    (void)state;
    check(0, 1);
    check(UINT64_MAX, 9);
    for (size_t bits = 1; bits < 64; bits++) {
        uint64_t value = UINT64_C(1) << bits;
        size_t size = (bits + 7) / 7 < 9 ? (bits + 7) / 7 : 9;

        check(value, size);
        check(value - 1, (bits + 6) / 7 < 9 ? (bits + 6) / 7 : 9);
    }
}

static void the_documented_examples(void **state)
{
    static const uint8_t plain[] = {0xfb, 0xff, 0x07};
    static const uint8_t positive[] = {0xf3, 0xff, 0x0f};
    static const uint8_t negative[] = {0xfb, 0xff, 0x0f};
    struct cursor cur;
    struct buf buf;

    (void)state;
    cur = cursor_of(span_of(plain, 3));
    assert_int_equal(cursor_varint(&cur), 65535);
    cur = cursor_of(span_of(positive, 3));
    assert_int_equal(cursor_varint_signed(&cur), 65535);
    cur = cursor_of(span_of(negative, 3));
    assert_true(cursor_varint_signed(&cur) == -65536);
    buf_init(&buf, 9);
    buf_varint_signed(&buf, -65536);
    assert_true(span_eq(buf_span(&buf), span_of(negative, 3)));
    buf_done(&buf);
}

static void signed_numbers_come_back(void **state)
{
    static const int64_t values[] = {0, 1, -1, 63, -64, 64, -65, INT64_MAX, INT64_MIN};
    struct buf buf;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct cursor cur;

        buf_init(&buf, 9);
        buf_varint_signed(&buf, values[i]);
        cur = cursor_of(buf_span(&buf));
        assert_true(cursor_varint_signed(&cur) == values[i]);
        assert_true(cursor_end(&cur));
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_grow_with_seven_bits),
        cmocka_unit_test(the_documented_examples),
        cmocka_unit_test(signed_numbers_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
