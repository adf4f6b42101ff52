/* How a cluster comes to be and goes; see cluster.h. */
#include "cluster/cluster_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/wakeup.h"
#include "cluster/ssl_material.h"

#include <stdio.h>
#include <string.h>

#define LEFTOVER_TIMEOUT (120 * USEC_PER_SEC)

/* Of a cluster whose secrets may not be there (any more) what is enough to end its engine. */
static void make_writer(struct cluster *cluster)
{
    struct store_cluster settings = cluster_settings(cluster);
    const char *password = cluster->secrets.admin_password;
    struct instance_spec spec = {
        .name = cluster->record.name,
        .dir = cluster->instance_dir,
        .server_id = cluster->record.server_id,
        .gtid_domain_id = settings.gtid_domain_id,
        .binlog_epoch = cluster->record.binlog_epoch,
        .require_secure_transport = settings.require_secure_transport,
        .with_binlog = true,
        .options = "",
        .tls_ca = cluster->secrets.tls_ca,
        .tls_cert = cluster->secrets.tls_cert,
        .tls_key = cluster->secrets.tls_key,
        .admin_password = password ? password : "",
        .aurora_version =
            settings.compatibility == 2 ? CLUSTER_AURORA_VERSION_2 : CLUSTER_AURORA_VERSION_3,
    };

    if (!cluster->writer)
        cluster->writer = instance_new(&spec, cluster->home);
}

/* Ends the engine of a cluster that is not whole, so that its directory can go. */
static bool stop_leftover(struct cluster *cluster, struct err *err)
{
    bool running = false;

    if (instance_borrow_process(cluster->writer)->pid != 0)
        return instance_kill(cluster->writer, clock_deadline_usec(LEFTOVER_TIMEOUT), err);
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
 * Creation: the store says "creating" before anything is made and "made" after the master user
 * exists (cluster_wait_ready); a directory found at "creating" is a torso and is made anew.
 */
static bool create_writer(struct cluster *cluster, struct err *err)
{
    cluster_set_state(cluster, CLUSTER_CREATING, "made anew");
    cluster_close_to_engine(cluster);
    if (!stop_leftover(cluster, err) || !dir_remove(cluster->change_log_dir, err) ||
        !dir_remove(cluster->instance_dir, err))
        return false;
    log_info(cluster->subject, "creating instance=%s engine=%s", cluster->record.name,
             cluster->home->version);
    return instance_create(cluster->writer, err);
}

static bool open_home(struct cluster *cluster, struct err *err)
{
    struct engine_home *home = NULL;

    if (!engine_home_open(cluster->record.engine, &home, err))
        return false;
    cluster->home = home;
    (void)pthread_mutex_lock(&cluster->shared.lock);
    (void)snprintf(cluster->shared.engine_version, sizeof cluster->shared.engine_version, "%s",
                   home->version);
    (void)snprintf(cluster->shared.client, sizeof cluster->shared.client, "%s",
                   home->client ? home->client : "");
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return true;
}

/* Whether the plan names another engine than the store. */
static bool compare_engine(struct cluster *cluster, struct err *err)
{
    struct store_instance stored = {0};
    bool found = false;

    if (!store_get_writer(cluster->store, cluster->record.cluster, &stored, &found, err))
        return false;
    cluster->new_engine = found && strcmp(stored.engine, cluster->record.engine) != 0;
    return true;
}

static void make_replication(struct cluster *cluster)
{
    struct store_cluster settings = cluster_settings(cluster);
    char *directory = mem_printf("%s/relay", cluster->own);
    char *material = mem_printf("%s/" SSL_MATERIAL_DIR, cluster->own);
    struct disk_space space = {0};
    struct err unknown;
    struct source_replication_spec spec = {
        .subject = cluster->subject,
        .directory = directory,
        .material = material,
        .engine_log = instance_borrow_log(cluster->writer),
        .source_address = cluster->source_address,
        .server_id = cluster->record.server_id,
        .domain = settings.gtid_domain_id,
        .accounts_of = settings.master_user,
        .takes_accounts = settings.compatibility == 2, /* as Aurora MySQL up to that version */
        .owner = {.admit_place = cluster_admit_source_place,
                  .admit = cluster_admit_source,
                  .history_size = cluster_dependency_history,
                  .check_hidden_key = cluster_check_hidden_key,
                  .context = cluster},
    };

    /* It is not looked at between two writes: this bounds what comes meanwhile. */
    if (disk_look(cluster->own, &space, &unknown))
        spec.keep_free_bytes =
            disk_enter_bytes(&cluster->disk_limits, DISK_SHORT, space.size_bytes);
    if (!cluster->replication)
        cluster->replication = source_replication_new(&spec);
    mem_free(directory);
    mem_free(material);
}

bool cluster_prepare(struct cluster *cluster, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);

    if ((!cluster->home && (!open_home(cluster, err) || !compare_engine(cluster, err))) ||
        !secrets_open(&cluster->secrets, &settings, cluster->arena, err) ||
        !cluster_load_parameters(cluster, err) || !ssl_material_recover(cluster->own, err) ||
        (cluster->source_fd < 0 && !wakeup_open(&cluster->source_fd, err)))
        return false;
    make_writer(cluster);
    make_replication(cluster);
    return settings.lifecycle == LIFECYCLE_MADE || create_writer(cluster, err);
}

bool cluster_delete(struct cluster *cluster, struct err *err)
{
    struct store_event events[] = {
        cluster_event(cluster, EVENT_INSTANCE_DELETED, NULL),
        cluster_event(cluster, EVENT_CLUSTER_DELETED, NULL),
    };

    cluster_set_state(cluster, CLUSTER_DELETING, "its data are removed");
    make_writer(cluster);
    cluster_close_to_engine(cluster);
    source_replication_free(cluster->replication);
    cluster->replication = NULL;
    if (!stop_leftover(cluster, err))
        return false;
    (void)INJECT("cluster/delete");
    if (!dir_remove(cluster->own, err) || !dir_sync_parent(cluster->own, err))
        return false;
    (void)INJECT("cluster/deleted");
    return store_apply(cluster->store,
                       &(struct store_change){.remove = cluster->record.cluster,
                                              .events = events,
                                              .n_events = sizeof events / sizeof *events},
                       err);
}
