/*
 * What the verbs of `borealis cluster` have in common: a request to the daemon, the wait for what
 * it begins, and what is said of it. Each returns an exit status; what failed is on standard error.
 */
#pragma once

#include "cli/verb.h"

#include <jansson.h>

/* The one argument of a verb, a cluster's name; EXIT_USAGE. */
int cluster_call_name(const struct verb *verb, int argc, char **argv, const char **ret_name);

/*
 * Sends the request with its arguments (released) to the daemon of --dir; *ret_answer is released
 * by the caller. EXIT_NOT_UP, EXIT_FAILED.
 */
int cluster_call(const struct verb *verb, const char *const *values, const char *request,
                 json_t *arguments, json_t **ret_answer);

/*
 * As cluster_call(); then waits until what was asked of the cluster is done, and says what became
 * of it: the cluster as --json, or nothing. Not with --no-wait. EXIT_FAILED: the cluster has
 * failed, too.
 */
int cluster_call_settled(const struct verb *verb, const char *const *values, const char *request,
                         const char *name, json_t *arguments);

/* Waits until nothing is going on in any of the clusters, by an array of names. */
int cluster_call_wait(const struct verb *verb, const char *const *values, const json_t *names);

/* Waits until there is no cluster of the name. */
int cluster_call_gone(const struct verb *verb, const char *const *values, const char *name);

void cluster_call_print(const json_t *answer); /* as JSON */

#define JSON_OPTION                                                                                \
    {                                                                                              \
        "json", NULL, "Print one JSON object."                                                     \
    }
#define NO_WAIT_OPTION                                                                             \
    {                                                                                              \
        "no-wait", NULL, "Return as soon as it is begun; 'borealis cluster describe' shows more."  \
    }
