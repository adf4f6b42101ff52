/*
 * Whether engines know the named time zone of a parameter set: asked before the set is stored, or
 * a cluster is given it, because an engine does not start with one that it does not know.
 *
 * The question is to the files of the engine's home, so it needs no engine that runs. SYSTEM and
 * offsets are known to all; an engine whose programs or zones are not there is not judged.
 */
#pragma once

#include "cluster/parameter_set.h"
#include "meta/store.h"

/* Of one engine, as a cluster's record names it. E_USAGE: it does not know the zone. */
MUST_CHECK bool zone_check_engine(const struct parameter_set *set, const char *engine,
                                  const char *cluster, struct err *err);

/* Of the engines of all clusters that use a group. */
MUST_CHECK bool zone_check_users(struct store *store, const struct store_group *group,
                                 const struct parameter_set *set, struct err *err);

/* Of the engine of one cluster of the store. */
MUST_CHECK bool zone_check_cluster(struct store *store, const char *cluster,
                                   const struct parameter_set *set, struct err *err);
