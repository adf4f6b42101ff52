/*
 * struct table_translation: a table map in another dialect, and what becomes of its columns.
 *
 * Flags and optional fields that the other side's servers do not know are left out. All columns
 * stay: the key that MySQL generates where a table has none is in its statements, too.
 *
 * Borrows from the table map that it was made of. Reused for any number of them; owned by one
 * thread.
 */
#pragma once

#include "translation/column_translation.h"

struct table_translation {
    const struct table_map *from;
    struct table_map map;        /* as the other side gets it; not for table_map_done() */
    enum column_change *changes; /* of each column of `map` */

    struct { /* of table_translation.c */
        struct column *columns;
        uint32_t cap;
    } own;
};

void table_translation_init(struct table_translation *translation);
void table_translation_done(struct table_translation *translation); /* NULL is fine */

/* E_STATE with table and column. */
MUST_CHECK bool table_translation_make(struct table_translation *translation,
                                       const struct table_map *map, enum dialect to,
                                       struct err *err);

/* Whether images of a table are the same bytes on both sides, without making anything. */
bool table_translation_is_copy(const struct table_map *map, enum dialect to);

/* Puts "table d.t, column 2 (name): " before an error; `column` is an index of `map`. */
bool table_translation_blame(const struct table_map *map, uint32_t column, struct err *err);
