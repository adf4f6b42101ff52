/*
 * struct cluster_plan: what a cluster will be, before anything of it is made: its rows of the
 * store, checked against the machine and the other clusters. A value; it owns nothing, and making
 * one writes nothing.
 */
#pragma once

#include "base/err.h"
#include "meta/store.h"

#define CLUSTER_DEFAULT_NAME          "borealis"
#define CLUSTER_DEFAULT_ENGINE        "mariadb-10.11"
#define CLUSTER_DEFAULT_LISTEN        "127.0.0.1"
#define CLUSTER_DEFAULT_PORT          13306 /* the first tried: not 3306, a MySQL server's own */
#define CLUSTER_DEFAULT_COMPATIBILITY 3
#define CLUSTER_MASTER_USER           "admin"
#define CLUSTERS_MAX                  64 /* in one directory: engines take memory, not rows */

/* Of an endpoint that need not be. */
struct place_options {
    const char *listen;
    uint16_t port;
    bool off; /* there shall be none; the other two are not given then */
};

/* What the operator asks for; NULL, 0 and -1 leave it as it is, or as it is at first. */
struct cluster_options {
    const char *engine;
    const char *listen;
    uint16_t port;
    int require_secure_transport; /* 0, 1 or -1 */
    int compatibility;            /* 2, 3 or 0 */
    const char *client_networks;  /* as address_ranges_parse() reads it */
    struct place_options reader;
    struct place_options instance;
    const char *parameter_group; /* names of groups, also of default ones */
    const char *instance_parameter_group;
};

struct cluster_plan {
    struct store_cluster settings;
    struct store_instance record; /* of the writer */
};

/*
 * A new cluster in `dir`, which is absolute and need not exist; `store` is NULL when there is none
 * yet. E_USAGE, E_STATE: what was asked for can not be, or the name is taken.
 */
MUST_CHECK bool cluster_plan_new(const char *dir, struct store *store, const char *name,
                                 const struct cluster_options *options,
                                 struct cluster_plan *ret_plan, struct err *err);

/* As the store has it. A torso that an older version left without an instance is given one. */
MUST_CHECK bool cluster_plan_load(struct store *store, const struct store_cluster *settings,
                                  struct cluster_plan *ret_plan, struct err *err);

/* A cluster of the store with the options laid over it; the engine must be able to open its data.
 */
MUST_CHECK bool cluster_plan_change(struct store *store, const struct cluster_options *options,
                                    struct cluster_plan *plan, struct err *err);
