#include "cluster/own_endpoint.h"

#include "net/resolver.h"
#include "net/socket.h"

#include <string.h>

static bool leads_to(const struct address *address, const struct place *place)
{
    char ip[ADDRESS_IP_MAX];

    if (address_port(address) != place->port)
        return false;
    address_ip(address, ip);
    return strcmp(ip, place->listen) == 0 ||
           (place_is_everywhere(place) && socket_is_local(address));
}

bool own_endpoint_refuse(const struct store_cluster *settings, const char *host, uint16_t port,
                         int64_t deadline_usec, struct err *err)
{
    struct resolver_result found = {.count = 0};
    struct err ignored;

    if (!resolver_lookup(host, port, -1, deadline_usec, &found, &ignored))
        return true;
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        struct place place;

        if (!place_of(settings, (enum endpoint_kind)kind, &place))
            continue;
        for (size_t i = 0; i < found.count; i++) {
            if (leads_to(&found.addresses[i], &place))
                return err_set(err, E_USAGE, 0,
                               "host_name, host_port: expected another server, found the %s "
                               "endpoint of this cluster: %.200s port %u",
                               endpoint_kind_name((enum endpoint_kind)kind), host, (unsigned)port);
        }
    }
    return true;
}
