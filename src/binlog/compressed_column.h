/*
 * Values of MariaDB's COMPRESSED columns.
 *
 * Form: a byte method << 4 | raw << 3 | n; the plain length in n bytes, 1 to 4, big-endian; the
 * compressed bytes. Method 0 means that the plain value follows the first byte; 8 is deflate, bare
 * if raw is set and in a zlib wrapping if not. No bytes at all are the empty value (source: what
 * MariaDB 10.11 and 11.8 write; MariaDB knowledge base, "Storage-Engine Independent Column
 * Compression"). Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

/* Appends the plain value. E_PROTO; E_LIMIT when it declares more than `max` bytes. */
MUST_CHECK bool compressed_column_inflate(struct buf *buf, struct span stored, size_t max,
                                          struct err *err);
