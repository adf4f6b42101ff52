#include "daemon/cluster_outgoing.h"

#include "base/clock.h"
#include "net/resolver.h"
#include "net/route.h"

#include <string.h>

#define LOOKUP_TIMEOUT (2 * USEC_PER_SEC)
#define ANY_PORT       3306 /* routing does not look at it */

static bool has(const json_t *addresses, const char *ip)
{
    const json_t *one;
    size_t i;

    json_array_foreach(addresses, i, one)
    {
        if (strcmp(json_string_value(one), ip) == 0)
            return true;
    }
    return false;
}

static void add(json_t *addresses, const struct address *to)
{
    char ip[ADDRESS_IP_MAX];
    struct address from;
    struct err no_route;

    if (!route_local_address(to, &from, &no_route))
        return;
    address_ip(&from, ip);
    if (!has(addresses, ip))
        (void)json_array_append_new(addresses, json_string(ip));
}

json_t *cluster_outgoing_json(const char *host, const char *chosen)
{
    /* Of the blocks for documentation, which are nobody's: the default routes. */
    static const char *const elsewhere[] = {"192.0.2.1", "2001:db8::1"};
    json_t *addresses = json_array();
    struct resolver_result found = {.count = 0};
    struct err unknown;

    if (chosen)
        (void)json_array_append_new(addresses, json_string(chosen));
    if (host && !chosen &&
        !resolver_lookup(host, ANY_PORT, -1, clock_deadline_usec(LOOKUP_TIMEOUT), &found, &unknown))
        found.count = 0;
    for (size_t i = 0; i < found.count; i++)
        add(addresses, &found.addresses[i]);
    for (size_t i = 0; !host && !chosen && i < sizeof elsewhere / sizeof *elsewhere; i++) {
        struct address to;

        if (address_parse(elsewhere[i], ANY_PORT, &to, &unknown))
            add(addresses, &to);
    }
    return json_pack("{s:o, s:o}", "to", host ? json_string(host) : json_null(), "addresses",
                     addresses);
}
