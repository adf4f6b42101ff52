/*
 * struct inflater: MariaDB's compressed texts and rows, each way.
 *
 * Form: a byte 0x80 | algorithm << 4 | n, with algorithm 0 for zlib and n from 1 to 4; the plain
 * length in n bytes, big-endian; a zlib stream. In QUERY_COMPRESSED it stands for the text, in the
 * compressed rows events for what follows the column bitmaps (source: MariaDB knowledge base,
 * "Compressing events to reduce size of the binary log"; MariaDB server, binlog_buf_compress).
 * The context holds scratch memory of the library, for one thread.
 */
#pragma once

#include "binlog/format.h"

struct inflater;

struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater); /* NULL is fine */

/* The plain length that compressed bytes declare. E_PROTO. */
MUST_CHECK bool inflate_size(struct span compressed, uint32_t *ret_size, struct err *err);

/* Appends the plain bytes to out. E_PROTO; E_LIMIT when they are more than `max`. */
MUST_CHECK bool inflate_bytes(struct inflater *inflater, struct span compressed, size_t max,
                              struct buf *out, struct err *err);

/* Appends the compressed form of plain bytes, at most 4 GiB. */
void deflate_bytes(struct buf *out, struct span plain);

/*
 * Appends the body of the plain event that a compressed one stands for: QUERY for QUERY_COMPRESSED,
 * rows of the same version for compressed rows. `ret_type` is its type. E_PROTO, E_LIMIT.
 */
MUST_CHECK bool inflate_event(struct inflater *inflater, uint8_t type, struct span body,
                              const struct format *format, size_t max, struct buf *out,
                              uint8_t *ret_type, struct err *err);

/* The plain type of MariaDB's compressed types; other types as they are. */
uint8_t inflate_type(uint8_t type);
