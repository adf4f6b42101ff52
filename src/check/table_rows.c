#include "check/table_rows.h"

#include "base/buf.h"

#define SQL_MAX ((size_t)256 << 10)

static void take(struct subject *subject, struct finding *finding, const struct result *result)
{
    char database[256];
    char table[256];
    char rows[32];

    for (size_t row = 0; row < result_rows(result); row++) {
        (void)subject_text(result, row, 0, database, sizeof database);
        (void)subject_text(result, row, 1, table, sizeof table);
        (void)subject_text(result, row, 2, rows, sizeof rows);
        for (size_t i = 0; i < finding->count; i++) {
            struct finding_object *object = &finding->objects[i];

            if (strcmp(object->database, database) == 0 && strcmp(object->name, table) == 0)
                object->detail =
                    arena_printf(subject->findings->arena, "about %s rows", *rows ? rows : "?");
        }
    }
}

void table_rows_add(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct result *result;
    struct buf sql;
    struct err ignored; /* without estimates the list still stands */

    (void)check;
    if (finding->count == 0 || subject_variable_is(subject, "innodb_stats_on_metadata", "ON"))
        return;
    buf_init(&sql, SQL_MAX);
    buf_str(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES "
                  "WHERE FALSE");
    for (size_t i = 0; i < finding->count && i < TABLE_ROWS_MAX; i++) {
        buf_str(&sql, " OR (TABLE_SCHEMA = ");
        subject_write_quoted(&sql, finding->objects[i].database);
        buf_str(&sql, " AND TABLE_NAME = ");
        subject_write_quoted(&sql, finding->objects[i].name);
        buf_str(&sql, ")");
    }
    if (buf_ok(&sql) && subject_ask(subject, buf_borrow_cstr(&sql), &result, &ignored)) {
        take(subject, finding, result);
        result_free(result);
    }
    buf_done(&sql);
}
