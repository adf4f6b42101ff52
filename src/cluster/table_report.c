#include "cluster/table_report.h"

#include "base/arena.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_CAP ((size_t)1 << 20)
#define TOLD_MAX  100

struct table_report {
    char *told[TOLD_MAX]; /* sentences */
    size_t count;
    bool full;        /* and that it is was told */
    bool known;       /* `changes` is */
    uint64_t changes; /* of tables, by this engine process */
};

struct table_report *table_report_new(void)
{
    return mem_alloc(sizeof(struct table_report));
}

void table_report_free(struct table_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->count; i++)
        mem_free(report->told[i]);
    mem_free(report);
}

void table_report_restart(struct table_report *report)
{
    report->known = false;
}

/* How often the engine has made or altered a table, whoever asked for it. */
static bool ask_changes(struct sql *sql, struct arena *arena, uint64_t *ret_changes,
                        struct err *err)
{
    struct sql_result result;

    if (!sql_query(sql,
                   "SELECT SUM(VARIABLE_VALUE) AS changes FROM information_schema.GLOBAL_STATUS "
                   "WHERE VARIABLE_NAME IN ('COM_CREATE_TABLE', 'COM_ALTER_TABLE')",
                   arena, &result, err))
        return false;
    *ret_changes = 0;
    if (result.n_rows > 0 && sql_result_get(&result, 0, "changes"))
        *ret_changes = strtoull(sql_result_get(&result, 0, "changes"), NULL, 10);
    return true;
}

static bool was_told(const struct table_report *report, const char *text)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->told[i], text) == 0)
            return true;
    }
    return false;
}

static void tell_table(struct table_report *report, const char *text,
                       void (*tell)(void *context, const char *text), void *context)
{
    if (was_told(report, text) || report->full)
        return;
    report->full = report->count == TOLD_MAX;
    if (report->full) {
        tell(context, "More tables are not InnoDB: information_schema.TABLES lists them");
        return;
    }
    report->told[report->count++] = mem_strdup(text);
    tell(context, text);
}

/* One more than are remembered, so that there being more shows. */
static bool list_tables(struct table_report *report, struct sql *sql, struct arena *arena,
                        void (*tell)(void *context, const char *text), void *context,
                        struct err *err)
{
    struct sql_result result;
    const char *query = arena_printf(
        arena,
        "SELECT CONCAT('Table `', REPLACE(TABLE_SCHEMA, '`', '``'), '`.`', "
        "REPLACE(TABLE_NAME, '`', '``'), '` is ', ENGINE, ', which a crash may damage and "
        "replication repeat: ALTER TABLE `', REPLACE(TABLE_SCHEMA, '`', '``'), '`.`', "
        "REPLACE(TABLE_NAME, '`', '``'), '` ENGINE=InnoDB, ALGORITHM=COPY') AS text "
        "FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' "
        "AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT %d",
        TOLD_MAX + 1);

    if (!sql_query(sql, query, arena, &result, err))
        return false;
    for (size_t i = 0; i < result.n_rows; i++) {
        const char *text = sql_result_get(&result, i, "text");

        if (text)
            tell_table(report, text, tell, context);
    }
    return true;
}

bool table_report_look(struct table_report *report, struct sql *sql,
                       void (*tell)(void *context, const char *text), void *context,
                       struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    uint64_t changes = 0;
    bool good = ask_changes(sql, arena, &changes, err);

    if (good && !(report->known && report->changes == changes))
        good = list_tables(report, sql, arena, tell, context, err);
    if (good) {
        report->known = true;
        report->changes = changes;
    }
    arena_free(arena);
    return good;
}
