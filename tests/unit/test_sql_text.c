#include "cli/sql_text.h"

#include "check.h"

static void check(struct span statement, const char *expected)
{
    struct buf buf;

    buf_init(&buf, 10000);
    sql_text_write(&buf, statement);
    assert_string_equal(buf_borrow_cstr(&buf), expected);
    buf_done(&buf);
}

static void statements_end_with_a_delimiter_of_their_own_line(void **state)
{
    (void)state;
    check(span_str("SELECT 1 -- x"), "SELECT 1 -- x\n/*!*/;\n");
    check(span_str("CREATE PROCEDURE p() BEGIN\r\n SELECT ';'; END"),
          "CREATE PROCEDURE p() BEGIN\r\n SELECT ';'; END\n/*!*/;\n");
    check(span_str(""), "\n/*!*/;\n");
}

static void a_text_with_the_delimiter_gets_another(void **state)
{
    (void)state;
    check(span_str("SELECT 1/*!*/; x"),
          "DELIMITER $borealis0$\nSELECT 1/*!*/; x\n$borealis0$\nDELIMITER /*!*/;\n");
    check(span_str("SELECT '$borealis0$', 1/*!*/;"),
          "DELIMITER $borealis1$\nSELECT '$borealis0$', 1/*!*/;\n$borealis1$\nDELIMITER /*!*/;\n");
}

static void what_clients_alter_goes_in_hexadecimal(void **state)
{
    static const char nul[] = "UPDATE t SET a='\0'";

    (void)state;
    check(span_str("/* x */ insert '\r\n'"),
          "SET @borealis_statement = X'2F2A2078202A2F20696E7365727420270D0A27'/*!*/;\n"
          "PREPARE borealis_statement FROM @borealis_statement/*!*/;\n"
          "EXECUTE borealis_statement/*!*/;\n"
          "DEALLOCATE PREPARE borealis_statement/*!*/;\n");
    check(span_of(nul, sizeof nul - 1),
          "SET @borealis_statement = X'55504441544520742053455420613D270027'/*!*/;\n"
          "PREPARE borealis_statement FROM @borealis_statement/*!*/;\n"
          "EXECUTE borealis_statement/*!*/;\n"
          "DEALLOCATE PREPARE borealis_statement/*!*/;\n");
}

static void the_first_word(void **state)
{
    (void)state;
    assert_true(sql_text_begins(span_str("insert into t"), "INSERT"));
    assert_true(sql_text_begins(span_str(" \n/* a */\t/**/INSERT"), "INSERT"));
    assert_true(sql_text_begins(span_str("DELETE/*x*/FROM t"), "DELETE"));
    assert_false(sql_text_begins(span_str("inserted"), "INSERT"));
    assert_false(sql_text_begins(span_str("/* INSERT"), "INSERT"));
    assert_false(sql_text_begins(span_str("/*!40000 INSERT */"), "INSERT"));
    assert_false(sql_text_begins(span_str("INSER"), "INSERT"));
    assert_false(sql_text_begins(span_str("/"), "INSERT"));
    assert_false(sql_text_begins((struct span){0}, "INSERT"));
}

static void a_comment_is_one_line(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    sql_text_write_comment(&buf, span_str("a\nDROP\r\x1b \x7f!"));
    assert_string_equal(buf_borrow_cstr(&buf), "# a?DROP?? ?!\n");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_with_a_delimiter_of_their_own_line),
        cmocka_unit_test(a_text_with_the_delimiter_gets_another),
        cmocka_unit_test(what_clients_alter_goes_in_hexadecimal),
        cmocka_unit_test(the_first_word),
        cmocka_unit_test(a_comment_is_one_line),
    };

    return cmocka_run_group_tests_name("sql_text", tests, NULL, NULL);
}
