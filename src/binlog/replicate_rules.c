#include "binlog/replicate_rules.h"

#include "base/mem.h"
#include "binlog/table_filter.h"

#include <stdatomic.h>

#define PATTERN_MAX    1024 /* bytes */
#define TABLE_NAME_MAX 1024

struct pattern_list {
    char **items;
    size_t count;
};

struct replicate_rules {
    atomic_uint shares;
    struct table_filter names[REPLICATE_IGNORE_TABLE + 1];
    struct pattern_list wild_do;
    struct pattern_list wild_ignore;
};

static const struct {
    const char *name;
    const char *summary;
} infos[REPLICATE_RULE_COUNT] = {
    [REPLICATE_DO_DB] = {"replicate_do_db", "Only changes of these databases."},
    [REPLICATE_IGNORE_DB] = {"replicate_ignore_db", "No changes of these databases."},
    [REPLICATE_DO_TABLE] = {"replicate_do_table", "Only changes of these tables."},
    [REPLICATE_IGNORE_TABLE] = {"replicate_ignore_table", "No changes of these tables."},
    [REPLICATE_WILD_DO_TABLE] = {"replicate_wild_do_table",
                                 "Only changes of tables that are like these."},
    [REPLICATE_WILD_IGNORE_TABLE] = {"replicate_wild_ignore_table",
                                     "No changes of tables that are like these."},
};

const char *replicate_rule_name(enum replicate_rule rule)
{
    return infos[rule].name;
}

const char *replicate_rule_summary(enum replicate_rule rule)
{
    return infos[rule].summary;
}

static bool is_name(struct span text, const char *name)
{
    if (text.len != strlen(name))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != (uint8_t)name[i] && !(text.data[i] == '-' && name[i] == '_'))
            return false;
    }
    return true;
}

bool replicate_rule_find(struct span name, enum replicate_rule *ret_rule)
{
    for (size_t i = 0; i < REPLICATE_RULE_COUNT; i++) {
        if (is_name(name, infos[i].name)) {
            *ret_rule = (enum replicate_rule)i;
            return true;
        }
    }
    return false;
}

struct replicate_rules *replicate_rules_new(void)
{
    struct replicate_rules *rules = mem_alloc(sizeof *rules);

    for (size_t i = 0; i <= REPLICATE_IGNORE_TABLE; i++)
        table_filter_init(&rules->names[i]);
    atomic_init(&rules->shares, 1);
    return rules;
}

struct replicate_rules *replicate_rules_share(struct replicate_rules *rules)
{
    (void)atomic_fetch_add(&rules->shares, 1);
    return rules;
}

static void drop_from(struct pattern_list *list, size_t count)
{
    while (list->count > count)
        mem_free(list->items[--list->count]);
}

void replicate_rules_free(struct replicate_rules *rules)
{
    if (!rules || atomic_fetch_sub(&rules->shares, 1) > 1)
        return;
    for (size_t i = 0; i <= REPLICATE_IGNORE_TABLE; i++)
        table_filter_done(&rules->names[i]);
    drop_from(&rules->wild_do, 0);
    drop_from(&rules->wild_ignore, 0);
    mem_free(rules->wild_do.items);
    mem_free(rules->wild_ignore.items);
    mem_free(rules);
}

/* ---- Filling ---- */

static bool add_pattern(struct pattern_list *list, struct span text)
{
    char *copy;

    if (text.len == 0 || text.len > PATTERN_MAX || !memchr(text.data, '.', text.len) ||
        memchr(text.data, '\0', text.len))
        return false;
    copy = mem_alloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    list->items = mem_realloc(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = copy;
    return true;
}

static bool add_patterns(struct pattern_list *list, struct span text, struct err *err)
{
    size_t before = list->count;
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ',')
            continue;
        if (!add_pattern(list, span_of(text.data + from, i - from))) {
            drop_from(list, before);
            return err_set(err, E_USAGE, 0,
                           "expected patterns such as shop.%%,log.day_, found "
                           "'%.*s'",
                           (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
        }
        from = i + 1;
    }
    return true;
}

bool replicate_rules_add(struct replicate_rules *rules, enum replicate_rule rule, struct span text,
                         struct err *err)
{
    switch (rule) {
    case REPLICATE_DO_DB:
    case REPLICATE_IGNORE_DB:
        return table_filter_add_databases(&rules->names[rule], text, err);
    case REPLICATE_DO_TABLE:
    case REPLICATE_IGNORE_TABLE:
        return table_filter_add_tables(&rules->names[rule], text, err);
    case REPLICATE_WILD_DO_TABLE:
        return add_patterns(&rules->wild_do, text, err);
    case REPLICATE_WILD_IGNORE_TABLE:
        return add_patterns(&rules->wild_ignore, text, err);
    case REPLICATE_RULE_COUNT:
        break;
    }
    return err_set(err, E_BUG, 0, "rule %d of replication", (int)rule);
}

/* ---- Judging ---- */

bool replicate_rules_pass_all(const struct replicate_rules *rules)
{
    for (size_t i = 0; i <= REPLICATE_IGNORE_TABLE; i++) {
        if (rules->names[i].count > 0)
            return false;
    }
    return rules->wild_do.count == 0 && rules->wild_ignore.count == 0;
}

bool replicate_rules_by_table(const struct replicate_rules *rules)
{
    return rules->names[REPLICATE_DO_TABLE].count > 0 ||
           rules->names[REPLICATE_IGNORE_TABLE].count > 0 || rules->wild_do.count > 0 ||
           rules->wild_ignore.count > 0;
}

bool replicate_rules_pass_database(const struct replicate_rules *rules, struct span database)
{
    const struct table_filter *only = &rules->names[REPLICATE_DO_DB];

    if (only->count > 0)
        return table_filter_has_database(only, database);
    return !table_filter_has_database(&rules->names[REPLICATE_IGNORE_DB], database);
}

/* SQL's LIKE, byte by byte: the last % that was met takes more when the rest does not fit. */
static bool is_like(struct span text, const char *pattern)
{
    const char *after_percent = NULL;
    size_t retry = 0;
    size_t i = 0;

    for (;;) {
        bool escaped = *pattern == '\\' && pattern[1] != '\0';
        char c = pattern[escaped ? 1 : 0];

        if (*pattern == '%') {
            after_percent = ++pattern;
            retry = i;
        } else if (i < text.len && c != '\0' &&
                   ((c == '_' && !escaped) || text.data[i] == (uint8_t)c)) {
            pattern += escaped ? 2 : 1;
            i++;
        } else if (i == text.len && *pattern == '\0') {
            return true;
        } else if (after_percent && retry < text.len) {
            pattern = after_percent;
            i = ++retry;
        } else {
            return false;
        }
    }
}

static bool is_like_one(const struct pattern_list *list, struct span database, struct span table)
{
    uint8_t name[2 * TABLE_NAME_MAX + 1];
    size_t len = database.len + 1 + table.len;

    if (list->count == 0 || database.len > TABLE_NAME_MAX || table.len > TABLE_NAME_MAX)
        return false;
    if (database.len > 0)
        memcpy(name, database.data, database.len);
    name[database.len] = '.';
    if (table.len > 0)
        memcpy(name + database.len + 1, table.data, table.len);
    for (size_t i = 0; i < list->count; i++) {
        if (is_like(span_of(name, len), list->items[i]))
            return true;
    }
    return false;
}

bool replicate_rules_pass_schema(const struct replicate_rules *rules, struct span database)
{
    struct span none = {0};

    if (rules->names[REPLICATE_DO_DB].count > 0 || rules->names[REPLICATE_IGNORE_DB].count > 0)
        return replicate_rules_pass_database(rules, database);
    if (is_like_one(&rules->wild_do, database, none))
        return true;
    return !is_like_one(&rules->wild_ignore, database, none) && rules->wild_do.count == 0;
}

bool replicate_rules_pass_tables(const struct replicate_rules *rules,
                                 const struct replicate_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span database = tables[i].database;
        struct span table = tables[i].table;

        if (table_filter_has_table(&rules->names[REPLICATE_DO_TABLE], database, table))
            return true;
        if (table_filter_has_table(&rules->names[REPLICATE_IGNORE_TABLE], database, table))
            return false;
        if (is_like_one(&rules->wild_do, database, table))
            return true;
        if (is_like_one(&rules->wild_ignore, database, table))
            return false;
    }
    return rules->names[REPLICATE_DO_TABLE].count == 0 && rules->wild_do.count == 0;
}

bool replicate_rules_pass_rows(const struct replicate_rules *rules, struct span database,
                               struct span table)
{
    struct replicate_table one = {database, table};

    return replicate_rules_pass_database(rules, database) &&
           replicate_rules_pass_tables(rules, &one, 1);
}
