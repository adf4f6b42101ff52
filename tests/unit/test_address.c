#include "check.h"

#include "net/address.h"

static void check_ip(const char *given, const char *want)
{
    struct address address;
    struct err err;
    char ip[ADDRESS_IP_MAX];

    assert_true(address_parse(given, 3306, &address, &err));
    address_ip(&address, ip);
    assert_string_equal(ip, want);
    assert_int_equal(address_port(&address), 3306);
}

static void test_parse_and_print(void **state)
{
    (void)state;
    check_ip("127.0.0.1", "127.0.0.1");
    check_ip("0.0.0.0", "0.0.0.0");
    check_ip("::1", "::1");
    check_ip("::ffff:10.9.8.7", "10.9.8.7");
}

static void test_bad_addresses_are_named(void **state)
{
    static const char *const bad[] = {"", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.4:3306"};
    struct address address;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(address_parse(bad[i], 1, &address, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_print),
        cmocka_unit_test(test_bad_addresses_are_named),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
