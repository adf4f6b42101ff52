#include "check.h"

#include "net/address_range.h"

static bool has(const char *text, const char *ip)
{
    struct address_range range;
    struct err err;

    if (!address_range_parse(span_str(text), &range, &err))
        fail_msg("%s", err.text);
    return address_range_has(&range, ip);
}

static void test_who_is_in(void **state)
{
    (void)state;
    assert_true(has("%", "192.0.2.1"));
    assert_true(has("%", "2001:db8::1"));
    assert_true(has("%", "localhost"));
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_false(has("192.0.2.1", "192.0.2.2"));
    assert_true(has("192.0.2.128/25", "192.0.2.200"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("10.0.0.0/0", "192.0.2.1"));
    assert_false(has("10.0.0.0/0", "::1"));
    assert_true(has("192.0.%", "192.0.255.1"));
    assert_false(has("192.0.%", "192.1.0.1"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(has("2001:db8::/33", "192.0.2.1"));
    assert_true(has("::1", "::1"));
    assert_true(has("localhost", "127.3.2.1"));
    assert_true(has("localhost", "::1"));
    assert_true(has("localhost", "localhost"));
    assert_false(has("localhost", "192.0.2.1"));
    assert_false(has("127.0.0.1", "localhost"));
    assert_false(has("192.0.2.1", "no address"));
}

static void test_what_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",          "db1.example.com", "192.0.2", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1",
        "1.2.3.4.%", "256.%",           ".%",      "1.%.3",        "1.2.%/8",    "2001:db8::/129",
        "%%",        "192.0.2.1/2x",    "1..2.%",  "/8",           "192.0.2.1 ", "192.0.2.1/0008",
        "1.2.3.%.",  "0x7f.0.0.1",      "[::1]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct address_range range = {.bits = 77};
        struct err err = {0};

        if (address_range_parse(span_str(wrong[i]), &range, &err))
            fail_msg("taken: '%s'", wrong[i]);
        assert_int_equal(err.class, E_USAGE);
        assert_int_equal(range.bits, 77);
        assert_contains(err.text, "expected an IP address");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_in),
        cmocka_unit_test(test_what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
