/*
 * struct row_keys: the unique keys of a table's rows as hashes: rows that a key keeps apart may
 * have the same hash, those that it does not have the same.
 *
 * It takes a table of the catalogue and the table map at hand, and finds where they contradict each
 * other: then the catalogue is not of that table as it was. Values of rows are as row_reader has
 * them. Pure; owned by one thread, used again for any number of tables.
 */
#pragma once

#include "binlog/table_map.h"
#include "binlog/value.h"
#include "translation/key_catalog.h"

enum row_key {
    ROW_KEY_HASHED,
    ROW_KEY_NULL,    /* a column is NULL: it is equal to no other's */
    ROW_KEY_LACKING, /* the image does not have all of its columns */
    ROW_KEY_OPAQUE,  /* a value that can not be told apart from others */
};

struct row_keys;

struct row_keys *row_keys_new(void);
void row_keys_free(struct row_keys *keys); /* NULL is fine */

/* Begins with a table; both are borrowed. False: they are not of the same table. */
bool row_keys_start(struct row_keys *keys, const struct key_table *table,
                    const struct table_map *map);

/* A hash for the table itself, one for each `use`. */
uint64_t row_keys_table(struct row_keys *keys, uint32_t use);

/* Whether an image has any column of a key. */
bool row_keys_touched(const struct row_keys *keys, unsigned key, const struct value *values);

/* A key of a row; `instead` has the values that `values` lacks, or is NULL. */
enum row_key row_keys_hash(struct row_keys *keys, unsigned key, const struct value *values,
                           const struct value *instead, uint64_t *ret_hash);
