/*
 * Fuzz target: rows: family u8 (0 MySQL, else MariaDB), event type u8, length u16 and bytes of a
 * table map's body, the rows' body. Each row is printed both ways and encoded again; the event is
 * reversed, and that again, which must give the same images.
 */
#include "binlog/rows_reverse.h"
#include "binlog/value_json.h"
#include "binlog/value_sql.h"

#define OUT_MAX  (1 << 20)
#define ROWS_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_image(const struct table_map *map, const struct row_image *image, struct buf *out)
{
    struct err err;

    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_clear(out);
        (void)!value_write_json(out, map, &map->columns[i], &image->values[i], &err);
        for (enum value_style style = VALUE_STYLE_READ; style <= VALUE_STYLE_REPLAY; style++) {
            buf_clear(out);
            (void)!value_write_sql(out, map, &map->columns[i], &image->values[i], style, &err);
        }
    }
}

static void print_rows(struct row_reader *reader, const struct rows *rows,
                       const struct table_map *map, struct buf *out)
{
    struct err err;
    bool more;

    if (!row_reader_start(reader, rows, map, &err))
        return;
    for (int n = 0; n < ROWS_MAX && row_reader_next(reader, &more, &err) && more; n++) {
        if (rows->kind != ROWS_WRITE) {
            print_image(map, &reader->before, out);
            buf_clear(out);
            rows_encode_image(out, rows, map, &reader->before, false);
        }
        if (rows->kind != ROWS_DELETE) {
            print_image(map, &reader->after, out);
            buf_clear(out);
            rows_encode_image(out, rows, map, &reader->after, true);
        }
    }
}

static void reverse_twice(struct row_reader *reader, const struct rows *rows,
                          const struct table_map *map, const struct format *format)
{
    struct rows undo;
    struct buf once;
    struct buf twice;
    struct err err;
    uint8_t type;

    buf_init(&once, OUT_MAX);
    buf_init(&twice, OUT_MAX);
    if (rows_reverse(&once, rows, map, reader, &type, &err)) {
        if (!rows_decode(buf_span(&once), type, format, &undo, &err) ||
            !rows_reverse(&twice, &undo, map, reader, &type, &err) || type != rows->type ||
            !rows_decode(buf_span(&twice), type, format, &undo, &err) ||
            !span_eq(undo.images, rows->images))
            __builtin_trap();
    }
    buf_done(&once);
    buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t family = cursor_u8(&cur);
    uint8_t type = cursor_u8(&cur);
    struct span map_body = cursor_bytes(&cur, cursor_u16(&cur));
    struct row_reader reader;
    struct format format;
    struct table_map map;
    struct rows rows;
    struct buf out;
    struct err err;

    format_init(&format, family ? "10.11.19-MariaDB" : "9.7.4", 1);
    table_map_init(&map);
    row_reader_init(&reader);
    buf_init(&out, OUT_MAX);
    if (table_map_decode(&map, map_body, &format, &err) &&
        rows_decode(cursor_rest(&cur), type, &format, &rows, &err)) {
        print_rows(&reader, &rows, &map, &out);
        reverse_twice(&reader, &rows, &map, &format);
    }
    row_reader_done(&reader);
    table_map_done(&map);
    buf_done(&out);
    return 0;
}
