/*
 * Where a cluster's connections to its source come from, as far as this machine knows: for the
 * administrator of the source, who has to admit them.
 */
#pragma once

#include <jansson.h>

/*
 * {"to": host or null, "addresses": [...]}: the addresses that the system's routing picks towards a
 * host, which is looked up for two seconds at most; or with NULL towards anywhere else, one of IPv4
 * and one of IPv6. Empty when there is no route, or no such host. Nothing is sent to the host. The
 * one that the operator has chosen, if it is not NULL, and no other.
 */
json_t *cluster_outgoing_json(const char *host, const char *chosen);
