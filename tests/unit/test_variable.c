#include "binlog/variable.h"

#include "check.h"

#include "binlog/decimal.h"

static void check_number(const struct user_var *var, const char *expected)
{
    struct buf buf;
    struct err err;

    buf_init(&buf, 100);
    assert_true(user_var_write_number(&buf, var, &err));
    assert_string_equal(buf_borrow_cstr(&buf), expected);
    buf_done(&buf);
}

static void check_refused(const struct user_var *var, const char *expected)
{
    struct buf buf;
    struct err err;

    buf_init(&buf, 100);
    assert_false(user_var_write_number(&buf, var, &err));
    assert_contains(err.text, expected);
    buf_done(&buf);
}

static void integers(void **state)
{
    struct user_var var = {.type = USER_VAR_INT};

    (void)state;
    var.value = span_of("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    check_number(&var, "-1");
    var.flags = USER_VAR_FLAG_UNSIGNED;
    check_number(&var, "18446744073709551615");
    var.is_null = true;
    check_number(&var, "NULL");
}

/* A literal must have the value's own type: 2 is an integer, 2e0 a double, 2. a decimal. */
static void a_number_keeps_its_type(void **state)
{
    struct user_var var = {.type = USER_VAR_REAL};
    struct buf decimal;
    struct err err;

    (void)state;
    var.value = span_of("\0\0\0\0\0\0\0\x40", 8);
    check_number(&var, "2e0");
    var.value = span_of("\0\0\0\0\0\0\xf8\xbf", 8);
    check_number(&var, "-1.5e0");
    var.value = span_of("\x59\xf3\xf8\xc2\x1f\x6e\xa5\x01", 8);
    check_number(&var, "1e-300");
    buf_init(&decimal, 100);
    buf_u8(&decimal, 5);
    buf_u8(&decimal, 0);
    assert_true(decimal_encode(&decimal, span_str("7"), 5, 0, &err));
    var = (struct user_var){.type = USER_VAR_DECIMAL, .value = buf_span(&decimal)};
    check_number(&var, "7.");
    buf_clear(&decimal);
    buf_u8(&decimal, 5);
    buf_u8(&decimal, 2);
    assert_true(decimal_encode(&decimal, span_str("-1.9"), 5, 2, &err));
    var.value = buf_span(&decimal);
    check_number(&var, "-1.90");
    buf_done(&decimal);
}

static void what_is_no_number(void **state)
{
    struct user_var var = {.type = USER_VAR_STRING, .value = span_str("x")};

    (void)state;
    check_refused(&var, "has no literal");
    var.type = USER_VAR_ROW;
    check_refused(&var, "a value of type 3");
    var.type = USER_VAR_DECIMAL;
    check_refused(&var, "User var event");
    var.value = span_of("\x02\x05\x80", 3);
    check_refused(&var, "DECIMAL(2,5)");
    var.value = span_of("\xff\x00\x80", 3);
    check_refused(&var, "DECIMAL(255,0)");
    var.value = span_of("\x05\x00\x80", 3);
    check_refused(&var, "User var event: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(a_number_keeps_its_type),
        cmocka_unit_test(what_is_no_number),
    };

    return cmocka_run_group_tests_name("variable", tests, NULL, NULL);
}
