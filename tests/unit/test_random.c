#include "check.h"

#include "base/random.h"

#include <ctype.h>

static void test_passwords_are_plain_and_differ(void **state)
{
    char first[33];
    char second[33];

    (void)state;
    random_password(first, 32);
    random_password(second, 32);
    assert_int_equal(strlen(first), 32);
    assert_string_not_equal(first, second);
    for (size_t i = 0; i < 32; i++)
        assert_true(isalnum((unsigned char)first[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_passwords_are_plain_and_differ)};

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
