/*
 * struct cluster: one DB cluster: its writer instance, its secrets, its accounts and procedures.
 *
 * Its directory, DIR/clusters/NAME, holds
 *
 *     master.cnf          the master user's password, as a client's option file (0600)
 *     rdsadmin.password   the daemon's own (0600)
 *     tls/                certificates and keys of the endpoint and the engine
 *     instances/NAME-1/   see engine/instance.h
 *
 * Owned by the daemon's main thread. Another thread may only take a cluster_snapshot() and open
 * connections of its own with cluster_connect().
 */
#pragma once

#include "base/err.h"
#include "engine/home.h"
#include "engine/instance.h"
#include "meta/store.h"

#define CLUSTER_DEFAULT_NAME   "borealis"
#define CLUSTER_DEFAULT_ENGINE "mariadb-10.11"
#define CLUSTER_DEFAULT_LISTEN "127.0.0.1"
#define CLUSTER_DEFAULT_PORT   13306 /* the first tried: not 3306, which a MySQL server may want */
#define CLUSTER_MASTER_USER    "admin"

struct cluster;

/* What the operator asked for at this start; NULL, 0 and -1 leave what is stored as it is. */
struct cluster_options {
    const char *engine;
    const char *listen;
    uint16_t port;
    int require_secure_transport; /* 0, 1 or -1 */
};

enum cluster_state {
    CLUSTER_CREATING,
    CLUSTER_STARTING,
    CLUSTER_AVAILABLE,
    CLUSTER_STOPPING,
    CLUSTER_STOPPED,
    CLUSTER_FAILED, /* the writer's engine ended by itself; it is started again */
};

/* A copy of what other threads may know. */
struct cluster_snapshot {
    struct store_cluster settings;
    enum cluster_state state;
    char instance[STORE_NAME_MAX];
    char engine_version[STORE_NAME_MAX];
    pid_t engine_pid; /* 0: none */
    bool adopted;     /* the engine was running before this daemon */
};

/*
 * Loads what is stored of the directory's cluster, or chooses what a new one will be, and lays the
 * options over it. Writes nothing. `dir` is absolute and need not exist; `store` is NULL when there
 * is none yet.
 */
MUST_CHECK bool cluster_open(const char *dir, struct store *store,
                             const struct cluster_options *options, struct cluster **ret_cluster,
                             struct err *err);
void cluster_close(struct cluster *cluster); /* leaves a running engine alone */

/*
 * Makes what is missing, in `store`, which must outlive the cluster, and on disk: secrets and
 * certificates, and for a new cluster the writer's data (some seconds). A creation that was cut
 * short at any point is begun anew.
 */
MUST_CHECK bool cluster_prepare(struct cluster *cluster, struct store *store, struct err *err);

/*
 * Brings the writer up: starts its engine or adopts the one that runs, and begins to wait for it.
 * cluster_wait_ready() goes on until it answers, installs procedures and, at the first start,
 * makes the master user. E_TIMEOUT: still starting; call it again.
 */
MUST_CHECK bool cluster_start(struct cluster *cluster, struct err *err);
MUST_CHECK bool cluster_wait_ready(struct cluster *cluster, int64_t deadline_usec, struct err *err);

/* Asks the engine to end cleanly; E_TIMEOUT: it still runs; call it again. */
MUST_CHECK bool cluster_stop(struct cluster *cluster, int64_t deadline_usec, struct err *err);

/* Readable when the writer's engine has ended; -1 when none runs. */
int cluster_borrow_engine_fd(const struct cluster *cluster);

/* Takes note that the engine has ended by itself. */
void cluster_engine_ended(struct cluster *cluster);

/* Deletes binlog files older than 'binlog retention hours' (24 when it is not set). */
MUST_CHECK bool cluster_purge_binlogs(struct cluster *cluster, struct err *err);

/* Any thread. */
void cluster_snapshot(struct cluster *cluster, struct cluster_snapshot *ret_snapshot);
MUST_CHECK bool cluster_connect(struct cluster *cluster, unsigned timeout_sec, struct sql **ret_sql,
                                struct err *err);

/* Constant after cluster_prepare(); any thread. */
const char *cluster_borrow_socket(const struct cluster *cluster);
const char *cluster_borrow_log(const struct cluster *cluster);
const char *cluster_borrow_tls_cert(const struct cluster *cluster);
const char *cluster_borrow_tls_key(const struct cluster *cluster);
const char *cluster_borrow_tls_ca(const struct cluster *cluster);
const char *cluster_borrow_credentials(const struct cluster *cluster); /* master.cnf */
const struct engine_home *cluster_borrow_home(const struct cluster *cluster);

const char *cluster_state_name(enum cluster_state state);
