#include "cluster/source_replication_internal.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/source_limits.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATEMENT_MAX ((size_t)16 << 10)
#define ARENA_CAP     ((size_t)4 << 20)

struct source_replication *source_replication_new(const struct source_replication_spec *spec)
{
    struct source_replication *replication = mem_alloc(sizeof *replication);

    replication->subject = mem_strdup(spec->subject);
    replication->directory = mem_strdup(spec->directory);
    replication->material = mem_strdup(spec->material);
    replication->path = mem_printf("%s/source.json", spec->directory);
    replication->engine_log = mem_strdup(spec->engine_log);
    replication->source_address = spec->source_address;
    replication->server_id = spec->server_id;
    replication->domain = spec->domain;
    replication->keep_free_bytes = spec->keep_free_bytes;
    replication->accounts_of = mem_strdup(spec->accounts_of);
    replication->takes_accounts = spec->takes_accounts;
    replication->owner = spec->owner;
    (void)pthread_mutex_init(&replication->shared.lock, NULL);
    return replication;
}

/* NULL for both: none. */
static void put_locked(struct source_replication *replication, struct source_definition *definition,
                       struct external_source *source)
{
    external_source_close(replication->shared.source);
    source_definition_free(replication->shared.definition);
    replication->shared.definition = definition;
    replication->shared.source = source;
    replication->shared.given_up = replication->shared.told_stopped = false;
    if (source && replication->shared.hold.class != E_NONE)
        external_source_hold(source, &replication->shared.hold);
}

void source_replication_free(struct source_replication *replication)
{
    if (!replication)
        return;
    put_locked(replication, NULL, NULL);
    (void)pthread_mutex_destroy(&replication->shared.lock);
    mem_free(replication->subject);
    mem_free(replication->directory);
    mem_free(replication->material);
    mem_free(replication->path);
    mem_free(replication->accounts_of);
    mem_free(replication->engine_log);
    mem_free(replication);
}

bool replication_open_source(const struct source_replication *replication,
                             const struct source_definition *definition,
                             struct external_source **ret_source, struct err *err)
{
    struct dump_limits limits;
    struct external_source_spec spec = {
        .subject = replication->subject,
        .directory = replication->directory,
        .material = replication->material,
        .source_address = replication->source_address,
        .server_id = replication->server_id,
        .keep_free_bytes = replication->keep_free_bytes,
        .accounts_of = replication->accounts_of,
        .takes_accounts = replication->takes_accounts,
        .admit = replication->owner.admit,
        .history_size = replication->owner.history_size,
        .check_hidden_key = replication->owner.check_hidden_key,
        .context = replication->owner.context,
        .definition = definition,
        .limits = &limits,
    };
    bool good;

    dump_limits_init(&limits);
    good = source_limits_make(definition, &limits, err) &&
           external_source_open(&spec, ret_source, err);
    dump_limits_done(&limits);
    return good;
}

/* ---- What is kept ---- */

/* The logs of all definitions but one: left by a crash, or by a source that was replaced. */
static void remove_others(const struct source_replication *replication, const char *id)
{
    DIR *dir = opendir(replication->directory);
    const struct dirent *entry;
    struct err err;

    while (dir && (entry = readdir(dir))) {
        char *path;

        if (strlen(entry->d_name) != SOURCE_ID_LEN || strcmp(entry->d_name, id) == 0)
            continue;
        path = mem_printf("%s/%s", replication->directory, entry->d_name);
        if (!dir_remove(path, &err))
            log_warn(replication->subject, "a log that is not used any more stays: %s", err.text);
        mem_free(path);
    }
    if (dir)
        (void)closedir(dir);
}

/* The engine does not name it any more. */
static bool forget_locked(struct source_replication *replication, struct err *err)
{
    put_locked(replication, NULL, NULL);
    if (!path_exists(replication->directory))
        return true;
    if (unlink(replication->path) != 0 && errno != ENOENT)
        return err_errno(err, "%s: cannot remove", replication->path);
    if (!dir_sync_parent(replication->path, err))
        return false;
    remove_others(replication, "");
    return true;
}

/* ---- What the engine is told ---- */

/* As a string of SQL. */
static void write_quoted(struct buf *buf, const char *text)
{
    buf_u8(buf, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_u8(buf, '\'');
        buf_u8(buf, (uint8_t)*text);
    }
    buf_u8(buf, '\'');
}

/*
 * Points the engine's threads, which are down, to the relay.
 *   MASTER_CONNECT_RETRY=1  the relay is on this machine: an attempt costs nothing.
 *   MASTER_SSL              with the relay's own certificate: nobody who takes the port while the
 *                           daemon is away can pass for it.
 */
static bool point_to(struct sql *sql, const struct source_definition *definition,
                     const struct external_source *source, struct err *err)
{
    struct buf statement;
    bool good;

    buf_init(&statement, STATEMENT_MAX);
    buf_printf(&statement,
               "CHANGE MASTER '' TO MASTER_HOST='127.0.0.1', MASTER_PORT=%u, "
               "MASTER_USER='" SOURCE_DOOR_ACCOUNT "%s', MASTER_PASSWORD='%s', "
               "MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1, MASTER_DELAY=0, MASTER_SSL=1, "
               "MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_SSL_CA=",
               (unsigned)external_source_port(source), definition->id, definition->door_password);
    write_quoted(&statement, external_source_borrow_ca(source));
    good = buf_ok(&statement)
               ? sql_run(sql, buf_borrow_cstr(&statement), err)
               : err_set(err, E_LIMIT, 0, "the path of the relay's certificate is too long");
    buf_done(&statement);
    return good;
}

/* Only while its threads are down. GTIDs need no quoting. */
bool replication_set_slave_pos(struct sql *sql, const char *gtids, struct err *err)
{
    char *statement = mem_printf("SET GLOBAL gtid_slave_pos = '%s'", gtids);
    bool good = sql_run(sql, statement, err);

    mem_free(statement);
    return good;
}

bool replication_ask_followed(struct sql *sql, struct followed *ret_followed, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct followed followed = {.port = 0};
    struct sql_result result;
    bool good = sql_query(sql, "SHOW SLAVE '' STATUS", arena, &result, err);

    if (good && result.n_rows > 0) {
        const char *user = sql_result_get(&result, 0, "Master_User");
        const char *port = sql_result_get(&result, 0, "Master_Port");
        const char *io = sql_result_get(&result, 0, "Slave_IO_Running");
        const char *applier = sql_result_get(&result, 0, "Slave_SQL_Running");
        const char *sql_errno = sql_result_get(&result, 0, "Last_SQL_Errno");

        (void)snprintf(followed.user, sizeof followed.user, "%s", user ? user : "");
        followed.port = (uint16_t)(port ? strtoul(port, NULL, 10) : 0);
        followed.receives = io && strcmp(io, "No") != 0;
        followed.applies = applier && strcmp(applier, "No") != 0;
        followed.has_sql_error = sql_errno && strcmp(sql_errno, "0") != 0;
    }
    arena_free(arena);
    if (good)
        *ret_followed = followed;
    return good;
}

bool replication_is_followed(const struct followed *followed, const char *id)
{
    size_t prefix = strlen(SOURCE_DOOR_ACCOUNT);

    return strncmp(followed->user, SOURCE_DOOR_ACCOUNT, prefix) == 0 &&
           strcmp(followed->user + prefix, id) == 0;
}

static bool runs(const struct followed *followed)
{
    return followed->receives || followed->applies;
}

bool replication_check_down(const struct followed *followed, struct err *err)
{
    return !runs(followed) ||
           err_set(err, E_STATE, 0,
                   "You can't modify replication because replication is running. First call "
                   "mysql.rds_stop_replication.");
}

/* ---- Requests ---- */

bool replication_replace_locked(struct source_replication *replication, struct sql *sql,
                                struct source_definition *definition,
                                struct external_source *source, struct err *err)
{
    definition->door_port = external_source_port(source);
    if (!sql_run(sql, "RESET SLAVE '' ALL", err) ||
        !source_definition_save(replication->path, definition, err)) {
        external_source_close(source);
        source_definition_free(definition);
        return false;
    }
    (void)INJECT("replication/defined");
    put_locked(replication, definition, source);
    remove_others(replication, definition->id);
    return replication_set_slave_pos(sql, definition->gtids_of_mariadb, err) &&
           point_to(sql, definition, source, err);
}

/* Where a source is set anew, behind GTIDs, what was applied of it is here. */
static bool take_executed_locked(struct source_replication *replication, struct sql *sql,
                                 struct source_definition *definition, struct err *err)
{
    char *gtids = NULL;
    char *gtids_of_mariadb = NULL;

    if (!replication->shared.source || !source_definition_is_auto(definition))
        return true;
    if (!replication_find_executed(replication, sql, &gtids, &gtids_of_mariadb, err))
        return err_prefix(err, "what is applied of the source before can not be told; "
                               "mysql.rds_reset_external_source forgets it");
    source_definition_put(&definition->gtids, gtids);
    source_definition_put(&definition->gtids_of_mariadb, gtids_of_mariadb);
    mem_free(gtids);
    mem_free(gtids_of_mariadb);
    return true;
}

static bool need_down(struct sql *sql, struct err *err)
{
    struct followed followed;

    return replication_ask_followed(sql, &followed, err) && replication_check_down(&followed, err);
}

bool source_replication_set(struct source_replication *replication, struct sql *sql,
                            const char *asked, struct err *err)
{
    struct source_definition *definition = NULL;
    struct external_source *source = NULL;
    bool good;

    if (!source_definition_parse(asked, replication->domain, replication->server_id, &definition,
                                 err))
        return false;
    if (!replication->owner.admit_place(replication->owner.context, definition->host,
                                        definition->port, err)) {
        source_definition_free(definition);
        return false;
    }
    (void)pthread_mutex_lock(&replication->shared.lock);
    good = need_down(sql, err) && take_executed_locked(replication, sql, definition, err) &&
           replication_open_source(replication, definition, &source, err);
    if (good)
        good = replication_replace_locked(replication, sql, definition, source, err);
    else
        source_definition_free(definition);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

/* The port may have been taken by another program meanwhile. */
static bool point_again(struct source_replication *replication, struct sql *sql,
                        const struct followed *followed, struct err *err)
{
    struct source_definition *definition = replication->shared.definition;
    uint16_t port = external_source_port(replication->shared.source);

    if (definition->door_port != port) {
        definition->door_port = port;
        if (!source_definition_save(replication->path, definition, err))
            return false;
    }
    return followed->port == port || ((!runs(followed) || sql_run(sql, "STOP SLAVE ''", err)) &&
                                      point_to(sql, definition, replication->shared.source, err));
}

bool replication_start_locked(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    struct followed followed;

    if (!replication_need_source(replication, sql, &followed, err))
        return false;
    replication->shared.given_up = false;
    external_source_stop(replication->shared.source);
    return replication_take_purged(replication, sql, err) &&
           replication_limit_locked(replication, err) &&
           point_again(replication, sql, &followed, err) &&
           external_source_start(replication->shared.source, err) &&
           replication_start_threads(replication, sql, err);
}

bool source_replication_start(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = replication_need_down(replication, sql, err);
    if (good) {
        replication_forget_until(replication);
        good = replication_start_locked(replication, sql, err);
        if (!good)
            external_source_stop(replication->shared.source);
    }
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

void source_replication_stop(struct source_replication *replication)
{
    (void)pthread_mutex_lock(&replication->shared.lock);
    if (replication->shared.source)
        external_source_stop(replication->shared.source);
    (void)pthread_mutex_unlock(&replication->shared.lock);
}

void source_replication_hold(struct source_replication *replication, const struct err *why)
{
    (void)pthread_mutex_lock(&replication->shared.lock);
    replication->shared.hold = why ? *why : (struct err){0};
    if (replication->shared.source)
        external_source_hold(replication->shared.source, why);
    (void)pthread_mutex_unlock(&replication->shared.lock);
}

bool source_replication_reset(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = sql_run(sql, "RESET SLAVE '' ALL", err);
    (void)INJECT("replication/forgotten");
    good = good && forget_locked(replication, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

/* ---- The engine's life ---- */

/* Of a daemon that was there before: nothing is open yet. */
static bool load_locked(struct source_replication *replication, const struct followed *followed,
                        struct err *err)
{
    struct source_definition *definition = NULL;
    struct external_source *source = NULL;

    if (!source_definition_load(replication->path, &definition, err))
        return false;
    if (!definition)
        return true;
    if (!replication_is_followed(followed, definition->id)) {
        source_definition_free(definition);
        log_warn(replication->subject, "a source that the engine does not follow is forgotten");
        return forget_locked(replication, err);
    }
    remove_others(replication, definition->id);
    if (!replication_open_source(replication, definition, &source, err)) {
        source_definition_free(definition);
        return false;
    }
    put_locked(replication, definition, source);
    return true;
}

static bool resume_locked(struct source_replication *replication, struct sql *sql, bool adopted,
                          bool wanted, struct err *err)
{
    struct followed followed;

    if (!replication_ask_followed(sql, &followed, err))
        return false;
    if (!replication->shared.source && !load_locked(replication, &followed, err))
        return false;
    if (!replication->shared.source)
        return true;
    if (!point_again(replication, sql, &followed, err))
        return false;
    if (!wanted || (adopted && !runs(&followed)) || replication->shared.definition->until_reached)
        return true;
    if (!external_source_is_started(replication->shared.source) &&
        !external_source_start(replication->shared.source, err))
        return false;
    replication->shared.given_up = false;
    if (!replication_start_threads(replication, sql, err))
        return false;
    log_info(replication->subject, "replication resumed");
    return true;
}

bool source_replication_resume(struct source_replication *replication, struct sql *sql,
                               bool adopted, bool wanted, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = resume_locked(replication, sql, adopted, wanted, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

bool source_replication_is_started(struct source_replication *replication)
{
    bool started;

    (void)pthread_mutex_lock(&replication->shared.lock);
    started = replication->shared.source &&
              external_source_is_started(replication->shared.source) &&
              !replication->shared.given_up;
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return started;
}

/* And the engine does not know. */
static bool has_given_up_locked(struct source_replication *replication, struct err *ret_why)
{
    struct external_source *source = replication->shared.source;
    struct receiver_status status;

    if (!source || !external_source_is_started(source) || replication->shared.given_up)
        return false;
    channel_receiver_status(external_source_borrow_channel(source), &status);
    *ret_why = status.error;
    return status.state == RECEIVER_STOPPED;
}

bool source_replication_has_given_up(struct source_replication *replication)
{
    struct err why;
    bool given_up;

    (void)pthread_mutex_lock(&replication->shared.lock);
    given_up = has_given_up_locked(replication, &why);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return given_up;
}

bool source_replication_check(struct source_replication *replication, struct sql *sql,
                              struct err *ret_why, struct err *err)
{
    struct err why;
    bool good = true;

    *ret_why = (struct err){.class = E_NONE};
    (void)pthread_mutex_lock(&replication->shared.lock);
    if (has_given_up_locked(replication, &why)) {
        good = sql_run(sql, "STOP SLAVE '' IO_THREAD", err);
        replication->shared.given_up = good;
        if (good) {
            replication->shared.told_stopped = true;
            *ret_why = why;
        }
    }
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

static bool is(const char *text, const char *expected)
{
    return text && strcmp(text, expected) == 0;
}

/* True when the thread has ended by it. What an applier's error quotes may have a password. */
static bool take_error(const struct sql_result *row, const char *running, const char *number,
                       const char *text, struct err *ret_why)
{
    const char *code = sql_result_get(row, 0, number);
    const char *words = sql_result_get(row, 0, text);
    const char *query = words ? strstr(words, " Query: '") : NULL;

    if (!is(sql_result_get(row, 0, running), "No") || !code || is(code, "0") || !words)
        return false;
    return !err_set(ret_why, E_STATE, 0, "%.*s", query ? (int)(query - words) : (int)strlen(words),
                    words);
}

bool source_replication_look(struct source_replication *replication, struct sql *sql,
                             enum source_turn *ret_turn, struct err *ret_why, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    enum source_turn turn = SOURCE_GOES_ON;
    struct sql_result row;
    bool good = sql_query(sql, "SHOW SLAVE '' STATUS", arena, &row, err);

    (void)pthread_mutex_lock(&replication->shared.lock);
    if (good && row.n_rows > 0 && replication->shared.source) {
        bool *told = &replication->shared.told_stopped;

        if (!*told &&
            (take_error(&row, "Slave_SQL_Running", "Last_SQL_Errno", "Last_SQL_Error", ret_why) ||
             take_error(&row, "Slave_IO_Running", "Last_IO_Errno", "Last_IO_Error", ret_why)))
            turn = SOURCE_HAS_STOPPED;
        else if (*told && is(sql_result_get(&row, 0, "Slave_SQL_Running"), "Yes") &&
                 is(sql_result_get(&row, 0, "Slave_IO_Running"), "Yes"))
            turn = SOURCE_HAS_RESUMED;
        if (turn != SOURCE_GOES_ON)
            *told = turn == SOURCE_HAS_STOPPED;
    }
    (void)pthread_mutex_unlock(&replication->shared.lock);
    arena_free(arena);
    if (good)
        *ret_turn = turn;
    return good;
}

bool source_replication_purge(struct source_replication *replication, struct sql *sql,
                              struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    const char *file = NULL;
    char *gtids = NULL;
    bool good = sql_query(sql, "SHOW SLAVE '' STATUS", arena, &result, err) &&
                replication_ask_slave_pos(sql, &gtids, err);

    (void)pthread_mutex_lock(&replication->shared.lock);
    if (good && result.n_rows > 0)
        file = sql_result_get(&result, 0, "Relay_Master_Log_File");
    if (file && replication->shared.source)
        good = external_source_purge(replication->shared.source, file, gtids, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    mem_free(gtids);
    arena_free(arena);
    return good;
}

void source_replication_describe(struct source_replication *replication,
                                 const struct source_engine_row *row, struct arena *arena,
                                 struct source_fields *ret_fields)
{
    *ret_fields = (struct source_fields){.count = 0};
    (void)pthread_mutex_lock(&replication->shared.lock);
    if (replication->shared.source)
        source_status_describe(replication->shared.source, replication->shared.definition,
                               replication->material, row, arena, ret_fields);
    (void)pthread_mutex_unlock(&replication->shared.lock);
}
