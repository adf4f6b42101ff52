#include "binlog/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct buf out;

static const char *taken(void)
{
    static char copy[600];

    (void)snprintf(copy, sizeof copy, "%s", buf_borrow_cstr(&out));
    buf_clear(&out);
    return copy;
}

static void quoting(void **state)
{
    (void)state;
    text_write_json(&out, span_of("a\"\\/\b\f\n\r\t\x01\x1f\x7f\0z", 14));
    assert_string_equal(taken(), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000z\"");
    text_write_json(&out, span_of(NULL, 0));
    assert_string_equal(taken(), "\"\"");
    text_write_sql(&out, span_of("a'\\\n\r\x1a\0\"\tz", 10));
    assert_string_equal(taken(), "'a\\'\\\\\\n\\r\\Z\\0\"\tz'");
    text_write_identifier(&out, span_str("odd`name"));
    assert_string_equal(taken(), "`odd``name`");
}

static void digits(void **state)
{
    uint8_t many[200];

    (void)state;
    text_write_hex(&out, span_of("\0\xff\x1a", 3));
    assert_string_equal(taken(), "00FF1A");
    memset(many, 0xab, sizeof many);
    text_write_hex(&out, span_of(many, sizeof many));
    assert_int_equal(out.len, 400);
    buf_clear(&out);
    text_write_base64(&out, span_str(""), NULL);
    text_write_base64(&out, span_str("f"), NULL);
    text_write_base64(&out, span_str("fo"), NULL);
    text_write_base64(&out, span_str("foo"), NULL);
    text_write_base64(&out, span_str("foobar"), NULL);
    assert_string_equal(taken(), "Zg==Zm8=Zm9vZm9vYmFy");
    text_write_base64(&out, span_of(many, 57), "|");
    assert_int_equal(out.len, 76);
    buf_clear(&out);
    text_write_base64(&out, span_of(many, 58), "|");
    assert_int_equal(out.len, 76 + 1 + 4);
    assert_int_equal(out.data[76], '|');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoting),
        cmocka_unit_test(digits),
    };
    int failed;

    buf_init(&out, 1000);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&out);
    return failed;
}
