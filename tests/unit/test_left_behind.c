#include "check.h"

#include "cluster/left_behind.h"

static void test_what_is_left_behind(void **state)
{
    static const struct {
        const char *source;
        const char *own;
        const char *text; /* NULL: nothing */
    } cases[] = {
        {"7-1-100", "7-1-105",
         "it has 7-1-100, here is 7-1-105. What is between is in this cluster alone, and stays "
         "here."},
        {"3-9-4,7-1-100,7-2-300", "9-8-7,7-1-101",
         "it has 7-1-100, here is 7-1-101. What is between is in this cluster alone, and stays "
         "here."},
        {"7-1-105", "7-1-105", NULL},
        {"7-1-106", "7-1-105", NULL},
        {"7-2-100", "7-1-105", NULL}, /* nothing of ours was ever there */
        {"8-1-100", "7-1-105", NULL},
        {"", "7-1-105", NULL},
        {"7-1-100", "", NULL},
        {"no list", "7-1-105", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[LEFT_BEHIND_TEXT_MAX];
        struct left_behind left;
        struct gtid_list own;
        struct err err;

        gtid_list_init(&own);
        assert_true(gtid_list_parse(span_str(cases[i].own), &own, &err));
        assert_int_equal(left_behind_find(span_str(cases[i].source), &own, 7, 1, &left),
                         cases[i].text != NULL);
        if (cases[i].text) {
            left_behind_print(&left, text);
            assert_string_equal(text, cases[i].text);
        }
        gtid_list_done(&own);
    }
}

static void test_the_longest_text(void **state)
{
    struct gtid_mariadb longest = {UINT64_MAX, UINT32_MAX, UINT32_MAX};
    struct left_behind left = {longest, longest};
    char text[LEFT_BEHIND_TEXT_MAX];

    (void)state;
    left_behind_print(&left, text);
    assert_contains(text, "4294967295-4294967295-18446744073709551615. What is");
    assert_contains(text, "stays here.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_behind),
        cmocka_unit_test(test_the_longest_text),
    };

    return cmocka_run_group_tests_name("left_behind", tests, NULL, NULL);
}
