/*
 * rowdump [--sql] FILE...: prints the rows of binlog files, a line each, for the tests of row
 * values.
 *
 * As JSON: {"db": .., "table": .., "before": {..}, "after": {..}}, with documents as strings that
 * hold their text, partial updates of them applied; as SQL: statements that do the same in the
 * default database. Columns are named where the table map has names, else @1, @2. Each
 * table map and rows event is also encoded again; different bytes end the program with status 1, as
 * every error does. Replaced by `borealis binlog json` and `sql` when these exist.
 */
#include "whole_file.h"

#include "base/mem.h"
#include "binlog/bitmap.h"
#include "binlog/inflate.h"
#include "binlog/json_binary.h"
#include "binlog/json_diff.h"
#include "binlog/payload.h"
#include "binlog/reader.h"
#include "binlog/rows.h"
#include "binlog/text.h"
#include "binlog/value_json.h"
#include "binlog/value_sql.h"

#include <stdio.h>
#include <string.h>

#define TABLES_MAX 64
#define BUF_MAX    ((size_t)1 << 31)

struct dump {
    struct reader reader;
    struct table_map maps[TABLES_MAX];
    unsigned next_map;
    struct row_reader rows;
    struct inflater *inflater;
    struct payload_stream *payload;
    struct buf plain;
    struct buf line;
    struct buf again;
    bool sql;
    bool quiet;
};

static struct table_map *find_map(struct dump *dump, uint64_t id)
{
    for (unsigned i = 0; i < TABLES_MAX; i++)
        if (dump->maps[i].column_count > 0 && dump->maps[i].table_id == id)
            return &dump->maps[i];
    return NULL;
}

static bool same_bytes(struct dump *dump, struct span body, const char *what, struct err *err)
{
    if (buf_ok(&dump->again) && span_eq(buf_span(&dump->again), body))
        return true;
    return err_set(err, E_BUG, 0, "%s: encoded again it has other bytes", what);
}

static bool take_map(struct dump *dump, struct span body, struct err *err)
{
    struct table_map *map;
    uint64_t id;

    if (!table_map_peek_id(body, &dump->reader.format, &id, err))
        return false;
    map = find_map(dump, id);
    if (!map)
        map = &dump->maps[dump->next_map++ % TABLES_MAX];
    if (!table_map_decode(map, body, &dump->reader.format, err))
        return false;
    buf_clear(&dump->again);
    table_map_encode(&dump->again, map);
    return same_bytes(dump, body, "table map", err);
}

/* A document's exact text, as a string. */
static bool write_document(struct dump *dump, const struct value *before, const struct value *value,
                           struct err *err)
{
    struct buf text;
    bool done;

    buf_init(&text, BUF_MAX);
    if (value->kind == VALUE_JSON)
        done = json_write_text(&text, value->bytes, err);
    else
        done = json_diff_apply(&text, before->bytes, value->bytes, err);
    text_write_json(&dump->line, buf_span(&text));
    buf_done(&text);
    return done;
}

static bool write_value(struct dump *dump, const struct table_map *map, uint32_t column,
                        const struct row_image *image, struct err *err)
{
    const struct value *before = &dump->rows.before.values[column];
    const struct value *value = &image->values[column];

    if (value->kind == VALUE_JSON || (value->kind == VALUE_JSON_DIFF && before->kind == VALUE_JSON))
        return write_document(dump, before, value, err);
    return value_write_json(&dump->line, map, &map->columns[column], value, err);
}

static bool write_image(struct dump *dump, const struct table_map *map,
                        const struct row_image *image, struct err *err)
{
    struct buf *line = &dump->line;
    struct buf name;
    bool first = true;

    buf_u8(line, '{');
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        if (!first)
            buf_str(line, ", ");
        first = false;
        if (map->columns[i].name.len > 0) {
            text_write_json(line, map->columns[i].name);
        } else {
            buf_init(&name, 64);
            column_write_name(&name, map, &map->columns[i]);
            text_write_json(line, buf_span(&name));
            buf_done(&name);
        }
        buf_str(line, ": ");
        if (!write_value(dump, map, i, image, err))
            return err_prefix(err, "column %u", i + 1);
    }
    buf_u8(line, '}');
    return true;
}

static bool write_json(struct dump *dump, const struct rows *rows, const struct table_map *map,
                       struct err *err)
{
    struct buf *line = &dump->line;

    buf_str(line, "{\"db\": ");
    text_write_json(line, map->database);
    buf_str(line, ", \"table\": ");
    text_write_json(line, map->table);
    if (rows->kind != ROWS_WRITE) {
        buf_str(line, ", \"before\": ");
        if (!write_image(dump, map, &dump->rows.before, err))
            return false;
    }
    if (rows->kind != ROWS_DELETE) {
        buf_str(line, ", \"after\": ");
        if (!write_image(dump, map, &dump->rows.after, err))
            return false;
    }
    buf_str(line, "}\n");
    return true;
}

static bool write_list(struct dump *dump, const struct table_map *map,
                       const struct row_image *image, struct err *err)
{
    const char *separator = "";

    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_str(&dump->line, separator);
        column_write_name(&dump->line, map, &map->columns[i]);
        buf_str(&dump->line, " = ");
        if (!value_write_sql(&dump->line, map, &map->columns[i], &image->values[i],
                             VALUE_STYLE_REPLAY, err))
            return err_prefix(err, "column %u", i + 1);
        separator = ", ";
    }
    return true;
}

/* WHERE is by the first column only: it is the key of the tests' tables, named id. */
static bool write_where(struct dump *dump, const struct table_map *map, struct err *err)
{
    buf_str(&dump->line, " WHERE id = ");
    return value_write_sql(&dump->line, map, &map->columns[0], &dump->rows.before.values[0],
                           VALUE_STYLE_REPLAY, err);
}

/* Without names; for full images. */
static bool write_replace(struct dump *dump, const struct table_map *map, struct err *err)
{
    buf_str(&dump->line, "REPLACE INTO ");
    text_write_identifier(&dump->line, map->table);
    for (uint32_t i = 0; i < map->column_count; i++) {
        buf_str(&dump->line, i == 0 ? " VALUES (" : ", ");
        if (!value_write_sql(&dump->line, map, &map->columns[i], &dump->rows.after.values[i],
                             VALUE_STYLE_REPLAY, err))
            return err_prefix(err, "column %u", i + 1);
    }
    buf_str(&dump->line, ");\n");
    return true;
}

static bool write_sql(struct dump *dump, const struct rows *rows, const struct table_map *map,
                      struct err *err)
{
    static const char *const verbs[] = {"INSERT INTO ", "UPDATE ", "DELETE FROM "};

    if (rows->kind != ROWS_DELETE && map->columns[0].name.len == 0 &&
        bitmap_count(rows->after_columns, rows->column_count) == rows->column_count)
        return write_replace(dump, map, err);
    buf_str(&dump->line, verbs[rows->kind]);
    text_write_identifier(&dump->line, map->table);
    if (rows->kind != ROWS_DELETE) {
        buf_str(&dump->line, " SET ");
        if (!write_list(dump, map, &dump->rows.after, err))
            return false;
    }
    if (rows->kind != ROWS_WRITE && !write_where(dump, map, err))
        return false;
    buf_str(&dump->line, ";\n");
    return true;
}

static bool print_rows(struct dump *dump, const struct rows *rows, const struct table_map *map,
                       struct err *err)
{
    bool more = true;

    buf_clear(&dump->again);
    rows_encode_header(&dump->again, rows);
    if (!row_reader_start(&dump->rows, rows, map, err))
        return false;
    for (;;) {
        if (!row_reader_next(&dump->rows, &more, err))
            return false;
        if (!more)
            return true;
        if (rows->kind != ROWS_WRITE)
            rows_encode_image(&dump->again, rows, map, &dump->rows.before, false);
        if (rows->kind != ROWS_DELETE)
            rows_encode_image(&dump->again, rows, map, &dump->rows.after, true);
        buf_clear(&dump->line);
        if (!(dump->sql ? write_sql(dump, rows, map, err) : write_json(dump, rows, map, err)))
            return err_prefix(err, "%.*s", (int)map->table.len, (const char *)map->table.data);
        if (!buf_ok(&dump->line))
            return err_set(err, E_LIMIT, 0, "a row is too long to print");
        if (!dump->quiet)
            (void)fwrite(dump->line.data, 1, dump->line.len, stdout);
    }
}

static bool take_rows(struct dump *dump, uint8_t type, struct span body, struct err *err)
{
    struct table_map *map;
    struct rows rows;

    if (type != inflate_type(type)) {
        buf_clear(&dump->plain);
        if (!inflate_event(dump->inflater, type, body, &dump->reader.format, BUF_MAX, &dump->plain,
                           &type, err))
            return false;
        body = buf_span(&dump->plain);
    }
    if (!rows_decode(body, type, &dump->reader.format, &rows, err))
        return false;
    map = find_map(dump, rows.table_id);
    if (!map)
        return err_set(err, E_PROTO, 0, "rows of table id %llu without a table map",
                       (unsigned long long)rows.table_id);
    return print_rows(dump, &rows, map, err) && same_bytes(dump, body, "rows", err);
}

static bool take_event(struct dump *dump, uint8_t type, struct span body, struct err *err)
{
    struct payload payload;
    struct span event;

    if (type == EVENT_TABLE_MAP)
        return take_map(dump, body, err);
    if (event_type_is_rows(type))
        return take_rows(dump, type, body, err);
    if (type != EVENT_TRANSACTION_PAYLOAD)
        return true;
    if (!payload_decode(body, &payload, err) ||
        !payload_stream_open(dump->payload, &payload, BUF_MAX, err))
        return false;
    for (;;) {
        struct event_header header;

        if (!payload_stream_next(dump->payload, &event, err))
            return false;
        if (event.len == 0)
            return true;
        if (!event_header_decode(event, &header, err))
            return false;
        if (!take_event(dump, header.type,
                        span_of(event.data + EVENT_HEADER_SIZE, event.len - EVENT_HEADER_SIZE),
                        err))
            return false;
    }
}

static bool dump_file(struct dump *dump, const char *path, struct err *err)
{
    struct reader_event event;
    struct buf bytes;
    struct span window;
    bool done = true;

    buf_init(&bytes, BUF_MAX);
    if (!whole_file_read(path, &bytes, err)) {
        buf_done(&bytes);
        return false;
    }
    reader_init(&dump->reader);
    window = buf_span(&bytes);
    for (;;) {
        done = reader_next(&dump->reader, &window, &event, err);
        if (!done || event.bytes.len == 0)
            break;
        done = take_event(dump, event.header.type, event.body, err);
        if (!done) {
            (void)err_prefix(err, "%s: offset %llu", path, (unsigned long long)event.offset);
            break;
        }
    }
    buf_done(&bytes);
    return done;
}

int main(int argc, char **argv)
{
    static struct dump dump;
    struct err err;
    int status = 0;

    for (unsigned i = 0; i < TABLES_MAX; i++)
        table_map_init(&dump.maps[i]);
    row_reader_init(&dump.rows);
    dump.inflater = inflater_new();
    dump.payload = payload_stream_new(BUF_MAX);
    buf_init(&dump.plain, BUF_MAX);
    buf_init(&dump.line, BUF_MAX);
    buf_init(&dump.again, BUF_MAX);
    for (int i = 1; i < argc && status == 0; i++) {
        if (strcmp(argv[i], "--sql") == 0) {
            dump.sql = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            dump.quiet = true;
        } else if (!dump_file(&dump, argv[i], &err)) {
            (void)fprintf(stderr, "rowdump: %s\n", err.text);
            status = 1;
        }
    }
    buf_done(&dump.plain);
    buf_done(&dump.line);
    buf_done(&dump.again);
    inflater_free(dump.inflater);
    payload_stream_free(dump.payload);
    row_reader_done(&dump.rows);
    for (unsigned i = 0; i < TABLES_MAX; i++)
        table_map_done(&dump.maps[i]);
    return status;
}
