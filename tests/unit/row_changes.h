/*
 * Tables of database d and changes of their rows, made by hand for struct dependencies. Columns are
 * a letter each: i INT, s VARCHAR whose case does not count; keys are their numbers, "0 12" is one
 * of the first and one of the other two.
 */
#pragma once

#include "check.h"

#include "translation/dependencies.h"

#define ROW_CHANGES_COLUMNS 8
#define ROW_CHANGES_MAX     10000 /* bytes of a table map, and of images */

struct row_changes {
    struct format format;
    struct table_map map;
    struct buf bytes;
};

static inline void row_changes_init(struct row_changes *changes)
{
    format_init(&changes->format, "9.7.4", CHECKSUM_NONE);
    table_map_init(&changes->map);
    buf_init(&changes->bytes, ROW_CHANGES_MAX);
}

static inline void row_changes_done(struct row_changes *changes)
{
    table_map_done(&changes->map);
    buf_done(&changes->bytes);
}

static inline bool row_changes_add(struct key_catalog *catalog, const char *name,
                                   const char *columns, const char *keys, bool barrier,
                                   struct err *err)
{
    struct key_columns of_key[ROW_CHANGES_COLUMNS];
    struct key_column parts[ROW_CHANGES_COLUMNS];
    struct key_table table = {
        .barrier = barrier, .column_count = (uint32_t)strlen(columns), .keys = of_key};
    size_t count = 0;

    for (const char *c = keys; *c; c++) {
        if (c == keys || *c == ' ')
            of_key[table.key_count++] = (struct key_columns){.columns = parts + count};
        if (*c == ' ')
            continue;
        parts[count++] = (struct key_column){
            .column = (uint32_t)(*c - '0'),
            .collation = columns[*c - '0'] == 's' ? KEY_COLLATION_FOLDED : KEY_COLLATION_BYTES};
        of_key[table.key_count - 1].count++;
    }
    return key_catalog_add(catalog, span_str("d"), span_str(name), &table, err);
}

/* The table map of the next changes. */
static inline bool row_changes_of(struct row_changes *changes, const char *name,
                                  const char *columns, uint16_t flags, struct err *err)
{
    size_t count = strlen(columns);
    size_t texts = 0;
    struct buf *body = &changes->bytes;

    buf_clear(body);
    buf_le(body, 7, 6);
    buf_u16(body, flags);
    buf_lenenc_bytes(body, span_str("d"));
    buf_u8(body, 0);
    buf_lenenc_bytes(body, span_str(name));
    buf_u8(body, 0);
    buf_lenenc(body, count);
    for (size_t i = 0; i < count; i++) {
        texts += columns[i] == 's';
        buf_u8(body, columns[i] == 's' ? COLUMN_VARCHAR : COLUMN_LONG);
    }
    buf_lenenc(body, 2 * texts);
    for (size_t i = 0; i < texts; i++)
        buf_u16(body, 99);
    buf_u8(body, 0xff);
    return table_map_decode(&changes->map, buf_span(body), &changes->format, err);
}

static inline uint8_t row_changes_present(const struct table_map *map, const struct value *values)
{
    uint8_t present = 0;

    for (uint32_t i = 0; values && i < map->column_count; i++)
        present |= (uint8_t)((values[i].kind != VALUE_ABSENT) << i);
    return present;
}

/* A row before and after its change; NULL: there is none. */
static inline void row_changes_note(struct row_changes *changes, struct dependencies *dependencies,
                                    struct value *before, struct value *after)
{
    uint8_t before_columns = row_changes_present(&changes->map, before);
    uint8_t after_columns = row_changes_present(&changes->map, after);
    struct row_image image;
    struct rows rows = {
        .kind = !before ? ROWS_WRITE
                : after ? ROWS_UPDATE
                        : ROWS_DELETE,
        .version = 2,
        .id_size = 6,
        .table_id = 7,
        .column_count = changes->map.column_count,
        .before_columns = span_of(&before_columns, before ? 1 : 0),
        .after_columns = span_of(&after_columns, after ? 1 : 0),
    };

    buf_clear(&changes->bytes);
    image = (struct row_image){.values = before};
    if (before)
        rows_encode_image(&changes->bytes, &rows, &changes->map, &image, false);
    image = (struct row_image){.values = after};
    if (after)
        rows_encode_image(&changes->bytes, &rows, &changes->map, &image, true);
    rows.images = buf_span(&changes->bytes);
    dependencies_rows(dependencies, &rows, &changes->map);
}
