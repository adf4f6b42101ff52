/*
 * Parameters and parameter groups as the JSON objects that `borealis parameter-group` and `borealis
 * cluster parameters` print. Their fields are listed in borealis(1); names are only ever added.
 */
#pragma once

#include "daemon/clusters.h"

#include <jansson.h>

/* A group, with the clusters that use it. */
json_t *parameter_json_group(struct clusters *clusters, const struct store_group *group);

/* All parameters that a group may hold, with its values. */
json_t *parameter_json_of_group(const struct store_group *group, const struct parameter_set *set,
                                const struct parameter_origin *origins);

/* All parameters of a cluster: what is in force, and what waits; NULL and err. */
json_t *parameter_json_of_cluster(struct cluster *cluster, struct err *err);
