/*
 * Column types: the numbers that a TABLE_MAP event gives, what metadata follows each of them, and
 * struct column_layout, which is type and metadata made plain.
 *
 * The metadata of a type has 0 to 4 bytes. CHAR, ENUM and SET are all written as STRING: the first
 * metadata byte is the real type and the second the length, and where a CHAR is longer than 255
 * bytes, bits 8 and 9 of its length are xored into bits 4 and 5 of that first byte (sources: MySQL
 * "Table_map_event" in the code documentation; MySQL bug 37426; MariaDB: what 10.11 and 11.8
 * write). MariaDB writes INET4, INET6 and UUID as STRING, VECTOR as VARCHAR, JSON as BLOB.
 * Values without pointers; any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

enum column_type {
    COLUMN_DECIMAL_OLD = 0, /* before 5.0: cannot be in a row event */
    COLUMN_TINY = 1,
    COLUMN_SHORT = 2,
    COLUMN_LONG = 3,
    COLUMN_FLOAT = 4,
    COLUMN_DOUBLE = 5,
    COLUMN_NULL = 6,
    COLUMN_TIMESTAMP_OLD = 7,
    COLUMN_LONGLONG = 8,
    COLUMN_INT24 = 9,
    COLUMN_DATE = 10,
    COLUMN_TIME_OLD = 11,
    COLUMN_DATETIME_OLD = 12,
    COLUMN_YEAR = 13,
    COLUMN_NEWDATE = 14,
    COLUMN_VARCHAR = 15,
    COLUMN_BIT = 16,
    COLUMN_TIMESTAMP = 17,
    COLUMN_DATETIME = 18,
    COLUMN_TIME = 19,
    COLUMN_TYPED_ARRAY = 20,         /* MySQL: hidden columns of multi-valued indexes */
    COLUMN_BLOB_COMPRESSED = 140,    /* MariaDB */
    COLUMN_VARCHAR_COMPRESSED = 141, /* MariaDB */
    COLUMN_VECTOR = 242,             /* MySQL */
    COLUMN_JSON = 245,               /* MySQL */
    COLUMN_DECIMAL = 246,
    COLUMN_ENUM = 247,
    COLUMN_SET = 248,
    COLUMN_TINY_BLOB = 249,
    COLUMN_MEDIUM_BLOB = 250,
    COLUMN_LONG_BLOB = 251,
    COLUMN_BLOB = 252,
    COLUMN_VAR_STRING = 253,
    COLUMN_STRING = 254,
    COLUMN_GEOMETRY = 255,
};

struct column_layout {
    uint8_t wire_type;   /* as in the event */
    uint8_t type;        /* enum column_type; the real one behind STRING */
    uint8_t length_size; /* bytes of the length before a value; 0: fixed size, see `size` */
    uint8_t size;        /* bytes of a value of fixed size; undefined where length_size > 0 */
    uint8_t precision;   /* DECIMAL: digits in all, 1..65 */
    uint8_t scale;       /* DECIMAL: digits of the fraction; temporal types: 0..6 */
    uint8_t bits;        /* BIT: 1..64 */
    uint32_t length;     /* CHAR and VARCHAR: most bytes of a value, compression's own included */
    uint8_t wire_size;   /* bytes of metadata, 0..4 */
    uint32_t wire_meta;  /* these bytes, the first one lowest */
};

/* Takes the type's metadata bytes from cur. E_PROTO, also for types that no row can hold. */
MUST_CHECK bool column_layout_decode(struct cursor *cur, uint8_t wire_type,
                                     struct column_layout *ret_layout, struct err *err);

/* Writes the metadata bytes. */
void column_layout_encode(struct buf *buf, const struct column_layout *layout);

/*
 * Says how many digits of a fraction, 1..6, a TIME, DATETIME or TIMESTAMP in MariaDB's older form
 * has: the event does not. Nothing happens for other types.
 */
void column_layout_set_fraction(struct column_layout *layout, uint8_t digits);

/* A short name as in SQL: "INT", "VARCHAR", ...; "type 99" is "unknown". */
const char *column_type_name(uint8_t type);

/* Types with a bit in the table map's signedness metadata, which counts YEAR too. */
bool column_type_is_numeric(uint8_t type);

/*
 * Types with a collation of their own in that metadata. MariaDB counts GEOMETRY among them, MySQL
 * counts VECTOR (found in what 10.11, 11.8 and 9.7 write).
 */
bool column_type_is_character(uint8_t type, bool mariadb);
