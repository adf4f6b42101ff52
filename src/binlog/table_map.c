#include "binlog/table_map.h"

#include "base/mem.h"
#include "binlog/bitmap.h"
#include "binlog/table_field.h"

#define OLD_POST_HEADER_LENGTH 6

void table_map_init(struct table_map *map)
{
    *map = (struct table_map){0};
    buf_init(&map->own.body, EVENT_LENGTH_MAX);
}

void table_map_done(struct table_map *map)
{
    if (!map)
        return;
    buf_done(&map->own.body);
    mem_free(map->columns);
    mem_free(map->key);
    mem_free(map->own.members);
    *map = (struct table_map){0};
}

/* The next capacity of an array that must hold one more than cap. */
static uint32_t next_cap(uint32_t cap)
{
    return cap ? cap * 2 : 8;
}

struct table_key_part *table_map_add_key_part(struct table_map *map)
{
    if (map->key_count == map->own.key_cap) {
        map->own.key_cap = next_cap(map->own.key_cap);
        map->key = mem_realloc(map->key, map->own.key_cap * sizeof *map->key);
    }
    map->key[map->key_count] = (struct table_key_part){0};
    return &map->key[map->key_count++];
}

struct span *table_map_add_member(struct table_map *map)
{
    if (map->own.members_count == map->own.members_cap) {
        map->own.members_cap = next_cap(map->own.members_cap);
        map->own.members =
            mem_realloc(map->own.members, map->own.members_cap * sizeof *map->own.members);
    }
    map->own.members[map->own.members_count] = (struct span){0};
    return &map->own.members[map->own.members_count++];
}

static void set_columns(struct table_map *map, uint32_t count)
{
    if (count > map->own.columns_cap) {
        map->own.columns_cap = count;
        map->columns = mem_realloc(map->columns, count * sizeof *map->columns);
    }
    for (uint32_t i = 0; i < count; i++)
        map->columns[i] = (struct column){0};
    map->column_count = count;
}

static void clear(struct table_map *map)
{
    buf_clear(&map->own.body);
    map->own.members_count = 0;
    map->column_count = 0;
    map->json_count = 0;
    map->key_count = 0;
    map->field_count = 0;
    map->database = map->table = (struct span){0};
}

static uint8_t id_size_of(const struct format *format)
{
    return format_post_header_length(format, EVENT_TABLE_MAP) == OLD_POST_HEADER_LENGTH ? 4 : 6;
}

bool table_map_peek_id(struct span body, const struct format *format, uint64_t *ret_id,
                       struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint64_t id = cursor_le(&cur, id_size_of(format));

    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "table map: %zu bytes hold no table id", body.len);
    *ret_id = id;
    return true;
}

static struct span decode_name(struct cursor *cur)
{
    uint8_t length = cursor_u8(cur);
    struct span name = cursor_bytes(cur, length);

    if (cursor_u8(cur) != 0)
        cur->bad = true;
    return name;
}

static bool decode_columns(struct table_map *map, struct cursor *cur, struct err *err)
{
    uint64_t count = cursor_lenenc(cur);
    struct cursor types;
    struct cursor metadata;
    struct span nullable;

    if (count > TABLE_MAP_COLUMNS_MAX)
        return err_set(err, E_LIMIT, 0, "%llu columns, more than %d", (unsigned long long)count,
                       TABLE_MAP_COLUMNS_MAX);
    types = cursor_of(cursor_bytes(cur, (size_t)count));
    metadata = cursor_of(cursor_lenenc_bytes(cur));
    nullable = cursor_bytes(cur, bitmap_size((size_t)count));
    if (!cursor_ok(cur))
        return err_set(err, E_PROTO, 0, "cut off in the columns' types");
    set_columns(map, (uint32_t)count);
    for (uint32_t i = 0; i < count; i++) {
        struct column *column = &map->columns[i];

        if (!column_layout_decode(&metadata, cursor_u8(&types), &column->layout, err))
            return err_prefix(err, "column %u", i + 1);
        column->nullable = bitmap_get(nullable, i);
        map->json_count += column->layout.type == COLUMN_JSON;
    }
    if (!cursor_end(&metadata))
        return err_set(err, E_PROTO, 0, "%zu bytes of metadata too many", cursor_left(&metadata));
    return true;
}

static bool decode_fields(struct table_map *map, struct cursor *cur, struct err *err)
{
    while (cursor_left(cur) > 0) {
        uint8_t type = cursor_u8(cur);
        struct span value = cursor_lenenc_bytes(cur);

        if (!cursor_ok(cur))
            return err_set(err, E_PROTO, 0, "cut off in optional field %u", type);
        if (map->field_count == TABLE_MAP_FIELDS_MAX)
            return err_set(err, E_LIMIT, 0, "more than %d optional fields", TABLE_MAP_FIELDS_MAX);
        if (!table_field_decode(map, type, value, &map->fields[map->field_count], err))
            return err_prefix(err, "optional field %u", type);
        map->field_count++;
    }
    return true;
}

static bool decode_body(struct table_map *map, const struct format *format, struct err *err)
{
    struct cursor cur = cursor_of(buf_span(&map->own.body));

    map->id_size = id_size_of(format);
    map->mariadb = format->family == FORMAT_MARIADB;
    map->table_id = cursor_le(&cur, map->id_size);
    map->flags = cursor_u16(&cur);
    map->database = decode_name(&cur);
    map->table = decode_name(&cur);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "table map: cut off in the table's name");
    if (!decode_columns(map, &cur, err) || !decode_fields(map, &cur, err))
        return err_prefix(err, "table map of %.*s.%.*s", (int)map->database.len,
                          (const char *)map->database.data, (int)map->table.len,
                          (const char *)map->table.data);
    return true;
}

bool table_map_decode(struct table_map *map, struct span body, const struct format *format,
                      struct err *err)
{
    bool same_rules =
        map->id_size == id_size_of(format) && map->mariadb == (format->family == FORMAT_MARIADB);

    if (map->own.body.len > 0 && same_rules && span_eq(buf_span(&map->own.body), body))
        return true;
    clear(map);
    buf_bytes(&map->own.body, body);
    if (!buf_ok(&map->own.body)) {
        clear(map);
        return err_set(err, E_LIMIT, 0, "table map: %zu bytes", body.len);
    }
    if (!decode_body(map, format, err)) {
        clear(map);
        return false;
    }
    return true;
}

static void encode_name(struct buf *buf, struct span name)
{
    if (name.len > UINT8_MAX)
        buf->bad = true;
    buf_u8(buf, (uint8_t)name.len);
    buf_bytes(buf, name);
    buf_u8(buf, 0);
}

static void encode_metadata(struct buf *buf, const struct table_map *map)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < map->column_count; i++)
        size += map->columns[i].layout.wire_size;
    buf_lenenc(buf, size);
    for (uint32_t i = 0; i < map->column_count; i++)
        column_layout_encode(buf, &map->columns[i].layout);
}

static void encode_nullable(struct buf *buf, const struct table_map *map)
{
    for (uint32_t i = 0; i < map->column_count; i += 8) {
        uint8_t byte = 0;

        for (uint32_t bit = 0; bit < 8 && i + bit < map->column_count; bit++)
            byte = (uint8_t)(byte | map->columns[i + bit].nullable << bit);
        buf_u8(buf, byte);
    }
}

void table_map_encode(struct buf *buf, const struct table_map *map)
{
    struct buf value;

    buf_le(buf, map->table_id, map->id_size);
    buf_u16(buf, map->flags);
    encode_name(buf, map->database);
    encode_name(buf, map->table);
    buf_lenenc(buf, map->column_count);
    for (uint32_t i = 0; i < map->column_count; i++)
        buf_u8(buf, map->columns[i].layout.wire_type);
    encode_metadata(buf, map);
    encode_nullable(buf, map);
    buf_init(&value, EVENT_LENGTH_MAX);
    for (uint32_t i = 0; i < map->field_count; i++) {
        buf_clear(&value);
        table_field_encode(&value, map, &map->fields[i]);
        buf_u8(buf, map->fields[i].type);
        buf_lenenc_bytes(buf, buf_span(&value));
        if (!buf_ok(&value))
            buf->bad = true;
    }
    buf_done(&value);
}

bool table_map_has_field(const struct table_map *map, uint8_t type)
{
    for (uint32_t i = 0; i < map->field_count; i++)
        if (map->fields[i].type == type)
            return true;
    return false;
}

struct span table_map_member(const struct table_map *map, const struct column *column, uint32_t n)
{
    if (n >= column->members_count)
        return (struct span){0};
    return map->own.members[column->members_first + n];
}
