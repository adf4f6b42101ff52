#include "replication/key_query.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "replication/key_dictionary.h"
#include "replication/link_query.h"
#include "replication/source_change.h"
#include "replication/source_place.h"

#include <inttypes.h>

#define ROW_MAX    ((size_t)64 << 10) /* bytes: names and an expression's text */
#define ANSWER_MAX ((size_t)64 << 10)

/* From these versions on. */
#define MYSQL_5_7_8  50708
#define MYSQL_8      80000
#define MYSQL_8_0_30 80030

/* What a session may have been given by the server's settings, and what bounds the statements. */
static const struct {
    bool mariadb;
    bool mysql;
    uint32_t since;
    const char *sql;
} settings[] = {
    {true, true, 0,
     "SET NAMES utf8, SESSION sql_mode = '', sql_select_limit = 18446744073709551615,"
     " sql_big_selects = 1, lock_wait_timeout = 10"},
    {true, false, 0, "SET SESSION max_statement_time = 50"},
    {false, true, MYSQL_5_7_8, "SET SESSION max_execution_time = 50000"},
    {false, true, MYSQL_8_0_30,
     "SET SESSION show_gipk_in_create_table_and_information_schema = ON"},
};

static bool prepare(struct link *link, const struct source *source, int64_t deadline_usec,
                    struct err *err)
{
    bool mariadb = source->family == FORMAT_MARIADB;

    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if ((mariadb ? settings[i].mariadb : settings[i].mysql) &&
            source->version >= settings[i].since &&
            !link_execute(link, settings[i].sql, deadline_usec, err))
            return false;
    }
    return true;
}

static bool check_source(const struct link *link, const struct source *source,
                         const struct log_identity *ours, struct err *err)
{
    struct log_identity theirs;

    source_identity(source, &theirs);
    if (source_is_same(ours, &theirs))
        return true;
    return err_set(err, E_STATE, 0,
                   "%s: another server than the one whose binlog is received: expected server_id "
                   "%" PRIu32 " %s, found %" PRIu32 " %s",
                   link_peer(link), ours->server_id, ours->server_uuid, theirs.server_id,
                   theirs.server_uuid);
}

/* A table that is hidden from us may refer to one that is not. */
static bool check_rights(struct link *link, int64_t deadline_usec, struct err *err)
{
    struct result *result;
    size_t rows;

    if (!link_query(link,
                    "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES"
                    " WHERE PRIVILEGE_TYPE = 'SELECT' AND GRANTEE ="
                    " CONCAT(\"'\", REPLACE(CURRENT_USER(), '@', \"'@'\"), \"'\")",
                    ANSWER_MAX, deadline_usec, &result, err))
        return false;
    rows = result_rows(result);
    result_free(result);
    return rows > 0 || err_set(err, E_AUTH, 0,
                               "%s: the account may not see all tables: grant it SELECT on *.*, "
                               "itself and not by a role",
                               link_peer(link));
}

static bool find_end(struct link *link, const struct source *source, int64_t deadline_usec,
                     struct log_position *ret_end, struct err *err)
{
    struct source_position position;

    if (!source_find_newest(link, source, deadline_usec, &position, err)) {
        if (err->class == E_AUTH)
            (void)err_set(
                err, E_AUTH, err->code,
                "%s: the account may not see where the binlog ends: grant it %s", link_peer(link),
                source->family == FORMAT_MARIADB ? "BINLOG MONITOR" : "REPLICATION CLIENT");
        return false;
    }
    if (!log_name_check(span_str(position.file), ret_end->name, err))
        return err_prefix(err, "%s", link_peer(link));
    ret_end->offset = position.offset;
    return true;
}

/* ---- Changes at work ---- */

/* A number in the first row; 0 for NULL, and where there is no row. */
static uint64_t number_at(const struct result *result, size_t column)
{
    uint64_t number = 0;
    struct cursor cur;
    struct span text;

    if (result_rows(result) == 0 || result_columns(result) <= column ||
        !result_value(result, 0, column, &text))
        return 0;
    cur = cursor_of(text);
    return cursor_decimal(&cur, UINT64_MAX, &number) ? number : 0;
}

/* Locks that were held and could not be shown, for want of memory. */
static bool check_lost(struct link *link, int64_t deadline_usec, struct err *err)
{
    struct result *result;
    uint64_t lost;

    if (!link_query(link, "SHOW GLOBAL STATUS LIKE 'Performance_schema_metadata_lock_lost'",
                    ANSWER_MAX, deadline_usec, &result, err))
        return false;
    lost = number_at(result, 1);
    result_free(result);
    return lost == 0 || err_set(err, E_STATE, 0,
                                "%s: performance_schema does not show all metadata locks: raise "
                                "performance_schema_max_metadata_locks, and restart it",
                                link_peer(link));
}

/* The statement itself holds locks: where it does not see them, none are shown. */
static bool check_idle(struct link *link, const struct source *source, int64_t deadline_usec,
                       bool *ret_busy, struct err *err)
{
    struct result *result;
    uint64_t changes;
    uint64_t own;

    if (source->family == FORMAT_MARIADB || source->version < MYSQL_8)
        return true;
    if (!check_lost(link, deadline_usec, err) ||
        !link_query(link,
                    "SELECT SUM(OWNER_THREAD_ID = PS_CURRENT_THREAD_ID()),"
                    " SUM(OBJECT_TYPE = 'BACKUP LOCK') FROM performance_schema.metadata_locks",
                    ANSWER_MAX, deadline_usec, &result, err))
        return false;
    own = number_at(result, 0);
    changes = number_at(result, 1);
    result_free(result);
    if (own == 0)
        return err_set(err, E_STATE, 0,
                       "%s: performance_schema shows no metadata locks: it is off "
                       "(performance_schema), or its instrument wait/lock/metadata/sql/mdl",
                       link_peer(link));
    *ret_busy = changes > 0;
    return changes == 0 ||
           err_set(err, E_STATE, 0, "%s: tables are being changed", link_peer(link));
}

/* ---- The reading ---- */

static bool read_dictionary(struct link *link, const struct source *source, int64_t deadline_usec,
                            struct key_catalog **ret_catalog, struct err *err)
{
    struct key_dictionary *dictionary = key_dictionary_new(source->family);
    bool good = true;

    for (size_t i = 0; i < KEY_DICTIONARY_PARTS && good; i++) {
        const struct key_dictionary_part *part = &key_dictionary_parts[i];

        good = link_query_rows(link, part->sql, part->columns, ROW_MAX, part->take, dictionary,
                               deadline_usec, err);
    }
    good = good && key_dictionary_finish(dictionary, ret_catalog, err);
    key_dictionary_free(dictionary);
    return good;
}

static bool read_between(struct link *link, const struct source *source, int64_t deadline_usec,
                         struct key_reading *reading, bool *ret_busy, struct err *err)
{
    if (!find_end(link, source, deadline_usec, &reading->before, err) ||
        !check_idle(link, source, deadline_usec, ret_busy, err) ||
        !read_dictionary(link, source, deadline_usec, &reading->catalog, err))
        return false;
    if (check_idle(link, source, deadline_usec, ret_busy, err) &&
        find_end(link, source, deadline_usec, &reading->after, err))
        return true;
    key_catalog_free(reading->catalog);
    return false;
}

bool key_query(struct link *link, const struct log_identity *ours, int64_t deadline_usec,
               struct key_reading *ret_reading, bool *ret_busy, struct err *err)
{
    struct key_reading reading = {.log = NULL};
    struct source source;

    *ret_busy = false;
    if (!source_ask_who(link, deadline_usec, &source, err) ||
        !check_source(link, &source, ours, err) || !prepare(link, &source, deadline_usec, err) ||
        !check_rights(link, deadline_usec, err) ||
        !read_between(link, &source, deadline_usec, &reading, ret_busy, err))
        return false;
    reading.read_usec = clock_wall_usec();
    *ret_reading = reading;
    return true;
}
