/* What is left out of a source's log on the way, and where to stop; see source_replication.h. */
#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/source_limits.h"
#include "cluster/source_replication_internal.h"
#include "engine/applier_error.h"
#include "log/lookup.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN         64 /* bytes of a text that is refused */
#define NUMBER_DIGITS 6  /* of a binlog's name, at least */
#define ARENA_CAP     ((size_t)1 << 20)
#define STATEMENT_MAX ((size_t)1 << 20)

#define ER_PRIOR_COMMIT_FAILED 1964 /* source: MariaDB, "Error 1964" */

/* ---- One transaction that failed ---- */

/* What the applier has stopped with, as SHOW SLAVE STATUS has it. */
static bool ask_error(struct sql *sql, struct arena *arena, const char **ret_text,
                      unsigned *ret_number, struct err *err)
{
    struct sql_result result;
    const char *number;

    if (!sql_query(sql, "SHOW SLAVE '' STATUS", arena, &result, err))
        return false;
    number = result.n_rows > 0 ? sql_result_get(&result, 0, "Last_SQL_Errno") : NULL;
    *ret_text = number ? sql_result_get(&result, 0, "Last_SQL_Error") : NULL;
    *ret_number = number ? (unsigned)strtoul(number, NULL, 10) : 0;
    return *ret_text || err_set(err, E_STATE, 0, "SHOW SLAVE STATUS: expected an error");
}

static bool is_same(const struct gtid_mariadb *a, const struct gtid_mariadb *b)
{
    return a->domain == b->domain && a->server_id == b->server_id && a->sequence == b->sequence;
}

static bool fail_unknown(struct err *err)
{
    return err_set(
        err, E_STATE, 0,
        "transactions of several domains are applied side by side, and the engine's log "
        "does not say which one failed: name it to mysql.rds_skip_transaction_with_gtid");
}

/*
 * Appliers of several domains side by side do not fail in the log's order. Of a domain it is the
 * first one that is not applied; which domain, the engine has written into its log.
 */
static bool find_failed(struct source_replication *replication, struct sql *sql,
                        struct replication_applied *applied, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct gtid_mariadb failed = {0};
    struct replica_place place = {.more = false};
    const char *text = NULL;
    unsigned number = 0;
    struct buf position;
    bool found = false;
    bool good;

    buf_init(&position, STATEMENT_MAX);
    gtid_list_print(&position, &applied->position);
    good = ask_error(sql, arena, &text, &number, err) &&
           applier_error_read(replication->engine_log, text, number, &found, &failed, err) &&
           (found || fail_unknown(err)) &&
           external_source_stand(replication->shared.source, buf_borrow_cstr(&position),
                                 &failed.domain, &place, err);
    /* One that has waited for it is behind it. */
    if (good &&
        !(place.more && (number == ER_PRIOR_COMMIT_FAILED || is_same(&place.gtid, &failed))))
        good = fail_unknown(err);
    if (good)
        applied->place = place;
    buf_done(&position);
    arena_free(arena);
    return good;
}

static bool ask_side_by_side(struct sql *sql, bool *ret_side_by_side, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    const char *threads;
    bool good;

    good = sql_query(sql, "SELECT @@GLOBAL.slave_parallel_threads AS threads", arena, &result, err);
    if (good) {
        threads = sql_result_get(&result, 0, "threads");
        *ret_side_by_side = threads && strcmp(threads, "0") != 0;
    }
    arena_free(arena);
    return good;
}

/* The engine counts it as applied: that is durable with one statement, or has not happened. */
static bool pass_over(struct source_replication *replication, struct sql *sql,
                      struct replication_applied *applied, struct err *err)
{
    const struct replica_place *place = &applied->place;
    struct buf text;
    bool good;

    if (!applied->mirror || !place->more)
        return err_set(err, E_STATE, 0, "all that was received is applied: nothing is to skip");
    gtid_list_set_position(&applied->position, place->gtid);
    buf_init(&text, STATEMENT_MAX);
    gtid_list_print(&text, &applied->position);
    good = sql_run(sql, "STOP SLAVE ''", err) &&
           replication_set_slave_pos(sql, buf_borrow_cstr(&text), err);
    (void)INJECT("replication/skipped");
    if (good)
        log_warn(replication->subject,
                 "skipped for a procedure: the transaction at %s:%" PRIu64 " of the source, "
                 "%" PRIu32 "-%" PRIu32 "-%" PRIu64 " at the engine",
                 place->at.name, place->at.offset, place->gtid.domain, place->gtid.server_id,
                 place->gtid.sequence);
    buf_done(&text);
    return good;
}

static bool skip_error_locked(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    struct replication_applied applied;
    struct followed followed;
    bool side_by_side = false;
    bool good;

    if (!replication_need_source(replication, sql, &followed, err))
        return false;
    if (followed.applies || !followed.has_sql_error)
        return err_set(err, E_STATE, 0,
                       "expected an applier that has stopped with an error, found %s",
                       followed.applies ? "one that runs" : "one that has stopped without any");
    good = replication_find_applied(replication, sql, &applied, err) &&
           ask_side_by_side(sql, &side_by_side, err);
    if (good && side_by_side && applied.lacking > 1)
        good = find_failed(replication, sql, &applied, err);
    good = good && pass_over(replication, sql, &applied, err) &&
           replication_start_threads(replication, sql, err);
    replication_applied_done(&applied);
    return good;
}

bool source_replication_skip_error(struct source_replication *replication, struct sql *sql,
                                   struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = skip_error_locked(replication, sql, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

/* ---- Transactions by their GTIDs ---- */

/* Of the family of the source, if that was met. */
static bool check_gtid_locked(struct source_replication *replication, struct sql *sql,
                              const char *gtid, struct err *err)
{
    const struct mirror *mirror;
    struct followed followed;
    bool mariadb = false;

    if (!replication_need_source(replication, sql, &followed, err) ||
        !source_limits_check_one(gtid, &mariadb, err))
        return false;
    mirror = channel_borrow_mirror(external_source_borrow_channel(replication->shared.source));
    if (mirror && (mirror_identity(mirror)->family == FORMAT_MARIADB) != mariadb)
        return err_set(err, E_USAGE, 0, "expected a GTID of the source, which is %s, found '%.*s'",
                       mariadb ? "MySQL" : "MariaDB", SHOWN, gtid);
    return true;
}

bool source_replication_check_gtid(struct source_replication *replication, struct sql *sql,
                                   const char *gtid, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = check_gtid_locked(replication, sql, gtid, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

static bool skip_gtid_locked(struct source_replication *replication, struct sql *sql,
                             const char *gtid, struct err *err)
{
    struct source_definition *definition = replication->shared.definition;
    char *joined = NULL;
    char *before;
    bool good;

    if (!check_gtid_locked(replication, sql, gtid, err) ||
        !replication_need_down(replication, sql, err) ||
        !source_limits_join(definition->skipped, gtid, &joined, err))
        return false;
    before = definition->skipped;
    definition->skipped = joined;
    good = replication_limit_locked(replication, err);
    if (!good) {
        definition->skipped = before;
        before = joined;
    }
    mem_free(before);
    return good;
}

bool source_replication_skip_gtid(struct source_replication *replication, struct sql *sql,
                                  const char *gtid, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = skip_gtid_locked(replication, sql, gtid, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

bool source_replication_start_threads(struct source_replication *replication, struct sql *sql,
                                      struct err *err)
{
    struct followed followed;
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = replication_need_source(replication, sql, &followed, err) &&
           replication_start_threads(replication, sql, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

/* ---- The source's next file ---- */

/* The file that replication is in: where receiving ended, or was to begin. */
static void find_file(struct source_replication *replication, char *ret_name)
{
    struct channel *channel = external_source_borrow_channel(replication->shared.source);
    struct mirror *mirror = channel_borrow_mirror(channel);
    const char *name = replication->shared.definition->position.name;
    struct log_ends ends = {0};

    if (mirror)
        mirror_ends(mirror, &ends);
    if (ends.received.name[0] != '\0')
        name = ends.received.name;
    memcpy(ret_name, name, strlen(name) + 1);
}

/* The one behind that with the number `index`, which is the current one or a later one. */
static bool find_next(struct source_replication *replication, const char *index,
                      struct log_position *ret_next, struct err *err)
{
    struct log_position next = {.offset = LOG_FIRST_OFFSET};
    char current[LOG_NAME_MAX + 1];
    char checked[LOG_NAME_MAX + 1];
    unsigned long long number = strtoull(index, NULL, 10);
    size_t base;
    int len;

    find_file(replication, current);
    if (!log_name_check(span_str(current), checked, err))
        return false;
    if (number < log_name_number(checked))
        return err_set(err, E_USAGE, 0,
                       "curr_log_index: expected %" PRIu64
                       ", the number of %s, or more, found %llu",
                       log_name_number(checked), checked, number);
    base = log_name_base_length(checked);
    len = snprintf(next.name, sizeof next.name, "%.*s.%0*llu", (int)base, checked, NUMBER_DIGITS,
                   number + 1);
    if (len < 0 || (size_t)len >= sizeof next.name)
        return err_set(err, E_LIMIT, 0, "the name of the file after %s is too long", checked);
    *ret_next = next;
    return true;
}

/* Nothing that came is lost by it. */
static bool check_all_applied(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    struct replication_applied applied;
    bool good = replication_find_applied(replication, sql, &applied, err);

    if (good && applied.mirror && applied.place.more)
        good = err_set(err, E_STATE, 0,
                       "what was received is not applied yet, from %s:%" PRIu64
                       " of the source on: wait for it",
                       applied.place.at.name, applied.place.at.offset);
    replication_applied_done(&applied);
    return good;
}

static bool next_file_locked(struct source_replication *replication, struct sql *sql,
                             const char *index, struct err *err)
{
    struct receiver_status status;
    struct log_position next;
    struct followed followed;

    if (!replication_need_source(replication, sql, &followed, err))
        return false;
    if (source_definition_is_auto(replication->shared.definition))
        return err_set(err, E_STATE, 0,
                       "the source is followed by GTID, which has no log file: call "
                       "mysql.rds_set_source_auto_position(0) first");
    channel_receiver_status(external_source_borrow_channel(replication->shared.source), &status);
    if (status.state != RECEIVER_STOPPED ||
        status.error.code != ER_MASTER_FATAL_ERROR_READING_BINLOG)
        return err_set(err, E_STATE, 0,
                       "expected that the source has refused to go on (Last_IO_Errno 1236), found "
                       "that it has not");
    return find_next(replication, index, &next, err) && check_all_applied(replication, sql, err) &&
           sql_run(sql, "STOP SLAVE ''", err) &&
           replication_renew(replication, sql, &next, "", "", err) &&
           replication_start_locked(replication, sql, err);
}

bool source_replication_next_file(struct source_replication *replication, struct sql *sql,
                                  const char *index, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = next_file_locked(replication, sql, index, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

/* ---- Until ---- */

static bool take_until_place(json_t *root, struct source_definition *definition, struct err *err)
{
    const char *file = json_string_value(json_object_get(root, "file"));
    json_int_t offset = json_integer_value(json_object_get(root, "position"));
    struct log_position until = {.offset = (uint64_t)offset};
    struct err ignored;

    if (!file || !log_name_check(span_str(file), until.name, &ignored))
        return err_set(err, E_USAGE, 0,
                       "replication_log_file: expected a name such as mysql-bin.000031, found "
                       "'%.*s'",
                       SHOWN, file ? file : "");
    if (offset < 1)
        return err_set(err, E_USAGE, 0, "replication_stop_point: expected 1 or more");
    definition->until = until;
    return true;
}

static bool take_until_gtids(const char *gtids, const struct mirror *mirror,
                             struct source_definition *definition, struct err *err)
{
    struct dump_limits limits;
    bool good;

    dump_limits_init(&limits);
    good = dump_limits_parse(span_str(gtids), &limits.stop_set, &limits.stop_list, err) ||
           err_set(err, E_USAGE, 0,
                   "gtid: expected GTIDs such as UUID:1-23, or 0-1-23 of MariaDB, found '%.*s'",
                   SHOWN, gtids);
    if (good && mirror &&
        (mirror_identity(mirror)->family == FORMAT_MARIADB) != (limits.stop_list.count > 0))
        good = err_set(err, E_USAGE, 0,
                       "gtid: expected GTIDs of the source, which is %s, found '%.*s'",
                       limits.stop_list.count > 0 ? "MySQL" : "MariaDB", SHOWN, gtids);
    if (good && !gtid_list_is_position(&limits.stop_list))
        good = err_set(err, E_USAGE, 0,
                       "gtid: expected one GTID of each domain, found a second one in '%.*s'",
                       SHOWN, gtids);
    if (good)
        source_definition_put(&definition->until_gtids, gtids);
    dump_limits_done(&limits);
    return good;
}

static bool start_until_locked(struct source_replication *replication, struct sql *sql,
                               const char *asked, struct err *err)
{
    struct channel *channel;
    const char *gtids;
    json_t *root;
    bool good;

    root = json_loads(asked, JSON_REJECT_DUPLICATES, NULL);
    gtids = json_string_value(json_object_get(root, "gtids"));
    channel = external_source_borrow_channel(replication->shared.source);
    replication_forget_until(replication);
    good = gtids ? take_until_gtids(gtids, channel_borrow_mirror(channel),
                                    replication->shared.definition, err)
                 : take_until_place(root, replication->shared.definition, err);
    json_decref(root);
    return good && replication_start_locked(replication, sql, err);
}

bool source_replication_start_until(struct source_replication *replication, struct sql *sql,
                                    const char *asked, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = replication_need_down(replication, sql, err);
    if (good && !start_until_locked(replication, sql, asked, err)) {
        external_source_stop(replication->shared.source);
        good = false;
    }
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

void replication_forget_until(struct source_replication *replication)
{
    struct source_definition *definition = replication->shared.definition;

    definition->until = (struct log_position){.offset = 0};
    source_definition_put(&definition->until_gtids, "");
    definition->until_reached = false;
}

static bool nears_until_locked(const struct source_replication *replication)
{
    struct external_source *source = replication->shared.source;
    const struct source_definition *definition = replication->shared.definition;

    return source && external_source_is_started(source) && !definition->until_reached &&
           (definition->until.name[0] != '\0' || definition->until_gtids[0] != '\0') &&
           external_source_has_told_stop(source);
}

bool source_replication_nears_until(struct source_replication *replication)
{
    bool nears;

    (void)pthread_mutex_lock(&replication->shared.lock);
    nears = nears_until_locked(replication);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return nears;
}

static bool take_reached_locked(struct source_replication *replication, struct sql *sql,
                                bool *ret_reached, struct err *err)
{
    struct followed followed;

    if (!nears_until_locked(replication))
        return true;
    if (!replication_need_source(replication, sql, &followed, err))
        return false;
    if (followed.receives || followed.applies || followed.has_sql_error)
        return true;
    external_source_stop(replication->shared.source);
    replication->shared.definition->until_reached = true;
    *ret_reached = true;
    return source_definition_save(replication->path, replication->shared.definition, err);
}

bool source_replication_take_reached(struct source_replication *replication, struct sql *sql,
                                     bool *ret_reached, bool *ret_by_gtid, struct err *err)
{
    bool good;

    *ret_reached = false;
    (void)pthread_mutex_lock(&replication->shared.lock);
    good = take_reached_locked(replication, sql, ret_reached, err);
    *ret_by_gtid = *ret_reached && replication->shared.definition->until.name[0] == '\0';
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

bool source_replication_check_until(struct source_replication *replication, struct sql *sql,
                                    struct err *err)
{
    struct receiver_status status;
    struct followed followed;
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = replication_need_source(replication, sql, &followed, err);
    if (good) {
        channel_receiver_status(external_source_borrow_channel(replication->shared.source),
                                &status);
        if (followed.has_sql_error ||
            (status.state == RECEIVER_STOPPED && !replication->shared.definition->until_reached))
            good = err_set(err, E_STATE, 0, "replication has stopped with an error");
    }
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}
