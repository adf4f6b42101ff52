/*
 * struct key_dictionary: what a server's information_schema tells of its tables' unique keys, row
 * by row, and the catalogue that follows from it.
 *
 * All rows of tables come first, then those of keys, columns and foreign keys. All columns that are
 * shown stand in row images, generated and invisible ones too, in their order; what a server hides
 * (MariaDB, of unique keys of long values) comes after them (tests/scenario/test_source_keys.py).
 * What can not be told apart by whole columns' values has no usable key: expressions, prefixes,
 * generated columns, columns of types that are no plain values. A table of which not all columns
 * are shown is left out, as one that is not known. No I/O; owned by one thread; memory up to
 * KEY_DICTIONARY_BYTES.
 */
#pragma once

#include "binlog/format.h"
#include "translation/key_catalog.h"

#define KEY_DICTIONARY_BYTES ((size_t)512 << 20)

struct key_dictionary;

struct key_dictionary *key_dictionary_new(enum format_family family);
void key_dictionary_free(struct key_dictionary *dictionary); /* NULL is fine */

/* What to ask for, and how many values a row has. Each takes such a row: E_PROTO, E_LIMIT. */
struct key_dictionary_part {
    const char *sql;
    size_t columns;
    bool (*take)(void *dictionary, const struct span *values, struct err *err);
};

#define KEY_DICTIONARY_PARTS 4
extern const struct key_dictionary_part key_dictionary_parts[KEY_DICTIONARY_PARTS]; /* in order */

/* All rows were taken. E_PROTO, E_LIMIT. */
MUST_CHECK bool key_dictionary_finish(struct key_dictionary *dictionary,
                                      struct key_catalog **ret_catalog, struct err *err);
