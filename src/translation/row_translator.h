/*
 * struct row_translator: table maps and row events of one family, as another dialect's servers take
 * them.
 *
 * Row events of version 1 become version 2 for MySQL, and the other way round for MariaDB; partial
 * JSON becomes the whole document by the before image; JSON documents become text, and their
 * columns LONGTEXT; columns that MariaDB has compressed become plain; types that only one side has
 * become those that the table of doc/compatibility.md gives. Flags and extra fields that the other
 * side does not know are left out. Where no column of a table needs a change, the images are copied
 * as they are. What can not be carried over is E_STATE with the table, the column, the reason and
 * what can be done.
 *
 * Takes plain events: struct unpacker takes compression off before. Keeps the table maps of the
 * statement; owned by one thread. Memory is bounded by the largest event.
 */
#pragma once

#include "binlog/table_map.h"
#include "translation/dialect.h"
#include "translation/hidden_key.h"

struct row_translator;

struct row_translator *row_translator_new(enum dialect to);
void row_translator_free(struct row_translator *translator); /* NULL is fine */

/* Whom to ask of tables of MariaDB's; before that it is nobody. */
void row_translator_ask_hidden(struct row_translator *translator,
                               const struct hidden_key_source *source);

/* Events of another format follow, a file begins: table maps of before are forgotten. */
void row_translator_start(struct row_translator *translator, const struct format *from);

/* The table map that a rows event names, borrowed until its statement ends; NULL: none does. */
const struct table_map *row_translator_table(struct row_translator *translator, uint64_t table_id);

/*
 * The body of a TABLE_MAP event in the other dialect, appended. E_PROTO, E_LIMIT; E_STATE. On
 * failure nothing was appended.
 */
MUST_CHECK bool row_translator_map(struct row_translator *translator, struct span body,
                                   struct buf *buf, struct err *err);

/*
 * The body of a rows event of any version, not compressed, appended; its type in *ret_type. E_PROTO
 * also when its table map is missing; E_LIMIT: it would be longer than an event can be; E_STATE.
 */
MUST_CHECK bool row_translator_rows(struct row_translator *translator, uint8_t type,
                                    struct span body, struct buf *buf, uint8_t *ret_type,
                                    struct err *err);
