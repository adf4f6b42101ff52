/*
 * struct origin_map: which of a MariaDB server's domains have transactions that came from MySQL, by
 * which channels of this relay: what GTIDs they were is asked of these (origin_log.h).
 *
 * Immutable and counted; it has a share of each log. Any thread.
 */
#pragma once

#include "replication/origin_log.h"
#include "translation/gtid_resolver.h"

struct origin_map;

struct origin_domain {
    uint32_t domain; /* of no other one of the map */
    struct origin_log *log;
};

struct origin_map *origin_map_new(const struct origin_domain *domains, size_t count);
struct origin_map *origin_map_share(struct origin_map *map); /* NULL is fine */
void origin_map_free(struct origin_map *map); /* the last share frees; NULL is fine */

/* Good as long as the map; NULL for none. What is ahead of a channel's log is waited for. */
const struct gtid_resolver *origin_map_resolver(const struct origin_map *map);
