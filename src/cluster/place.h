/*
 * struct place: where one of a cluster's endpoints listens. A value.
 *
 * A cluster has up to three endpoints, which lead to the same place as long as it has one instance:
 * the cluster endpoint to its writer, the reader endpoint to its readers or, having none, to its
 * writer (as Aurora has it), the instance endpoint to the one instance. The cluster endpoint is
 * always there; each of the others is when the settings name an address or a port for it, and takes
 * from the cluster endpoint what they leave out.
 */
#pragma once

#include "meta/store.h"

enum endpoint_kind { ENDPOINT_CLUSTER, ENDPOINT_READER, ENDPOINT_INSTANCE, ENDPOINT_KINDS };

struct place {
    char listen[STORE_NAME_MAX]; /* IP address */
    uint16_t port;
};

/* False when the cluster has no such endpoint. */
bool place_of(const struct store_cluster *settings, enum endpoint_kind kind,
              struct place *ret_place);

bool place_equals(const struct place *a, const struct place *b);

/* Whether it listens at all addresses of the machine. */
bool place_is_everywhere(const struct place *place);

/* Whether only one of two sockets could listen. */
bool place_collides(const struct place *a, const struct place *b);

/* "cluster", "reader", "instance"; and the option that moves it to another port. */
const char *endpoint_kind_name(enum endpoint_kind kind);
const char *endpoint_kind_option(enum endpoint_kind kind);
