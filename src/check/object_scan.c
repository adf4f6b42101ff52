#include "check/object_scan.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define SQL_MAX    ((size_t)256 << 10)
#define CHECKS_MAX 64 /* of one source */

#define SYSTEM_DATABASES "'mysql', 'information_schema', 'performance_schema', 'sys'"

struct source_view {
    const char *from;
    const char *database; /* expressions over it; "''": of no database */
    const char *name;
    const char *where; /* what else limits it; NULL: nothing */
    const char *group; /* GROUP BY, with the predicates in HAVING; NULL: none */
    const char *needs; /* privileges without which the account sees a part only, as grants_has() */
    bool has_views;    /* its rows are of views too, which are left out */
};

static const struct source_view views[OBJECT_SOURCES] = {
    [SOURCE_SCHEMATA] = {"information_schema.SCHEMATA", "SCHEMA_NAME", "''", NULL, NULL, "SELECT",
                         false},
    [SOURCE_TABLES] = {"information_schema.TABLES", "TABLE_SCHEMA", "TABLE_NAME",
                       "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')", NULL,
                       "SELECT", false},
    [SOURCE_COLUMNS] = {"information_schema.COLUMNS", "TABLE_SCHEMA",
                        "CONCAT(TABLE_NAME, '.', COLUMN_NAME)", NULL, NULL, "SELECT", true},
    [SOURCE_KEYLESS] = {"information_schema.COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", NULL,
                        "TABLE_SCHEMA, TABLE_NAME", "SELECT", true},
    [SOURCE_STATISTICS] = {"information_schema.STATISTICS", "TABLE_SCHEMA",
                           "CONCAT(TABLE_NAME, '.', INDEX_NAME)", NULL, NULL, "SELECT", false},
    [SOURCE_CONSTRAINTS] = {"information_schema.TABLE_CONSTRAINTS", "TABLE_SCHEMA",
                            "CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)", NULL, NULL, "SELECT",
                            false},
    [SOURCE_FOREIGN_KEYS] = {"information_schema.REFERENTIAL_CONSTRAINTS", "CONSTRAINT_SCHEMA",
                             "CONCAT(TABLE_NAME, '.', CONSTRAINT_NAME)", NULL, NULL, "SELECT",
                             false},
    [SOURCE_VIEWS] = {"information_schema.VIEWS", "TABLE_SCHEMA", "TABLE_NAME", NULL, NULL,
                      "SHOW VIEW", false},
    [SOURCE_ROUTINES] = {"information_schema.ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME", NULL,
                         NULL, "SELECT|SHOW_ROUTINE|SHOW CREATE ROUTINE", false},
    [SOURCE_TRIGGERS] = {"information_schema.TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME", NULL,
                         NULL, "TRIGGER", false},
    [SOURCE_EVENTS] = {"information_schema.EVENTS", "EVENT_SCHEMA", "EVENT_NAME", NULL, NULL,
                       "EVENT", false},
    [SOURCE_DEFINERS] =
        {"(SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, 'view' AS kind, DEFINER AS definer FROM "
         "information_schema.VIEWS UNION ALL SELECT ROUTINE_SCHEMA, ROUTINE_NAME, 'routine', "
         "DEFINER FROM information_schema.ROUTINES UNION ALL SELECT TRIGGER_SCHEMA, TRIGGER_NAME, "
         "'trigger', DEFINER FROM information_schema.TRIGGERS UNION ALL SELECT EVENT_SCHEMA, "
         "EVENT_NAME, 'event', DEFINER FROM information_schema.EVENTS) AS definers",
         "db", "name", NULL, NULL, "SELECT", false},
    [SOURCE_PERIODS] = {"information_schema.PERIODS", "TABLE_SCHEMA",
                        "CONCAT(TABLE_NAME, '.', PERIOD)", NULL, NULL, "SELECT", false},
    [SOURCE_LIBRARIES] = {"information_schema.LIBRARIES", "LIBRARY_SCHEMA", "LIBRARY_NAME", NULL,
                          NULL, "SELECT|SHOW_ROUTINE", false},
    [SOURCE_DUALITY_VIEWS] = {"information_schema.JSON_DUALITY_VIEWS", "TABLE_SCHEMA", "TABLE_NAME",
                              NULL, NULL, "SHOW VIEW", false},
    [SOURCE_RESOURCE_GROUPS] = {"information_schema.RESOURCE_GROUPS", "''",
                                "CAST(RESOURCE_GROUP_NAME AS CHAR)", NULL, NULL,
                                "RESOURCE_GROUP_ADMIN|RESOURCE_GROUP_USER", false},
    [SOURCE_ACCOUNTS] = {"mysql.user", "''", "CONCAT(User, '@', Host)",
                         "User NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema', "
                         "'mariadb.sys')",
                         NULL, "SELECT", false},
};

static void write_condition(struct buf *sql, const struct check *const *checks,
                            const size_t *chosen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_str(sql, i ? " OR (" : "(");
        buf_str(sql, checks[chosen[i]]->predicate);
        buf_str(sql, ")");
    }
}

static size_t choose(enum object_source source, const struct check *const *checks, size_t count,
                     enum format_family family, uint32_t version, size_t chosen[CHECKS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < count && n < CHECKS_MAX; i++) {
        if (checks[i]->source == source && check_applies(checks[i], family, version))
            chosen[n++] = i;
    }
    return n;
}

size_t object_scan_write_query(enum object_source source, const struct check *const *checks,
                               size_t count, enum format_family family, uint32_t version,
                               struct buf *sql)
{
    const struct source_view *view = &views[source];
    size_t chosen[CHECKS_MAX];
    size_t n = choose(source, checks, count, family, version, chosen);

    if (n == 0)
        return 0;
    buf_printf(sql, "SELECT %s, %s", view->database, view->name);
    for (size_t i = 0; i < n; i++) {
        const char *detail = checks[chosen[i]]->detail;

        buf_str(sql, ", IF(");
        buf_str(sql, checks[chosen[i]]->predicate);
        buf_str(sql, ", COALESCE(");
        buf_str(sql, detail ? detail : "''");
        buf_str(sql, ", ''), NULL)");
    }
    buf_printf(sql, " FROM %s WHERE %s NOT IN (" SYSTEM_DATABASES ")", view->from, view->database);
    if (view->where)
        buf_printf(sql, " AND %s", view->where);
    if (view->group)
        buf_printf(sql, " GROUP BY %s HAVING ", view->group);
    else
        buf_str(sql, " AND (");
    write_condition(sql, checks, chosen, n);
    buf_printf(sql, "%s LIMIT %d", view->group ? "" : ")", FINDINGS_OBJECTS + 1);
    return n;
}

/* Sorted "database NUL name" of what looks like a table and is none. */
struct names {
    char **items;
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->items[i]);
    mem_free(names->items);
}

/* A byte that no name has separates the two. */
static char *join(struct span database, struct span table)
{
    return mem_printf("%.*s\x01%.*s", (int)database.len, (const char *)database.data,
                      (int)table.len, (const char *)table.data);
}

static bool ask_views(struct subject *subject, struct names *names, struct err *err)
{
    static const char sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                              "WHERE TABLE_SCHEMA NOT IN (" SYSTEM_DATABASES
                              ") AND TABLE_TYPE IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE')";
    struct result *result;

    if (!subject_ask(subject, sql, &result, err))
        return false;
    if (result_rows(result))
        names->items = mem_alloc(result_rows(result) * sizeof *names->items);
    for (size_t row = 0; row < result_rows(result); row++) {
        struct span database;
        struct span table;

        if (result_value(result, row, 0, &database) && result_value(result, row, 1, &table))
            names->items[names->count++] = join(database, table);
    }
    result_free(result);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    return true;
}

static bool is_view(const struct names *names, struct span database, struct span name)
{
    const uint8_t *dot = name.len ? memchr(name.data, '.', name.len) : NULL;
    char *key;
    bool found = false;

    if (names->count == 0)
        return false;
    /* A table's name may have dots itself: every prefix that ends at one is tried. */
    for (;;) {
        size_t len = dot ? (size_t)(dot - name.data) : name.len;

        key = join(database, span_of(name.data, len));
        found = bsearch(&key, names->items, names->count, sizeof *names->items, compare_names);
        mem_free(key);
        if (found || !dot)
            return found;
        dot = memchr(dot + 1, '.', name.len - len - 1);
    }
}

static void write_name(struct buf *sql, const char *name)
{
    buf_str(sql, "`");
    for (; *name; name++)
        buf_str(sql, *name == '`' ? "``" : (const char[]){*name, '\0'});
    buf_str(sql, "`");
}

/* Where objects are tables, a statement for one of them stands for that of all. */
static void name_table(struct subject *subject, struct finding *finding)
{
    static const char any[] = "ALTER TABLE ...";
    enum object_source source = finding->check->source;
    struct buf sql;

    if ((source != SOURCE_TABLES && source != SOURCE_KEYLESS) || !finding->action ||
        strncmp(finding->action, any, sizeof any - 1) != 0)
        return;
    buf_init(&sql, SQL_MAX);
    buf_str(&sql, "ALTER TABLE ");
    write_name(&sql, finding->objects[0].database);
    buf_str(&sql, ".");
    write_name(&sql, finding->objects[0].name);
    buf_str(&sql, finding->action + sizeof any - 1);
    buf_str(&sql, finding->count > 1 ? "; and so for each" : "");
    finding->action = arena_strdup(subject->findings->arena, buf_borrow_cstr(&sql));
    buf_done(&sql);
}

static void settle(struct subject *subject, const struct source_view *view, struct finding *finding)
{
    const struct check *check = finding->check;

    finding->partial = !grants_has(&subject->grants, view->needs);
    finding_sort(finding);
    if (finding->count)
        name_table(subject, finding);
    if (finding->count)
        findings_set(subject->findings, finding, check->severity, "%s%zu%s",
                     finding->at_least ? "at least " : "", finding->count,
                     finding->partial ? ", of what this account may see" : "");
    else if (finding->partial)
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "none that this account may see; it needs %.*s on *.* to see all",
                     (int)strcspn(view->needs, "|"), view->needs);
    else
        findings_set(subject->findings, finding, SEVERITY_OK, "none");
}

static void take_rows(struct subject *subject, const struct source_view *view,
                      const struct result *result, const struct names *names,
                      struct finding *const *chosen, size_t count)
{
    for (size_t i = 0; i < count; i++)
        findings_reserve(subject->findings, chosen[i], result_rows(result));
    for (size_t row = 0; row < result_rows(result); row++) {
        struct span database = {0};
        struct span name = {0};
        struct span detail;

        (void)result_value(result, row, 0, &database);
        (void)result_value(result, row, 1, &name);
        if (view->has_views && is_view(names, database, name))
            continue;
        for (size_t i = 0; i < count; i++) {
            if (result_value(result, row, i + 2, &detail))
                findings_add_object(subject->findings, chosen[i], database, name, detail);
        }
    }
    for (size_t i = 0; i < count; i++) {
        chosen[i]->at_least |= result_rows(result) > FINDINGS_OBJECTS;
        settle(subject, view, chosen[i]);
    }
}

static void run_source(struct subject *subject, enum object_source source,
                       const struct check *const *checks, struct finding *const *findings,
                       size_t count, const struct names *names)
{
    struct finding *chosen[CHECKS_MAX];
    size_t indices[CHECKS_MAX];
    struct result *result;
    struct buf sql;
    struct err err;
    size_t n;

    buf_init(&sql, SQL_MAX);
    n = object_scan_write_query(source, checks, count, subject->family, subject->version, &sql);
    (void)choose(source, checks, count, subject->family, subject->version, indices);
    for (size_t i = 0; i < n; i++)
        chosen[i] = findings[indices[i]];
    if (n > 0 && subject_ask(subject, buf_borrow_cstr(&sql), &result, &err)) {
        take_rows(subject, &views[source], result, names, chosen, n);
        result_free(result);
    } else {
        for (size_t i = 0; i < n; i++)
            findings_set(subject->findings, chosen[i], SEVERITY_UNKNOWN, "%s", err.text);
    }
    buf_done(&sql);
}

void object_scan_run(struct subject *subject, const struct check *const *checks,
                     struct finding *const *findings, size_t count)
{
    struct names names = {0};
    struct err err;

    if (!ask_views(subject, &names, &err)) {
        for (size_t i = 0; i < count; i++)
            findings_set(subject->findings, findings[i], SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    for (int source = SOURCE_NONE + 1; source < OBJECT_SOURCES; source++)
        run_source(subject, (enum object_source)source, checks, findings, count, &names);
    names_done(&names);
}
