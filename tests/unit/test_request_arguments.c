#include "check.h"

#include "daemon/request_arguments.h"

static const struct request_argument table[] = {
    {"name", ARGUMENT_TEXT}, {"port", ARGUMENT_NUMBER}, {"on", ARGUMENT_FLAG},
    {"list", ARGUMENT_LIST}, {NULL, ARGUMENT_TEXT},
};

static void test_what_fits(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        " {} ",
        "{\"name\": \"\"}",
        "{\"name\": \"a\", \"port\": -1, \"on\": false, \"list\": [{}]}",
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *arguments = NULL;

        assert_true(request_arguments_read(texts[i], table, &arguments, &err));
        assert_true(json_is_object(arguments));
        json_decref(arguments);
    }
}

static void test_what_does_not(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"{\"port\": \"1\"}", "port: expected a whole number, found a text"},
        {"{\"port\": 1.5}", "port: expected a whole number, found another number"},
        {"{\"port\": true}", "port: expected a whole number, found true"},
        {"{\"name\": 1}", "name: expected a text, found a whole number"},
        {"{\"name\": null}", "name: expected a text, found null"},
        {"{\"name\": [\"a\"]}", "name: expected a text, found an array"},
        {"{\"on\": 1}", "on: expected true or false, found a whole number"},
        {"{\"on\": {}}", "on: expected true or false, found an object"},
        {"{\"list\": {}}", "list: expected an array, found an object"},
        {"{\"nmae\": \"a\"}", "'nmae': expected no such argument"},
        {"{\"name\": \"a\", \"\": 1}", "'': expected no such argument"},
        {"[]", "expected a JSON object, found an array"},
        {"{\"name\": \"a\", \"name\": \"b\"}",
         "expected each argument once, found one twice at byte 20"},
        {"{\"name\": \"secret-word", "expected a JSON object, found none at byte 21"},
        {"{\"name\": \"\\u0000\"}", "expected a JSON object, found none at byte 17"},
        {"secret-word", "expected a JSON object, found none at byte 1"},
        {"{} {}", "expected a JSON object, found none at byte 4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *arguments = NULL;
        struct err err;

        assert_false(request_arguments_read(cases[i].text, table, &arguments, &err));
        assert_null(arguments);
        assert_int_equal(err.class, E_USAGE);
        assert_null(strstr(err.text, "secret-word"));
        /* Where the text is broken is jansson's to say. */
        assert_memory_equal(err.text, cases[i].said, strcspn(cases[i].said, "0123456789"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_what_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
