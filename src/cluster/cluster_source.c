/* A cluster's replication from an external source; see cluster.h and source_replication.h. */
#include "cluster/cluster_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "cluster/left_behind.h"
#include "cluster/own_endpoint.h"
#include "log/lookup.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CAP           (1u << 20)
#define REQUEST_TIMEOUT_SEC 8 /* a procedure waits for 10 s */
#define LOOKUP_USEC         (3 * USEC_PER_SEC)

/* ---- Which sources may be ---- */

bool cluster_admit_source_place(void *context, const char *host, uint16_t port, struct err *err)
{
    struct store_cluster settings = cluster_settings(context);

    return own_endpoint_refuse(&settings, host, port, clock_deadline_usec(LOOKUP_USEC), err);
}

/* By the replicas that dump the change log now. */
static bool is_followed_by(struct cluster *cluster, uint32_t server_id)
{
    struct replica_info *infos = NULL;
    size_t count = 0;
    bool found = false;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    if (cluster->change_log)
        replicas_list(change_log_borrow_replicas(cluster->change_log), &infos, &count);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    for (size_t i = 0; i < count && !found; i++)
        found = infos[i].dumping && infos[i].server_id == server_id;
    mem_free(infos);
    return found;
}

/* The GTIDs of this cluster's own log, up to its end. */
static bool find_own_state(struct cluster *cluster, struct log_state *state)
{
    struct change_log *change_log;
    struct log_ends ends;
    struct mirror *mirror;
    struct err ignored;
    bool entered;
    bool good;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    change_log = cluster->change_log;
    entered = change_log && change_log_enter(change_log, &mirror, &ignored);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (!entered)
        return false;
    change_log_begin_reading(change_log);
    mirror_ends(mirror, &ends);
    good = ends.whole.name[0] != '\0' && log_state_at(mirror, &ends.whole, state, &ignored);
    change_log_end_reading(change_log);
    change_log_leave(change_log);
    return good;
}

/* Once, however often it is connected to. */
static void tell_left_behind(struct cluster *cluster, const struct source *source)
{
    char text[LEFT_BEHIND_TEXT_MAX];
    struct left_behind left;
    struct log_state own;
    struct span theirs;

    log_state_init(&own);
    if (variables_find(source->variables, span_str("gtid_binlog_state"), &theirs) &&
        find_own_state(cluster, &own) &&
        left_behind_find(theirs, &own.list, cluster_settings(cluster).gtid_domain_id,
                         cluster->record.server_id, &left) &&
        left.there.sequence != cluster->told_left_behind) {
        cluster->told_left_behind = left.there.sequence;
        left_behind_print(&left, text);
        cluster_note(cluster, EVENT_SOURCE_LACKS, text);
    }
    log_state_done(&own);
}

/* As struct source has it. */
static uint32_t engine_version(struct cluster *cluster)
{
    unsigned major = 0;
    unsigned minor = 0;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    (void)sscanf(cluster->shared.engine_version, "%u.%u", &major, &minor);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return major * 10000 + minor * 100;
}

/* Its log comes as it is. Once for a version. */
static void tell_newer(struct cluster *cluster, const struct source *source)
{
    uint32_t engine = engine_version(cluster);
    char text[STORE_MESSAGE_MAX];

    if (source->family != FORMAT_MARIADB || source->version / 100 <= engine / 100 ||
        source->version == cluster->told_newer)
        return;
    cluster->told_newer = source->version;
    (void)snprintf(
        text, sizeof text,
        "it runs %s, here is %u.%u. What only it knows stops replication, and a character "
        "set that is named there without a collation has another one here, by which "
        "other values may be equal. Better make a cluster with an engine like it.",
        source->version_text, (unsigned)(engine / 10000), (unsigned)(engine / 100 % 100));
    cluster_note(cluster, EVENT_SOURCE_NEWER, text);
}

bool cluster_admit_source(void *context, const struct source *source, struct err *err)
{
    if (is_followed_by(context, source->server_id))
        return err_set(err, E_STATE, ER_SLAVE_FATAL_ERROR,
                       "a ring: it (server_id %" PRIu32 ") replicates from this cluster now: end "
                       "that first",
                       source->server_id);
    tell_left_behind(context, source);
    tell_newer(context, source);
    return true;
}

unsigned cluster_dependency_history(void *context)
{
    char value[PARAMETER_VALUE_MAX];

    if (!cluster_get_parameter(context, "binlog_transaction_dependency_tracking", value) ||
        strcmp(value, "COMMIT_ORDER") == 0 ||
        !cluster_get_parameter(context, "binlog_transaction_dependency_history_size", value))
        return 0;
    return (unsigned)strtoul(value, NULL, 10);
}

/* ---- At work ---- */

/*
 * An engine comes up with replication stopped. It goes on if that is how the operator left it: the
 * procedures' last note says so. A source that cannot be reached, or a relay that cannot be opened,
 * does not keep the cluster down.
 */
bool cluster_resume_source(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    struct err failed;
    bool ok = sql_query(sql,
                        "SELECT 1 FROM mysql.rds_replication_status WHERE action "
                        "IN ('start slave', 'start slave until')",
                        arena, &result, err);

    if (ok && !source_replication_resume(cluster->replication, sql, cluster->shared.adopted,
                                         result.n_rows > 0, &failed))
        log_warn(cluster->subject, "replication is not resumed: %s", failed.text);
    arena_free(arena);
    return ok;
}

/* Over a connection of its own, for the thread that calls. */
static bool with_engine(struct cluster *cluster,
                        bool (*run)(struct source_replication *, struct sql *, struct err *),
                        struct err *err)
{
    struct sql *sql = NULL;
    bool ok = cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
              run(cluster->replication, sql, err);

    sql_close(sql);
    return ok;
}

/* The same with what was asked for. */
static bool with_argument(struct cluster *cluster, const char *argument,
                          bool (*run)(struct source_replication *, struct sql *, const char *,
                                      struct err *),
                          struct err *err)
{
    struct sql *sql = NULL;
    bool ok = (argument || err_set(err, E_USAGE, 0, "expected an argument, found NULL")) &&
              cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
              run(cluster->replication, sql, argument, err);

    sql_close(sql);
    return ok;
}

bool cluster_request_set_source(void *context, const char *argument, struct err *err)
{
    return with_argument(context, argument, source_replication_set, err);
}

bool cluster_request_start_until(void *context, const char *argument, struct err *err)
{
    return with_argument(context, argument, source_replication_start_until, err);
}

bool cluster_request_check_until(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return with_engine(context, source_replication_check_until, err);
}

bool cluster_request_start_threads(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return with_engine(context, source_replication_start_threads, err);
}

bool cluster_request_skip_error(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return with_engine(context, source_replication_skip_error, err);
}

bool cluster_request_check_gtid(void *context, const char *argument, struct err *err)
{
    return with_argument(context, argument, source_replication_check_gtid, err);
}

bool cluster_request_skip_gtid(void *context, const char *argument, struct err *err)
{
    return with_argument(context, argument, source_replication_skip_gtid, err);
}

bool cluster_request_next_file(void *context, const char *argument, struct err *err)
{
    return with_argument(context, argument, source_replication_next_file, err);
}

/* '0' or '1'. */
static bool set_flag(struct cluster *cluster, const char *argument,
                     bool (*set)(struct source_replication *, struct sql *, bool, struct err *),
                     struct err *err)
{
    struct sql *sql = NULL;
    bool ok = argument && (strcmp(argument, "0") == 0 || strcmp(argument, "1") == 0);

    ok = (ok || err_set(err, E_USAGE, 0, "expected 0 or 1")) &&
         cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
         set(cluster->replication, sql, *argument == '1', err);
    sql_close(sql);
    return ok;
}

bool cluster_request_set_auto(void *context, const char *argument, struct err *err)
{
    return set_flag(context, argument, source_replication_set_auto, err);
}

bool cluster_request_set_encrypted(void *context, const char *argument, struct err *err)
{
    return set_flag(context, argument, source_replication_set_encrypted, err);
}

bool cluster_request_start_source(void *context, const char *argument, struct err *err)
{
    struct cluster *cluster = context;

    (void)argument;
    if (!with_engine(cluster, source_replication_start, err))
        return false;
    wakeup_raise(cluster->source_fd);
    return true;
}

int cluster_borrow_source_fd(const struct cluster *cluster)
{
    return cluster->source_fd;
}

static bool check_source(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    struct err why;
    bool ok = cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
              source_replication_check(cluster->replication, sql, &why, err);

    sql_close(sql);
    if (ok && why.class != E_NONE)
        cluster_note(cluster, EVENT_REPLICATION_STOPPED, why.text);
    return ok;
}

bool cluster_look_at_source(struct cluster *cluster, struct err *err)
{
    enum source_turn turn = SOURCE_GOES_ON;
    struct sql *sql = NULL;
    struct err why;
    bool ok = cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
              source_replication_look(cluster->replication, sql, &turn, &why, err);

    sql_close(sql);
    if (turn == SOURCE_HAS_STOPPED)
        cluster_note(cluster, EVENT_REPLICATION_STOPPED, why.text);
    if (turn == SOURCE_HAS_RESUMED)
        cluster_note(cluster, EVENT_REPLICATION_RESUMED, NULL);
    return ok;
}

/* It is told even if it can not be kept that it was. */
static bool check_until(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    bool reached = false;
    bool by_gtid = false;
    bool ok = cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, err) &&
              source_replication_take_reached(cluster->replication, sql, &reached, &by_gtid, err);

    sql_close(sql);
    if (reached)
        cluster_note(cluster, EVENT_UNTIL_REACHED,
                     by_gtid ? "rds_start_replication_until_gtid stored procedure"
                             : "rds_start_replication_until stored procedure");
    return ok;
}

bool cluster_request_check_source(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return check_source(context, err);
}

bool cluster_request_stop_source(void *context, const char *argument, struct err *err)
{
    struct cluster *cluster = context;

    (void)argument;
    (void)err;
    source_replication_stop(cluster->replication);
    return true;
}

bool cluster_request_reset_source(void *context, const char *argument, struct err *err)
{
    (void)argument;
    return with_engine(context, source_replication_reset, err);
}

bool cluster_is_replicating(struct cluster *cluster)
{
    return source_replication_is_started(cluster->replication);
}

bool cluster_check_source(struct cluster *cluster, struct err *err)
{
    wakeup_clear(cluster->source_fd);
    if (source_replication_nears_until(cluster->replication) && !check_until(cluster, err))
        return false;
    return !source_replication_has_given_up(cluster->replication) || check_source(cluster, err);
}

bool cluster_purge_source(struct cluster *cluster, struct err *err)
{
    return with_engine(cluster, source_replication_purge, err);
}

void cluster_describe_source(struct cluster *cluster, const struct source_engine_row *row,
                             struct arena *arena, struct source_fields *ret_fields)
{
    struct source_engine_row known = *row;
    struct sql_result result;
    struct sql *sql = NULL;
    struct err ignored;

    if (cluster_connect(cluster, REQUEST_TIMEOUT_SEC, &sql, &ignored) &&
        sql_query(sql, "SELECT @@GLOBAL.gtid_slave_pos AS gtids", arena, &result, &ignored))
        known.gtids = sql_result_get(&result, 0, "gtids");
    sql_close(sql);
    source_replication_describe(cluster->replication, &known, arena, ret_fields);
}
