#include "check.h"

#include "base/clock.h"
#include "cluster/own_endpoint.h"

#include <stdio.h>

static struct err err;

static bool may(const struct store_cluster *settings, const char *host, uint16_t port)
{
    return own_endpoint_refuse(settings, host, port, clock_deadline_usec(10 * USEC_PER_SEC), &err);
}

static void test_where_an_endpoint_listens(void **state)
{
    const struct store_cluster settings = {.name = "shop",
                                           .listen = "127.0.0.1",
                                           .port = 3306,
                                           .reader = {"127.0.0.2", 0},
                                           .instance = {"", 3308}};
    static const struct {
        const char *host;
        uint16_t port;
        const char *endpoint; /* NULL: it is another server */
    } cases[] = {
        {"127.0.0.1", 3306, "the cluster endpoint"},
        {"localhost", 3306, "the cluster endpoint"},
        {"127.0.0.2", 3306, "the reader endpoint"},
        {"127.0.0.1", 3308, "the instance endpoint"},
        {"127.0.0.1", 3307, NULL},
        {"127.0.0.2", 3308, NULL},
        {"127.0.0.3", 3306, NULL},
        {"no-such-host.invalid", 3306, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(may(&settings, cases[i].host, cases[i].port), !cases[i].endpoint);
        if (!cases[i].endpoint)
            continue;
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, "host_name, host_port");
        assert_contains(err.text, cases[i].endpoint);
        assert_contains(err.text, cases[i].host);
    }
}

static void test_everywhere_is_every_address_of_the_machine(void **state)
{
    struct store_cluster settings = {.name = "shop", .listen = "0.0.0.0", .port = 3306};

    (void)state;
    assert_false(may(&settings, "127.0.0.1", 3306));
    assert_false(may(&settings, "127.0.0.77", 3306));
    assert_true(may(&settings, "127.0.0.1", 3307));
    assert_true(may(&settings, "192.0.2.1", 3306)); /* RFC 5737: nobody's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_an_endpoint_listens),
        cmocka_unit_test(test_everywhere_is_every_address_of_the_machine),
    };

    return cmocka_run_group_tests_name("own_endpoint", tests, NULL, NULL);
}
