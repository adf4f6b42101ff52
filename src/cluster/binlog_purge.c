#include "cluster/binlog_purge.h"

#include "base/clock.h"
#include "cluster/binlog_files.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_CAP              (4u << 20) /* the names of all files */
#define CATCH_UP_USEC          (5 * USEC_PER_SEC)
#define DEFAULT_RETENTION_HOUR 24

/* As the procedures store it: NULL means the default. */
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

/* Where the engine's log ends. */
static bool ask_place(struct sql *sql, struct log_position *ret_place, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct log_position place = {.offset = 0};
    struct sql_result result;
    const char *name = NULL;
    const char *offset = NULL;
    bool ok = sql_query(sql, "SHOW MASTER STATUS", arena, &result, err);

    if (ok && result.n_rows > 0) {
        name = sql_result_get(&result, 0, "File");
        offset = sql_result_get(&result, 0, "Position");
    }
    if (ok && (!name || !offset))
        ok = err_set(err, E_STATE, 0, "the engine tells no place in its binlog");
    ok = ok && log_name_check(span_str(name), place.name, err);
    if (ok) {
        place.offset = strtoull(offset, NULL, 10);
        *ret_place = place;
    }
    arena_free(arena);
    return ok;
}

/* All that the engine has written is in the change log, which can then tell what may go. */
static bool catch_up(struct sql *sql, struct change_log *log, struct err *err)
{
    struct log_position place;

    return ask_place(sql, &place, err) &&
           change_log_wait(log, &place, clock_deadline_usec(CATCH_UP_USEC), err);
}

/* The oldest file that stays. With a log in use all that the engine has written is looked at. */
static bool find_first(struct sql *sql, struct change_log *log, uint64_t wanted_bytes, bool in_use,
                       char ret_first[LOG_NAME_MAX + 1], bool *ret_any, struct err *err)
{
    struct purge_wish wish = {.now_usec = clock_wall_usec(), .wanted_bytes = wanted_bytes};
    long hours = 0;

    if (!read_retention(sql, &hours, err))
        return false;
    *ret_any = false;
    if (hours <= 0 && wanted_bytes == 0)
        return true;
    wish.hours = hours > 0 ? hours : -1;
    /* An engine that waits for room does not tell where its log ends. */
    return (!in_use || wanted_bytes > 0 || catch_up(sql, log, err)) &&
           change_log_find_purge(log, &wish, ret_first, ret_any, err);
}

bool binlog_purge(struct sql *sql, struct change_log *log, uint64_t wanted_bytes,
                  struct log_purged *ret_purged, struct err *err)
{
    char first[LOG_NAME_MAX + 1];
    char statement[LOG_NAME_MAX + 64];
    bool any = false;

    if (!find_first(sql, log, wanted_bytes, true, first, &any, err))
        return false;
    if (!any)
        return true;
    (void)snprintf(statement, sizeof statement, "PURGE BINARY LOGS TO '%s'", first);
    /* It may keep some, for a recovery of its own or a dump: then so does the change log. */
    return sql_run(sql, statement, err) && change_log_purge_gone(log, ret_purged, err);
}

bool binlog_purge_unused(struct sql *sql, struct change_log *log, const char *directory,
                         const char *base, uint64_t wanted_bytes, struct log_purged *ret_purged,
                         struct err *err)
{
    char first[LOG_NAME_MAX + 1];
    uint32_t removed;
    bool any = false;

    if (!find_first(sql, log, wanted_bytes, false, first, &any, err))
        return false;
    return !any || (binlog_files_remove(directory, base, first, &removed, err) &&
                    change_log_purge_gone(log, ret_purged, err));
}
