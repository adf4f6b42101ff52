#include "cli/undo_guard.h"

#include "base/mem.h"
#include "binlog/text.h"
#include "cli/sql_text.h"

#define BY_DELETE 0x01 /* an ON DELETE rule would be, or was, obeyed */
#define BY_UPDATE 0x02

struct guarded_table {
    char *database;
    char *table;
    unsigned rules; /* BY_DELETE, BY_UPDATE */
};

struct undo_guard {
    struct guarded_table *tables; /* sorted */
    size_t count;
    size_t cap;
};

struct undo_guard *undo_guard_new(void)
{
    return mem_alloc(sizeof(struct undo_guard));
}

void undo_guard_free(struct undo_guard *guard)
{
    if (!guard)
        return;
    for (size_t i = 0; i < guard->count; i++) {
        mem_free(guard->tables[i].database);
        mem_free(guard->tables[i].table);
    }
    mem_free(guard->tables);
    mem_free(guard);
}

static int compare(struct span a, const char *b)
{
    size_t length = strlen(b);
    int order = memcmp(a.data, b, a.len < length ? a.len : length);

    return order != 0 ? order : (a.len > length) - (a.len < length);
}

static int compare_table(const struct table_map *map, const struct guarded_table *table)
{
    int order = compare(map->database, table->database);

    return order != 0 ? order : compare(map->table, table->table);
}

static char *copy(struct span name)
{
    char *text = mem_alloc(name.len + 1);

    memcpy(text, name.data, name.len);
    return text;
}

static struct guarded_table *insert(struct undo_guard *guard, size_t at,
                                    const struct table_map *map)
{
    if (guard->count == guard->cap) {
        guard->cap = guard->cap > 0 ? guard->cap * 2 : 16;
        guard->tables = mem_realloc(guard->tables, guard->cap * sizeof *guard->tables);
    }
    memmove(&guard->tables[at + 1], &guard->tables[at],
            (guard->count - at) * sizeof *guard->tables);
    guard->tables[at] =
        (struct guarded_table){.database = copy(map->database), .table = copy(map->table)};
    guard->count++;
    return &guard->tables[at];
}

static struct guarded_table *find(struct undo_guard *guard, const struct table_map *map)
{
    size_t first = 0;
    size_t end = guard->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = compare_table(map, &guard->tables[middle]);

        if (order == 0)
            return &guard->tables[middle];
        if (order > 0)
            first = middle + 1;
        else
            end = middle;
    }
    return insert(guard, first, map);
}

/*
 * Deleting what was inserted may take rows along that refer to it. Inserting what was deleted does
 * not bring back those that went along, unless they are in the log: MySQL 9.7's flag says so.
 */
void undo_guard_take(struct undo_guard *guard, const struct rows *rows, const struct table_map *map)
{
    struct guarded_table *table = find(guard, map);

    if (rows->kind == ROWS_UPDATE)
        table->rules |= BY_UPDATE;
    else if (rows->kind == ROWS_WRITE || !(rows->flags & ROWS_FLAG_SQL_FOREIGN_KEYS))
        table->rules |= BY_DELETE;
}

/*
 * "(a='d' AND b='t' OR ...)" of the tables with a rule, with the names of the columns that
 * tell database and table; of all for rule 0; false, and nothing appended, when there are none.
 */
static bool write_tables(const struct undo_guard *guard, struct buf *buf, unsigned rules,
                         const char *database, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded_table *table = &guard->tables[i];

        if (rules != 0 && !(table->rules & rules))
            continue;
        buf_printf(buf, "%s%s=", found ? "\n    OR " : "(", database);
        text_write_sql(buf, span_str(table->database));
        buf_printf(buf, " AND %s=", name);
        text_write_sql(buf, span_str(table->table));
        found = true;
    }
    if (found)
        buf_u8(buf, ')');
    return found;
}

static void write_foreign_keys(const struct undo_guard *guard, struct buf *buf, unsigned rule,
                               const char *what)
{
    size_t start = buf->len;

    buf_printf(buf,
               "(SELECT CONCAT('undo stopped: ', TABLE_NAME, ' ON %s ', %s_RULE, ' of ', "
               "UNIQUE_CONSTRAINT_SCHEMA, '.', REFERENCED_TABLE_NAME)\n"
               "  FROM information_schema.REFERENTIAL_CONSTRAINTS\n"
               "  WHERE %s_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')\n"
               "  AND ",
               what, what, what);
    if (write_tables(guard, buf, rule, "UNIQUE_CONSTRAINT_SCHEMA", "REFERENCED_TABLE_NAME"))
        buf_str(buf, " LIMIT 1),\n");
    else
        buf->len = start;
}

static void write_triggers(const struct undo_guard *guard, struct buf *buf, const char *condition)
{
    buf_str(buf, "(SELECT CONCAT('undo stopped: trigger ', TRIGGER_NAME, ' of ', "
                 "EVENT_OBJECT_SCHEMA, '.', EVENT_OBJECT_TABLE)\n"
                 "  FROM information_schema.TRIGGERS\n  WHERE ");
    buf_str(buf, condition);
    (void)write_tables(guard, buf, 0, "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE");
    buf_str(buf, " LIMIT 1),\n");
}

void undo_guard_write(const struct undo_guard *guard, struct buf *buf, bool rows_as_statements)
{
    if (guard->count == 0)
        return;
    buf_str(buf, "# Stops here if other tables follow changes of these by a foreign key, or "
                 "triggers would fire: the log does not tell what these did.\n"
                 "SET @borealis_guard = COALESCE(\n");
    write_foreign_keys(guard, buf, BY_DELETE, "DELETE");
    write_foreign_keys(guard, buf, BY_UPDATE, "UPDATE");
    if (rows_as_statements) {
        write_triggers(guard, buf, "");
    } else {
        /* MariaDB can have rows fire triggers, too. */
        buf_str(buf, "/*M!100101 ");
        write_triggers(guard, buf, "@@global.slave_run_triggers_for_rbr <> 'NO' AND ");
        buf_str(buf, "*/");
    }
    buf_str(buf, "'DO 0')" SQL_END "PREPARE borealis_guard FROM @borealis_guard" SQL_END
                 "EXECUTE borealis_guard" SQL_END "DEALLOCATE PREPARE borealis_guard" SQL_END);
}
