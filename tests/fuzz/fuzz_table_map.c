/*
 * Fuzz target: a table map: the first byte is the family (0 MySQL, else MariaDB), the rest a body.
 * What decodes must encode to bytes that decode, and then stay the same.
 */
#include "binlog/table_map.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(struct table_map *map, const struct format *format, struct buf *out)
{
    struct table_map second;
    struct buf twice;
    struct err err;

    table_map_init(&second);
    buf_init(&twice, 1 << 24);
    table_map_encode(out, map);
    if (buf_ok(out)) {
        if (!table_map_decode(&second, buf_span(out), format, &err))
            abort();
        table_map_encode(&twice, &second);
        if (!span_eq(buf_span(out), buf_span(&twice)))
            abort();
    }
    table_map_done(&second);
    buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t family = cursor_u8(&cur);
    struct format format;
    struct table_map map;
    struct buf out;
    struct err err;

    format_init(&format, family ? "10.11.19-MariaDB" : "9.7.4", 1);
    table_map_init(&map);
    buf_init(&out, 1 << 24);
    if (table_map_decode(&map, cursor_rest(&cur), &format, &err))
        again(&map, &format, &out);
    table_map_done(&map);
    buf_done(&out);
    return 0;
}
