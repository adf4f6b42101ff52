/*
 * Character sets by collation id, and their conversion to UTF-8.
 *
 * Ids are the servers' own, of both families: MariaDB adds 1024 to the id for a collation without
 * padding, and has ids from 2048 on for its uca1400 collations (sources: information_schema of
 * MySQL 5.6 and 9.7, MariaDB 10.11 and 11.8). Converted are UTF-8, ASCII, latin1 (which is cp1252
 * with its five gaps kept as C1 controls), UCS-2, UTF-16, UTF-16LE and UTF-32, and for reading
 * those of charset_tables.h. Not converted are the sets of East Asia but for their ASCII, armscii8,
 * whose upper half repeats some of ASCII, and swe7. Constant tables, any thread.
 */
#pragma once

#include "base/buf.h"

#define COLLATION_BINARY 63

enum charset_encoding {
    CHARSET_UNKNOWN, /* the id is 0 or none that we know */
    CHARSET_BINARY,
    CHARSET_UTF8, /* utf8mb3, utf8mb4, ascii */
    CHARSET_LATIN1,
    CHARSET_UCS2,
    CHARSET_UTF16,
    CHARSET_UTF16LE,
    CHARSET_UTF32,
    CHARSET_ASCII_SUPERSET, /* bytes below 0x80 are ASCII wherever they stand */
    CHARSET_OTHER,          /* a byte below 0x80 may be part of another character */
};

struct charset {
    const char *name; /* as in SQL: "latin1"; NULL if not known */
    enum charset_encoding encoding;
    const uint16_t *table; /* of the upper 128 bytes, where one byte is a character; or NULL */
};

struct charset charset_of_collation(uint32_t id);

/* Known, and bytes below 0x80 are ASCII wherever they stand. */
static inline bool charset_has_ascii(enum charset_encoding encoding)
{
    return encoding == CHARSET_UTF8 || encoding == CHARSET_LATIN1 ||
           encoding == CHARSET_ASCII_SUPERSET;
}

/*
 * Appends the text as UTF-8. False, and nothing appended, when it is not valid in the encoding or
 * the encoding needs tables and it is not plain ASCII.
 */
MUST_CHECK bool charset_to_utf8(struct buf *buf, struct span text, enum charset_encoding encoding);

/*
 * The same for a person to read: from character sets of one byte a character, too. Those are known
 * to the servers by tables that need not lead back to the same bytes.
 */
MUST_CHECK bool charset_read(struct buf *buf, struct span text, struct charset charset);

/* Valid UTF-8, without surrogates and overlong forms, up to U+10FFFF. */
bool utf8_is_valid(struct span text);

/* How many of the first bytes are ASCII. */
size_t ascii_prefix(struct span text);
