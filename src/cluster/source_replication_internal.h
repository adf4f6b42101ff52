/*
 * What source_replication.c, source_replication_place.c and source_replication_skip.c share. For
 * them alone; functions named _locked need the lock.
 */
#pragma once

#include "cluster/source_replication.h"

#include <pthread.h>

struct source_replication {
    char *subject;
    char *directory;
    char *material;
    char *path; /* of the definition */
    char *engine_log;
    const char *source_address;
    uint32_t server_id;
    uint32_t domain;
    uint64_t keep_free_bytes;
    char *accounts_of;
    bool takes_accounts;
    struct source_owner owner;

    struct {
        pthread_mutex_t lock;
        struct source_definition *definition; /* NULL: none */
        struct external_source *source;       /* of it; NULL as that is */
        bool given_up;                        /* the engine was told so */
        bool told_stopped;                    /* by a check or a look; not that it goes on */
        struct err hold; /* why nothing is to be received; class E_NONE: it is */
    } shared;
};

/* What the engine follows: the user's name and the port; empty and 0 for nothing. */
struct followed {
    char user[64];
    uint16_t port;
    bool receives; /* which of its threads run */
    bool applies;
    bool has_sql_error; /* what its applier has stopped with */
};

/* What the engine has applied, in the log of the source. */
struct replication_applied {
    struct mirror *mirror; /* NULL: it was not met, or nothing came of it yet */
    struct gtid_list position;
    struct replica_place place;
    struct log_state state; /* there */
    size_t lacking;         /* domains of a MariaDB source of which more was received */
};

/* ---- source_replication.c ---- */

MUST_CHECK bool replication_ask_followed(struct sql *sql, struct followed *ret_followed,
                                         struct err *err);
bool replication_is_followed(const struct followed *followed, const char *id);

/* E_STATE: a thread of it runs: another session's call came in between. */
MUST_CHECK bool replication_check_down(const struct followed *followed, struct err *err);

/* The caller frees *ret_gtids. */
MUST_CHECK bool replication_ask_slave_pos(struct sql *sql, char **ret_gtids, struct err *err);

/* Only while its threads are down. */
MUST_CHECK bool replication_set_slave_pos(struct sql *sql, const char *gtids, struct err *err);

MUST_CHECK bool replication_open_source(const struct source_replication *replication,
                                        const struct source_definition *definition,
                                        struct external_source **ret_source, struct err *err);

/* The new definition, whose source is open, takes the place of the old one. Both are taken over. */
MUST_CHECK bool replication_replace_locked(struct source_replication *replication, struct sql *sql,
                                           struct source_definition *definition,
                                           struct external_source *source, struct err *err);

/* The receiver, then the engine's threads. */
MUST_CHECK bool replication_start_locked(struct source_replication *replication, struct sql *sql,
                                         struct err *err);

/* ---- source_replication_place.c ---- */

/* E_STATE: there is no source, or the engine follows another. */
MUST_CHECK bool replication_need_source(struct source_replication *replication, struct sql *sql,
                                        struct followed *ret_followed, struct err *err);

/* And that its threads are down: what the procedures saw may be past. E_STATE. */
MUST_CHECK bool replication_need_down(struct source_replication *replication, struct sql *sql,
                                      struct err *err);

/* replication_applied_done() in any case. */
MUST_CHECK bool replication_find_applied(struct source_replication *replication, struct sql *sql,
                                         struct replication_applied *applied, struct err *err);
void replication_applied_done(struct replication_applied *applied);

/* The same source from another place on: the engine's threads are down. */
MUST_CHECK bool replication_renew(struct source_replication *replication, struct sql *sql,
                                  const struct log_position *position, const char *gtids,
                                  const char *gtids_of_mariadb, struct err *err);

/*
 * The GTIDs of the source that are here, by the definition and by what the engine has applied: a
 * set, or a list, each empty when there is nothing. The caller frees both.
 */
MUST_CHECK bool replication_find_executed(struct source_replication *replication, struct sql *sql,
                                          char **ret_gtids, char **ret_gtids_of_mariadb,
                                          struct err *err);

/*
 * The definition takes over which GTIDs are here by what was set. Engine's threads and receiver are
 * down: that reads them.
 */
MUST_CHECK bool replication_take_purged(struct source_replication *replication, struct sql *sql,
                                        struct err *err);

/* Stores the definition; by it, what the engine is not to get. The engine's threads are down. */
MUST_CHECK bool replication_limit_locked(struct source_replication *replication, struct err *err);

/* As the definition says: without end or until a place. */
MUST_CHECK bool replication_start_threads(struct source_replication *replication, struct sql *sql,
                                          struct err *err);

/* ---- source_replication_skip.c ---- */

/* Replication goes on without end, once the definition is stored. */
void replication_forget_until(struct source_replication *replication);
