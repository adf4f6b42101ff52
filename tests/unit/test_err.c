#include "check.h"

#include <errno.h>

static void test_set_returns_false_and_fills(void **state)
{
    struct err err = {0};

    (void)state;
    assert_false(err_set(&err, E_PROTO, 7, "file %s: expected %d", "x", 3));
    assert_int_equal(err.class, E_PROTO);
    assert_int_equal(err.code, 7);
    assert_string_equal(err.text, "file x: expected 3");
    assert_string_equal(err_class_name(err.class), "proto");
}

static void test_errno_and_prefix(void **state)
{
    struct err err = {0};

    (void)state;
    errno = ENOENT;
    assert_false(err_errno(&err, "/some/file: cannot open"));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, ENOENT);
    assert_string_equal(err.text, "/some/file: cannot open: No such file or directory");
    assert_false(err_prefix(&err, "cluster %s", "a"));
    assert_string_equal(err.text, "cluster a: /some/file: cannot open: No such file or directory");
}

static void test_long_texts_are_cut(void **state)
{
    struct err err = {0};
    char *text = malloc(4000);

    (void)state;
    memset(text, 'x', 3999);
    text[3999] = 0;
    (void)err_set(&err, E_BUG, 0, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    (void)err_prefix(&err, "%s", text);
    assert_true(strlen(err.text) < ERR_TEXT_MAX);
    free(text);
}

/* What it quotes from outside stays one line, and UTF-8, also where it is cut. */
static void test_texts_are_one_line_of_utf8(void **state)
{
    struct err err = {0};

    (void)state;
    (void)err_set(&err, E_USAGE, 0, "name '%s'", "a\r\nb\x7f\x1b[2J\xff\xc3\xa4");
    assert_string_equal(err.text, "name 'a  b? [2J?\xc3\xa4'");
    (void)err_set(&err, E_USAGE, 0, "%.2s'", "a\xc3\xa4");
    assert_string_equal(err.text, "a?'");
    (void)err_prefix(&err, "%s", "file\n");
    assert_string_equal(err.text, "file : a?'");
    errno = ENOENT;
    (void)err_errno(&err, "%s", "\x01");
    assert_string_equal(err.text, " : No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_returns_false_and_fills),
        cmocka_unit_test(test_errno_and_prefix),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_texts_are_one_line_of_utf8),
    };

    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
