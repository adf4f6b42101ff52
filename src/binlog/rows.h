/*
 * struct rows: a rows event's header; struct row_reader: walks its row images.
 *
 * Layout of the body: table id (6 bytes; 4 where the post-header's length is 6), flags u16; in
 * version 2 (and partial updates) the length u16 of extra fields, itself included, and these; the
 * number of columns lenenc; a bitmap of the columns in the images, for updates two, before and
 * after; the images to the end, each a bitmap of NULLs among the columns present and then the
 * values that are not NULL. An after image of PARTIAL_UPDATE_ROWS begins with options lenenc and,
 * if bit 0 is set there, a bit per JSON column of the table: the value is a diff then (source:
 * MySQL "Rows_event" and worklog 2955). Extra fields: type 0, NDB: length u8 with itself and the
 * format u8, format, bytes; type 1: partition id u16, for updates the source's before image's
 * partition id u16 after it. MariaDB writes version 1; its compressed rows must be inflated first
 * (inflate.h).
 *
 * struct rows is a value whose spans borrow from the body. A row_reader owns two arrays of values,
 * which it reuses: walking an event allocates nothing once they are large enough. One thread.
 */
#pragma once

#include "binlog/value.h"

enum rows_kind {
    ROWS_WRITE,  /* after images only */
    ROWS_UPDATE, /* before and after */
    ROWS_DELETE, /* before images only */
};

enum rows_flag {
    ROWS_FLAG_STMT_END = 0x01, /* the statement's last; its table maps end */
    ROWS_FLAG_NO_FOREIGN_KEY_CHECKS = 0x02,
    ROWS_FLAG_RELAXED_UNIQUE_CHECKS = 0x04,
    ROWS_FLAG_COMPLETE_ROWS = 0x08,
    ROWS_FLAG_SQL_FOREIGN_KEYS = 0x10,     /* MySQL 9 */
    ROWS_FLAG_NO_CHECK_CONSTRAINTS = 0x80, /* MariaDB */
};

struct rows {
    uint8_t type;    /* enum event_type: V1, V2 or PARTIAL_UPDATE_ROWS */
    uint8_t kind;    /* enum rows_kind */
    uint8_t version; /* 1 or 2 */
    uint8_t id_size; /* bytes of the table id, 6 or 4 */
    bool partial;    /* after images may hold JSON diffs */
    uint64_t table_id;
    uint16_t flags;    /* enum rows_flag */
    struct span extra; /* version 2: extra fields as they are */
    bool has_ndb;
    uint8_t ndb_format;
    struct span ndb;
    bool has_partition;
    uint16_t partition;
    uint16_t source_partition; /* updates: of the before image */
    uint32_t column_count;
    struct span before_columns; /* bitmap; empty for WRITE */
    struct span after_columns;  /* bitmap; empty for DELETE */
    struct span images;
};

/* Decodes the body of a rows event of version 1 or 2, not compressed. E_PROTO, E_LIMIT. */
MUST_CHECK bool rows_decode(struct span body, uint8_t type, const struct format *format,
                            struct rows *ret_rows, struct err *err);

/* Writes what comes before the images; these follow by rows_encode_image() or as they are. */
void rows_encode_header(struct buf *buf, const struct rows *rows);

struct row_image {
    struct value *values; /* one per column of the table; VALUE_ABSENT where the image has none */
    bool null_pad;        /* what the unused bits of the NULL bitmap are */
    uint64_t options;     /* after image of a partial update: its value options, 0 or 1 */
    struct span bytes;    /* the whole image as it is in the event */
};

struct row_reader {
    struct row_image before; /* of UPDATE and DELETE */
    struct row_image after;  /* of UPDATE and WRITE */
    uint64_t row;            /* how many rows were read */

    struct { /* of rows.c */
        const struct rows *rows;
        const struct table_map *map;
        struct cursor cur;
        uint32_t before_count; /* columns present */
        uint32_t after_count;
        uint32_t cap;
    } own;
};

void row_reader_init(struct row_reader *reader);
void row_reader_done(struct row_reader *reader); /* NULL is fine */

/*
 * Begins an event. Both it and the map must stay until its last row was read. E_PROTO when they do
 * not belong together.
 */
MUST_CHECK bool row_reader_start(struct row_reader *reader, const struct rows *rows,
                                 const struct table_map *map, struct err *err);

/* The next row; ret_more is false after the last. E_PROTO. */
MUST_CHECK bool row_reader_next(struct row_reader *reader, bool *ret_more, struct err *err);

/* Writes an image of a row as it is in an event: its values by the event's bitmap of columns. */
void rows_encode_image(struct buf *buf, const struct rows *rows, const struct table_map *map,
                       const struct row_image *image, bool after);

/* Writes an image's bitmap of NULLs, among the values of the columns that it has. */
void rows_encode_nulls(struct buf *buf, struct span columns, uint32_t column_count,
                       const struct value *values, bool pad);
