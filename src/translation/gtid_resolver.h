/*
 * struct gtid_resolver: asks what GTIDs of MySQL those of a MariaDB domain were (gtid_origins.h),
 * of whoever knows: an owner whose knowledge grows meanwhile, and who may wait until it has.
 *
 * Its answers are the same whenever it is asked, or it has none: E_STATE when it never will, as
 * with what came before all it knows; E_TIMEOUT when it may later. A NULL resolver knows no domain.
 * Any thread, as far as its owner allows.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "translation/gtid_origins.h"

struct gtid_resolver {
    void *context;
    /* Whether a domain's transactions come from MySQL, and their GTIDs are asked for here. */
    bool (*has)(void *context, uint32_t domain);
    bool (*find)(void *context, uint32_t domain, uint64_t sequence, struct gtid_origin *ret_origin,
                 struct err *err);
    /* Adds to a set all that was executed with that number; nothing when it fails. */
    bool (*executed)(void *context, uint32_t domain, uint64_t sequence, struct gtid_set *set,
                     struct err *err);
    /* Whether a set has all of first to last; false when that can not be told. Does not wait. */
    bool (*held)(void *context, uint32_t domain, uint64_t first, uint64_t last,
                 const struct gtid_set *set);
};

/* Whether a GTID was one of MySQL: not one of another domain, nor the place of an event. */
bool gtid_resolver_has(const struct gtid_resolver *resolver, uint32_t domain, uint64_t sequence);

/* The greatest number of any server in a domain; 0: there is none. */
uint64_t gtid_list_greatest(const struct gtid_list *list, uint32_t domain);

/* As gtid_list_to_set(), with those of the domains that are known as they were. */
MUST_CHECK bool gtid_resolve_list(const struct gtid_resolver *resolver,
                                  const struct gtid_list *list, struct gtid_set *set,
                                  struct err *err);
