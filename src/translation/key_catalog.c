#include "translation/key_catalog.h"

#include "base/mem.h"

#include <sodium.h>
#include <stdatomic.h>

#define SLOTS_MIN 64

struct entry {
    char *names; /* the database's, a NUL, the table's, a NUL */
    size_t database_length;
    size_t table_length;
    struct key_table table;
    struct key_columns *keys;
    struct key_column *columns; /* of all keys */
};

struct key_catalog {
    atomic_uint references;
    struct entry **slots; /* by hash; the next free one on collision */
    size_t slot_count;    /* a power of two */
    size_t count;
};

struct key_catalog *key_catalog_new(void)
{
    struct key_catalog *catalog = mem_alloc(sizeof *catalog);

    atomic_init(&catalog->references, 1);
    catalog->slot_count = SLOTS_MIN;
    catalog->slots = mem_alloc(SLOTS_MIN * sizeof(struct entry *));
    return catalog;
}

struct key_catalog *key_catalog_share(struct key_catalog *catalog)
{
    atomic_fetch_add(&catalog->references, 1);
    return catalog;
}

static void free_entry(struct entry *entry)
{
    mem_free(entry->names);
    mem_free(entry->keys);
    mem_free(entry->columns);
    mem_free(entry);
}

void key_catalog_free(struct key_catalog *catalog)
{
    if (!catalog || atomic_fetch_sub(&catalog->references, 1) > 1)
        return;
    for (size_t i = 0; i < catalog->slot_count; i++) {
        if (catalog->slots[i])
            free_entry(catalog->slots[i]);
    }
    mem_free(catalog->slots);
    mem_free(catalog);
}

size_t key_catalog_count(const struct key_catalog *catalog)
{
    return catalog->count;
}

static size_t hash(struct span database, struct span table)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES];
    uint8_t text[2 * KEY_CATALOG_NAME_MAX + 1];
    uint64_t hashed;

    memcpy(text, database.data, database.len);
    text[database.len] = 0;
    memcpy(text + database.len + 1, table.data, table.len);
    (void)crypto_shorthash((uint8_t *)&hashed, text, database.len + 1 + table.len, key);
    return (size_t)hashed;
}

static bool is_of(const struct entry *entry, struct span database, struct span table)
{
    return span_eq(span_of(entry->names, entry->database_length), database) &&
           span_eq(span_of(entry->names + entry->database_length + 1, entry->table_length), table);
}

/* Where the table is, or would be. */
static struct entry **find_slot(const struct key_catalog *catalog, struct span database,
                                struct span table)
{
    size_t mask = catalog->slot_count - 1;
    size_t at = hash(database, table) & mask;

    while (catalog->slots[at] && !is_of(catalog->slots[at], database, table))
        at = (at + 1) & mask;
    return &catalog->slots[at];
}

static bool is_name(struct span name)
{
    return name.len > 0 && name.len <= KEY_CATALOG_NAME_MAX;
}

const struct key_table *key_catalog_find(const struct key_catalog *catalog, struct span database,
                                         struct span table)
{
    const struct entry *entry;

    if (!is_name(database) || !is_name(table))
        return NULL;
    entry = *find_slot(catalog, database, table);
    return entry ? &entry->table : NULL;
}

static bool check_key(const struct key_table *keys, unsigned key, struct err *err)
{
    const struct key_columns *columns = &keys->keys[key];

    if (columns->count == 0 || columns->count > keys->column_count)
        return err_set(err, E_USAGE, 0, "key %u has %u columns, the table has %u", key + 1,
                       columns->count, keys->column_count);
    for (unsigned i = 0; i < columns->count; i++) {
        if (columns->columns[i].column >= keys->column_count)
            return err_set(err, E_USAGE, 0, "key %u is of column %u, the table has %u", key + 1,
                           columns->columns[i].column + 1, keys->column_count);
    }
    return true;
}

static bool check_table(const struct key_table *keys, struct err *err)
{
    if (keys->key_count > KEY_CATALOG_KEYS_MAX)
        return err_set(err, E_LIMIT, 0, "%u unique keys, more than %u", keys->key_count,
                       KEY_CATALOG_KEYS_MAX);
    for (unsigned i = 0; i < keys->key_count; i++) {
        if (!check_key(keys, i, err))
            return false;
    }
    return true;
}

/* A copy of its keys; those of a barrier say nothing. */
static void copy_keys(struct entry *entry, const struct key_table *keys)
{
    unsigned key_count = keys->barrier ? 0 : keys->key_count;
    size_t columns = 0;
    size_t at = 0;

    for (unsigned i = 0; i < key_count; i++)
        columns += keys->keys[i].count;
    entry->keys = mem_alloc((key_count + 1) * sizeof *entry->keys);
    entry->columns = mem_alloc((columns + 1) * sizeof *entry->columns);
    for (unsigned i = 0; i < key_count; i++) {
        const struct key_columns *key = &keys->keys[i];

        memcpy(entry->columns + at, key->columns, key->count * sizeof *key->columns);
        entry->keys[i] = (struct key_columns){.count = key->count, .columns = entry->columns + at};
        at += key->count;
    }
    entry->table = (struct key_table){
        .barrier = keys->barrier,
        .column_count = keys->column_count,
        .key_count = key_count,
        .keys = entry->keys,
    };
}

static struct entry *make_entry(struct span database, struct span table,
                                const struct key_table *keys)
{
    struct entry *entry = mem_alloc(sizeof *entry);

    entry->database_length = database.len;
    entry->table_length = table.len;
    entry->names = mem_alloc(database.len + table.len + 2);
    memcpy(entry->names, database.data, database.len);
    memcpy(entry->names + database.len + 1, table.data, table.len);
    copy_keys(entry, keys);
    return entry;
}

/* Keeps a quarter of the slots free. */
static void make_room(struct key_catalog *catalog)
{
    struct entry **old = catalog->slots;
    size_t old_count = catalog->slot_count;

    if (catalog->count + 1 <= old_count / 4 * 3)
        return;
    catalog->slot_count = 2 * old_count;
    catalog->slots = mem_alloc(catalog->slot_count * sizeof(struct entry *));
    for (size_t i = 0; i < old_count; i++) {
        struct entry *entry = old[i];

        if (entry)
            *find_slot(catalog, span_of(entry->names, entry->database_length),
                       span_of(entry->names + entry->database_length + 1, entry->table_length)) =
                entry;
    }
    mem_free(old);
}

bool key_catalog_add(struct key_catalog *catalog, struct span database, struct span table,
                     const struct key_table *keys, struct err *err)
{
    if (!is_name(database) || !is_name(table))
        return err_set(err, E_USAGE, 0, "names of %zu and %zu bytes, expected 1 to %u",
                       database.len, table.len, KEY_CATALOG_NAME_MAX);
    if (!keys->barrier && !check_table(keys, err))
        return err_prefix(err, "table %.*s.%.*s", (int)database.len, (const char *)database.data,
                          (int)table.len, (const char *)table.data);
    if (*find_slot(catalog, database, table))
        return err_set(err, E_USAGE, 0, "table %.*s.%.*s stands there twice", (int)database.len,
                       (const char *)database.data, (int)table.len, (const char *)table.data);
    if (catalog->count == KEY_CATALOG_TABLES_MAX)
        return err_set(err, E_LIMIT, 0, "more than %zu tables", KEY_CATALOG_TABLES_MAX);
    make_room(catalog);
    *find_slot(catalog, database, table) = make_entry(database, table, keys);
    catalog->count++;
    return true;
}

static bool is_same_key(const struct key_columns *a, const struct key_columns *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        if (a->columns[i].column != b->columns[i].column ||
            a->columns[i].collation != b->columns[i].collation)
            return false;
    }
    return true;
}

static bool is_same_table(const struct key_table *a, const struct key_table *b)
{
    if (a->barrier != b->barrier || a->column_count != b->column_count ||
        a->key_count != b->key_count)
        return false;
    for (unsigned i = 0; i < a->key_count; i++) {
        if (!is_same_key(&a->keys[i], &b->keys[i]))
            return false;
    }
    return true;
}

bool key_catalog_equal(const struct key_catalog *a, const struct key_catalog *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->slot_count; i++) {
        const struct entry *entry = a->slots[i];
        const struct key_table *other;

        if (!entry)
            continue;
        other = key_catalog_find(
            b, span_of(entry->names, entry->database_length),
            span_of(entry->names + entry->database_length + 1, entry->table_length));
        if (!other || !is_same_table(&entry->table, other))
            return false;
    }
    return true;
}
