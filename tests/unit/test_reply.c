#include "check.h"

#include "wire/reply.h"

static struct err err;

static void test_ok(void **state)
{
    struct reply_ok ok = {.affected_rows = 70000,
                          .last_insert_id = 5,
                          .status = STATUS_AUTOCOMMIT,
                          .warnings = 3,
                          .info = span_str("Rows matched: 1")};
    struct reply_ok again;
    struct buf payload;

    (void)state;
    buf_init(&payload, 100);
    for (int i = 0; i < 2; i++) {
        uint32_t capabilities = i ? CAP_SESSION_TRACK : 0;

        buf_clear(&payload);
        reply_ok_write(&payload, &ok, capabilities, i);
        assert_true(reply_ok_parse(buf_span(&payload), capabilities, &again, &err));
        assert_int_equal(again.affected_rows, 70000);
        assert_int_equal(again.warnings, 3);
        assert_span_eq(again.info, "Rows matched: 1");
        assert_int_equal(reply_is_eof(buf_span(&payload)), i);
        for (size_t len = 0; len < 9; len++)
            assert_false(reply_ok_parse(span_of(payload.data, len), capabilities, &again, &err));
    }
    /* Session state is skipped, and must be whole. */
    buf_clear(&payload);
    buf_bytes(&payload, span_of("\0\0\0\0\x40\0\0\1x\3abc", 13));
    assert_true(reply_ok_parse(buf_span(&payload), CAP_SESSION_TRACK, &again, &err));
    assert_span_eq(again.info, "x");
    assert_false(reply_ok_parse(span_of(payload.data, 12), CAP_SESSION_TRACK, &again, &err));
    assert_false(reply_ok_parse(span_str("xxxxxxxx"), 0, &again, &err));
    buf_done(&payload);
}

static void test_err(void **state)
{
    struct reply_err reply;
    struct buf payload;

    (void)state;
    buf_init(&payload, 200);
    reply_err_write(&payload, 1193, "HY000", "Unknown system variable 'x'");
    assert_true(reply_is_err(buf_span(&payload)));
    assert_true(reply_err_parse(buf_span(&payload), &reply, &err));
    assert_int_equal(reply.code, 1193);
    assert_string_equal(reply.sqlstate, "HY000");
    assert_span_eq(reply.message, "Unknown system variable 'x'");
    assert_false(reply_err_to_err(buf_span(&payload), &err));
    assert_int_equal(err.class, E_STATE);
    assert_int_equal(err.code, 1193);
    assert_string_equal(err.text, "error 1193 (HY000): Unknown system variable 'x'");
    /* As a server says it that knows no client yet; control bytes stay out of logs. */
    buf_clear(&payload);
    reply_err_write(&payload, 1040, NULL, "Too many\nconnections");
    assert_false(reply_err_to_err(buf_span(&payload), &err));
    assert_string_equal(err.text, "error 1040: Too many connections");
    assert_true(err.retriable);
    buf_clear(&payload);
    reply_err_write(&payload, 1045, "28000", "Access denied");
    assert_false(reply_err_to_err(buf_span(&payload), &err));
    assert_int_equal(err.class, E_AUTH);
    assert_false(reply_err_to_err(span_of("\xff\1", 2), &err));
    assert_int_equal(err.class, E_PROTO);
    /* '#' and too little behind it is text. */
    assert_true(reply_err_parse(span_of("\xff\1\0#HY0", 7), &reply, &err));
    assert_span_eq(reply.message, "#HY0");
    buf_done(&payload);
}

static void test_eof(void **state)
{
    uint16_t status = 0;
    struct buf payload;

    (void)state;
    buf_init(&payload, 20);
    reply_eof_write(&payload, 1, 0x22);
    assert_true(reply_eof_parse(buf_span(&payload), 0, &status, &err));
    assert_int_equal(status, 0x22);
    for (size_t len = 0; len < 5; len++)
        assert_false(reply_eof_parse(span_of(payload.data, len), 0, &status, &err));
    assert_false(reply_eof_parse(span_of("\xfe\0\0\0\0\0", 6), 0, &status, &err));
    buf_done(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ok),
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_eof),
    };

    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
