/*
 * struct store: the metadata of one Borealis directory, in SQLite (borealis.db).
 *
 * It says which clusters and instances exist, how far the making or deleting of each got, and what
 * has happened to them; it holds no secrets and no user data. Every function is one transaction,
 * durable when it returns (WAL, synchronous = FULL). One writer: the daemon, which holds the
 * directory's lock. May be called from any thread; store_close() by the owner when all others are
 * done.
 *
 * The file carries its schema version (PRAGMA user_version). An older one is brought up to date
 * when it is opened; a newer one is refused.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define STORE_SCHEMA_VERSION 4
#define STORE_NAME_MAX       64
#define STORE_TEXT_MAX       1024
#define STORE_NETWORKS_MAX   4096
#define STORE_MESSAGE_MAX    640
#define STORE_GROUP_MAX      256 /* of a parameter group */

/* What is older goes when something new happens (source: RDS keeps events for 14 days). */
#define STORE_EVENT_KEPT_USEC (INT64_C(14) * 24 * 3600 * 1000000)

struct store;

/* How far a cluster is; in either of the others it is no more than what has to be cleared away. */
enum lifecycle {
    LIFECYCLE_CREATING, /* begun anew by whoever finds it */
    LIFECYCLE_MADE,
    LIFECYCLE_DELETING, /* brought to its end by whoever finds it */
};

/*
 * Where another endpoint than the cluster endpoint listens; "" and 0: where that does. Both: there
 * is none.
 */
struct store_place {
    char listen[STORE_NAME_MAX];
    uint16_t port;
};

struct store_cluster {
    char name[STORE_NAME_MAX];
    enum lifecycle lifecycle;
    char listen[STORE_NAME_MAX]; /* IP address of the cluster endpoint */
    uint16_t port;
    char master_user[STORE_NAME_MAX];
    bool require_secure_transport;
    uint32_t gtid_domain_id;                  /* of the writer's own transactions; never 0 */
    uint8_t compatibility;                    /* Aurora MySQL version: 2 or 3 */
    char client_networks[STORE_NETWORKS_MAX]; /* as address_ranges_parse() reads it; "": any */
    int64_t created_usec;                     /* since 1970; 0: before that was noted */
    struct store_place reader;                /* the reader endpoint */
    struct store_place instance;              /* the endpoint of the writer, its only instance */
    char parameter_group[STORE_GROUP_MAX];    /* "": the default one of its compatibility */
    char instance_parameter_group[STORE_GROUP_MAX]; /* of its instances; the same */
};

struct store_instance {
    char name[STORE_NAME_MAX];
    char cluster[STORE_NAME_MAX];
    char engine[STORE_TEXT_MAX];  /* directory of the engine's programs */
    char version[STORE_NAME_MAX]; /* of the engine that last opened the data */
    uint32_t server_id;
    uint32_t binlog_epoch; /* 1, 2, ...: the directory that holds the engine's binlog */
    int32_t pid;           /* of the engine last started; 0 when it was stopped */
    uint64_t start_ticks;  /* its start time, see base/process.h */
    /* The groups whose parameters its engine runs with; as in struct store_cluster. */
    char parameter_group[STORE_GROUP_MAX];
    char instance_parameter_group[STORE_GROUP_MAX];
};

enum store_group_kind { STORE_GROUP_CLUSTER, STORE_GROUP_INSTANCE };

/* A parameter group; the default ones are not stored. */
struct store_group {
    enum store_group_kind kind;
    char name[STORE_GROUP_MAX]; /* of its kind */
    char family[STORE_NAME_MAX];
    char description[STORE_GROUP_MAX];
};

struct store_parameter {
    const char *name;
    const char *value;
    bool immediate; /* else a change of it waits for the next start */
};

struct store_event {
    int64_t at_usec;              /* since 1970 */
    char cluster[STORE_NAME_MAX]; /* whose it is; it may be deleted since */
    char source_type[32];         /* db-cluster, db-instance */
    char source[STORE_GROUP_MAX];
    char category[32];
    char id[32]; /* RDS-EVENT-0170; "": it has none */
    char message[STORE_MESSAGE_MAX];
};

/* The events of a cluster of one category. */
struct store_event_count {
    char category[32];
    uint64_t count;
    int64_t last_usec; /* since 1970 */
};

/* What one transaction does, in this order; what is NULL is left out. */
struct store_change {
    const struct store_cluster *cluster; /* put */
    bool is_new;                         /* it must not be there yet: E_STATE */
    const struct store_instance *instance;
    const char *remove; /* the cluster of this name goes, and its instances; its events stay */
    const struct store_group *group; /* put, with its parameters: all that it has from now on */
    bool group_is_new;               /* it must not be there yet: E_STATE */
    const struct store_parameter *parameters;
    size_t n_parameters;
    const struct store_group *remove_group; /* E_STATE: a cluster uses it */
    const struct store_parameter *in_force; /* all that the engine of `instance` runs with */
    size_t n_in_force;
    const struct store_event *events; /* the old ones go, see STORE_EVENT_KEPT_USEC */
    size_t n_events;
};

/* Opens or creates the file. */
MUST_CHECK bool store_open(const char *path, struct store **ret_store, struct err *err);
void store_close(struct store *store);

MUST_CHECK bool store_apply(struct store *store, const struct store_change *change,
                            struct err *err);

/* All clusters by name, allocated from the arena; E_LIMIT when there are more than `most`. */
MUST_CHECK bool store_list_clusters(struct store *store, size_t most, struct arena *arena,
                                    struct store_cluster **ret_clusters, size_t *ret_count,
                                    struct err *err);
MUST_CHECK bool store_get_cluster(struct store *store, const char *name,
                                  struct store_cluster *ret_cluster, bool *ret_found,
                                  struct err *err);

/* The writer of a cluster, which is its only instance so far. */
MUST_CHECK bool store_get_writer(struct store *store, const char *cluster,
                                 struct store_instance *ret_instance, bool *ret_found,
                                 struct err *err);
MUST_CHECK bool store_has_instance(struct store *store, const char *name, bool *ret_has,
                                   struct err *err);

/* Parameter groups by kind and name, allocated from the arena; E_LIMIT as above. */
MUST_CHECK bool store_list_groups(struct store *store, size_t most, struct arena *arena,
                                  struct store_group **ret_groups, size_t *ret_count,
                                  struct err *err);
MUST_CHECK bool store_get_group(struct store *store, enum store_group_kind kind, const char *name,
                                struct store_group *ret_group, bool *ret_found, struct err *err);

/* What a group has, by name, allocated from the arena; nothing where there is no such group. */
MUST_CHECK bool store_list_parameters(struct store *store, enum store_group_kind kind,
                                      const char *group, size_t most, struct arena *arena,
                                      struct store_parameter **ret_list, size_t *ret_count,
                                      struct err *err);

/* What an instance's engine runs with; nothing where that was never stored. */
MUST_CHECK bool store_list_in_force(struct store *store, const char *instance, size_t most,
                                    struct arena *arena, struct store_parameter **ret_list,
                                    size_t *ret_count, struct err *err);

/*
 * The newest `most` events since a time, oldest first, allocated from the arena; of one cluster, or
 * with NULL of all.
 */
MUST_CHECK bool store_list_events(struct store *store, const char *cluster, int64_t since_usec,
                                  size_t most, struct arena *arena, struct store_event **ret_events,
                                  size_t *ret_count, struct err *err);

/* How many there are since a time, by category and in its order; E_LIMIT: more than `most`. */
MUST_CHECK bool store_count_events(struct store *store, const char *cluster, int64_t since_usec,
                                   size_t most, struct store_event_count *ret_counts, size_t *ret_n,
                                   struct err *err);
