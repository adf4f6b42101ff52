#include "check.h"

#include "endpoint/traffic.h"

static void test_what_is_counted(void **state)
{
    struct traffic *traffic = traffic_new();
    struct traffic_counts counts;

    (void)state;
    traffic_read(traffic, &counts);
    assert_int_equal(counts.connections + counts.logins + counts.received_bytes, 0);
    traffic_connected(traffic);
    traffic_connected(traffic);
    traffic_logged_in(traffic);
    traffic_refused(traffic, REFUSAL_NETWORK);
    traffic_received(traffic, 10);
    traffic_sent(traffic, (size_t)1 << 40);
    traffic_read(traffic, &counts);
    assert_int_equal(counts.connections, 2);
    assert_int_equal(counts.logins, 1);
    assert_int_equal(counts.refused[REFUSAL_NETWORK], 1);
    assert_int_equal(counts.refused[REFUSAL_ENGINE], 0);
    assert_int_equal(counts.received_bytes, 10);
    assert_int_equal(counts.sent_bytes, (uint64_t)1 << 40);
    traffic_free(traffic);
    traffic_free(NULL);
}

/* They are the values of a label: each has one, and no two the same. */
static void test_names(void **state)
{
    (void)state;
    for (enum refusal a = 0; a < REFUSALS; a++) {
        assert_string_not_equal(refusal_name(a), "unknown");
        for (enum refusal b = 0; b < a; b++)
            assert_string_not_equal(refusal_name(a), refusal_name(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_counted),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
