/*
 * What the files of struct cluster share.
 */
#pragma once

#include "cluster/aurora_bridge.h"
#include "cluster/cluster.h"
#include "cluster/event_kind.h"
#include "cluster/parameter_set.h"
#include "cluster/requests.h"
#include "cluster/secrets.h"
#include "cluster/source_replication.h"
#include "cluster/table_report.h"
#include "engine/status_page.h"

#include <pthread.h>

#define CLUSTER_SQL_TIMEOUT_SEC 30
#define DISK_STEPS_MAX          16 /* events that wait for the store; more are only logged */

struct cluster {
    struct arena *arena;
    struct store *store;
    const char *source_address;        /* of its own connections; NULL: as routing picks */
    const char *own;                   /* its directory */
    const char *instance_dir;          /* the writer's, in it */
    const char *change_log_dir;        /* in it, too */
    char subject[STORE_NAME_MAX + 16]; /* of log lines */
    struct store_instance record;
    struct engine_home *home; /* NULL before cluster_prepare(), as the writer */
    struct secrets secrets;
    struct instance *writer;
    struct parameter_set *starting;  /* given to an engine that does not answer yet; NULL: none */
    struct status_page *status_page; /* of the writer; NULL: not started */
    struct requests *requests;       /* of its procedures; NULL: not started */
    struct source_replication *replication; /* from cluster_prepare() on */
    int source_fd;                          /* of cluster_borrow_source_fd() */
    uint64_t told_left_behind;     /* a source's number, in its event; the receiver's thread's */
    uint32_t told_newer;           /* a source's version; the same */
    struct change_log *change_log; /* NULL: not started; set under the lock */
    struct aurora_bridge *bridge;  /* NULL: not started */
    struct table_report *tables;   /* that are not InnoDB */
    bool new_engine;               /* the operator named another engine than the one before */
    bool unclean;    /* the engine did not end by our doing: it recovers at its next start */
    bool recovering; /* that it does has been told */
    bool rebooting;
    struct disk_limits disk_limits;
    int64_t cut_at_usec;                       /* when the disk needs room: the next time */
    struct store_event untold[DISK_STEPS_MAX]; /* of the disk, which the store did not take yet */
    size_t n_untold;

    struct {
        pthread_mutex_t lock;
        struct store_cluster settings;
        enum cluster_state state;
        pid_t engine_pid;
        int64_t engine_started_usec;
        uint64_t engine_starts;
        uint64_t engine_ends;
        bool adopted;
        bool pending;
        char failure[ERR_TEXT_MAX];
        enum disk_stage disk_stage;
        struct disk_space disk;
        struct log_purged cut;
        char engine_version[STORE_NAME_MAX];
        char client[STORE_TEXT_MAX];
        struct parameter_set *in_force; /* what the engine runs with; NULL: not known yet */
        char groups_in_force[2][STORE_GROUP_MAX]; /* by enum store_group_kind */
    } shared;
};

void cluster_set_state(struct cluster *cluster, enum cluster_state state, const char *why);

/* "": it is over. */
void cluster_set_failure(struct cluster *cluster, const char *failure);

struct store_cluster cluster_settings(struct cluster *cluster);

struct store_event cluster_event(const struct cluster *cluster, enum event_kind kind,
                                 const char *detail);

/* Stores an event by itself; a store that fails is logged: what happened has happened. */
void cluster_note(struct cluster *cluster, enum event_kind kind, const char *detail);

/* What the plugin in the engine reads, and where it calls: before the directory with it goes. */
void cluster_close_to_engine(struct cluster *cluster);

/* What the engine runs with, as the store has it; again and again it does nothing. */
MUST_CHECK bool cluster_load_parameters(struct cluster *cluster, struct err *err);

/* What the groups say is given to the engine that is about to start. */
MUST_CHECK bool cluster_give_parameters(struct cluster *cluster, struct err *err);

/* It answers: what it was given is in force. */
void cluster_take_parameters(struct cluster *cluster);

/* It has ended in its start: err says which parameters it did not have before; false. */
bool cluster_blame_parameters(struct cluster *cluster, struct err *err);

/* Of a change of the store: all that is in force in its instance. */
void cluster_put_in_force(const struct parameter_set *set, struct arena *arena,
                          struct store_change *change);

/* What needs no restart comes to the engine. */
MUST_CHECK bool cluster_apply_parameters(struct cluster *cluster, struct sql *sql, struct err *err);

/* What is in force is shown by MySQL's names, too. */
MUST_CHECK bool cluster_show_names(struct cluster *cluster, struct sql *sql, struct err *err);

/* What was modified comes to the engine: it may be one that ran before that was stored. */
MUST_CHECK bool cluster_apply_to(struct cluster *cluster, struct sql *sql, struct err *err);

/* ---- cluster_room.c ---- */

/* What is to be freed of the binlog, whatever its age; 0: nothing. */
uint64_t cluster_wanted_bytes(struct cluster *cluster);

/* What went for that. */
void cluster_note_cut(struct cluster *cluster, const struct log_purged *purged);

/* ---- cluster_source.c ---- */

/* An engine answers: replication goes on if that is how the operator left it. */
MUST_CHECK bool cluster_resume_source(struct cluster *cluster, struct sql *sql, struct err *err);

/* struct source_owner; the context is the cluster. */
bool cluster_admit_source_place(void *context, const char *host, uint16_t port, struct err *err);
bool cluster_admit_source(void *context, const struct source *source, struct err *err);
unsigned cluster_dependency_history(void *context);
bool cluster_check_hidden_key(void *context, struct span database, struct span table,
                              struct err *err);

/* What procedures ask; the context is the cluster. */
bool cluster_request_set_source(void *context, const char *argument, struct err *err);
bool cluster_request_set_auto(void *context, const char *argument, struct err *err);
bool cluster_request_set_encrypted(void *context, const char *argument, struct err *err);
bool cluster_request_start_source(void *context, const char *argument, struct err *err);
bool cluster_request_start_until(void *context, const char *argument, struct err *err);
bool cluster_request_check_until(void *context, const char *argument, struct err *err);
bool cluster_request_start_threads(void *context, const char *argument, struct err *err);
bool cluster_request_skip_error(void *context, const char *argument, struct err *err);
bool cluster_request_check_gtid(void *context, const char *argument, struct err *err);
bool cluster_request_skip_gtid(void *context, const char *argument, struct err *err);
bool cluster_request_next_file(void *context, const char *argument, struct err *err);
bool cluster_request_check_source(void *context, const char *argument, struct err *err);
bool cluster_request_stop_source(void *context, const char *argument, struct err *err);
bool cluster_request_reset_source(void *context, const char *argument, struct err *err);
