/*
 * A small text file with a version and a checksum: its first line is a title and a version number,
 * then lines KEY=VALUE, then "crc32=" and 8 hexadecimal digits over all before that line.
 *
 * No I/O. Any thread; values borrow from the bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define SEALED_TEXT_MAX 1048576 /* bytes */

/* "TITLE VERSION\n", which begins such a text in an empty buf. */
void sealed_text_begin(struct buf *buf, const char *title, unsigned version);

/* The last line, over all that is in the buf. */
void sealed_text_end(struct buf *buf);

/*
 * Checks title, version and checksum, and gives the lines between. E_PROTO; E_STATE for a version
 * other than `version`, before anything behind the first line is looked at.
 */
MUST_CHECK bool sealed_text_open(struct span text, const char *title, unsigned version,
                                 struct cursor *ret_lines, struct err *err);

/* Takes a line; false at the end. One without '=' has an empty value and all of it as the key. */
bool sealed_text_line(struct cursor *lines, struct span *ret_key, struct span *ret_value);

/* Decimal digits of a number up to `max`, nothing else. */
bool sealed_text_number(struct span value, uint64_t max, uint64_t *ret_number);
