#include "cluster/cluster.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cluster/procedures.h"
#include "cluster/secrets.h"
#include "engine/paths.h"
#include "net/socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_CAP              (1u << 20)
#define SQL_TIMEOUT_SEC        30
#define ADOPT_TIMEOUT          (30 * USEC_PER_SEC)
#define LEFTOVER_TIMEOUT       (120 * USEC_PER_SEC)
#define PORTS_TRIED            1000
#define DEFAULT_RETENTION_HOUR 24

struct cluster {
    struct arena *arena;
    struct store *store;
    const char *own;          /* its directory */
    const char *instance_dir; /* the writer's, in it */
    bool stored;              /* the store knows of it already */
    bool new_engine;          /* the operator named another engine than the one before */
    struct store_cluster settings;
    struct store_instance record;
    struct engine_home *home;
    struct secrets secrets;
    struct instance *writer;
    char subject[STORE_NAME_MAX + 16]; /* of log lines */

    struct {
        pthread_mutex_t lock;
        enum cluster_state state;
        pid_t engine_pid;
        bool adopted;
    } shared;
};

const char *cluster_state_name(enum cluster_state state)
{
    switch (state) {
    case CLUSTER_CREATING:
        return "creating";
    case CLUSTER_STARTING:
        return "starting";
    case CLUSTER_AVAILABLE:
        return "available";
    case CLUSTER_STOPPING:
        return "stopping";
    case CLUSTER_STOPPED:
        return "stopped";
    case CLUSTER_FAILED:
        return "failed";
    }
    return "unknown";
}

/* One line a state: the states that may follow it. */
static bool may_follow(enum cluster_state from, enum cluster_state to)
{
    switch (from) {
    case CLUSTER_CREATING:
        return to == CLUSTER_STARTING;
    case CLUSTER_STARTING:
        return to == CLUSTER_AVAILABLE || to == CLUSTER_STOPPING || to == CLUSTER_FAILED;
    case CLUSTER_AVAILABLE:
        return to == CLUSTER_STOPPING || to == CLUSTER_FAILED;
    case CLUSTER_STOPPING:
        return to == CLUSTER_STOPPED;
    case CLUSTER_STOPPED:
    case CLUSTER_FAILED:
        return to == CLUSTER_STARTING || to == CLUSTER_STOPPING;
    }
    return false;
}

static void cluster_set_state(struct cluster *cluster, enum cluster_state state, const char *why)
{
    enum cluster_state old;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    old = cluster->shared.state;
    cluster->shared.state = state;
    cluster->shared.engine_pid = instance_borrow_process(cluster->writer)->pid;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (old == state)
        return;
    if (!may_follow(old, state)) {
        log_error(cluster->subject, "state %s -> %s is not possible: %s", cluster_state_name(old),
                  cluster_state_name(state), why);
        abort();
    }
    log_info(cluster->subject, "state %s -> %s: %s", cluster_state_name(old),
             cluster_state_name(state), why);
}

/* Opens a listening socket for a moment to see whether the port is free. */
static bool port_is_free(const char *listen, uint16_t port, bool *ret_free, struct err *err)
{
    struct address address;
    int fd = -1;

    if (!address_parse(listen, port, &address, err))
        return false;
    *ret_free = socket_listen_tcp(&address, &fd, err);
    fd_close(&fd);
    return *ret_free || err->code == EADDRINUSE;
}

/* The first free port from the default on. */
static bool choose_port(const char *listen, uint16_t *ret_port, struct err *err)
{
    for (uint16_t port = CLUSTER_DEFAULT_PORT; port < CLUSTER_DEFAULT_PORT + PORTS_TRIED; port++) {
        bool is_free = false;

        if (!port_is_free(listen, port, &is_free, err))
            return false;
        if (is_free) {
            *ret_port = port;
            return true;
        }
    }
    return err_set(err, E_STATE, 0, "%s: no free port in %d..%d; give one with --port", listen,
                   CLUSTER_DEFAULT_PORT, CLUSTER_DEFAULT_PORT + PORTS_TRIED - 1);
}

static bool new_settings(const struct cluster_options *options, struct store_cluster *settings,
                         struct err *err)
{
    *settings = (struct store_cluster){.creation = CREATION_STARTED, .port = options->port};
    (void)snprintf(settings->name, sizeof settings->name, CLUSTER_DEFAULT_NAME);
    (void)snprintf(settings->master_user, sizeof settings->master_user, CLUSTER_MASTER_USER);
    (void)snprintf(settings->listen, sizeof settings->listen, "%s",
                   options->listen ? options->listen : CLUSTER_DEFAULT_LISTEN);
    /* Two clusters that replicate from each other must not share a domain; 0 is everybody's. */
    settings->gtid_domain_id = random_u32() >> 1 | 1;
    return options->port != 0 || choose_port(settings->listen, &settings->port, err);
}

/* The stored settings, with what the operator asked for now laid over them. */
static bool load_settings(struct cluster *cluster, const struct cluster_options *options,
                          struct err *err)
{
    struct store_cluster *settings = &cluster->settings;
    struct address address;
    bool found = false;

    if (cluster->store && !store_get_cluster(cluster->store, settings, &found, err))
        return false;
    cluster->stored = found;
    if (!found && !new_settings(options, settings, err))
        return false;
    if (options->listen)
        (void)snprintf(settings->listen, sizeof settings->listen, "%s", options->listen);
    if (options->port)
        settings->port = options->port;
    if (options->require_secure_transport >= 0)
        settings->require_secure_transport = options->require_secure_transport != 0;
    return address_parse(settings->listen, settings->port, &address, err);
}

/* Data may be opened by the version that wrote it or a later one, never by an earlier. */
static bool check_version(const struct store_instance *record, const struct engine_home *home,
                          struct err *err)
{
    unsigned major = 0;
    unsigned minor = 0;

    if (sscanf(record->version, "%u.%u", &major, &minor) == 2 &&
        home->version_number / 100 < major * 100 + minor)
        return err_set(err, E_STATE, 0,
                       "instance %s: expected an engine of version %u.%u or later, which wrote its "
                       "data, found %s; a data directory cannot go back",
                       record->name, major, minor, home->version);
    return true;
}

static bool load_record(struct cluster *cluster, const struct cluster_options *options,
                        struct err *err)
{
    struct store_instance *record = &cluster->record;
    char name[STORE_NAME_MAX];
    const char *engine;
    bool found = false;

    (void)snprintf(name, sizeof name, "%.60s-1", cluster->settings.name);
    if (cluster->store && !store_get_instance(cluster->store, name, record, &found, err))
        return false;
    if (!found) {
        *record = (struct store_instance){.binlog_epoch = 1, .server_id = random_u32() >> 1 | 1};
        (void)snprintf(record->name, sizeof record->name, "%s", name);
        (void)snprintf(record->cluster, sizeof record->cluster, "%s", cluster->settings.name);
    }
    engine = found ? record->engine : CLUSTER_DEFAULT_ENGINE;
    if (options->engine)
        engine = options->engine;
    if (!engine_home_open(engine, &cluster->home, err) ||
        !check_version(record, cluster->home, err))
        return false;
    /* A path is stored absolute: the next start may be made from another directory. */
    if (strchr(engine, '/'))
        engine = cluster->home->dir;
    cluster->new_engine = found && strcmp(engine, record->engine) != 0;
    if (engine != record->engine)
        (void)snprintf(record->engine, sizeof record->engine, "%s", engine);
    return true;
}

static bool make_writer(struct cluster *cluster, struct err *err)
{
    struct instance_spec spec = {
        .name = cluster->record.name,
        .dir = cluster->instance_dir,
        .server_id = cluster->record.server_id,
        .gtid_domain_id = cluster->settings.gtid_domain_id,
        .binlog_epoch = cluster->record.binlog_epoch,
        .require_secure_transport = cluster->settings.require_secure_transport,
        .tls_ca = cluster->secrets.tls_ca,
        .tls_cert = cluster->secrets.tls_cert,
        .tls_key = cluster->secrets.tls_key,
        .admin_password = cluster->secrets.admin_password,
    };

    return instance_new(&spec, cluster->home, &cluster->writer, err);
}

/* Ends the engine of a creation that was cut short, so that its directory can go. */
static bool stop_leftover(struct cluster *cluster, struct err *err)
{
    bool running = false;

    if (!path_exists(cluster->instance_dir))
        return true;
    if (!instance_is_running(cluster->writer, &running, err))
        return false;
    if (!running)
        return true;
    if (instance_adopt(cluster->writer, cluster->record.pid, cluster->record.start_ticks,
                       clock_deadline_usec(LEFTOVER_TIMEOUT), err))
        return instance_kill(cluster->writer, clock_deadline_usec(LEFTOVER_TIMEOUT), err);
    /* An engine that was still filling the directory has no socket: it ends by itself. */
    return instance_is_running(cluster->writer, &running, err) &&
           (!running || err_set(err, E_STATE, 0, "%s: in use by an engine that does not end",
                                cluster->instance_dir));
}

/*
 * Creation: the store says "started" before anything is made and "done" after the master user
 * exists (cluster_wait_ready); a directory found at "started" is a torso and is made anew.
 */
static bool create_writer(struct cluster *cluster, struct err *err)
{
    if (!stop_leftover(cluster, err) || !dir_remove(cluster->instance_dir, err))
        return false;
    log_info(cluster->subject, "creating instance=%s engine=%s", cluster->record.name,
             cluster->home->version);
    return instance_create(cluster->writer, err);
}

/* Where clients on this machine reach an endpoint that listens everywhere. */
static const char *local_host(const char *listen)
{
    if (strcmp(listen, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(listen, "::") == 0 ? "::1" : listen;
}

/* Chooses the directories and looks whether they will do. */
static bool place(struct cluster *cluster, const char *dir, struct err *err)
{
    struct instance_paths paths;

    cluster->own = arena_printf(cluster->arena, "%s/clusters/%s", dir, cluster->settings.name);
    cluster->instance_dir =
        arena_printf(cluster->arena, "%s/instances/%s", cluster->own, cluster->record.name);
    if (!cluster->stored && path_exists(cluster->instance_dir))
        return err_set(err, E_STATE, 0,
                       "%s: expected none, because borealis.db knows of no cluster, found one; "
                       "put the right borealis.db back, or choose another directory",
                       cluster->instance_dir);
    instance_paths_init(&paths, cluster->arena, cluster->instance_dir,
                        cluster->record.binlog_epoch);
    return socket_check_path(paths.socket, err);
}

/* Puts a new cluster into the store, unless another daemon was there first. */
static bool put_new(struct cluster *cluster, struct err *err)
{
    struct store_cluster other;
    bool found = false;

    if (!store_get_cluster(cluster->store, &other, &found, err))
        return false;
    if (found)
        return err_set(err, E_STATE, 0,
                       "cluster %s: made by another borealis serve a moment ago; start again",
                       other.name);
    return store_put_cluster(cluster->store, &cluster->settings, err) &&
           store_put_instance(cluster->store, &cluster->record, err);
}

bool cluster_open(const char *dir, struct store *store, const struct cluster_options *options,
                  struct cluster **ret_cluster, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct cluster *cluster = arena_alloc(arena, sizeof *cluster);

    cluster->arena = arena;
    cluster->store = store;
    (void)pthread_mutex_init(&cluster->shared.lock, NULL);
    if (!load_settings(cluster, options, err) || !load_record(cluster, options, err) ||
        !place(cluster, dir, err)) {
        cluster_close(cluster);
        return false;
    }
    (void)snprintf(cluster->subject, sizeof cluster->subject, "cluster/%s", cluster->settings.name);
    cluster->shared.state =
        cluster->settings.creation == CREATION_DONE ? CLUSTER_STOPPED : CLUSTER_CREATING;
    *ret_cluster = cluster;
    return true;
}

bool cluster_prepare(struct cluster *cluster, struct store *store, struct err *err)
{
    const struct store_cluster *settings = &cluster->settings;

    cluster->store = store;
    if (!cluster->stored && !put_new(cluster, err))
        return false;
    if (!secrets_open(cluster->own, settings->name, settings->master_user,
                      local_host(settings->listen), settings->port, cluster->arena,
                      &cluster->secrets, err) ||
        !make_writer(cluster, err))
        return false;
    return settings->creation == CREATION_DONE || create_writer(cluster, err);
}

void cluster_close(struct cluster *cluster)
{
    if (!cluster)
        return;
    instance_free(cluster->writer);
    engine_home_free(cluster->home);
    (void)pthread_mutex_destroy(&cluster->shared.lock);
    arena_free(cluster->arena);
}

/* Records the engine process, so that the next daemon finds it even while it still recovers. */
static bool record_process(struct cluster *cluster, struct err *err)
{
    const struct process *process = instance_borrow_process(cluster->writer);

    cluster->record.pid = process->pid;
    cluster->record.start_ticks = process->start_ticks;
    return store_put_instance(cluster->store, &cluster->record, err);
}

bool cluster_start(struct cluster *cluster, struct err *err)
{
    bool running = false;

    if (!instance_is_running(cluster->writer, &running, err))
        return false;
    if (running && cluster->new_engine)
        return err_set(err, E_STATE, 0,
                       "%s: its engine still runs on other programs than the --engine given; start "
                       "without --engine, stop, and start again with it",
                       cluster->subject);
    if (running) {
        if (!instance_adopt(cluster->writer, cluster->record.pid, cluster->record.start_ticks,
                            clock_deadline_usec(ADOPT_TIMEOUT), err))
            return false;
    } else if (!instance_start(cluster->writer, err)) {
        return false;
    }
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->shared.adopted = running;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    cluster_set_state(cluster, CLUSTER_STARTING,
                      running ? "adopting its engine" : "engine started");
    return record_process(cluster, err);
}

/* What the first start adds to a new data directory. */
static bool finish_creation(struct cluster *cluster, struct sql *sql, struct err *err)
{
    if (cluster->settings.creation == CREATION_DONE)
        return true;
    return procedures_create_master(sql, cluster->settings.master_user,
                                    cluster->secrets.master_password, err);
}

/*
 * An engine comes up with replication stopped. It goes on if that is how the operator left it: the
 * procedures' last note says so. A source that cannot be reached does not keep the cluster down.
 */
static bool resume_replication(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct arena *arena;
    struct sql_result result;
    bool ok;

    if (cluster->shared.adopted)
        return true;
    arena = arena_new(ARENA_CAP);
    ok = sql_query(sql, "SELECT 1 FROM mysql.rds_replication_status WHERE action = 'start slave'",
                   arena, &result, err);
    if (ok && result.n_rows > 0) {
        struct err failed;

        if (sql_run(sql, "START SLAVE", &failed))
            log_info(cluster->subject, "replication resumed");
        else
            log_warn(cluster->subject, "replication is not resumed: %s", failed.text);
    }
    arena_free(arena);
    return ok;
}

bool cluster_wait_ready(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    struct sql *sql = NULL;
    bool ok;

    if (!instance_wait_ready(cluster->writer, deadline_usec, err) ||
        !instance_connect(cluster->writer, SQL_TIMEOUT_SEC, &sql, err))
        return false;
    ok = finish_creation(cluster, sql, err) &&
         procedures_install(sql, cluster->settings.master_user, err) &&
         resume_replication(cluster, sql, err);
    sql_close(sql);
    if (!ok)
        return err_prefix(err, "%s", cluster->subject);
    (void)snprintf(cluster->record.version, sizeof cluster->record.version, "%s",
                   cluster->home->version);
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->settings.creation = CREATION_DONE;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (!store_put_instance(cluster->store, &cluster->record, err) ||
        !store_put_cluster(cluster->store, &cluster->settings, err))
        return false;
    cluster_set_state(cluster, CLUSTER_AVAILABLE, "the engine answers");
    return true;
}

bool cluster_stop(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    cluster_set_state(cluster, CLUSTER_STOPPING, "asked to stop");
    if (!instance_stop(cluster->writer, deadline_usec, err))
        return false;
    cluster_set_state(cluster, CLUSTER_STOPPED, "the engine has ended");
    return record_process(cluster, err);
}

int cluster_borrow_engine_fd(const struct cluster *cluster)
{
    return cluster->writer ? instance_borrow_process(cluster->writer)->pidfd : -1;
}

void cluster_engine_ended(struct cluster *cluster)
{
    instance_reap(cluster->writer);
    cluster_set_state(cluster, CLUSTER_FAILED, "the engine ended by itself");
}

/* 'binlog retention hours' as the procedures store it: NULL means the default. */
static bool read_retention(struct sql *sql, long *ret_hours, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    bool ok = sql_query(sql,
                        "SELECT value FROM mysql.rds_configuration "
                        "WHERE name = 'binlog retention hours'",
                        arena, &result, err);

    if (ok) {
        const char *value = sql_result_get(&result, 0, "value");

        *ret_hours = value ? strtol(value, NULL, 10) : DEFAULT_RETENTION_HOUR;
    }
    arena_free(arena);
    return ok;
}

bool cluster_purge_binlogs(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    long hours = 0;
    char statement[128];
    bool ok;

    if (!cluster_connect(cluster, SQL_TIMEOUT_SEC, &sql, err))
        return false;
    ok = read_retention(sql, &hours, err);
    if (ok && hours > 0) {
        (void)snprintf(statement, sizeof statement,
                       "PURGE BINARY LOGS BEFORE NOW() - INTERVAL %ld HOUR", hours);
        ok = sql_run(sql, statement, err);
    }
    sql_close(sql);
    return ok;
}

void cluster_snapshot(struct cluster *cluster, struct cluster_snapshot *ret_snapshot)
{
    *ret_snapshot = (struct cluster_snapshot){0};
    /* The names do not change while other threads live. */
    memcpy(ret_snapshot->instance, cluster->record.name, sizeof ret_snapshot->instance);
    (void)snprintf(ret_snapshot->engine_version, sizeof ret_snapshot->engine_version, "%s",
                   cluster->home->version);
    (void)pthread_mutex_lock(&cluster->shared.lock);
    ret_snapshot->settings = cluster->settings;
    ret_snapshot->state = cluster->shared.state;
    ret_snapshot->engine_pid = cluster->shared.engine_pid;
    ret_snapshot->adopted = cluster->shared.adopted;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
}

bool cluster_connect(struct cluster *cluster, unsigned timeout_sec, struct sql **ret_sql,
                     struct err *err)
{
    return instance_connect(cluster->writer, timeout_sec, ret_sql, err);
}

const char *cluster_borrow_socket(const struct cluster *cluster)
{
    return instance_borrow_socket(cluster->writer);
}

const char *cluster_borrow_log(const struct cluster *cluster)
{
    return instance_borrow_log(cluster->writer);
}

const char *cluster_borrow_tls_cert(const struct cluster *cluster)
{
    return cluster->secrets.tls_cert;
}

const char *cluster_borrow_tls_key(const struct cluster *cluster)
{
    return cluster->secrets.tls_key;
}

const char *cluster_borrow_tls_ca(const struct cluster *cluster)
{
    return cluster->secrets.tls_ca;
}

const char *cluster_borrow_credentials(const struct cluster *cluster)
{
    return cluster->secrets.credentials;
}

const struct engine_home *cluster_borrow_home(const struct cluster *cluster)
{
    return cluster->home;
}
