#include "binlog/json_diff.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* {"": true, "a": [1, {"z": null}], "bb": 1} */
static const char before[] = "000300320019000000190001001a000200040100021c0005010061626202001600050"
                             "100000a0001000c000b0001000"
                             "400007a";
static struct buf doc;
static struct buf diffs;
static struct buf out;

static void add(uint8_t operation, const char *path, const char *value_hex)
{
    struct buf value;

    buf_init(&value, 1000);
    hex_append(&value, value_hex);
    json_diff_encode(&diffs, &(struct json_diff){operation, span_str(path), buf_span(&value)});
    buf_done(&value);
}

static void begin(void)
{
    buf_clear(&doc);
    hex_append(&doc, before);
    buf_clear(&diffs);
    buf_clear(&out);
}

static void check(const char *expected)
{
    struct err err;

    assert_true(json_diff_apply(&out, buf_span(&doc), buf_span(&diffs), &err));
    assert_string_equal(buf_borrow_cstr(&out), expected);
    begin();
}

static void refused(enum err_class class)
{
    struct err err;

    assert_false(json_diff_apply(&out, buf_span(&doc), buf_span(&diffs), &err));
    assert_int_equal(err.class, class);
    begin();
}

static void changes_are_applied_in_order(void **state)
{
    (void)state;
    begin();
    check("{\"\": true, \"a\": [1, {\"z\": null}], \"bb\": 1}");
    add(JSON_DIFF_REPLACE, "$.bb", "050700");
    check("{\"\": true, \"a\": [1, {\"z\": null}], \"bb\": 7}");
    add(JSON_DIFF_REPLACE, "$.a[1].z", "0c0178");
    check("{\"\": true, \"a\": [1, {\"z\": \"x\"}], \"bb\": 1}");
    add(JSON_DIFF_REMOVE, "$.a[0]", "");
    check("{\"\": true, \"a\": [{\"z\": null}], \"bb\": 1}");
    add(JSON_DIFF_REMOVE, "$.\"\"", "");
    check("{\"a\": [1, {\"z\": null}], \"bb\": 1}");
    add(JSON_DIFF_INSERT, "$.a[1]", "0402");
    check("{\"\": true, \"a\": [1, false, {\"z\": null}], \"bb\": 1}");
    add(JSON_DIFF_INSERT, "$.a[99]", "0402");
    check("{\"\": true, \"a\": [1, {\"z\": null}, false], \"bb\": 1}");
    add(JSON_DIFF_REPLACE, "$", "0200000400");
    add(JSON_DIFF_INSERT, "$[0]", "0400");
    check("[null]");
    add(JSON_DIFF_REMOVE, "$.a", "");
    add(JSON_DIFF_REMOVE, "$.bb", "");
    add(JSON_DIFF_REMOVE, "$.\"\"", "");
    add(JSON_DIFF_INSERT, "$.\"q \\\" r\\n\"", "050100");
    check("{\"q \\\" r\\n\": 1}");
}

static void keys_are_ordered_by_length_then_bytes(void **state)
{
    (void)state;
    begin();
    add(JSON_DIFF_INSERT, "$.aa", "050100");
    add(JSON_DIFF_INSERT, "$.ccc", "050200");
    add(JSON_DIFF_INSERT, "$.b", "050300");
    add(JSON_DIFF_INSERT, "$.bz", "050400");
    check("{\"\": true, \"a\": [1, {\"z\": null}], \"b\": 3, \"aa\": 1, \"bb\": 1, \"bz\": 4, "
          "\"ccc\": 2}");
}

static void paths_that_do_not_fit_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "$.",
                                      "$.*",
                                      "$[*]",
                                      "$[",
                                      "$[x]",
                                      "$[1",
                                      "$.\"a",
                                      "$[last]",
                                      "$**.a",
                                      "$.a[99999999999]",
                                      "$.\"\\u00e9\""};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        add(JSON_DIFF_REPLACE, bad[i], "050100");
        refused(E_PROTO);
    }
    add(JSON_DIFF_REPLACE, "$.none", "050100");
    refused(E_STATE);
    add(JSON_DIFF_REMOVE, "$.none", "");
    refused(E_STATE);
    add(JSON_DIFF_REMOVE, "$", "");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$", "050100");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$.bb", "050100");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$.none.x", "050100");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$.bb.x", "050100");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$.a.x", "050100");
    refused(E_STATE);
    add(JSON_DIFF_INSERT, "$[0]", "050100");
    refused(E_STATE);
    add(JSON_DIFF_REPLACE, "$.a[2]", "050100");
    refused(E_STATE);
}

static void malformed_diffs_are_refused(void **state)
{
    (void)state;
    begin();
    hex_append(&diffs, "00");
    refused(E_PROTO);
    hex_append(&diffs, "0304242e6262 03050100");
    refused(E_PROTO);
    hex_append(&diffs, "0004242e6262 03");
    refused(E_PROTO);
    hex_append(&diffs, "0004242e6262 020d00");
    refused(E_PROTO);
}

static void as_sql_and_json(void **state)
{
    struct err err;

    (void)state;
    begin();
    add(JSON_DIFF_REMOVE, "$.a", "");
    add(JSON_DIFF_INSERT, "$.b[1]", "050100");
    add(JSON_DIFF_INSERT, "$.\"it's\"", "0c0178");
    assert_true(json_diff_write_sql(&out, span_str("`c`"), buf_span(&diffs), &err));
    assert_string_equal(buf_borrow_cstr(&out),
                        "JSON_INSERT(JSON_ARRAY_INSERT(JSON_REMOVE(`c`, '$.a'), '$.b[1]', CAST('1' "
                        "AS JSON)), '$.\"it\\'s\"', CAST('\"x\"' AS JSON))");
    buf_clear(&out);
    assert_true(json_diff_write_json(&out, buf_span(&diffs), &err));
    assert_string_equal(buf_borrow_cstr(&out),
                        "[{\"op\": \"remove\", \"path\": \"$.a\"}, {\"op\": \"insert\", \"path\": "
                        "\"$.b[1]\", \"value\": 1}, {\"op\": \"insert\", \"path\": "
                        "\"$.\\\"it's\\\"\", \"value\": \"x\"}]");
}

static void many_inserts_grow_the_document(void **state)
{
    struct err err;

    (void)state;
    begin();
    add(JSON_DIFF_REPLACE, "$", "0200000400");
    for (int i = 0; i < 3000; i++)
        add(JSON_DIFF_INSERT, "$[0]", "050100");
    assert_true(json_diff_apply(&out, buf_span(&doc), buf_span(&diffs), &err));
    assert_int_equal(out.len, 3000 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_applied_in_order),
        cmocka_unit_test(keys_are_ordered_by_length_then_bytes),
        cmocka_unit_test(paths_that_do_not_fit_are_refused),
        cmocka_unit_test(malformed_diffs_are_refused),
        cmocka_unit_test(as_sql_and_json),
        cmocka_unit_test(many_inserts_grow_the_document),
    };
    int failed;

    buf_init(&doc, 1000);
    buf_init(&diffs, 100000);
    buf_init(&out, 100000);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&doc);
    buf_done(&diffs);
    buf_done(&out);
    return failed;
}
