#include "check.h"

#include "net/address_ranges.h"

static struct address_ranges ranges;
static struct err err;

static void test_no_list_is_no_limit(void **state)
{
    (void)state;
    assert_true(address_ranges_parse("", &ranges, &err));
    assert_true(address_ranges_have(&ranges, "192.0.2.1"));
    assert_true(address_ranges_have(&ranges, "2001:db8::1"));
}

static void test_one_of_the_list_is_enough(void **state)
{
    (void)state;
    assert_true(address_ranges_parse("192.0.2.0/25,2001:db8::/32,198.51.100.7", &ranges, &err));
    assert_int_equal(ranges.count, 3);
    assert_true(address_ranges_have(&ranges, "192.0.2.127"));
    assert_false(address_ranges_have(&ranges, "192.0.2.128"));
    assert_true(address_ranges_have(&ranges, "2001:db8:ffff::1"));
    assert_false(address_ranges_have(&ranges, "2001:db9::1"));
    assert_true(address_ranges_have(&ranges, "198.51.100.7"));
    assert_false(address_ranges_have(&ranges, "198.51.100.8"));
    assert_false(address_ranges_have(&ranges, "client"));
}

static void test_bad_lists_are_refused(void **state)
{
    static const char *const bad[] = {",",
                                      "192.0.2.0/24,",
                                      ",192.0.2.0/24",
                                      "192.0.2.0/33",
                                      "10.0.0.0/8;::1",
                                      "10.0.0.0/8, ::1",
                                      "example.org",
                                      "10.0.0.0/8,,::1"};

    (void)state;
    assert_true(address_ranges_parse("::1", &ranges, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(address_ranges_parse(bad[i], &ranges, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_int_equal(ranges.count, 1);
    }
}

static void test_a_list_has_its_limit(void **state)
{
    char text[ADDRESS_RANGES_MAX * 8 + 8] = "";

    (void)state;
    for (int i = 0; i < ADDRESS_RANGES_MAX; i++)
        (void)snprintf(text + strlen(text), 8, "%s10.%%", i > 0 ? "," : "");
    assert_true(address_ranges_parse(text, &ranges, &err));
    assert_int_equal(ranges.count, ADDRESS_RANGES_MAX);
    (void)snprintf(text + strlen(text), 8, ",::1");
    assert_false(address_ranges_parse(text, &ranges, &err));
    assert_int_equal(err.class, E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_list_is_no_limit),
        cmocka_unit_test(test_one_of_the_list_is_enough),
        cmocka_unit_test(test_bad_lists_are_refused),
        cmocka_unit_test(test_a_list_has_its_limit),
    };

    return cmocka_run_group_tests_name("address_ranges", tests, NULL, NULL);
}
