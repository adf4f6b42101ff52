/*
 * struct instance: one DB instance: a directory and the engine process that runs on it.
 *
 * Layout of the directory (mode 0700, so that nobody else reaches the engine's socket):
 *
 *     data/                     the engine's data directory
 *     binlog/00000001/          its binary log, one directory per epoch: numbering that restarts
 *                               gets a path that sorts higher, because InnoDB remembers its place
 *                               in the log by the greatest file name (doc/engine.md)
 *     relay/                    its relay logs
 *     tmp/
 *     run/engine.sock
 *     run/status.page           what the plugin shows (status_layout.h)
 *     run/daemon.sock           where the plugin calls the daemon
 *     plugin/                   the engine's plugins and ours, made at every start
 *     my.cnf                    rendered at every start
 *     rdsadmin.cnf              likewise, for clients of the daemon's account at the socket, such
 *                               as mariadb-backup (0600)
 *     engine.log
 *     lock                      flock()ed by the engine through a descriptor that it inherits
 *
 * The engine outlives the daemon. Whoever finds the lock taken knows that an engine lives and
 * adopts it; whoever gets the lock knows that none does. Owned by one thread; instance_free()
 * leaves the engine alone.
 */
#pragma once

#include "base/err.h"
#include "base/process.h"
#include "engine/home.h"
#include "engine/sql.h"

#define ENGINE_ADMIN_USER "rdsadmin"

struct instance;

/* What an instance is started with. Strings are copied. */
struct instance_spec {
    const char *name;
    const char *dir;
    uint32_t server_id;
    uint32_t gtid_domain_id; /* of transactions that begin here */
    uint32_t binlog_epoch;
    bool require_secure_transport;
    bool with_binlog;    /* false: the engine has no binary log */
    const char *options; /* further lines of its option file, which win */
    const char *tls_ca;  /* PEM files, shared with the endpoint */
    const char *tls_cert;
    const char *tls_key;
    const char *admin_password; /* of ENGINE_ADMIN_USER */
    const char *aurora_version; /* of the interface that it offers, @@aurora_version */
};

/*
 * Does nothing to the disk. `home` must outlive the instance; NULL: it is only to be found and
 * ended.
 */
struct instance *instance_new(const struct instance_spec *spec, const struct engine_home *home);
void instance_free(struct instance *instance);

/*
 * Makes the directory and its data: system tables, time zones, and exactly two accounts:
 * ENGINE_ADMIN_USER@localhost, and the engine's own mariadb.sys, which is locked. An earlier
 * attempt that was cut short must have been removed. Takes some seconds.
 */
MUST_CHECK bool instance_create(struct instance *instance, struct err *err);

/* True when an engine runs on the directory, whoever started it. */
MUST_CHECK bool instance_is_running(struct instance *instance, bool *ret_running, struct err *err);

/* For the next start. */
void instance_require_secure_transport(struct instance *instance, bool required);

/* with_binlog and options of the spec, for the next start and for instance_rewrite_config(). */
void instance_set_options(struct instance *instance, bool with_binlog, const char *options);

/* The option file says what a running engine was told since its start. */
MUST_CHECK bool instance_rewrite_config(struct instance *instance, struct err *err);

/* Starts the engine; it is not ready yet. E_STATE when one runs already. */
MUST_CHECK bool instance_start(struct instance *instance, struct err *err);

/*
 * Takes over the engine that runs on the directory. pid and start_ticks are what the daemon
 * before us recorded, or 0; when they do not fit, the engine's socket tells. E_TIMEOUT when the
 * engine cannot be told by either until the deadline.
 */
MUST_CHECK bool instance_adopt(struct instance *instance, pid_t pid, uint64_t start_ticks,
                               int64_t deadline_usec, struct err *err);

/*
 * Waits until the engine answers SQL. E_STATE when it ended instead (the message quotes its
 * log), E_TIMEOUT when it still recovers at the deadline: it may be waited for again.
 */
MUST_CHECK bool instance_wait_ready(struct instance *instance, int64_t deadline_usec,
                                    struct err *err);

/* Asks the engine to end cleanly and waits; E_TIMEOUT when it still runs at the deadline. */
MUST_CHECK bool instance_stop(struct instance *instance, int64_t deadline_usec, struct err *err);

/* Ends the engine at once; for data that are about to be deleted. */
MUST_CHECK bool instance_kill(struct instance *instance, int64_t deadline_usec, struct err *err);

/* Collects an engine that has ended by itself, so that it can be started again. */
void instance_reap(struct instance *instance);

/* A control connection as ENGINE_ADMIN_USER; the caller closes it. */
MUST_CHECK bool instance_connect(struct instance *instance, unsigned timeout_sec,
                                 struct sql **ret_sql, struct err *err);

const struct process *instance_borrow_process(const struct instance *instance);
const char *instance_borrow_socket(const struct instance *instance);
const char *instance_borrow_log(const struct instance *instance);
const char *instance_borrow_binlog(const struct instance *instance); /* directory of the epoch */
const char *instance_borrow_status_page(const struct instance *instance);
const char *instance_borrow_daemon_socket(const struct instance *instance);
