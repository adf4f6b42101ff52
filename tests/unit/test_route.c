#include "check.h"

#include "net/route.h"

static void test_this_machine_is_reached_from_itself(void **state)
{
    struct address to;
    struct address from;
    struct err err;
    char ip[ADDRESS_IP_MAX];

    (void)state;
    assert_true(address_parse("127.0.0.9", 3306, &to, &err));
    assert_true(route_local_address(&to, &from, &err));
    address_ip(&from, ip);
    /* The kernel answers for the whole of 127.0.0.0/8 from the address that is asked for or the
     * first. */
    assert_int_equal(strncmp(ip, "127.0.0.", 8), 0);
}

static void test_no_route_is_said(void **state)
{
    struct address to;
    struct address from;
    struct err err;

    (void)state;
    /* Not to be connected to by a datagram socket without more ado. */
    assert_true(address_parse("255.255.255.255", 3306, &to, &err));
    assert_false(route_local_address(&to, &from, &err));
    assert_int_equal(err.class, E_IO);
    assert_contains(err.text, "255.255.255.255");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_machine_is_reached_from_itself),
        cmocka_unit_test(test_no_route_is_said),
    };

    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
