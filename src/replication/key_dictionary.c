#include "replication/key_dictionary.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/mem.h"

#include <stdlib.h>

#define POSITION_MAX UINT64_C(4096) /* of a column, key part: the servers' own limits are less */
#define OTHERS_ROWS                                                                                \
    "NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')" /* their tables */

/* A column of a key. */
struct part {
    struct part *next;
    struct span name;
    uint32_t ordinal;  /* in the key, from 1 */
    uint32_t position; /* in the table, from 1; 0: not seen yet */
    bool usable;
    bool temporal; /* and never NULL */
    struct span type;
    enum key_collation collation;
};

struct key {
    struct key *next;
    struct span name;
    struct part *parts;
    uint32_t count;
    bool usable;
};

struct table {
    struct span database;
    struct span name;
    bool barrier;
    uint32_t columns;  /* rows of them */
    uint32_t position; /* the greatest */
    struct key *keys;
};

struct key_dictionary {
    enum format_family family;
    struct arena *arena;
    size_t used; /* bytes of it, and of the tables */
    struct table *tables;
    size_t count;
    size_t cap;
    bool sorted;
    struct table *last; /* rows of one table follow each other mostly */
};

struct key_dictionary *key_dictionary_new(enum format_family family)
{
    struct key_dictionary *dictionary = mem_alloc(sizeof *dictionary);

    dictionary->family = family;
    dictionary->arena = arena_new(2 * KEY_DICTIONARY_BYTES);
    return dictionary;
}

void key_dictionary_free(struct key_dictionary *dictionary)
{
    if (!dictionary)
        return;
    arena_free(dictionary->arena);
    mem_free(dictionary->tables);
    mem_free(dictionary);
}

/* ---- Memory ---- */

static bool use(struct key_dictionary *dictionary, size_t size, struct err *err)
{
    if (size > KEY_DICTIONARY_BYTES - dictionary->used)
        return err_set(err, E_LIMIT, 0,
                       "information_schema: tables and keys of over %zu bytes: too many to keep",
                       KEY_DICTIONARY_BYTES);
    dictionary->used += size;
    return true;
}

static void *take_memory(struct key_dictionary *dictionary, size_t size, struct err *err)
{
    return use(dictionary, size, err) ? arena_alloc(dictionary->arena, size) : NULL;
}

static bool take_name(struct key_dictionary *dictionary, struct span name, struct span *ret_copy,
                      struct err *err)
{
    void *copy;

    if (name.len == 0 || name.len > KEY_CATALOG_NAME_MAX)
        return err_set(err, E_PROTO, 0, "information_schema: a name of %zu bytes, expected 1 to %d",
                       name.len, KEY_CATALOG_NAME_MAX);
    copy = take_memory(dictionary, name.len, err);
    if (!copy)
        return false;
    memcpy(copy, name.data, name.len);
    *ret_copy = span_of(copy, name.len);
    return true;
}

/* ---- Tables ---- */

static int compare_spans(struct span a, struct span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_tables(const void *a, const void *b)
{
    const struct table *x = a;
    const struct table *y = b;
    int order = compare_spans(x->database, y->database);

    return order != 0 ? order : compare_spans(x->name, y->name);
}

/* NULL: it is none of those that were listed. */
static struct table *find_table(struct key_dictionary *dictionary, struct span database,
                                struct span name)
{
    struct table wanted = {.database = database, .name = name};

    if (dictionary->count == 0)
        return NULL;
    if (!dictionary->sorted) {
        qsort(dictionary->tables, dictionary->count, sizeof *dictionary->tables, compare_tables);
        dictionary->sorted = true;
        dictionary->last = NULL;
    }
    if (!dictionary->last || compare_tables(&wanted, dictionary->last) != 0)
        dictionary->last = bsearch(&wanted, dictionary->tables, dictionary->count,
                                   sizeof *dictionary->tables, compare_tables);
    return dictionary->last;
}

static bool is(struct span value, const char *text)
{
    return span_eq(value, span_str(text));
}

/* Database, table, engine. What has no transactions is not undone with what stands beside it. */
static bool take_table(void *context, const struct span *values, struct err *err)
{
    struct key_dictionary *dictionary = context;
    struct table table = {.barrier = !is(values[2], "InnoDB")};

    if (!use(dictionary, sizeof table, err) ||
        !take_name(dictionary, values[0], &table.database, err) ||
        !take_name(dictionary, values[1], &table.name, err))
        return false;
    if (dictionary->count == dictionary->cap) {
        dictionary->cap = dictionary->cap ? dictionary->cap * 2 : 64;
        dictionary->tables =
            mem_realloc(dictionary->tables, dictionary->cap * sizeof *dictionary->tables);
    }
    dictionary->tables[dictionary->count++] = table;
    dictionary->sorted = false;
    return true;
}

/* ---- Keys ---- */

static bool take_number(struct span text, uint64_t most, uint32_t *ret_number, struct err *err)
{
    struct cursor cur = cursor_of(text);
    uint64_t number;

    if (!cursor_decimal(&cur, most, &number) || !cursor_end(&cur) || number == 0)
        return err_set(err, E_PROTO, 0,
                       "information_schema: expected a number from 1 to %llu, found '%.*s'",
                       (unsigned long long)most, (int)(text.len < 32 ? text.len : 32),
                       (const char *)text.data);
    *ret_number = (uint32_t)number;
    return true;
}

/* A table's keys are in the order of their names, whatever that of the rows is. */
static struct key *find_key(struct key_dictionary *dictionary, struct table *table,
                            struct span name, struct err *err)
{
    struct key **at = &table->keys;
    struct key *key;

    while (*at && compare_spans((*at)->name, name) < 0)
        at = &(*at)->next;
    if (*at && span_eq((*at)->name, name))
        return *at;
    key = take_memory(dictionary, sizeof *key, err);
    if (!key || !take_name(dictionary, name, &key->name, err))
        return NULL;
    key->usable = true;
    key->next = *at;
    *at = key;
    return key;
}

/* Database, table, key, ordinal in it, column, length of the prefix. No column: an expression. */
static bool take_key(void *context, const struct span *values, struct err *err)
{
    struct key_dictionary *dictionary = context;
    struct table *table = find_table(dictionary, values[0], values[1]);
    struct part *part;
    struct key *key;

    if (!table)
        return true;
    key = find_key(dictionary, table, values[2], err);
    if (!key)
        return false;
    if (!values[4].data || values[5].data)
        key->usable = false;
    key->count++;
    if (!key->usable)
        return true;
    part = take_memory(dictionary, sizeof *part, err);
    if (!part || !take_name(dictionary, values[4], &part->name, err) ||
        !take_number(values[3], POSITION_MAX, &part->ordinal, err))
        return false;
    part->next = key->parts;
    key->parts = part;
    return true;
}

/* ---- Columns ---- */

static bool contains(struct span text, const char *words)
{
    return text.data && memmem(text.data, text.len, words, strlen(words)) != NULL;
}

/* Types whose values are equal when their bytes in a row image are, or by their collation. */
static bool is_plain_type(struct span type)
{
    static const char *const plain[] = {
        "tinyint", "smallint",  "mediumint", "int",  "bigint",   "decimal",   "float", "double",
        "bit",     "year",      "date",      "time", "datetime", "timestamp", "char",  "varchar",
        "binary",  "varbinary", "enum",      "set",  "uuid",     "inet4",     "inet6",
    };

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (is(type, plain[i]))
            return true;
    }
    return false;
}

static bool is_temporal(struct span type)
{
    return is(type, "date") || is(type, "datetime") || is(type, "timestamp");
}

/* Database, table, column, position, type, whether NULL may be, collation, extra. */
static void fill_part(struct part *part, uint32_t position, const struct span *values)
{
    part->position = position;
    part->usable = is_plain_type(values[4]) && !contains(values[7], "VIRTUAL GENERATED") &&
                   !contains(values[7], "STORED GENERATED");
    part->temporal = is_temporal(values[4]) && is(values[5], "NO");
    part->collation = key_collation_of(values[6].data ? values[6] : span_str(""));
}

static bool take_column(void *context, const struct span *values, struct err *err)
{
    struct key_dictionary *dictionary = context;
    struct table *table = find_table(dictionary, values[0], values[1]);
    uint32_t position;

    if (!table)
        return true;
    if (!take_number(values[3], POSITION_MAX, &position, err))
        return false;
    table->columns++;
    if (position > table->position)
        table->position = position;
    for (struct key *key = table->keys; key; key = key->next) {
        for (struct part *part = key->parts; part; part = part->next) {
            if (span_eq(part->name, values[2]))
                fill_part(part, position, values);
        }
    }
    return true;
}

/* ---- Foreign keys ---- */

static void mark_barrier(struct key_dictionary *dictionary, struct span database, struct span name)
{
    struct table *table = find_table(dictionary, database, name);

    if (table)
        table->barrier = true;
}

/* The child's database and table, the parent's. */
static bool take_relation(void *context, const struct span *values, struct err *err)
{
    (void)err;
    mark_barrier(context, values[0], values[1]);
    mark_barrier(context, values[2], values[3]);
    return true;
}

const struct key_dictionary_part key_dictionary_parts[KEY_DICTIONARY_PARTS] = {
    {"SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES"
     " WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA " OTHERS_ROWS,
     3, take_table},
    {"SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART"
     " FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA " OTHERS_ROWS,
     6, take_key},
    {"SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, DATA_TYPE, IS_NULLABLE,"
     " COLLATION_NAME, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA " OTHERS_ROWS,
     8, take_column},
    /* MariaDB's REFERENTIAL_CONSTRAINTS is empty for who may only SELECT. */
    {"SELECT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME"
     " FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL",
     4, take_relation},
};

/* ---- The catalogue ---- */

/*
 * MariaDB's keys WITHOUT OVERLAPS of a period: their last two columns are the period's ends, and
 * equal rows are not all that exclude each other. A key that only looks so is taken for one.
 */
static bool may_have_period(const struct key_dictionary *dictionary, const struct key *key)
{
    unsigned ends = 0;

    if (dictionary->family != FORMAT_MARIADB || key->count < 2)
        return false;
    for (const struct part *part = key->parts; part; part = part->next)
        ends += part->temporal && part->ordinal + 2 > key->count;
    return ends == 2;
}

static bool stands_twice(const struct part *part)
{
    const struct part *other = part->next;

    while (other && other->ordinal != part->ordinal)
        other = other->next;
    return other != NULL;
}

/* A part that is not shown to us leaves a gap. */
static bool is_usable(const struct key_dictionary *dictionary, const struct key *key)
{
    if (!key->usable || may_have_period(dictionary, key))
        return false;
    for (const struct part *part = key->parts; part; part = part->next) {
        if (part->position == 0 || !part->usable || part->ordinal > key->count ||
            stands_twice(part))
            return false;
    }
    return true;
}

/* The keys of a table in the catalogue's form, if each of them can be used: else none. */
static bool make_keys(struct key_dictionary *dictionary, const struct table *table,
                      struct key_table *made, struct err *err)
{
    struct key_columns *keys;
    unsigned count = 0;

    for (const struct key *key = table->keys; key; key = key->next) {
        if (!is_usable(dictionary, key))
            return true;
        count++;
    }
    keys = take_memory(dictionary, (count + 1) * sizeof *keys, err);
    if (!keys)
        return false;
    count = 0;
    for (const struct key *key = table->keys; key; key = key->next) {
        struct key_column *columns = take_memory(dictionary, key->count * sizeof *columns, err);

        if (!columns)
            return false;
        for (const struct part *part = key->parts; part; part = part->next)
            columns[part->ordinal - 1] =
                (struct key_column){.column = part->position - 1, .collation = part->collation};
        keys[count++] = (struct key_columns){.count = key->count, .columns = columns};
    }
    made->keys = keys;
    made->key_count = count;
    return true;
}

static bool add_table(struct key_dictionary *dictionary, const struct table *table,
                      struct key_catalog *catalog, struct err *err)
{
    struct key_table made = {.barrier = table->barrier, .column_count = table->position};

    if (table->columns == 0 || table->columns != table->position)
        return true; /* not all of it is shown to us */
    return (made.barrier || make_keys(dictionary, table, &made, err)) &&
           key_catalog_add(catalog, table->database, table->name, &made, err);
}

bool key_dictionary_finish(struct key_dictionary *dictionary, struct key_catalog **ret_catalog,
                           struct err *err)
{
    struct key_catalog *catalog = key_catalog_new();

    for (size_t i = 0; i < dictionary->count; i++) {
        if (!add_table(dictionary, &dictionary->tables[i], catalog, err)) {
            key_catalog_free(catalog);
            return false;
        }
    }
    *ret_catalog = catalog;
    return true;
}
