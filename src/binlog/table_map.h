/*
 * struct table_map: the TABLE_MAP event, which names a table and its columns' types for the row
 * events after it.
 *
 * Layout of the body: table id (6 bytes; 4 where the post-header's length is 6), flags u16,
 * database and table name (each u8 length, text, NUL), number of columns lenenc, a type u8 per
 * column, all types' metadata as lenenc bytes, a bitmap of columns that may be NULL, then optional
 * fields to the end, each type u8, length lenenc, value (source: MySQL "Table_map_event" in the
 * code documentation; MariaDB writes the same fields but no visibility). The fields are there if
 * the server runs with binlog_row_metadata: MySQL's MINIMAL has signedness, character sets and
 * geometry types, MariaDB's default, NO_LOG, nothing.
 *
 * A table map keeps a copy of the event's bytes, because it outlives the event: the spans in it
 * point there and hold until the next decode. Its memory grows and is reused by the next decode.
 * Owned by one thread.
 */
#pragma once

#include "binlog/column_type.h"
#include "binlog/format.h"

#define TABLE_MAP_COLUMNS_MAX 65535
#define TABLE_MAP_FIELDS_MAX  32
#define TABLE_MAP_DUMMY_ID    UINT64_C(0xffffff) /* of a rows event that only ends a statement */

enum table_map_flag {
    TABLE_MAP_FLAG_BIT_LEN_EXACT = 0x01,
    TABLE_MAP_FLAG_REFERRED_FK_DB = 0x02,
    TABLE_MAP_FLAG_GENERATED_INVISIBLE_KEY = 0x04, /* MySQL */
    TABLE_MAP_FLAG_HAS_TRIGGERS = 0x4000,          /* MariaDB */
};

enum table_field_type {
    FIELD_SIGNEDNESS = 1,
    FIELD_DEFAULT_CHARSET = 2,
    FIELD_COLUMN_CHARSET = 3,
    FIELD_COLUMN_NAME = 4,
    FIELD_SET_STR_VALUE = 5,
    FIELD_ENUM_STR_VALUE = 6,
    FIELD_GEOMETRY_TYPE = 7,
    FIELD_SIMPLE_PRIMARY_KEY = 8,
    FIELD_PRIMARY_KEY_WITH_PREFIX = 9,
    FIELD_ENUM_AND_SET_DEFAULT_CHARSET = 10,
    FIELD_ENUM_AND_SET_COLUMN_CHARSET = 11,
    FIELD_COLUMN_VISIBILITY = 12,
    FIELD_VECTOR_DIMENSIONALITY = 13,
};

struct column {
    struct column_layout layout;
    bool nullable;
    bool sign_known; /* the event says whether the column is unsigned */
    bool is_unsigned;
    bool invisible;
    uint8_t geometry_type;  /* 0 GEOMETRY, 1 POINT, ... as in WKB */
    uint32_t collation;     /* collation id; 0: the event does not say; 63: binary */
    uint32_t dimensions;    /* VECTOR; 0: the event does not say */
    struct span name;       /* utf8; empty: the event does not say */
    uint32_t members_first; /* ENUM and SET: see table_map_member() */
    uint32_t members_count;
};

struct table_key_part {
    uint32_t column; /* index in columns */
    uint32_t prefix; /* characters, bytes for binary; 0: the whole column */
};

/* An optional field: what came, in its order, so that encoding gives the same bytes. */
struct table_field {
    uint8_t type;        /* enum table_field_type, or one that is not known */
    uint32_t collation;  /* the default ones' */
    struct span unknown; /* value of a field that is not known, carried as it is */
};

struct table_map {
    uint64_t table_id;
    uint16_t flags;
    uint8_t id_size; /* 6, or 4 in logs before 5.1.4 */
    bool mariadb;    /* whose rules for optional fields hold */
    struct span database;
    struct span table;
    uint32_t column_count;
    uint32_t json_count; /* columns of type JSON */
    struct column *columns;
    uint32_t key_count; /* 0: no primary key, or the event does not say */
    struct table_key_part *key;
    uint32_t field_count;
    struct table_field fields[TABLE_MAP_FIELDS_MAX];

    struct { /* of table_map.c */
        struct buf body;
        uint32_t columns_cap;
        uint32_t key_cap;
        struct span *members;
        uint32_t members_count;
        uint32_t members_cap;
    } own;
};

void table_map_init(struct table_map *map);
void table_map_done(struct table_map *map); /* NULL is fine */

/*
 * Decodes a body into an initialised map, which held another one or nothing. Equal bytes to those
 * that it holds cost one comparison. E_PROTO; E_LIMIT. On failure the map holds nothing.
 */
MUST_CHECK bool table_map_decode(struct table_map *map, struct span body,
                                 const struct format *format, struct err *err);

void table_map_encode(struct buf *buf, const struct table_map *map);

/* Only the table id of a body. E_PROTO. */
MUST_CHECK bool table_map_peek_id(struct span body, const struct format *format, uint64_t *ret_id,
                                  struct err *err);

bool table_map_has_field(const struct table_map *map, uint8_t type);

/* Text of ENUM's or SET's member n, from 0, in the column's character set; empty if not known. */
struct span table_map_member(const struct table_map *map, const struct column *column, uint32_t n);
