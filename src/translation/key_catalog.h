/*
 * struct key_catalog: the unique keys of a source's tables, as they are over a part of its log.
 * What tells which changes of rows depend on each other (dependencies.h): table maps name no key
 * but the primary one, and most of them not even that.
 *
 * It is built by one thread, which adds tables; from then on it does not change, and is shared by
 * any threads, each with a reference of its own. No I/O. The last key_catalog_free() ends it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "translation/key_collation.h"

#define KEY_CATALOG_TABLES_MAX ((size_t)1 << 20)
#define KEY_CATALOG_NAME_MAX   255  /* bytes of a database's or a table's name, as in table maps */
#define KEY_CATALOG_KEYS_MAX   1024 /* of a table */

struct key_column {
    uint32_t column; /* from 0, as it stands in row images */
    enum key_collation collation;
};

/* A unique key, the primary one too: whole columns, each of which is in row images. */
struct key_columns {
    unsigned count;
    const struct key_column *columns;
};

struct key_table {
    /*
     * Its changes may touch those of other tables: it is parent or child of a foreign key; or its
     * engine has no transactions. The other fields then say nothing.
     */
    bool barrier;
    uint32_t column_count; /* of row images, hidden and generated columns too; a check */
    /*
     * All unique keys, those that queries do not use too. 0: there is none, or one that is not
     * known by whole columns (an expression, a prefix, a period): rows can not be told apart.
     */
    unsigned key_count;
    const struct key_columns *keys;
};

struct key_catalog;

struct key_catalog *key_catalog_new(void);

/* Another reference to it. */
struct key_catalog *key_catalog_share(struct key_catalog *catalog);
void key_catalog_free(struct key_catalog *catalog); /* gives one back; NULL is fine */

/*
 * Takes a copy; names as they stand in table maps. E_USAGE: a name that is none, a table that is
 * there, a key without columns, a column that the table has not. E_LIMIT.
 */
MUST_CHECK bool key_catalog_add(struct key_catalog *catalog, struct span database,
                                struct span table, const struct key_table *keys, struct err *err);

/* Valid as long as the catalogue; NULL: not in it. */
const struct key_table *key_catalog_find(const struct key_catalog *catalog, struct span database,
                                         struct span table);

/* Whether both say the same of the same tables. */
bool key_catalog_equal(const struct key_catalog *a, const struct key_catalog *b);

/* How many tables it has. */
size_t key_catalog_count(const struct key_catalog *catalog);
