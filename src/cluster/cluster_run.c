/* A cluster's engine from its start to its end; see cluster.h. */
#include "cluster/cluster_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/binlog_purge.h"
#include "cluster/gtid_purged.h"
#include "cluster/procedures.h"
#include "cluster/ssl_material.h"
#include "engine/paths.h"
#include "engine/plugin.h"

#include <stdio.h>
#include <string.h>

#define ADOPT_TIMEOUT       (30 * USEC_PER_SEC)
#define ARENA_CAP           (1u << 20)
#define REQUEST_TIMEOUT_SEC 8 /* a procedure waits for 10 s */

/* Records the engine process and what it was given, so that the next daemon finds it even while it
 * still recovers. */
static bool record_process(struct cluster *cluster, struct err *err)
{
    const struct process *process = instance_borrow_process(cluster->writer);
    struct store_change change = {.instance = &cluster->record};
    struct arena *arena = arena_new(ARENA_CAP);
    bool ok;

    cluster->record.pid = process->pid;
    cluster->record.start_ticks = process->start_ticks;
    if (cluster->starting)
        cluster_put_in_force(cluster->starting, arena, &change);
    ok = store_apply(cluster->store, &change, err);
    arena_free(arena);
    return ok;
}

static bool request_connect(void *context, struct sql **ret_sql, struct err *err)
{
    return cluster_connect(context, REQUEST_TIMEOUT_SEC, ret_sql, err);
}

static bool request_retention(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return cluster_purge_binlogs(context, err);
}

static bool request_import_ssl(void *context, const char *argument, struct err *err)
{
    struct cluster *cluster = context;
    struct ssl_material material = {0};
    bool ok = ssl_material_parse(span_str(argument), &material, err) &&
              ssl_material_check(&material, err) &&
              ssl_material_store(cluster->own, &material, err);

    ssl_material_done(&material);
    return ok;
}

static bool request_remove_ssl(void *context, const char *argument, struct err *err)
{
    struct cluster *cluster = context;

    (void)argument;
    return ssl_material_remove(cluster->own, err);
}

static bool request_gtid_purged(void *context, const char *argument, struct err *err)
{
    struct sql *sql = NULL;
    bool ok;

    if (!cluster_connect(context, REQUEST_TIMEOUT_SEC, &sql, err))
        return false;
    ok = gtid_purged_store(sql, argument ? argument : "", err);
    sql_close(sql);
    return ok;
}

static const struct request_kind request_kinds[] = {
    {"apply binlog retention", request_retention, .secret = false},
    {"set external source", cluster_request_set_source, .secret = true},
    {"set auto position", cluster_request_set_auto, .secret = false},
    {"set source ssl", cluster_request_set_encrypted, .secret = false},
    {"start replication", cluster_request_start_source, .secret = false},
    {"start replication until", cluster_request_start_until, .secret = false},
    {"check replication until", cluster_request_check_until, .secret = false},
    {"start replication threads", cluster_request_start_threads, .secret = false},
    {"skip replication error", cluster_request_skip_error, .secret = false},
    {"check gtid", cluster_request_check_gtid, .secret = false},
    {"skip gtid", cluster_request_skip_gtid, .secret = false},
    {"next log file", cluster_request_next_file, .secret = false},
    {"check replication", cluster_request_check_source, .secret = false},
    {"stop replication", cluster_request_stop_source, .secret = false},
    {"reset replication", cluster_request_reset_source, .secret = false},
    {"import binlog ssl material", request_import_ssl, .secret = true},
    {"remove binlog ssl material", request_remove_ssl, .secret = false},
    {"set gtid_purged", request_gtid_purged, .secret = false},
};

static bool open_to_engine(struct cluster *cluster, struct err *err)
{
    if (!cluster->status_page &&
        !status_page_open(instance_borrow_status_page(cluster->writer), &cluster->status_page, err))
        return false;
    return cluster->requests ||
           requests_start(
               &(struct requests_spec){.socket_path =
                                           instance_borrow_daemon_socket(cluster->writer),
                                       .subject = cluster->subject,
                                       .kinds = request_kinds,
                                       .n_kinds = sizeof request_kinds / sizeof *request_kinds,
                                       .connect = request_connect,
                                       .context = cluster},
               &cluster->requests, err);
}

/* A source's receiver may look at its replicas at any time. Gives the one before. */
static struct change_log *put_change_log(struct cluster *cluster, struct change_log *log)
{
    struct change_log *before;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    before = cluster->change_log;
    cluster->change_log = log;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return before;
}

/* What the engine writes is followed whether it runs or not: it may have ended with a tail. */
static bool start_change_log(struct cluster *cluster, struct err *err)
{
    struct change_log *log = NULL;
    char *directory;
    bool ok;

    if (cluster->change_log)
        return true;
    directory = mem_printf("%s/%08u", cluster->change_log_dir, cluster->record.binlog_epoch);
    ok = change_log_start(
        &(struct change_log_spec){.subject = cluster->subject,
                                  .directory = directory,
                                  .binlog = instance_borrow_binlog(cluster->writer),
                                  .base = INSTANCE_BINLOG_NAME,
                                  .server_id = cluster->record.server_id},
        &log, err);
    mem_free(directory);
    if (ok)
        (void)put_change_log(cluster, log);
    return ok;
}

static bool start_bridge(struct cluster *cluster, struct err *err)
{
    return cluster->bridge ||
           aurora_bridge_start(&(struct aurora_bridge_spec){.subject = cluster->subject,
                                                            .page = cluster->status_page,
                                                            .log = cluster->change_log,
                                                            .connect = request_connect,
                                                            .context = cluster},
                               &cluster->bridge, err);
}

void cluster_close_to_engine(struct cluster *cluster)
{
    aurora_bridge_stop(cluster->bridge);
    cluster->bridge = NULL;
    change_log_stop(put_change_log(cluster, NULL));
    requests_stop(cluster->requests);
    cluster->requests = NULL;
    status_page_close(cluster->status_page);
    cluster->status_page = NULL;
}

/* *running: whether it is ours now; it may end as we look. */
static bool adopt(struct cluster *cluster, bool *running, struct err *err)
{
    struct err other;

    if (instance_adopt(cluster->writer, cluster->record.pid, cluster->record.start_ticks,
                       clock_deadline_usec(ADOPT_TIMEOUT), err)) {
        cluster->unclean = false;
        return true;
    }
    return instance_is_running(cluster->writer, running, &other) && !*running;
}

static bool start_or_adopt(struct cluster *cluster, bool *ret_adopted, struct err *err)
{
    bool running = false;

    if (!open_to_engine(cluster, err))
        return false;
    if (!instance_is_running(cluster->writer, &running, err))
        return false;
    if (running && cluster->new_engine)
        return err_set(err, E_STATE, 0,
                       "%s: its engine still runs on other programs than the --engine given; start "
                       "without --engine, stop, and start again with it",
                       cluster->subject);
    if (running && !adopt(cluster, &running, err))
        return false;
    if (!running) {
        instance_require_secure_transport(cluster->writer,
                                          cluster_settings(cluster).require_secure_transport);
        if (!cluster_give_parameters(cluster, err) || !instance_start(cluster->writer, err))
            return false;
    }
    *ret_adopted = running;
    return true;
}

/* An engine that ended by itself. */
static void note_end(struct cluster *cluster)
{
    instance_reap(cluster->writer);
    cluster->unclean = true;
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->shared.engine_ends++;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
}

/* An engine of ours that was not what failed goes on. */
static bool goes_on(struct cluster *cluster)
{
    const struct process *process = instance_borrow_process(cluster->writer);

    if (process->pid == 0)
        return false;
    if (process_alive(process))
        return true;
    note_end(cluster);
    return false;
}

bool cluster_start(struct cluster *cluster, struct err *err)
{
    bool adopted = false;

    if (goes_on(cluster)) {
        cluster_set_state(cluster, CLUSTER_STARTING, "its engine runs");
        return true;
    }
    if (!start_or_adopt(cluster, &adopted, err) || !start_change_log(cluster, err) ||
        !start_bridge(cluster, err))
        return false;
    if (!adopted)
        table_report_restart(cluster->tables);
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->shared.adopted = adopted;
    cluster->shared.engine_starts += !adopted;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    cluster_set_state(cluster, CLUSTER_STARTING,
                      adopted ? "adopting its engine" : "engine started");
    if (!record_process(cluster, err))
        return false;
    /* It may be tried again and again. */
    if (cluster->unclean && !cluster->recovering)
        cluster_note(cluster, EVENT_RECOVERY_STARTED, NULL);
    cluster->recovering = cluster->unclean;
    return true;
}

/* What the first start adds to a new data directory. */
static bool finish_creation(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);

    if (settings.lifecycle == LIFECYCLE_MADE)
        return true;
    return procedures_create_master(sql, settings.master_user, cluster->secrets.master_password,
                                    err);
}

/*
 * The plugin may not be there, this engine may not load it, or an adopted engine may have an older
 * one without the function: everything else works.
 */
static bool use_plugin(struct cluster *cluster, struct sql *sql, struct err *err)
{
    bool active = false;

    if (!engine_plugin_is_active(sql, &active, err))
        return false;
    if (active && !engine_plugin_make_function(sql, err))
        log_warn(cluster->subject,
                 "procedures can not reach the daemon until the engine is started again: %s",
                 err->text);
    if (!active)
        log_warn(cluster->subject,
                 "the engine %s runs without the plugin " ENGINE_PLUGIN_FILE
                 ", so there are no aurora_* variables; its log says why, if it was given one: %s",
                 cluster->home->version, instance_borrow_log(cluster->writer));
    return true;
}

/* What the engine's answer means, in the order in which it is told. */
static size_t list_events(const struct cluster *cluster, bool is_new, struct store_event events[3])
{
    size_t n = 0;

    if (is_new) {
        events[n++] = cluster_event(cluster, EVENT_CLUSTER_CREATED, NULL);
        events[n++] = cluster_event(cluster, EVENT_INSTANCE_CREATED, NULL);
    } else if (cluster->unclean || cluster->rebooting) {
        events[n++] = cluster_event(cluster, EVENT_INSTANCE_RESTARTED, NULL);
        if (cluster->unclean)
            events[n++] = cluster_event(cluster, EVENT_RECOVERY_COMPLETE, NULL);
    } else if (!cluster->shared.adopted) {
        events[n++] = cluster_event(cluster, EVENT_CLUSTER_STARTED, NULL);
    }
    return n;
}

/* One transaction: that the cluster is made, as what, and the events of it. */
static bool store_ready(struct cluster *cluster, struct err *err)
{
    struct store_event events[3];
    struct store_change change = {.instance = &cluster->record, .events = events};
    struct arena *arena = arena_new(ARENA_CAP);
    struct store_cluster settings;
    bool ok;

    (void)snprintf(cluster->record.version, sizeof cluster->record.version, "%s",
                   cluster->home->version);
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster_put_in_force(cluster->shared.in_force, arena, &change);
    settings = cluster->shared.settings;
    change.cluster = &settings;
    change.n_events = list_events(cluster, settings.lifecycle == LIFECYCLE_CREATING, events);
    /* It may have been asked to go meanwhile. */
    if (settings.lifecycle == LIFECYCLE_CREATING)
        settings.lifecycle = LIFECYCLE_MADE;
    ok = store_apply(cluster->store, &change, err);
    if (ok) {
        cluster->shared.settings = settings;
        cluster->shared.failure[0] = '\0';
        cluster->shared.pending = false;
    }
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    for (size_t i = 0; ok && i < change.n_events; i++)
        log_info(cluster->subject, "event %s", events[i].message);
    arena_free(arena);
    return ok;
}

bool cluster_wait_ready(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);
    struct sql *sql = NULL;
    bool ok;

    if (!instance_wait_ready(cluster->writer, deadline_usec, err))
        return err->class == E_STATE ? cluster_blame_parameters(cluster, err) : false;
    if (!instance_connect(cluster->writer, CLUSTER_SQL_TIMEOUT_SEC, &sql, err))
        return false;
    cluster_take_parameters(cluster);
    ok = finish_creation(cluster, sql, err) &&
         procedures_install(sql, settings.master_user, settings.compatibility, err) &&
         cluster_apply_to(cluster, sql, err) && use_plugin(cluster, sql, err) &&
         cluster_show_names(cluster, sql, err) && cluster_resume_source(cluster, sql, err);
    sql_close(sql);
    if (!ok)
        return err_prefix(err, "%s", cluster->subject);
    if (!store_ready(cluster, err))
        return false;
    cluster->new_engine = false;
    cluster->unclean = false;
    cluster->recovering = false;
    cluster->rebooting = false;
    cluster_set_state(cluster, CLUSTER_AVAILABLE, "the engine answers");
    return true;
}

static bool stop_engine(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    if (!instance_stop(cluster->writer, deadline_usec, err))
        return false;
    cluster->unclean = false;
    cluster_set_state(cluster, CLUSTER_STOPPED, "the engine has ended");
    return record_process(cluster, err);
}

bool cluster_stop(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    cluster_set_state(cluster, CLUSTER_STOPPING, "asked to stop");
    if (!stop_engine(cluster, deadline_usec, err))
        return false;
    cluster_note(cluster, EVENT_INSTANCE_SHUTDOWN, NULL);
    cluster_note(cluster, EVENT_CLUSTER_STOPPED, NULL);
    return true;
}

bool cluster_reboot(struct cluster *cluster, int64_t deadline_usec, struct err *err)
{
    cluster_set_state(cluster, CLUSTER_REBOOTING, "asked to reboot");
    if (!stop_engine(cluster, deadline_usec, err))
        return false;
    cluster->rebooting = true;
    cluster_note(cluster, EVENT_INSTANCE_SHUTDOWN, NULL);
    return true;
}

void cluster_left(struct cluster *cluster)
{
    cluster_note(cluster, EVENT_CLUSTER_STOP_FAILED, NULL);
}

void cluster_failed(struct cluster *cluster, const struct err *why)
{
    struct cluster_snapshot before;

    cluster_snapshot(cluster, &before);
    cluster_set_failure(cluster, why->text);
    cluster_set_pending(cluster, false);
    if (before.state != CLUSTER_DELETING)
        cluster_set_state(cluster, CLUSTER_FAILED, why->text);
    /* It is tried again and again: what goes on failing is told once. */
    if (strcmp(before.failure, why->text) == 0 || before.state == CLUSTER_DELETING)
        return;
    cluster_note(cluster,
                 before.settings.lifecycle == LIFECYCLE_CREATING ? EVENT_CLUSTER_NOT_CREATED
                                                                 : EVENT_INSTANCE_NOT_RESTARTED,
                 why->text);
}

void cluster_engine_ended(struct cluster *cluster, const struct err *why)
{
    note_end(cluster);
    cluster_set_failure(cluster, why->text);
    cluster_set_pending(cluster, false);
    cluster_set_state(cluster, CLUSTER_FAILED, why->text);
}

static void tell_of_table(void *context, const char *text)
{
    cluster_note(context, EVENT_TABLE_NOT_INNODB, text);
}

bool cluster_look_at_tables(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    bool ok = cluster_connect(cluster, CLUSTER_SQL_TIMEOUT_SEC, &sql, err) &&
              table_report_look(cluster->tables, sql, tell_of_table, cluster, err);

    sql_close(sql);
    return ok;
}

bool cluster_purge_binlogs(struct cluster *cluster, struct err *err)
{
    uint64_t wanted = cluster_wanted_bytes(cluster);
    char format[PARAMETER_VALUE_MAX];
    struct log_purged purged = {0};
    bool has_log =
        !cluster_get_parameter(cluster, "binlog_format", format) || strcmp(format, "OFF") != 0;
    struct sql *sql = NULL;
    bool ok;

    if (!cluster_connect(cluster, CLUSTER_SQL_TIMEOUT_SEC, &sql, err))
        return false;
    /* An engine without a log deletes no file of it either. */
    ok = has_log ? binlog_purge(sql, cluster->change_log, wanted, &purged, err)
                 : binlog_purge_unused(sql, cluster->change_log,
                                       instance_borrow_binlog(cluster->writer),
                                       INSTANCE_BINLOG_NAME, wanted, &purged, err);
    sql_close(sql);
    if (ok && wanted > 0)
        cluster_note_cut(cluster, &purged);
    return ok;
}
