#include "cluster/cluster_internal.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "translation/gtid_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CAP (1u << 20)

const char *cluster_state_name(enum cluster_state state)
{
    switch (state) {
    case CLUSTER_CREATING:
        return "creating";
    case CLUSTER_STARTING:
        return "starting";
    case CLUSTER_AVAILABLE:
        return "available";
    case CLUSTER_REBOOTING:
        return "rebooting";
    case CLUSTER_STOPPING:
        return "stopping";
    case CLUSTER_STOPPED:
        return "stopped";
    case CLUSTER_FAILED:
        return "failed";
    case CLUSTER_DELETING:
        return "deleting";
    case CLUSTER_STATES:
        break;
    }
    return "unknown";
}

/* One line a state: the states that may follow it. Whatever a cluster does, it may be deleted. */
static bool may_follow(enum cluster_state from, enum cluster_state to)
{
    if (to == CLUSTER_DELETING)
        return true;
    switch (from) {
    case CLUSTER_CREATING:
        return to == CLUSTER_STARTING || to == CLUSTER_FAILED;
    case CLUSTER_STARTING:
        return to == CLUSTER_AVAILABLE || to == CLUSTER_STOPPING || to == CLUSTER_FAILED;
    case CLUSTER_AVAILABLE:
        return to == CLUSTER_STOPPING || to == CLUSTER_FAILED || to == CLUSTER_REBOOTING;
    case CLUSTER_REBOOTING:
        return to == CLUSTER_STOPPED || to == CLUSTER_FAILED || to == CLUSTER_STOPPING;
    case CLUSTER_STOPPING:
        return to == CLUSTER_STOPPED;
    case CLUSTER_STOPPED:
        return to == CLUSTER_STARTING || to == CLUSTER_STOPPING || to == CLUSTER_FAILED;
    case CLUSTER_FAILED:
        return to == CLUSTER_STARTING || to == CLUSTER_STOPPING || to == CLUSTER_CREATING;
    case CLUSTER_DELETING:
    case CLUSTER_STATES:
        return false;
    }
    return false;
}

/* Which engine process there is, if any: told to others. */
static void note_engine_locked(struct cluster *cluster)
{
    const struct process *process =
        cluster->writer ? instance_borrow_process(cluster->writer) : NULL;
    pid_t before = cluster->shared.engine_pid;

    cluster->shared.engine_pid = process ? process->pid : 0;
    if (cluster->shared.engine_pid == 0)
        cluster->shared.engine_started_usec = 0;
    else if (cluster->shared.engine_pid != before)
        cluster->shared.engine_started_usec = process_started_usec(process);
}

void cluster_set_state(struct cluster *cluster, enum cluster_state state, const char *why)
{
    enum cluster_state old;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    old = cluster->shared.state;
    cluster->shared.state = state;
    note_engine_locked(cluster);
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

void cluster_set_failure(struct cluster *cluster, const char *failure)
{
    (void)pthread_mutex_lock(&cluster->shared.lock);
    (void)snprintf(cluster->shared.failure, sizeof cluster->shared.failure, "%s", failure);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
}

void cluster_endpoint_lost(struct cluster *cluster, const char *why)
{
    log_error(cluster->subject, "%s; it is tried again", why);
    cluster_note(cluster, EVENT_ENDPOINT_LOST, why);
}

void cluster_endpoint_found(struct cluster *cluster, const char *why)
{
    cluster_note(cluster, EVENT_ENDPOINT_FOUND, why);
}

void cluster_set_pending(struct cluster *cluster, bool pending)
{
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->shared.pending = pending;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
}

struct store_cluster cluster_settings(struct cluster *cluster)
{
    struct store_cluster settings;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    settings = cluster->shared.settings;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return settings;
}

struct store_event cluster_event(const struct cluster *cluster, enum event_kind kind,
                                 const char *detail)
{
    return event_make(kind, cluster->record.cluster, cluster->record.name, detail);
}

void cluster_note(struct cluster *cluster, enum event_kind kind, const char *detail)
{
    struct store_event event = cluster_event(cluster, kind, detail);
    struct err err;

    log_info(cluster->subject, "event %s", event.message);
    if (!store_apply(cluster->store, &(struct store_change){.events = &event, .n_events = 1}, &err))
        log_error(cluster->subject, "an event is not kept: %s", err.text);
}

static enum cluster_state first_state(enum lifecycle lifecycle)
{
    switch (lifecycle) {
    case LIFECYCLE_CREATING:
        return CLUSTER_CREATING;
    case LIFECYCLE_MADE:
        return CLUSTER_STOPPED;
    case LIFECYCLE_DELETING:
        return CLUSTER_DELETING;
    }
    return CLUSTER_STOPPED;
}

struct cluster *cluster_open(const char *dir, struct store *store, const char *source_address,
                             const struct disk_limits *disk_limits, const struct cluster_plan *plan)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct cluster *cluster = arena_alloc(arena, sizeof *cluster);

    cluster->arena = arena;
    cluster->source_fd = -1;
    cluster->tables = table_report_new();
    cluster->store = store;
    cluster->disk_limits = *disk_limits;
    cluster->source_address = source_address ? arena_strdup(arena, source_address) : NULL;
    (void)pthread_mutex_init(&cluster->shared.lock, NULL);
    cluster->record = plan->record;
    cluster->shared.settings = plan->settings;
    cluster->shared.state = first_state(plan->settings.lifecycle);
    cluster->own = arena_printf(arena, "%s/clusters/%s", dir, plan->settings.name);
    cluster->instance_dir = arena_printf(arena, "%s/instances/%s", cluster->own, plan->record.name);
    cluster->change_log_dir = arena_printf(arena, "%s/changelog", cluster->own);
    secrets_init(cluster->own, arena, &cluster->secrets);
    /* The daemon before us saw an engine, and nobody has seen it end. */
    cluster->unclean = plan->record.pid != 0;
    (void)snprintf(cluster->subject, sizeof cluster->subject, "cluster/%s", plan->settings.name);
    return cluster;
}

void cluster_close(struct cluster *cluster)
{
    if (!cluster)
        return;
    cluster_close_to_engine(cluster);
    source_replication_free(cluster->replication);
    instance_free(cluster->writer);
    engine_home_free(cluster->home);
    parameter_set_free(cluster->starting);
    parameter_set_free(cluster->shared.in_force);
    table_report_free(cluster->tables);
    fd_close(&cluster->source_fd);
    (void)pthread_mutex_destroy(&cluster->shared.lock);
    arena_free(cluster->arena);
}

void cluster_snapshot(struct cluster *cluster, struct cluster_snapshot *ret_snapshot)
{
    *ret_snapshot = (struct cluster_snapshot){0};
    /* The names do not change while other threads live. */
    memcpy(ret_snapshot->instance, cluster->record.name, sizeof ret_snapshot->instance);
    (void)snprintf(ret_snapshot->directory, sizeof ret_snapshot->directory, "%s",
                   cluster->instance_dir);
    (void)snprintf(ret_snapshot->credentials, sizeof ret_snapshot->credentials, "%s",
                   cluster->secrets.credentials);
    (void)snprintf(ret_snapshot->tls_ca, sizeof ret_snapshot->tls_ca, "%s",
                   cluster->secrets.tls_ca);
    (void)pthread_mutex_lock(&cluster->shared.lock);
    memcpy(ret_snapshot->engine_version, cluster->shared.engine_version,
           sizeof ret_snapshot->engine_version);
    memcpy(ret_snapshot->client, cluster->shared.client, sizeof ret_snapshot->client);
    memcpy(ret_snapshot->failure, cluster->shared.failure, sizeof ret_snapshot->failure);
    ret_snapshot->settings = cluster->shared.settings;
    ret_snapshot->state = cluster->shared.state;
    ret_snapshot->engine_pid = cluster->shared.engine_pid;
    ret_snapshot->engine_started_usec = cluster->shared.engine_started_usec;
    ret_snapshot->engine_starts = cluster->shared.engine_starts;
    ret_snapshot->engine_ends = cluster->shared.engine_ends;
    ret_snapshot->adopted = cluster->shared.adopted;
    ret_snapshot->pending = cluster->shared.pending;
    ret_snapshot->disk_stage = cluster->shared.disk_stage;
    ret_snapshot->disk = cluster->shared.disk;
    ret_snapshot->cut = cluster->shared.cut;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
}

bool cluster_connect(struct cluster *cluster, unsigned timeout_sec, struct sql **ret_sql,
                     struct err *err)
{
    return instance_connect(cluster->writer, timeout_sec, ret_sql, err);
}

int cluster_borrow_engine_fd(const struct cluster *cluster)
{
    return cluster->writer ? instance_borrow_process(cluster->writer)->pidfd : -1;
}

struct change_log *cluster_borrow_change_log(const struct cluster *cluster)
{
    return cluster->change_log;
}

void cluster_server_uuid(struct cluster *cluster, char ret_text[GTID_UUID_TEXT + 1])
{
    struct gtid_uuid uuid;

    gtid_uuid_of_domain(cluster_settings(cluster).gtid_domain_id, cluster->record.server_id, &uuid);
    gtid_uuid_print(&uuid, ret_text);
}

const char *cluster_borrow_socket(const struct cluster *cluster)
{
    return instance_borrow_socket(cluster->writer);
}

const char *cluster_borrow_tls_cert(const struct cluster *cluster)
{
    return cluster->secrets.tls_cert;
}

const char *cluster_borrow_tls_key(const struct cluster *cluster)
{
    return cluster->secrets.tls_key;
}
