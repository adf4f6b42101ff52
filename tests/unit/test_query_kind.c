#include "translation/query_kind.h"

#include "check.h"

static void texts_around_statements(void **state)
{
    static const struct {
        const char *text;
        enum query_kind kind;
    } cases[] = {
        {"BEGIN", KIND_BEGIN},
        {"COMMIT", KIND_COMMIT},
        {"ROLLBACK", KIND_ROLLBACK},
        {"ROLLBACK TO `s`", KIND_STATEMENT},
        {"BEGIN ", KIND_STATEMENT},
        {"XA START X'61',X'',1", KIND_XA_START},
        {"XA END X'61',X'',1", KIND_XA_END},
        {"XA COMMIT X'61',X'',1", KIND_XA_COMMIT},
        {"XA ROLLBACK X'61',X'',1", KIND_XA_ROLLBACK},
        {"XA", KIND_STATEMENT},
        {"", KIND_STATEMENT},
        {"SAVEPOINT `s`", KIND_STATEMENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(query_kind_of(span_str(cases[i].text)), cases[i].kind);
}

static void names_of_xa_transactions(void **state)
{
    struct query_xa xa;
    struct query_xa again;
    struct xa_name name;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1000);
    assert_true(query_xa_parse(span_str("XA COMMIT X'6774726964',X'00Ff27',7"), &xa, &err));
    name = query_xa_name(&xa);
    assert_span_eq(name.gtrid, "gtrid");
    assert_span_eq(name.bqual, "\0\xff'");
    assert_int_equal(name.format_id, 7);
    query_xa_print(&text, &xa);
    assert_string_equal(buf_borrow_cstr(&text), "X'6774726964',X'00ff27',7");
    query_xa_set(&again, &name);
    assert_memory_equal(&again, &xa, sizeof xa);
    buf_done(&text);
}

static void broken_names_are_refused(void **state)
{
    static const char *const cases[] = {
        "XA START",
        "XA START ",
        "XA START 'a'",
        "XA START X'6'",
        "XA START X'6g',X'',1",
        "XA START X'61',X''",
        "XA START X'61',X'',",
        "XA START X'61',X'',4294967296",
        "XA START X'61",
    };
    struct query_xa xa = {.format_id = 3};
    char longer[200] = "XA START X'";
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(query_xa_parse(span_str(cases[i]), &xa, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, "no name of an XA transaction");
        assert_int_equal(xa.format_id, 3);
    }
    memset(longer + strlen(longer), 'a', 130);
    (void)strncat(longer, "',X'',1", 10);
    assert_false(query_xa_parse(span_str(longer), &xa, &err));
}

static void an_excerpt_is_one_line(void **state)
{
    char excerpt[QUERY_EXCERPT];
    char text[200];

    (void)state;
    assert_string_equal(query_excerpt(span_str("SELECT\n\t1"), excerpt), "SELECT  1");
    assert_string_equal(query_excerpt(span_str("CREATE USER u IDENTIFIED BY 'secret'"), excerpt),
                        "CREATE USER u IDENTIFIED BY");
    assert_string_equal(query_excerpt(span_str("UPDATE t SET a=5"), excerpt), "UPDATE t SET a");
    memset(text, 'x', sizeof text);
    assert_int_equal(strlen(query_excerpt(span_of(text, sizeof text), excerpt)), QUERY_EXCERPT - 1);
    assert_string_equal(query_excerpt((struct span){0}, excerpt), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_around_statements),
        cmocka_unit_test(names_of_xa_transactions),
        cmocka_unit_test(broken_names_are_refused),
        cmocka_unit_test(an_excerpt_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
