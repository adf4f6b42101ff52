#include "check.h"
#include "replication/variables.h"

static void set(struct variables *variables, const char *name, const char *value)
{
    struct err err;

    assert_true(variables_set(variables, span_str(name), span_str(value), &err));
}

static void test_find(void **state)
{
    struct variables *variables = variables_new();
    struct span value;

    (void)state;
    set(variables, "server_id", "1");
    set(variables, "Binlog_Format", "ROW");
    set(variables, "server_id_bits", "32");
    set(variables, "SERVER_ID", "7");
    assert_int_equal(variables_count(variables), 3);
    assert_true(variables_find(variables, span_str("Server_Id"), &value));
    assert_span_eq(value, "7");
    assert_true(variables_find(variables, span_str("binlog_format"), &value));
    assert_span_eq(value, "ROW");
    assert_false(variables_find(variables, span_str("server"), &value));
    assert_false(variables_find(variables, span_str("server_id_"), &value));
    assert_false(variables_find(variables, span_str(""), &value));
    variables_remove(variables, span_str("SERVER_id"));
    variables_remove(variables, span_str("server_id"));
    assert_int_equal(variables_count(variables), 2);
    assert_false(variables_find(variables, span_str("server_id"), &value));
    assert_true(variables_find(variables, span_str("server_id_bits"), &value));
    variables_free(variables);
    variables_free(NULL);
}

static void test_json(void **state)
{
    struct variables *variables = variables_new();
    struct variables *back;
    struct span name;
    struct span value;
    struct err err;
    struct buf buf;

    (void)state;
    set(variables, "b", "a \"quoted\"\nline \xc3\xa9");
    set(variables, "a", "");
    buf_init(&buf, 4096);
    variables_write_json(variables, &buf);
    assert_true(variables_parse_json(buf_span(&buf), &back, &err));
    assert_int_equal(variables_count(back), 2);
    variables_at(back, 0, &name, &value);
    assert_span_eq(name, "a");
    assert_span_eq(value, "");
    variables_at(back, 1, &name, &value);
    assert_span_eq(value, "a \"quoted\"\nline \xc3\xa9");
    variables_free(variables);
    variables_free(back);
    buf_done(&buf);
}

static void test_bad_json(void **state)
{
    static const char *const texts[] = {"", "[]", "{\"a\": 1}", "{\"a\": \"1\"",
                                        "{\"a\": \"1\", \"a\": \"2\"}"};
    struct variables *variables;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(variables_parse_json(span_str(texts[i]), &variables, &err));
        assert_int_equal(err.class, E_PROTO);
    }
}

static void test_too_many(void **state)
{
    struct variables *variables = variables_new();
    struct err err;
    char name[16];

    (void)state;
    for (int i = 0; i < VARIABLES_MAX; i++) {
        (void)snprintf(name, sizeof name, "v%d", i);
        set(variables, name, "x");
    }
    set(variables, "v17", "y");
    assert_false(variables_set(variables, span_str("one_more"), span_str(""), &err));
    assert_int_equal(err.class, E_LIMIT);
    variables_free(variables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_bad_json),
        cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
