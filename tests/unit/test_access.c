#include "check.h"

#include "endpoint/access.h"

static void test_at_first_everybody_is_taken(void **state)
{
    struct access *access = access_new();

    (void)state;
    assert_true(access_admits(access, "192.0.2.1"));
    assert_false(access_requires_tls(access));
    access_free(access);
    access_free(NULL);
}

static void test_what_is_set_counts(void **state)
{
    struct access *access = access_new();
    struct address_ranges networks;
    struct err err;

    (void)state;
    assert_true(address_ranges_parse("192.0.2.0/24", &networks, &err));
    access_set(access, true, &networks);
    assert_true(access_requires_tls(access));
    assert_true(access_admits(access, "192.0.2.1"));
    assert_false(access_admits(access, "198.51.100.1"));
    /* The address of a client that is gone already is not known. */
    assert_false(access_admits(access, "client"));
    assert_true(address_ranges_parse("", &networks, &err));
    access_set(access, false, &networks);
    assert_true(access_admits(access, "198.51.100.1"));
    assert_false(access_requires_tls(access));
    access_free(access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_first_everybody_is_taken),
        cmocka_unit_test(test_what_is_set_counts),
    };

    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
