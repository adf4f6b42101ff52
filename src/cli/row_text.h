/*
 * struct row_text: rows events as text: lines for people, or a JSON object a row.
 *
 * Holds the table maps and the scratch memory of decoding. No I/O; owned by one thread.
 */
#pragma once

#include "binlog/rows.h"
#include "binlog/unpacker.h"

struct row_text;

struct row_text *row_text_new(void);
void row_text_free(struct row_text *text); /* NULL is fine */

/* Takes the body of a TABLE_MAP event. E_PROTO, E_LIMIT. */
MUST_CHECK bool row_text_take_map(struct row_text *text, const struct plain_event *event,
                                  const struct format *format, const struct table_map **ret_map,
                                  struct err *err);

/*
 * Begins a rows event. ret_map is its table's, borrowed; NULL for the event without rows that only
 * ends a statement. E_PROTO, also when the table map is missing.
 */
MUST_CHECK bool row_text_start(struct row_text *text, const struct plain_event *event,
                               const struct format *format, struct rows *ret_rows,
                               const struct table_map **ret_map, struct err *err);

/* Reads the next row; ret_more is false after the last. E_PROTO. */
MUST_CHECK bool row_text_next(struct row_text *text, bool *ret_more, struct err *err);

/* Appends the row as lines: "  + id=1 name='x'", "  - ..." for what was before. E_PROTO, E_LIMIT.
 */
MUST_CHECK bool row_text_write(struct row_text *text, struct buf *buf, struct err *err);

/* The row that was read last; borrowed until the next is. */
const struct row_reader *row_text_row(const struct row_text *text);

/* Appends "before": {...}, "after": {...}; diffs are applied where the document is there. */
MUST_CHECK bool row_text_write_json(struct row_text *text, struct buf *buf, struct err *err);
