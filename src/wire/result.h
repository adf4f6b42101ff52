/*
 * struct result: a text result set: columns, and rows of strings or NULL.
 *
 * A client fills one from packets with a result_reader; a server makes one and writes it. Memory
 * is bounded by the limits given. Owned by one thread. No I/O.
 * (source: MySQL internals, "Text Resultset", "Column Definition Packet")
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/reply.h"

#define RESULT_COLUMNS_MAX 4096 /* servers' own limit */

#define RESULT_UNSIGNED 0x100 /* beside the type as on the wire: its values have no sign */

enum result_type { /* of a column; how a client shows it: the value is text always */
                   RESULT_LONG = 3,
                   RESULT_ULONG = 3 | RESULT_UNSIGNED,
                   RESULT_DOUBLE = 5,
                   RESULT_NULL = 6,
                   RESULT_LONGLONG = 8,
                   RESULT_ULONGLONG = 8 | RESULT_UNSIGNED,
                   RESULT_DATETIME = 12,
                   RESULT_DECIMAL = 246,
                   RESULT_VARCHAR = 253,
};

struct result;

/* max_bytes: of all names and values, with 16 bytes more for each. */
struct result *result_new(size_t max_bytes);
void result_free(struct result *result); /* NULL is fine */

/* All columns before the first row. E_LIMIT. */
MUST_CHECK bool result_add_column(struct result *result, const char *name, enum result_type type,
                                  struct err *err);

/* As many values as columns; NULL is a span whose data is NULL. Copied. E_LIMIT. */
MUST_CHECK bool result_add_row(struct result *result, const struct span *values, struct err *err);

/* Takes all rows away, that others may come. */
void result_drop_rows(struct result *result);

size_t result_columns(const struct result *result);
size_t result_rows(const struct result *result);
struct span result_name(const struct result *result, size_t column);

/* False when the value is NULL. Borrowed from the result. */
bool result_value(const struct result *result, size_t row, size_t column, struct span *ret_value);

/* The number of the column of that name, without regard to case; false when there is none. */
bool result_find(const struct result *result, const char *name, size_t *ret_column);

/*
 * The result set as a server sends it, payload by payload: how many there are for a client of
 * those capabilities, and the one of that index, appended to `payload`.
 */
size_t result_payloads(const struct result *result, uint32_t capabilities);
void result_write_payload(const struct result *result, size_t index, uint32_t capabilities,
                          uint16_t status, struct buf *payload);

/* A row that stands in no result, for one that is too large for memory: one payload. */
void result_write_row(struct buf *payload, const struct span *values, size_t count);

enum result_reader_state { /* which packet is next */
                           READER_HEAD,
                           READER_COLUMNS,
                           READER_COLUMNS_END,
                           READER_ROWS,
                           READER_DONE,
};

/* What a server answers to a COM_QUERY, payload by payload. */
struct result_reader {
    uint32_t capabilities;
    struct result *result; /* filled; it has no columns when the statement gave none */
    struct reply_ok ok;    /* of such a statement; info is not kept */
    uint64_t columns_left;
    uint64_t columns;
    enum result_reader_state state;
};

void result_reader_init(struct result_reader *reader, uint32_t capabilities, struct result *result);

/*
 * Takes the next payload; *ret_done after the last. E_PROTO, E_LIMIT; an ERR packet of the server
 * as reply_err_to_err(). A request for a local file (LOAD DATA LOCAL) and more than one result set
 * are refused with E_PROTO: nothing asked for them.
 */
MUST_CHECK bool result_reader_take(struct result_reader *reader, struct span payload,
                                   bool *ret_done, struct err *err);
