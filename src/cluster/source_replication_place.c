/* Where replication begins, goes on and stops, by GTIDs and places; see source_replication.h. */
#include "base/buf.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/gtid_purged.h"
#include "cluster/source_limits.h"
#include "cluster/source_replication_internal.h"
#include "log/lookup.h"

#include <inttypes.h>
#include <string.h>

#define ARENA_CAP ((size_t)4 << 20)

/* ---- What is here ---- */

static char *print_set(const struct gtid_set *set)
{
    struct buf buf;
    char *text;

    buf_init(&buf, SIZE_MAX / 2);
    gtid_set_print(&buf, set);
    text = mem_strdup(buf_borrow_cstr(&buf));
    buf_done(&buf);
    return text;
}

static char *print_list(const struct gtid_list *list)
{
    struct buf buf;
    char *text;

    buf_init(&buf, SIZE_MAX / 2);
    gtid_list_print_sorted(&buf, list);
    text = mem_strdup(buf_borrow_cstr(&buf));
    buf_done(&buf);
    return text;
}

/* The first value of a statement; the caller frees it. */
static bool ask_text(struct sql *sql, const char *statement, char **ret_text, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    bool good = sql_query(sql, statement, arena, &result, err);

    if (good)
        *ret_text = mem_strdup(result.n_rows > 0 && result.values[0] ? result.values[0] : "");
    arena_free(arena);
    return good;
}

bool replication_ask_slave_pos(struct sql *sql, char **ret_gtids, struct err *err)
{
    return ask_text(sql, "SELECT @@GLOBAL.gtid_slave_pos", ret_gtids, err);
}

void replication_applied_done(struct replication_applied *applied)
{
    gtid_list_done(&applied->position);
    log_state_done(&applied->state);
}

/* Of a MariaDB source; what was received ends at `end`. */
static bool count_lacking(struct replication_applied *applied, const struct log_position *end,
                          struct err *err)
{
    struct log_state state;
    bool good;

    log_state_init(&state);
    good = log_state_at(applied->mirror, end, &state, err);
    for (size_t i = 0; good && i < state.list.count; i++) {
        const struct gtid_mariadb *item = &state.list.items[i];

        if (gtid_list_find(&state.list, item->domain) == item &&
            !gtid_list_reached(&applied->position, *item))
            applied->lacking++;
    }
    log_state_done(&state);
    return good;
}

bool replication_find_applied(struct source_replication *replication, struct sql *sql,
                              struct replication_applied *applied, struct err *err)
{
    struct external_source *source = replication->shared.source;
    struct mirror *mirror = channel_borrow_mirror(external_source_borrow_channel(source));
    struct log_ends ends = {0};
    char *gtids = NULL;
    bool good;

    *applied = (struct replication_applied){.mirror = NULL};
    gtid_list_init(&applied->position);
    log_state_init(&applied->state);
    if (!replication_ask_slave_pos(sql, &gtids, err))
        return false;
    good = gtid_list_parse(span_str(gtids), &applied->position, err);
    if (mirror)
        mirror_ends(mirror, &ends);
    if (good && ends.whole.name[0] != '\0') {
        applied->mirror = mirror;
        good = external_source_stand(source, gtids, NULL, &applied->place, err) &&
               log_state_at(mirror, &applied->place.at, &applied->state, err) &&
               count_lacking(applied, &ends.whole, err);
    }
    mem_free(gtids);
    return good;
}

bool replication_find_executed(struct source_replication *replication, struct sql *sql,
                               char **ret_gtids, char **ret_gtids_of_mariadb, struct err *err)
{
    const struct source_definition *definition = replication->shared.definition;
    struct gtid_list list;
    struct gtid_set set;
    struct replication_applied applied;
    bool good;

    gtid_set_init(&set);
    gtid_list_init(&list);
    good =
        replication_find_applied(replication, sql, &applied, err) &&
        (definition->gtids[0] == '\0' || gtid_set_parse(span_str(definition->gtids), &set, err)) &&
        gtid_list_parse(span_str(definition->gtids_of_mariadb), &list, err);
    if (good) {
        gtid_set_union(&set, &applied.state.set);
        for (size_t i = 0; i < applied.state.list.count; i++) {
            uint32_t domain = applied.state.list.items[i].domain;

            gtid_list_set_position(&list, *gtid_list_find(&applied.state.list, domain));
        }
        if (applied.mirror && mirror_identity(applied.mirror)->family == FORMAT_MARIADB)
            gtid_list_union(&list, &applied.position);
        *ret_gtids = print_set(&set);
        *ret_gtids_of_mariadb = print_list(&list);
    }
    replication_applied_done(&applied);
    gtid_list_done(&list);
    gtid_set_done(&set);
    return good;
}

/* ---- Starting ---- */

static bool ask_purged(struct sql *sql, const char *row, char **ret_gtids, struct err *err)
{
    char *statement =
        mem_printf("SELECT value FROM mysql.rds_channel_setting WHERE name = '%s'", row);
    bool good = ask_text(sql, statement, ret_gtids, err);

    mem_free(statement);
    return good;
}

/* Of a source that begins behind GTIDs: those that a dump has brought, or the operator told. */
static bool take_purged(struct source_definition *definition, struct sql *sql, struct err *err)
{
    char *purged = NULL;
    char *joined = NULL;
    bool good;

    if (!source_definition_is_auto(definition))
        return true;
    good = ask_purged(sql, GTID_PURGED_MYSQL_ROW, &purged, err) &&
           source_limits_join(definition->gtids, purged, &joined, err);
    if (good)
        source_definition_put(&definition->gtids, joined);
    mem_free(purged);
    mem_free(joined);
    return good;
}

/* The same of a position: of a source that is MariaDB, or was not met yet. */
static bool ask_purged_position(const struct source_replication *replication, struct sql *sql,
                                struct gtid_list *position, struct err *err)
{
    const struct mirror *mirror =
        channel_borrow_mirror(external_source_borrow_channel(replication->shared.source));
    char *purged = NULL;
    bool good;

    if (!source_definition_is_auto(replication->shared.definition) ||
        (mirror && mirror_identity(mirror)->family != FORMAT_MARIADB))
        return true;
    good = ask_purged(sql, GTID_PURGED_MARIADB_ROW, &purged, err) &&
           gtid_list_parse(span_str(purged), position, err);
    mem_free(purged);
    return good;
}

/* Adds a position to a text of one. */
static bool raise_text(const char *text, const struct gtid_list *position, char **ret_text,
                       struct err *err)
{
    struct gtid_list list;
    bool good;

    gtid_list_init(&list);
    good = gtid_list_parse(span_str(text), &list, err);
    gtid_list_union(&list, position);
    if (good)
        *ret_text = print_list(&list);
    gtid_list_done(&list);
    return good;
}

/*
 * The engine's threads, which are down, go on behind the position, too; then it is only the
 * definition's: another source may have these numbers for other transactions. Cut short at any
 * point, the next start does it again.
 */
static bool give_position(struct sql *sql, const struct gtid_list *position, struct err *err)
{
    char *applied = NULL;
    char *raised = NULL;
    bool good = replication_ask_slave_pos(sql, &applied, err) &&
                raise_text(applied, position, &raised, err) &&
                (strcmp(applied, raised) == 0 || replication_set_slave_pos(sql, raised, err));

    (void)INJECT("replication/positioned");
    mem_free(applied);
    mem_free(raised);
    return good && sql_run(sql,
                           "SET STATEMENT sql_log_bin = 0 FOR UPDATE mysql.rds_channel_setting "
                           "SET value = '' WHERE name = '" GTID_PURGED_MARIADB_ROW "'",
                           err);
}

static bool take_position(struct source_definition *definition, const struct gtid_list *position,
                          struct err *err)
{
    char *raised = NULL;

    if (!raise_text(definition->gtids_of_mariadb, position, &raised, err))
        return false;
    source_definition_put(&definition->gtids_of_mariadb, raised);
    mem_free(raised);
    return true;
}

bool replication_take_purged(struct source_replication *replication, struct sql *sql,
                             struct err *err)
{
    struct source_definition *definition = replication->shared.definition;
    struct gtid_list position;
    bool good;

    gtid_list_init(&position);
    good = take_purged(definition, sql, err) &&
           ask_purged_position(replication, sql, &position, err) &&
           take_position(definition, &position, err) &&
           source_definition_save(replication->path, definition, err) &&
           (position.count == 0 || give_position(sql, &position, err));
    gtid_list_done(&position);
    return good;
}

bool replication_limit_locked(struct source_replication *replication, struct err *err)
{
    struct source_definition *definition = replication->shared.definition;
    struct dump_limits limits;
    bool good;

    dump_limits_init(&limits);
    good = source_definition_save(replication->path, definition, err) &&
           source_limits_make(definition, &limits, err);
    if (good)
        external_source_limit(replication->shared.source, &limits);
    dump_limits_done(&limits);
    return good;
}

/*
 * An engine that is to stop by GTID heeds it when the relay says that it is there, whatever GTID it
 * was given: the relay knows where that is.
 */
bool replication_start_threads(struct source_replication *replication, struct sql *sql,
                               struct err *err)
{
    const struct source_definition *definition = replication->shared.definition;
    char *statement;
    bool good;

    if (definition->until.name[0] == '\0' && definition->until_gtids[0] == '\0')
        return sql_run(sql, "START SLAVE ''", err);
    statement =
        mem_printf("START SLAVE '' UNTIL master_gtid_pos = '%" PRIu32 "-%" PRIu32 "-%" PRIu64 "'",
                   definition->domain, definition->server_id, UINT64_MAX - 1);
    good = sql_run(sql, statement, err);
    mem_free(statement);
    return good;
}

/* ---- Requests ---- */

/* The engine follows it. */
bool replication_need_source(struct source_replication *replication, struct sql *sql,
                             struct followed *ret_followed, struct err *err)
{
    if (!replication_ask_followed(sql, ret_followed, err))
        return false;
    return (replication->shared.source &&
            replication_is_followed(ret_followed, replication->shared.definition->id)) ||
           err_set(err, E_STATE, 0, "the source is not configured: reset and set it again");
}

bool replication_need_down(struct source_replication *replication, struct sql *sql, struct err *err)
{
    struct followed followed;

    return replication_need_source(replication, sql, &followed, err) &&
           replication_check_down(&followed, err);
}

/* The same source from another place on. */
bool replication_renew(struct source_replication *replication, struct sql *sql,
                       const struct log_position *position, const char *gtids,
                       const char *gtids_of_mariadb, struct err *err)
{
    struct source_definition *definition =
        source_definition_renew(replication->shared.definition, replication->domain,
                                replication->server_id, position, gtids, gtids_of_mariadb);
    struct external_source *source = NULL;

    if (replication_open_source(replication, definition, &source, err))
        return replication_replace_locked(replication, sql, definition, source, err);
    source_definition_free(definition);
    return false;
}

static bool begin_auto(struct source_replication *replication, struct sql *sql, struct err *err)
{
    char *gtids = NULL;
    char *gtids_of_mariadb = NULL;
    bool good = replication_find_executed(replication, sql, &gtids, &gtids_of_mariadb, err) &&
                replication_renew(replication, sql, NULL, gtids, gtids_of_mariadb, err);

    mem_free(gtids);
    mem_free(gtids_of_mariadb);
    return good;
}

/* Domains that ran ahead of others have no place in one log. */
static bool check_one_place(const struct replication_applied *applied, struct err *err)
{
    if (mirror_identity(applied->mirror)->family != FORMAT_MARIADB)
        return true;
    for (size_t i = 0; i < applied->position.count; i++) {
        if (!gtid_list_holds(&applied->state.list, applied->position.items[i]))
            return err_set(err, E_STATE, 0,
                           "the domains of the source are applied up to different places: there "
                           "is no one position to go on from");
    }
    return true;
}

/* What lies behind the place and is here already stays left out. */
static bool keep_left_out(struct source_definition *definition,
                          const struct replication_applied *applied, struct err *err)
{
    struct gtid_set behind;
    char *text = NULL;
    char *joined = NULL;
    bool good;

    if (definition->gtids[0] == '\0')
        return true;
    gtid_set_init(&behind);
    good = gtid_set_parse(span_str(definition->gtids), &behind, err);
    if (good) {
        gtid_set_subtract(&behind, &applied->state.set);
        text = print_set(&behind);
        good = source_limits_join(definition->skipped, text, &joined, err);
    }
    if (good)
        source_definition_put(&definition->skipped, joined);
    gtid_set_done(&behind);
    mem_free(text);
    mem_free(joined);
    return good;
}

static bool begin_at_place(struct source_replication *replication, struct sql *sql, struct err *err)
{
    struct replication_applied applied;
    bool good = replication_find_applied(replication, sql, &applied, err);

    if (good && !applied.mirror)
        good = err_set(err, E_STATE, 0,
                       "the source was not met yet, so no position is known to go on from");
    good = good && check_one_place(&applied, err) &&
           keep_left_out(replication->shared.definition, &applied, err) &&
           replication_renew(replication, sql, &applied.place.at, "", "", err);
    replication_applied_done(&applied);
    return good;
}

static bool set_auto_locked(struct source_replication *replication, struct sql *sql, bool automatic,
                            struct err *err)
{
    if (!replication_need_down(replication, sql, err))
        return false;
    if (source_definition_is_auto(replication->shared.definition) == automatic)
        return true;
    return automatic ? begin_auto(replication, sql, err) : begin_at_place(replication, sql, err);
}

bool source_replication_set_auto(struct source_replication *replication, struct sql *sql,
                                 bool automatic, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = set_auto_locked(replication, sql, automatic, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}

static bool set_encrypted_locked(struct source_replication *replication, struct sql *sql,
                                 bool encrypted, struct err *err)
{
    bool before;

    if (!replication_need_down(replication, sql, err))
        return false;
    before = replication->shared.definition->encrypted;
    replication->shared.definition->encrypted = encrypted;
    if (source_definition_save(replication->path, replication->shared.definition, err))
        return true;
    replication->shared.definition->encrypted = before;
    return false;
}

bool source_replication_set_encrypted(struct source_replication *replication, struct sql *sql,
                                      bool encrypted, struct err *err)
{
    bool good;

    (void)pthread_mutex_lock(&replication->shared.lock);
    good = set_encrypted_locked(replication, sql, encrypted, err);
    (void)pthread_mutex_unlock(&replication->shared.lock);
    return good;
}
