#include "cli/sql_variable.h"

#include "check.h"

#include "binlog/variable.h"

static struct sql_session *session;
static struct buf out;
static struct buf body;

static bool write(uint8_t type, struct err *err)
{
    struct plain_event event = {.type = type, .body = buf_span(&body)};

    return sql_variable_write(&out, session, &event, err);
}

static void check(uint8_t type, const char *expected)
{
    struct err err;

    assert_true(write(type, &err));
    assert_string_equal(buf_borrow_cstr(&out), expected);
    buf_clear(&out);
    buf_clear(&body);
}

static void numbers(void **state)
{
    struct intvar intvar = {.kind = INTVAR_INSERT_ID, .value = UINT64_MAX};
    struct rand_seeds seeds = {.seed1 = 1, .seed2 = 2};
    struct user_var var = {.name = span_str("a`b"), .is_null = true};

    (void)state;
    intvar_encode(&body, &intvar);
    check(EVENT_INTVAR, "SET INSERT_ID=18446744073709551615/*!*/;\n");
    intvar.kind = INTVAR_LAST_INSERT_ID;
    intvar_encode(&body, &intvar);
    check(EVENT_INTVAR, "SET LAST_INSERT_ID=18446744073709551615/*!*/;\n");
    rand_seeds_encode(&body, &seeds);
    check(EVENT_RAND, "SET @@RAND_SEED1=1, @@RAND_SEED2=2/*!*/;\n");
    user_var_encode(&body, &var);
    check(EVENT_USER_VAR, "SET @`a``b`:=NULL/*!*/;\n");
}

static void strings_keep_their_collation(void **state)
{
    struct user_var var = {.name = span_str("s"), .collation = 47, .value = span_str("\xe9'\\")};

    (void)state;
    user_var_encode(&body, &var);
    check(EVENT_USER_VAR, "SET @@session.sql_mode=34078720/*!*/;\n"
                          "SET @@session.time_zone='+00:00'/*!*/;\n"
                          "SET @@session.collation_connection=47/*!*/;\n"
                          "SET @`s`:='\xc3\xa9\\'\\\\'/*!*/;\n");
    var.collation = 13; /* sjis: not converted here */
    var.value = span_str("\x95\x5c");
    user_var_encode(&body, &var);
    check(EVENT_USER_VAR, "SET @`s`:=_sjis X'955C'/*!*/;\n");
    var.collation = 63;
    user_var_encode(&body, &var);
    check(EVENT_USER_VAR, "SET @`s`:=_binary X'955C'/*!*/;\n");
}

static void what_is_refused(void **state)
{
    struct user_var var = {.name = span_str("s"), .collation = 5000, .value = span_str("x")};
    struct err err;

    (void)state;
    user_var_encode(&body, &var);
    assert_false(write(EVENT_USER_VAR, &err));
    assert_contains(err.text, "collation 5000 is not known");
    buf_clear(&body);
    buf_u8(&body, 1);
    assert_false(write(EVENT_INTVAR, &err));
    assert_false(write(EVENT_RAND, &err));
    assert_false(write(EVENT_USER_VAR, &err));
}

static int setup(void **state)
{
    (void)state;
    session = sql_session_new();
    buf_init(&out, 10000);
    buf_init(&body, 1000);
    sql_session_for_utf8(session, &out);
    buf_clear(&out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sql_session_free(session);
    buf_done(&out);
    buf_done(&body);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(strings_keep_their_collation, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("sql_variable", tests, NULL, NULL);
}
