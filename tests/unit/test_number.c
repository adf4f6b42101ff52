#include "binlog/number.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf text;

static const char *u64(uint64_t value)
{
    buf_clear(&text);
    number_write_u64(&text, value);
    return buf_borrow_cstr(&text);
}

static const char *i64(int64_t value)
{
    buf_clear(&text);
    number_write_i64(&text, value);
    return buf_borrow_cstr(&text);
}

static const char *padded(uint64_t value, unsigned width)
{
    buf_clear(&text);
    number_write_padded(&text, value, width);
    return buf_borrow_cstr(&text);
}

static const char *dbl(double value)
{
    buf_clear(&text);
    number_write_double(&text, value);
    return buf_borrow_cstr(&text);
}

static const char *flt(float value)
{
    buf_clear(&text);
    number_write_float(&text, value);
    return buf_borrow_cstr(&text);
}

static void integers(void **state)
{
    (void)state;
    assert_string_equal(u64(0), "0");
    assert_string_equal(u64(9), "9");
    assert_string_equal(u64(10), "10");
    assert_string_equal(u64(99), "99");
    assert_string_equal(u64(100), "100");
    assert_string_equal(u64(UINT64_MAX), "18446744073709551615");
    assert_string_equal(i64(-1), "-1");
    assert_string_equal(i64(INT64_MIN), "-9223372036854775808");
    assert_string_equal(i64(INT64_MAX), "9223372036854775807");
    assert_string_equal(padded(7, 4), "0007");
    assert_string_equal(padded(12345, 4), "12345");
    assert_string_equal(padded(0, 20), "00000000000000000000");
}

/* Expected texts are what MySQL 9.7 prints for the same numbers. */
static void doubles_are_printed_as_the_servers_do(void **state)
{
    (void)state;
    assert_string_equal(dbl(0), "0");
    assert_string_equal(dbl(-0.0), "-0");
    assert_string_equal(dbl(1), "1");
    assert_string_equal(dbl(0.1), "0.1");
    assert_string_equal(dbl(-1.5), "-1.5");
    assert_string_equal(dbl(1e14), "100000000000000");
    assert_string_equal(dbl(1e15), "1e15");
    assert_string_equal(dbl(1e20), "1e20");
    assert_string_equal(dbl(123456789012345678.0), "1.2345678901234568e17");
    assert_string_equal(dbl(1e-5), "0.00001");
    assert_string_equal(dbl(1.5e-20), "1.5e-20");
    assert_string_equal(dbl(123456789.125), "123456789.125");
    assert_string_equal(dbl(DBL_MAX), "1.7976931348623157e308");
    assert_string_equal(dbl(DBL_MIN), "2.2250738585072014e-308");
    assert_string_equal(dbl(5e-324), "5e-324");
    assert_string_equal(dbl(1.0 / 3), "0.3333333333333333");
    assert_string_equal(dbl(strtod("inf", NULL)), "inf");
    assert_string_equal(dbl(strtod("-inf", NULL)), "-inf");
    assert_string_equal(dbl(strtod("nan", NULL)), "nan");
}

static void floats_are_the_shortest_that_read_back(void **state)
{
    (void)state;
    assert_string_equal(flt(0.1f), "0.1");
    assert_string_equal(flt(16777216.0f), "16777216");
    assert_string_equal(flt(FLT_MAX), "3.4028235e38");
    assert_string_equal(flt(FLT_MIN), "1.1754944e-38");
    assert_string_equal(flt(-3.14159274f), "-3.1415927");
    assert_string_equal(flt(8388607.5f), "8388607.5");
}

static void random_numbers_read_back(void **state)
{
    uint64_t bits = 88172645463325252U;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint32_t half;
        double d;
        float f;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&d, &bits, sizeof d);
        half = (uint32_t)bits;
        memcpy(&f, &half, sizeof f);
        if (d == d && d - d == 0)
            assert_true(strtod(dbl(d), NULL) == d);
        if (f == f && f - f == 0)
            assert_true(strtof(flt(f), NULL) == f);
        d = (double)(int32_t)bits / 100;
        assert_true(strtod(dbl(d), NULL) == d);
        assert_true(text.len <= 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles_are_printed_as_the_servers_do),
        cmocka_unit_test(floats_are_the_shortest_that_read_back),
        cmocka_unit_test(random_numbers_read_back),
    };
    int failed;

    buf_init(&text, 100);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&text);
    return failed;
}
