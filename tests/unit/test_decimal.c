#include "binlog/decimal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf binary;
static struct buf text;

static void texts_survive_both_ways(void **state)
{
    static const struct {
        unsigned precision;
        unsigned scale;
        const char *in;
        const char *out;
    } cases[] = {
        {5, 2, "3.5", "3.50"},
        {5, 2, "-123.45", "-123.45"},
        {5, 2, "0", "0.00"},
        {1, 0, "-9", "-9"},
        {10, 10, ".0000000001", "0.0000000001"},
        {10, 10, "-0.9999999999", "-0.9999999999"},
        {18, 9, "100000000.000000001", "100000000.000000001"},
        {19, 0, "1000000000000000000", "1000000000000000000"},
        {19, 0, "0000000000000000007", "7"},
        {65, 30, "99999999999999999999999999999999999.999999999999999999999999999999",
         "99999999999999999999999999999999999.999999999999999999999999999999"},
        {65, 0, "-10000000000000000000000000000000000000000000000000000000000000001",
         "-10000000000000000000000000000000000000000000000000000000000000001"},
        {20, 1, "-000000001000000000000000000.5", "-1000000000000000000.5"},
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&binary);
        buf_clear(&text);
        assert_true(decimal_encode(&binary, span_str(cases[i].in), cases[i].precision,
                                   cases[i].scale, &err));
        assert_int_equal(binary.len, decimal_size(cases[i].precision, cases[i].scale));
        assert_true(
            decimal_write_text(&text, buf_span(&binary), cases[i].precision, cases[i].scale, &err));
        assert_string_equal(buf_borrow_cstr(&text), cases[i].out);
    }
}

/* The example of MySQL's source: 1234567890.1234 as DECIMAL(14,4). */
static void the_binary_form_is_the_servers(void **state)
{
    static const uint8_t plus[] = {0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2};
    static const uint8_t minus[] = {0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d};
    struct err err;

    (void)state;
    buf_clear(&binary);
    assert_true(decimal_encode(&binary, span_str("1234567890.1234"), 14, 4, &err));
    assert_true(span_eq(buf_span(&binary), span_of(plus, sizeof plus)));
    buf_clear(&binary);
    assert_true(decimal_encode(&binary, span_str("-1234567890.1234"), 14, 4, &err));
    assert_true(span_eq(buf_span(&binary), span_of(minus, sizeof minus)));
}

static void what_is_no_decimal_is_refused(void **state)
{
    static const char *const bad[] = {"",    "-",     ".",   "1234", "1.234", "1e2",
                                      "abc", "1.2.3", "--1", " 1",   "+"};
    static const uint8_t digits[] = {0xff, 0xff, 0xff, 0xff};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buf_clear(&binary);
        assert_false(decimal_encode(&binary, span_str(bad[i]), 5, 2, &err));
        assert_int_equal(err.class, E_USAGE);
    }
    assert_false(decimal_encode(&binary, span_str("1"), 66, 0, &err));
    assert_false(decimal_encode(&binary, span_str("1"), 5, 6, &err));
    assert_false(decimal_encode(&binary, span_str("1"), 0, 0, &err));
    buf_clear(&text);
    assert_false(decimal_write_text(&text, span_of(digits, 4), 9, 0, &err)); /* 0x7fffffff */
    assert_int_equal(err.class, E_PROTO);
    assert_false(decimal_write_text(&text, span_of(digits, 3), 9, 0, &err));
    assert_false(decimal_write_text(&text, span_of(digits, 4), 82, 0, &err));
    assert_false(decimal_write_text(&text, span_of(digits, 0), 0, 0, &err));
}

static void every_precision_and_scale_holds_its_nines(void **state)
{
    struct err err;

    (void)state;
    for (unsigned precision = 1; precision <= DECIMAL_PRECISION_MAX; precision++) {
        for (unsigned scale = 0; scale <= precision; scale++) {
            struct buf nines;

            buf_init(&nines, 200);
            buf_str(&nines, scale % 2 ? "-" : "");
            for (unsigned i = 0; i < precision - scale; i++)
                buf_u8(&nines, '9');
            buf_str(&nines, scale == precision ? "0" : "");
            buf_str(&nines, scale ? "." : "");
            for (unsigned i = 0; i < scale; i++)
                buf_u8(&nines, '9');
            buf_clear(&binary);
            buf_clear(&text);
            assert_true(decimal_encode(&binary, buf_span(&nines), precision, scale, &err));
            assert_int_equal(binary.len, decimal_size(precision, scale));
            assert_true(decimal_write_text(&text, buf_span(&binary), precision, scale, &err));
            assert_true(span_eq(buf_span(&text), buf_span(&nines)));
            buf_done(&nines);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_survive_both_ways),
        cmocka_unit_test(the_binary_form_is_the_servers),
        cmocka_unit_test(what_is_no_decimal_is_refused),
        cmocka_unit_test(every_precision_and_scale_holds_its_nines),
    };
    int failed;

    buf_init(&binary, 100);
    buf_init(&text, 200);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&binary);
    buf_done(&text);
    return failed;
}
