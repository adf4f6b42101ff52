/*
 * struct cluster: one DB cluster: its writer instance, its secrets, its accounts and procedures.
 *
 * Its directory, DIR/clusters/NAME, holds
 *
 *     master.cnf            the master user's password, as a client's option file (0600)
 *     master.password.new   one that the engine has not taken yet (0600)
 *     rdsadmin.password     the daemon's own (0600)
 *     tls/                  certificates and keys of the endpoint and the engine
 *     relay/                the log of an external source, see source_replication.h
 *     instances/NAME-1/     see engine/instance.h
 *     changelog/00000001/   the change log of the binlog's epoch (replication/change_log.h)
 *
 * Owned by one thread, its supervisor's. Other threads may take a cluster_snapshot(), modify it,
 * and open connections of their own with cluster_connect().
 */
#pragma once

#include "base/disk_watch.h"
#include "cluster/cluster_plan.h"
#include "cluster/parameter_group.h"
#include "cluster/source_status.h"
#include "engine/home.h"
#include "engine/instance.h"
#include "replication/change_log.h"

/* The versions of Aurora MySQL whose interface a cluster offers, @@aurora_version, by
 * compatibility. */
#define CLUSTER_AURORA_VERSION_2 "2.12.5"
#define CLUSTER_AURORA_VERSION_3 "3.10.0"

struct cluster;

enum cluster_state {
    CLUSTER_CREATING,
    CLUSTER_STARTING,
    CLUSTER_AVAILABLE,
    CLUSTER_REBOOTING,
    CLUSTER_STOPPING,
    CLUSTER_STOPPED,
    CLUSTER_FAILED, /* the snapshot says why; it is tried again */
    CLUSTER_DELETING,
    CLUSTER_STATES,
};

/* A copy of what other threads may know. */
struct cluster_snapshot {
    struct store_cluster settings;
    enum cluster_state state;
    char instance[STORE_NAME_MAX];
    char engine_version[STORE_NAME_MAX]; /* "": not known yet */
    char client[STORE_TEXT_MAX];         /* the engine's mariadb program; "": it has none */
    char credentials[STORE_TEXT_MAX];    /* path of master.cnf */
    char tls_ca[STORE_TEXT_MAX];
    char directory[STORE_TEXT_MAX]; /* of the writer */
    pid_t engine_pid;               /* 0: none */
    int64_t engine_started_usec;    /* since 1970; 0: none runs */
    uint64_t engine_starts;         /* by this daemon */
    uint64_t engine_ends;           /* how often it ended by itself */
    bool adopted;                   /* the engine was running before this daemon */
    bool pending;                   /* something that was asked for is not done yet */
    char failure[ERR_TEXT_MAX];     /* why it failed, or could not be modified; "" */
    enum disk_stage disk_stage;     /* cluster_watch_disk() */
    struct disk_space disk;         /* as last seen; of size 0: not yet */
    struct log_purged cut;          /* by this daemon, while the disk was short */
};

/*
 * `dir` is absolute. Reads and writes nothing; what the plan has that the store has not is stored
 * once the engine answers. `store` must outlive the cluster. source_address: an IP of this machine,
 * which its own connections come from; NULL: as routing picks.
 */
struct cluster *cluster_open(const char *dir, struct store *store, const char *source_address,
                             const struct disk_limits *disk_limits,
                             const struct cluster_plan *plan);
void cluster_close(struct cluster *cluster); /* leaves a running engine alone; NULL is fine */

/*
 * Makes what is missing: secrets and certificates, and for a new cluster the writer's data (some
 * seconds). A creation that was cut short at any point is begun anew. May be tried again.
 */
MUST_CHECK bool cluster_prepare(struct cluster *cluster, struct err *err);

/*
 * Brings the writer up: starts its engine or adopts the one that runs, and begins to wait for it.
 * cluster_wait_ready() goes on until it answers, installs procedures and, at the first start,
 * makes the master user. E_TIMEOUT: still starting; call it again.
 */
MUST_CHECK bool cluster_start(struct cluster *cluster, struct err *err);
MUST_CHECK bool cluster_wait_ready(struct cluster *cluster, int64_t deadline_usec, struct err *err);

/* Asks the engine to end cleanly; E_TIMEOUT: it still runs; call it again. */
MUST_CHECK bool cluster_stop(struct cluster *cluster, int64_t deadline_usec, struct err *err);

/* The same, to be started again at once. */
MUST_CHECK bool cluster_reboot(struct cluster *cluster, int64_t deadline_usec, struct err *err);

/*
 * Ends the engine at once and removes all that there is of the cluster, its rows of the store last.
 * cluster_condemn() has said before that it shall. May be tried again, and after a crash.
 */
MUST_CHECK bool cluster_delete(struct cluster *cluster, struct err *err);

/* Readable when the writer's engine has ended; -1 when none runs. */
int cluster_borrow_engine_fd(const struct cluster *cluster);

/* Takes note that the engine has ended by itself, or that something else has failed. */
void cluster_engine_ended(struct cluster *cluster, const struct err *why);
void cluster_failed(struct cluster *cluster, const struct err *why);

/* Takes note that an engine that does not end is left to itself. */
void cluster_left(struct cluster *cluster);

/* Takes note why an endpoint can not be had, and with the same text that it is served again. */
void cluster_endpoint_lost(struct cluster *cluster, const char *why);
void cluster_endpoint_found(struct cluster *cluster, const char *why);

/*
 * Deletes binlog files older than 'binlog retention hours' (24 when it is not set), and more of
 * them while the disk is short.
 */
MUST_CHECK bool cluster_purge_binlogs(struct cluster *cluster, struct err *err);

/* Tells of new tables that are not InnoDB by events. */
MUST_CHECK bool cluster_look_at_tables(struct cluster *cluster, struct err *err);

/*
 * Looks at the file system that has the cluster, which its owner has it do every second, whatever
 * its state. Low: nothing is received from an external source any more, and what is applied goes
 * from the relay's log at once. Short: cluster_purge_binlogs() cuts the retention. Full: is told;
 * the writer itself waits for room. Each stage that is entered or left is an event. `up`: the
 * engine can be asked.
 */
void cluster_watch_disk(struct cluster *cluster, bool up);

/*
 * Replication from an external source: whether it is to be looked after every second or so, which
 * is to check it, and once a minute to remove what is applied from the relay's log.
 */
bool cluster_is_replicating(struct cluster *cluster);

/* Readable from when a procedure has started it until it is checked; -1 before the cluster is up.
 */
int cluster_borrow_source_fd(const struct cluster *cluster);
MUST_CHECK bool cluster_check_source(struct cluster *cluster, struct err *err);

/* While it is replicating, every few seconds: errors of the engine's own threads become events. */
MUST_CHECK bool cluster_look_at_source(struct cluster *cluster, struct err *err);
MUST_CHECK bool cluster_purge_source(struct cluster *cluster, struct err *err);

/* Any thread, as are those below. */
void cluster_snapshot(struct cluster *cluster, struct cluster_snapshot *ret_snapshot);

/*
 * Stores other settings, which were planned from a snapshot, and a new password of the master user
 * unless it is NULL. From then on they are in force at each start; cluster_apply() brings them into
 * force now. One caller at a time.
 */
MUST_CHECK bool cluster_modify(struct cluster *cluster, const struct store_cluster *settings,
                               const char *password, struct err *err);

/* Says that something was asked of its owner; it is over when that has come to an end. */
void cluster_set_pending(struct cluster *cluster, bool pending);

/* Stores that the cluster shall go: from then on nothing keeps it. E_STATE: that is known. */
MUST_CHECK bool cluster_condemn(struct cluster *cluster, struct err *err);

/* By the owner: what was modified comes to the engine and to master.cnf. */
MUST_CHECK bool cluster_apply(struct cluster *cluster, struct err *err);

/* The engine reads its certificate again. */
MUST_CHECK bool cluster_reload_certificate(struct cluster *cluster, struct err *err);

MUST_CHECK bool cluster_connect(struct cluster *cluster, unsigned timeout_sec, struct sql **ret_sql,
                                struct err *err);

/*
 * The value of a parameter that is in force, by its name or that of the engine's variable
 * (slave_parallel_threads, say, is replica_parallel_workers or slave_parallel_workers); false: it
 * is not known yet, or the parameter has none of its own.
 */
bool cluster_get_parameter(struct cluster *cluster, const char *name,
                           char ret_value[PARAMETER_VALUE_MAX]);

/* All parameters of a cluster at one moment. */
struct cluster_parameters {
    unsigned version;             /* of Aurora MySQL: parameter_is_of() says which it has */
    struct parameter_set *wanted; /* by its groups */
    struct parameter_set *in_force;
    struct parameter_origin *origins; /* of what is wanted, parameters_count */
    struct cluster_group {
        char name[STORE_GROUP_MAX];
        bool pending; /* another one is in force until the next start */
    } groups[2];      /* by enum store_group_kind */
};

MUST_CHECK bool cluster_list_parameters(struct cluster *cluster,
                                        struct cluster_parameters *ret_list, struct err *err);
void cluster_parameters_done(struct cluster_parameters *list);
bool cluster_parameters_is_pending(const struct cluster_parameters *list, size_t index);

/* What SHOW SLAVE STATUS is to say in place of the engine's own words (source_status.h). */
void cluster_describe_source(struct cluster *cluster, const struct source_engine_row *row,
                             struct arena *arena, struct source_fields *ret_fields);

/* Whether a table's column my_row_id is invisible, or there is none any more: hidden_key.h. */
MUST_CHECK bool cluster_has_hidden_key(struct cluster *cluster, struct span database,
                                       struct span table, bool *ret_hidden, struct err *err);

/* Good from cluster_start() until cluster_delete() or cluster_close(). */
struct change_log *cluster_borrow_change_log(const struct cluster *cluster);

/* The UUID that MySQL's replicas know the writer by: that of the GTIDs that begin at it. */
void cluster_server_uuid(struct cluster *cluster, char ret_text[GTID_UUID_TEXT + 1]);

/* Constant after cluster_prepare(). */
const char *cluster_borrow_socket(const struct cluster *cluster);
const char *cluster_borrow_tls_cert(const struct cluster *cluster);
const char *cluster_borrow_tls_key(const struct cluster *cluster);

const char *cluster_state_name(enum cluster_state state);
