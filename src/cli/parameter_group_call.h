/*
 * What the verbs of `borealis parameter-group` have in common. Each returns an exit status; what
 * failed is on standard error.
 */
#pragma once

#include "cli/cluster_call.h"

#define INSTANCE_OPTION                                                                            \
    {                                                                                              \
        "instance", NULL, "A DB parameter group, not a DB cluster parameter group."                \
    }

/* The first argument as the group's name, and its kind (released by the caller). EXIT_USAGE when
 * there is none, or more than one. */
int parameter_group_arguments(const struct verb *verb, const char *const *values, int argc,
                              char **argv, json_t **ret_arguments);

/*
 * Sends a request that changes groups, with its arguments (released), waits until the clusters that
 * use the group have taken it up, unless --no-wait says not to, and prints the group as --json.
 */
int parameter_group_call(const struct verb *verb, const char *const *values, const char *request,
                         json_t *arguments);
