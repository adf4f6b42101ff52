#include "check.h"

#include "base/ini.h"

static struct ini_item next(struct ini *ini)
{
    struct ini_item item;
    struct err err;

    if (!ini_next(ini, &item, &err))
        fail_msg("line %u: %s", ini->line, err.text);
    return item;
}

static void test_items_and_their_lines(void **state)
{
    struct ini ini = ini_of(span_str("\n# a comment\n; and one\r\n"
                                     "[relay]\r\n"
                                     "  dir = /a b # where\n"
                                     "\n"
                                     "[channel  shop ] # of the shop\n"
                                     "Semi-sync=on\n"
                                     "empty =\n"
                                     "hash=*AB#CD"));
    struct ini_item item;

    (void)state;
    item = next(&ini);
    assert_int_equal(item.kind, INI_SECTION);
    assert_span_eq(item.word, "relay");
    assert_int_equal(item.name.len, 0);
    assert_int_equal(ini.line, 4);
    item = next(&ini);
    assert_int_equal(item.kind, INI_VALUE);
    assert_string_equal(item.key, "dir");
    assert_span_eq(item.value, "/a b");
    assert_int_equal(ini.line, 5);
    item = next(&ini);
    assert_span_eq(item.word, "channel");
    assert_span_eq(item.name, "shop");
    assert_int_equal(ini.line, 7);
    item = next(&ini);
    assert_string_equal(item.key, "Semi_sync");
    assert_span_eq(item.value, "on");
    item = next(&ini);
    assert_string_equal(item.key, "empty");
    assert_int_equal(item.value.len, 0);
    item = next(&ini);
    assert_span_eq(item.value, "*AB#CD");
    assert_int_equal(ini.line, 10);
    assert_int_equal(next(&ini).kind, INI_END);
    assert_int_equal(next(&ini).kind, INI_END);
}

static void test_quotes(void **state)
{
    struct ini ini = ini_of(span_str("a = ' # b ' # c\nb=\"it's\"\nc = ''\n"));

    (void)state;
    assert_span_eq(next(&ini).value, " # b ");
    assert_span_eq(next(&ini).value, "it's");
    assert_int_equal(next(&ini).value.len, 0);
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } wrong[] = {
        {"[relay", "expected a ']' at the end of the section's name, found '[relay'"},
        {"[ ]", "a section's name in the brackets"},
        {"[relay] x", "a ']' at the end"},
        {"skip-name-resolve", "expected [SECTION] or KEY = VALUE, found 'skip-name-resolve'"},
        {"= 3", "KEY = VALUE"},
        {"a b = 3", "KEY = VALUE"},
        {"k\xc3\xa9 = 3", "found 'k?? = 3'"},
        {"a = 'b", "a quote at the end of the value"},
        {"a = \"b\" c", "nothing after the closing quote"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ini ini = ini_of(span_str(wrong[i].text));
        struct ini_item item = {.kind = INI_SECTION};
        struct err err = {0};

        assert_false(ini_next(&ini, &item, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_int_equal(item.kind, INI_SECTION); /* untouched */
        assert_contains(err.text, wrong[i].expected);
    }
}

static void test_a_long_key_and_a_zero_byte(void **state)
{
    char text[INI_KEY_MAX + 3];
    struct ini_item item;
    struct err err;
    struct ini ini;

    (void)state;
    memset(text, 'k', sizeof text);
    text[INI_KEY_MAX + 1] = '=';
    ini = ini_of(span_of(text, INI_KEY_MAX + 2));
    assert_false(ini_next(&ini, &item, &err));
    ini = ini_of(span_of(text + 1, INI_KEY_MAX + 1));
    assert_true(ini_next(&ini, &item, &err));
    ini = ini_of(span_of("a = b\0c", 7));
    assert_false(ini_next(&ini, &item, &err));
    assert_contains(err.text, "zero bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_and_their_lines),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_a_long_key_and_a_zero_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
