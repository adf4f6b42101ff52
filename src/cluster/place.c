#include "cluster/place.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *option;
} kinds[ENDPOINT_KINDS] = {
    [ENDPOINT_CLUSTER] = {"cluster", "--port"},
    [ENDPOINT_READER] = {"reader", "--reader-port"},
    [ENDPOINT_INSTANCE] = {"instance", "--instance-port"},
};

const char *endpoint_kind_name(enum endpoint_kind kind)
{
    return kinds[kind].name;
}

const char *endpoint_kind_option(enum endpoint_kind kind)
{
    return kinds[kind].option;
}

static const struct store_place *own_place(const struct store_cluster *settings,
                                           enum endpoint_kind kind)
{
    switch (kind) {
    case ENDPOINT_READER:
        return &settings->reader;
    case ENDPOINT_INSTANCE:
        return &settings->instance;
    case ENDPOINT_CLUSTER:
    case ENDPOINT_KINDS:
        break;
    }
    return NULL;
}

bool place_of(const struct store_cluster *settings, enum endpoint_kind kind,
              struct place *ret_place)
{
    const struct store_place *own = own_place(settings, kind);
    bool has_listen = own && *own->listen;
    bool has_port = own && own->port != 0;

    if (own && !has_listen && !has_port)
        return false;
    (void)snprintf(ret_place->listen, sizeof ret_place->listen, "%s",
                   has_listen ? own->listen : settings->listen);
    ret_place->port = has_port ? own->port : settings->port;
    return true;
}

bool place_equals(const struct place *a, const struct place *b)
{
    return a->port == b->port && strcmp(a->listen, b->listen) == 0;
}

bool place_is_everywhere(const struct place *place)
{
    return strcmp(place->listen, "0.0.0.0") == 0 || strcmp(place->listen, "::") == 0;
}

bool place_collides(const struct place *a, const struct place *b)
{
    return a->port == b->port &&
           (strcmp(a->listen, b->listen) == 0 || place_is_everywhere(a) || place_is_everywhere(b));
}
