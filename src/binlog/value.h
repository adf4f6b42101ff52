/*
 * struct value: one column's value in a row image, from and to its bytes there.
 *
 * A value is freely copied and owns nothing: texts, decimals and documents are spans into the
 * event's bytes. Decoding allocates nothing. Integers are signed unless the table map says
 * otherwise. CHAR and BINARY come without the pad characters that the servers cut off: spaces, for
 * BINARY and MariaDB's UUID and INET types zero bytes, so that column->layout.length is their real
 * length. Source of each form: MySQL "Table_map_event" in the code documentation, table of types.
 */
#pragma once

#include "binlog/table_map.h"
#include "binlog/temporal.h"

enum value_kind {
    VALUE_ABSENT, /* the image does not hold the column */
    VALUE_NULL,
    VALUE_INT,
    VALUE_UINT,
    VALUE_FLOAT,
    VALUE_DOUBLE,
    VALUE_DECIMAL, /* bytes: decimal.h */
    VALUE_BIT,     /* u */
    VALUE_YEAR,    /* u: 0 or 1901..2155 */
    VALUE_DATE,
    VALUE_TIME,
    VALUE_DATETIME,
    VALUE_TIMESTAMP,
    VALUE_ENUM,       /* u: 1 is the first member, 0 the error value */
    VALUE_SET,        /* u: bit 0 is the first member */
    VALUE_STRING,     /* bytes: CHAR to LONGTEXT, BINARY to LONGBLOB */
    VALUE_COMPRESSED, /* bytes: compressed_column.h; a value stored plain is VALUE_STRING */
    VALUE_GEOMETRY,   /* bytes: SRID u32 and WKB */
    VALUE_VECTOR,     /* bytes: FLOATs, little-endian */
    VALUE_JSON,       /* bytes: json_binary.h */
    VALUE_JSON_DIFF,  /* bytes: json_diff.h, in after images of partial updates only */
};

struct value {
    uint8_t kind; /* enum value_kind */
    union {
        int64_t i;
        uint64_t u;
        float f;
        double d;
        struct temporal time;
        struct timestamp stamp;
        struct span bytes;
    };
};

/* Takes one value that is not NULL; reading past the end sets cur's `bad`. */
void value_decode(struct cursor *cur, const struct column *column, struct value *ret_value);

/*
 * Appends what value_decode() took. A value of a kind that the column cannot have, or too long for
 * its length's bytes, sets buf's `bad`.
 */
void value_encode(struct buf *buf, const struct column *column, const struct value *value);

/* The text of DATE, TIME, DATETIME or, in UTC, TIMESTAMP. */
void value_write_temporal(struct buf *buf, const struct column *column, const struct value *value);

/* The value's bytes are raw, not text: its column's collation is known and is binary. */
static inline bool column_is_binary(const struct column *column)
{
    return column->collation == 63;
}

/*
 * Appends the text of ENUM's member or SET's members, these with commas, as UTF-8. False, and
 * nothing appended, when the table map does not tell it or it has no UTF-8 form that we can make.
 */
MUST_CHECK bool value_members_to_utf8(struct buf *buf, const struct table_map *map,
                                      const struct column *column, const struct value *value);
