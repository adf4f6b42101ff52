/*
 * Fuzz target: row_translator: dialect u8, then as for rows: family u8 (0 MySQL, else MariaDB),
 * event type u8, length u16 and bytes of a table map's body, the rows' body. What was translated
 * must be read back by the other side, with as many rows.
 */
#include "translation/row_translator.h"

#include "binlog/rows.h"

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many rows an event has; -1 when it can not be read. */
static int count_rows(struct span map_body, struct span body, uint8_t type,
                      const struct format *format)
{
    struct row_reader reader;
    struct table_map map;
    struct rows rows;
    struct err err;
    int count = -1;
    bool more;

    table_map_init(&map);
    row_reader_init(&reader);
    if (table_map_decode(&map, map_body, format, &err) &&
        rows_decode(body, type, format, &rows, &err) &&
        row_reader_start(&reader, &rows, &map, &err)) {
        do {
            count++;
        } while (row_reader_next(&reader, &more, &err) && more);
        if (!row_reader_next(&reader, &more, &err))
            count = -1;
    }
    row_reader_done(&reader);
    table_map_done(&map);
    return count;
}

static void translate(struct row_translator *translator, const struct format *from,
                      const struct format *to, struct span map_body, uint8_t type, struct span body)
{
    uint8_t other_type = 0;
    struct buf map_out;
    struct buf out;
    struct err err;

    buf_init(&map_out, OUT_MAX);
    buf_init(&out, OUT_MAX);
    if (row_translator_map(translator, map_body, &map_out, &err)) {
        if (row_translator_rows(translator, type, body, &out, &other_type, &err)) {
            int count = count_rows(map_body, body, type, from);

            if (count >= 0 &&
                count != count_rows(buf_span(&map_out), buf_span(&out), other_type, to))
                __builtin_trap();
        } else if (out.len != 0 || !buf_ok(&out)) {
            __builtin_trap();
        }
    } else if (map_out.len != 0 || !buf_ok(&map_out)) {
        __builtin_trap();
    }
    buf_done(&map_out);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    enum dialect to = cursor_u8(&cur) % DIALECTS;
    uint8_t family = cursor_u8(&cur);
    uint8_t type = cursor_u8(&cur);
    struct span map_body = cursor_bytes(&cur, cursor_u16(&cur));
    struct row_translator *translator = row_translator_new(to);
    struct format from;
    struct format target;

    format_init(&from, family ? "10.11.19-MariaDB" : "9.7.4", 1);
    format_init(&target, dialect_version(to), 1);
    row_translator_start(translator, &from);
    translate(translator, &from, &target, map_body, type, cursor_rest(&cur));
    row_translator_free(translator);
    return 0;
}
