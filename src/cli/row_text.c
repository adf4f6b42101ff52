#include "cli/row_text.h"

#include "base/mem.h"
#include "binlog/json_diff.h"
#include "binlog/number.h"
#include "binlog/table_maps.h"
#include "binlog/text.h"
#include "binlog/value_json.h"
#include "binlog/value_sql.h"
#include "cli/event_text.h"

struct row_text {
    struct table_maps *maps;
    struct row_reader reader;
    struct rows rows;
    const struct table_map *map;
};

struct row_text *row_text_new(void)
{
    struct row_text *text = mem_alloc(sizeof *text);

    text->maps = table_maps_new();
    row_reader_init(&text->reader);
    return text;
}

void row_text_free(struct row_text *text)
{
    if (!text)
        return;
    table_maps_free(text->maps);
    row_reader_done(&text->reader);
    mem_free(text);
}

bool row_text_take_map(struct row_text *text, const struct plain_event *event,
                       const struct format *format, const struct table_map **ret_map,
                       struct err *err)
{
    return table_maps_take(text->maps, event->body, format, ret_map, err);
}

bool row_text_start(struct row_text *text, const struct plain_event *event,
                    const struct format *format, struct rows *ret_rows,
                    const struct table_map **ret_map, struct err *err)
{
    if (!rows_decode(event->body, event->type, format, &text->rows, err))
        return false;
    text->map = table_maps_find(text->maps, text->rows.table_id);
    if (text->rows.flags & ROWS_FLAG_STMT_END)
        table_maps_end_statement(text->maps);
    if (!text->map && text->rows.table_id != TABLE_MAP_DUMMY_ID)
        return err_set(err, E_PROTO, 0, "table id %llu, of which there is no Table_map event",
                       (unsigned long long)text->rows.table_id);
    if (text->map && !row_reader_start(&text->reader, &text->rows, text->map, err))
        return false;
    *ret_rows = text->rows;
    *ret_map = text->map;
    return true;
}

bool row_text_next(struct row_text *text, bool *ret_more, struct err *err)
{
    *ret_more = false;
    return !text->map || row_reader_next(&text->reader, ret_more, err);
}

const struct row_reader *row_text_row(const struct row_text *text)
{
    return &text->reader;
}

static bool fail_column(const struct table_map *map, uint32_t column, struct err *err)
{
    return err_prefix(err, "%.*s.%.*s: column %u", (int)map->database.len,
                      (const char *)map->database.data, (int)map->table.len,
                      (const char *)map->table.data, column + 1);
}

/* name, or @3 for the third */
static void write_name(struct buf *buf, const struct column *column, uint32_t i)
{
    if (column->name.len > 0) {
        buf_bytes(buf, column->name);
        return;
    }
    buf_u8(buf, '@');
    number_write_u64(buf, (uint64_t)i + 1);
}

/* SQL literals keep most control characters as they are; a terminal would obey them. */
static void escape_controls(struct buf *buf, size_t start)
{
    unsigned found = 0;
    struct buf copy;

    for (size_t i = start; i < buf->len; i++)
        found |= (unsigned)(buf->data[i] < ' ') | (unsigned)(buf->data[i] == 0x7f);
    if (!found)
        return;
    buf_init(&copy, buf->max);
    buf_bytes(&copy, span_of(buf->data + start, buf->len - start));
    buf->len = start;
    event_text_write_statement(buf, buf_span(&copy));
    buf_done(&copy);
}

static bool write_image(struct buf *buf, const struct table_map *map, const struct row_image *image,
                        char sign, struct err *err)
{
    size_t start = buf->len;

    buf_str(buf, "    ");
    buf_u8(buf, (uint8_t)sign);
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_u8(buf, ' ');
        write_name(buf, &map->columns[i], i);
        buf_u8(buf, '=');
        if (!value_write_sql(buf, map, &map->columns[i], &image->values[i], VALUE_STYLE_READ, err))
            return fail_column(map, i, err);
    }
    escape_controls(buf, start);
    buf_u8(buf, '\n');
    return true;
}

bool row_text_write(struct row_text *text, struct buf *buf, struct err *err)
{
    if (text->rows.kind != ROWS_WRITE &&
        !write_image(buf, text->map, &text->reader.before, '-', err))
        return false;
    return text->rows.kind == ROWS_DELETE ||
           write_image(buf, text->map, &text->reader.after, '+', err);
}

static bool write_json_value(struct row_text *text, struct buf *buf, uint32_t i, bool after,
                             struct err *err)
{
    const struct value *before = &text->reader.before.values[i];
    const struct value *value = after ? &text->reader.after.values[i] : before;

    if (value->kind == VALUE_JSON_DIFF && before->kind == VALUE_JSON)
        return json_diff_apply(buf, before->bytes, value->bytes, err);
    return value_write_json(buf, text->map, &text->map->columns[i], value, err);
}

static bool write_json_image(struct row_text *text, struct buf *buf, bool after, struct err *err)
{
    const struct row_image *image = after ? &text->reader.after : &text->reader.before;
    const struct table_map *map = text->map;
    bool first = true;

    buf_str(buf, after ? ", \"after\": {" : ", \"before\": {");
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct column *column = &map->columns[i];

        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        if (!first)
            buf_str(buf, ", ");
        first = false;
        if (column->name.len > 0) {
            text_write_json(buf, column->name);
        } else {
            buf_u8(buf, '"');
            write_name(buf, column, i);
            buf_u8(buf, '"');
        }
        buf_str(buf, ": ");
        if (!write_json_value(text, buf, i, after, err))
            return fail_column(map, i, err);
    }
    buf_u8(buf, '}');
    return true;
}

bool row_text_write_json(struct row_text *text, struct buf *buf, struct err *err)
{
    if (text->rows.kind != ROWS_WRITE && !write_json_image(text, buf, false, err))
        return false;
    return text->rows.kind == ROWS_DELETE || write_json_image(text, buf, true, err);
}
