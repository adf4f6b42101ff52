/*
 * Variable-length integers of MySQL's serialization library, 1 to 9 bytes, which GTID_TAGGED
 * events are made of: the number of trailing one bits of the first byte is the number of bytes
 * after it; a zero bit (not in the 9-byte form) and the value's bits follow, lowest first. A signed
 * value x is encoded as 2x, or -2x-1 when negative (source: mysql-server,
 * libs/mysql/serialization/readme.md). Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

uint64_t cursor_varint(struct cursor *cur);
int64_t cursor_varint_signed(struct cursor *cur);

/* The shortest form. */
void buf_varint(struct buf *buf, uint64_t value);
void buf_varint_signed(struct buf *buf, int64_t value);

/* How many bytes buf_varint() writes. */
size_t varint_size(uint64_t value);
