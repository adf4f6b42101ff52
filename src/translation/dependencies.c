#include "translation/dependencies.h"

#include "base/mem.h"
#include "translation/row_keys.h"
#include "translation/writeset_history.h"

#define ENTRIES_MIN 64
#define FIRST       1 /* the number of a file's first transaction */

/* What becomes of a hash: the transaction waits for who left it last, or leaves it, or both. */
enum use {
    USE_WAIT = 1,
    USE_LEAVE = 2,
};

/* Hashes of a table itself. */
enum of_table {
    OF_ANY,     /* left by all that change it */
    OF_UNKNOWN, /* by those of which it is not known what they change of it */
};

struct entry {
    uint64_t hash;
    uint8_t use; /* enum use */
};

struct dependencies {
    size_t size;
    struct writeset_history *history;
    struct row_keys *keys;
    struct row_reader reader;
    struct key_catalog *catalog;
    bool open;
    bool barred;
    struct entry *entries; /* of the open transaction */
    size_t count;
    size_t cap;
};

struct dependencies *dependencies_new(unsigned size)
{
    struct dependencies *dependencies = mem_alloc(sizeof *dependencies);

    dependencies->size = size;
    dependencies->history = writeset_history_new(size);
    dependencies->keys = row_keys_new();
    row_reader_init(&dependencies->reader);
    dependencies_start(dependencies);
    return dependencies;
}

void dependencies_free(struct dependencies *dependencies)
{
    if (!dependencies)
        return;
    writeset_history_free(dependencies->history);
    row_keys_free(dependencies->keys);
    row_reader_done(&dependencies->reader);
    key_catalog_free(dependencies->catalog);
    mem_free(dependencies->entries);
    mem_free(dependencies);
}

void dependencies_start(struct dependencies *dependencies)
{
    writeset_history_clear(dependencies->history, FIRST);
    dependencies->open = false;
}

void dependencies_begin(struct dependencies *dependencies, struct key_catalog *catalog)
{
    /* What is remembered are keys of the catalogue before. */
    dependencies->barred = !catalog || catalog != dependencies->catalog;
    dependencies->open = true;
    dependencies->count = 0;
    key_catalog_free(dependencies->catalog);
    dependencies->catalog = catalog;
}

void dependencies_bar(struct dependencies *dependencies)
{
    dependencies->barred = true;
}

static void add(struct dependencies *dependencies, uint64_t hash, uint8_t use)
{
    size_t count = dependencies->count;

    if (count > 0 && dependencies->entries[count - 1].hash == hash &&
        dependencies->entries[count - 1].use == use)
        return; /* a key that an update has left as it was */
    if (count == dependencies->size) {
        dependencies->barred = true;
        return;
    }
    if (count == dependencies->cap) {
        dependencies->cap = dependencies->cap ? 2 * dependencies->cap : ENTRIES_MIN;
        dependencies->entries =
            mem_realloc(dependencies->entries, dependencies->cap * sizeof *dependencies->entries);
    }
    dependencies->entries[dependencies->count++] = (struct entry){.hash = hash, .use = use};
}

/* ---- Rows ---- */

/* The table is changed, in rows whose keys are known or not. */
static void add_table(struct dependencies *dependencies, bool known)
{
    uint64_t any = row_keys_table(dependencies->keys, OF_ANY);
    uint64_t unknown = row_keys_table(dependencies->keys, OF_UNKNOWN);

    add(dependencies, any, known ? USE_LEAVE : USE_WAIT | USE_LEAVE);
    add(dependencies, unknown, known ? USE_WAIT : USE_LEAVE);
}

/* A key that a row has before or after the change; false: it can not be told which. */
static bool add_key(struct dependencies *dependencies, unsigned key, const struct value *values,
                    const struct value *instead, bool *some)
{
    uint64_t hash;

    switch (row_keys_hash(dependencies->keys, key, values, instead, &hash)) {
    case ROW_KEY_HASHED:
        add(dependencies, hash, USE_WAIT | USE_LEAVE);
        *some = true;
        return true;
    case ROW_KEY_NULL:
        return true;
    case ROW_KEY_LACKING:
    case ROW_KEY_OPAQUE:
        break;
    }
    return false;
}

/*
 * An image after the change has what was changed, at least. A key of which it has no column stays:
 * nobody can take it or wait for it, but the row may be known by it.
 */
static bool add_update(struct dependencies *dependencies, unsigned key, bool *some_before,
                       bool *some_after)
{
    const struct value *before = dependencies->reader.before.values;
    const struct value *after = dependencies->reader.after.values;
    bool stays = false;

    if (row_keys_touched(dependencies->keys, key, after))
        return add_key(dependencies, key, before, NULL, some_before) &&
               add_key(dependencies, key, after, before, some_after);
    if (add_key(dependencies, key, before, NULL, &stays) && stays)
        *some_before = *some_after = true;
    return true;
}

/* False: of this row no key is known, or not all. */
static bool add_row(struct dependencies *dependencies, enum rows_kind kind, unsigned key_count)
{
    const struct row_reader *reader = &dependencies->reader;
    bool some_before = kind == ROWS_WRITE;
    bool some_after = kind == ROWS_DELETE;

    for (unsigned i = 0; i < key_count; i++) {
        bool good = false;

        switch (kind) {
        case ROWS_WRITE:
            good = add_key(dependencies, i, reader->after.values, NULL, &some_after);
            break;
        case ROWS_UPDATE:
            good = add_update(dependencies, i, &some_before, &some_after);
            break;
        case ROWS_DELETE:
            good = add_key(dependencies, i, reader->before.values, NULL, &some_before);
            break;
        }
        if (!good)
            return false;
    }
    return some_before && some_after;
}

/* All rows of an event; false as above. A damaged one tells nothing at all. */
static bool add_rows(struct dependencies *dependencies, const struct rows *rows,
                     const struct table_map *map, unsigned key_count)
{
    struct row_reader *reader = &dependencies->reader;
    struct err err;
    bool more;

    if (!row_reader_start(reader, rows, map, &err)) {
        dependencies->barred = true;
        return false;
    }
    for (;;) {
        if (!row_reader_next(reader, &more, &err)) {
            dependencies->barred = true;
            return false;
        }
        if (!more)
            return reader->row > 0; /* a row without columns, all defaults, takes no byte */
        if (!add_row(dependencies, (enum rows_kind)rows->kind, key_count))
            return false;
    }
}

void dependencies_rows(struct dependencies *dependencies, const struct rows *rows,
                       const struct table_map *map)
{
    const struct key_table *table;

    if (!dependencies->open || dependencies->barred)
        return;
    table = key_catalog_find(dependencies->catalog, map->database, map->table);
    if (!table || table->barrier || map->flags & TABLE_MAP_FLAG_REFERRED_FK_DB ||
        !row_keys_start(dependencies->keys, table, map)) {
        dependencies->barred = true;
        return;
    }
    add_table(dependencies, add_rows(dependencies, rows, map, table->key_count));
}

/* ---- The end of a transaction ---- */

/* The last that it waits for; and how many hashes it leaves that are new. */
static int64_t look_back(const struct dependencies *dependencies, size_t *ret_new)
{
    int64_t last = writeset_history_floor(dependencies->history);

    *ret_new = 0;
    for (size_t i = 0; i < dependencies->count; i++) {
        const struct entry *entry = &dependencies->entries[i];
        int64_t number;

        if (!writeset_history_find(dependencies->history, entry->hash, &number))
            *ret_new += (entry->use & USE_LEAVE) != 0;
        else if (entry->use & USE_WAIT && number > last)
            last = number;
    }
    return last;
}

static void leave(struct dependencies *dependencies, int64_t number)
{
    for (size_t i = 0; i < dependencies->count; i++) {
        if (dependencies->entries[i].use & USE_LEAVE)
            writeset_history_put(dependencies->history, dependencies->entries[i].hash, number);
    }
}

int64_t dependencies_end(struct dependencies *dependencies, int64_t number)
{
    int64_t last = number - 1;
    size_t new_hashes;

    if (!dependencies->open || dependencies->barred) {
        writeset_history_clear(dependencies->history, number);
    } else {
        int64_t found = look_back(dependencies, &new_hashes);

        if (found < last)
            last = found;
        if (new_hashes > writeset_history_room(dependencies->history))
            writeset_history_clear(dependencies->history, number);
        else
            leave(dependencies, number);
    }
    dependencies->open = false;
    return last;
}
