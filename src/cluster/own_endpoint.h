/*
 * Whether a host and port lead to one of a cluster's own endpoints: a cluster can not replicate
 * from itself. What leads there by a proxy or a translated address is not seen here; it shows its
 * server id once it is connected to. No state of its own; any thread.
 */
#pragma once

#include "cluster/place.h"

/*
 * False with E_USAGE when they do. A host that can not be looked up by the deadline leads nowhere
 * that would be known.
 */
MUST_CHECK bool own_endpoint_refuse(const struct store_cluster *settings, const char *host,
                                    uint16_t port, int64_t deadline_usec, struct err *err);
