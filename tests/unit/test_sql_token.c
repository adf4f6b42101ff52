#include "binlog/sql_token.h"
#include "check.h"

static char text[1024];

/* All tokens as "kind:text" with spaces between, or the message of the error. */
static const char *show(struct sql_tokens tokens)
{
    static const char kinds[] = "Ewns#uS!vV";
    struct sql_token token;
    struct err err;
    size_t len = 0;

    text[0] = '\0';
    for (;;) {
        if (!sql_tokens_next(&tokens, &token, &err)) {
            (void)snprintf(text, sizeof text, "%s", err.text);
            return text;
        }
        if (token.kind == SQL_TOKEN_END)
            return text;
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%c:%.*s", len > 0 ? " " : "",
                             kinds[token.kind], (int)token.text.len, (const char *)token.text.data);
    }
}

static const char *show_default(const char *statement)
{
    return show(sql_tokens_of(span_str(statement)));
}

static void test_kinds(void **state)
{
    (void)state;
    assert_string_equal(show_default(""), "");
    assert_string_equal(show_default(" \t\r\n"), "");
    assert_string_equal(show_default("SELECT @@GLOBAL.server_id"),
                        "w:SELECT S:@@ w:GLOBAL !:. w:server_id");
    assert_string_equal(show_default("SET @a.b= 'x', @`c d`:=12"),
                        "w:SET u:@a.b !:= s:'x' !:, u:@`c d` !::= #:12");
    assert_string_equal(show_default("1 1.5 .5 1e3 1e-3 1.e 0x1F 1a 1.2.3"),
                        "#:1 #:1.5 #:.5 #:1e3 #:1e-3 #:1. w:e #:0x1F w:1a #:1.2 #:.3");
    assert_string_equal(show_default("`a``b`.\"c\"\"d\"'e''f\\'g'"),
                        "n:`a``b` !:. s:\"c\"\"d\" s:'e''f\\'g'");
    assert_string_equal(show_default("t\xc3\xa9 <=> X'1F'"), "w:t\xc3\xa9 !:< !:= !:> w:X s:'1F'");
}

static void test_comments(void **state)
{
    (void)state;
    assert_string_equal(show_default("a /* b ' */ c # d '\ne -- f\ng --h"),
                        "w:a w:c w:e w:g !:- !:- w:h");
    assert_string_equal(show_default("a --"), "w:a");
    assert_string_equal(show_default("/*!40101 SET a */ b"), "v:/*!40101 w:SET w:a V:*/ w:b");
    assert_string_equal(show_default("/*M!100101 x*/"), "v:/*M!100101 w:x V:*/");
    assert_string_equal(show_default("/*! x /* y */ z */"), "v:/*! w:x w:z V:*/");
    assert_string_equal(show_default("a */ b"), "w:a !:* !:/ w:b");
}

static void test_what_does_not_end(void **state)
{
    (void)state;
    assert_string_equal(show_default("a /* b"), "a comment in the statement does not end");
    assert_string_equal(show_default("a /*"), "a comment in the statement does not end");
    assert_string_equal(show_default("/*!40101 a"),
                        "a version comment in the statement does not end");
    assert_string_equal(show_default("'a\\'"), "a string in the statement does not end");
    assert_string_equal(show_default("'a\\"), "a string in the statement does not end");
    assert_string_equal(show_default("'"), "a string in the statement does not end");
    assert_string_equal(show_default("`a``"), "a quoted name in the statement does not end");
    assert_string_equal(show_default("@'a"), "a quoted name in the statement does not end");
}

static void test_modes(void **state)
{
    struct sql_tokens tokens = sql_tokens_of(span_str("\"a\" 'b\\' c"));

    (void)state;
    tokens.ansi_quotes = true;
    tokens.no_backslash_escapes = true;
    assert_string_equal(show(tokens), "n:\"a\" s:'b\\' w:c");
}

static const char *value(struct sql_tokens tokens)
{
    struct sql_token token;
    struct err err;
    struct buf buf;

    buf_init(&buf, sizeof text - 1);
    assert_true(sql_tokens_next(&tokens, &token, &err));
    sql_token_value(&buf, &tokens, &token);
    assert_true(buf_ok(&buf));
    (void)snprintf(text, sizeof text, "%.*s", (int)buf.len, (const char *)buf.data);
    buf_done(&buf);
    return text;
}

static const char *value_default(const char *statement)
{
    return value(sql_tokens_of(span_str(statement)));
}

static void test_values(void **state)
{
    struct sql_tokens tokens = sql_tokens_of(span_str("'a\\n'"));

    (void)state;
    assert_string_equal(value_default("'it''s'"), "it's");
    assert_string_equal(value_default("\"a\"\"b'\""), "a\"b'");
    assert_string_equal(value_default("'a\\'b\\\\c\\n\\t\\q\\%'"), "a'b\\c\n\tq\\%");
    assert_string_equal(value_default("`a``b\\`"), "a`b\\");
    assert_string_equal(value_default("@abc"), "abc");
    assert_string_equal(value_default("@'a''b'"), "a'b");
    assert_string_equal(value_default("''"), "");
    assert_string_equal(value_default("word"), "word");
    tokens.no_backslash_escapes = true;
    assert_string_equal(value(tokens), "a\\n");
}

static void test_words(void **state)
{
    struct sql_tokens tokens = sql_tokens_of(span_str("select `select` ="));
    struct sql_token token;
    struct err err;

    (void)state;
    assert_true(sql_tokens_next(&tokens, &token, &err));
    assert_true(sql_token_is(&token, "SELECT"));
    assert_false(sql_token_is(&token, "SELECTED"));
    assert_true(sql_tokens_next(&tokens, &token, &err));
    assert_false(sql_token_is(&token, "`select`"));
    assert_true(sql_tokens_next(&tokens, &token, &err));
    assert_true(sql_token_is_sign(&token, "="));
    assert_false(sql_token_is_sign(&token, ":="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_comments),
        cmocka_unit_test(test_values), cmocka_unit_test(test_what_does_not_end),
        cmocka_unit_test(test_modes),  cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
