#include "binlog/table_field.h"

#define COLLATION_MAX UINT32_C(0xffff)

/* Which columns a field is about. */
typedef bool column_filter(const struct table_map *map, const struct column *column);

static bool is_numeric(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column_type_is_numeric(column->layout.type);
}

static bool is_character(const struct table_map *map, const struct column *column)
{
    return column_type_is_character(column->layout.type, map->mariadb);
}

static bool is_enum_or_set(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column->layout.type == COLUMN_ENUM || column->layout.type == COLUMN_SET;
}

static bool is_enum(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column->layout.type == COLUMN_ENUM;
}

static bool is_set(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column->layout.type == COLUMN_SET;
}

static bool is_geometry(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column->layout.type == COLUMN_GEOMETRY;
}

static bool is_vector(const struct table_map *map, const struct column *column)
{
    (void)map;
    return column->layout.type == COLUMN_VECTOR;
}

static bool is_any(const struct table_map *map, const struct column *column)
{
    (void)map;
    (void)column;
    return true;
}

/* The next column, from index i on, that the field is about; NULL after the last. */
static struct column *next_column(const struct table_map *map, column_filter *filter, uint32_t *i)
{
    while (*i < map->column_count) {
        struct column *column = &map->columns[(*i)++];

        if (filter(map, column))
            return column;
    }
    return NULL;
}

/* Bits from the most significant one. */
struct bit_reader {
    struct cursor *cur;
    uint8_t byte;
    unsigned left;
};

static bool next_bit(struct bit_reader *bits)
{
    if (bits->left == 0) {
        bits->byte = cursor_u8(bits->cur);
        bits->left = 8;
    }
    return bits->byte >> --bits->left & 1;
}

static void decode_bits(struct table_map *map, uint8_t type, struct cursor *cur)
{
    struct bit_reader bits = {.cur = cur};
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, type == FIELD_SIGNEDNESS ? is_numeric : is_any, &i))) {
        bool bit = next_bit(&bits);

        if (type == FIELD_SIGNEDNESS) {
            column->sign_known = true;
            column->is_unsigned = bit;
        } else {
            column->invisible = !bit;
        }
    }
}

static uint32_t decode_collation(struct cursor *cur)
{
    uint64_t id = cursor_lenenc(cur);

    if (id > COLLATION_MAX)
        cur->bad = true;
    return (uint32_t)id;
}

static void decode_collations(struct table_map *map, column_filter *filter, struct cursor *cur)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, filter, &i)))
        column->collation = decode_collation(cur);
}

static void decode_default_collation(struct table_map *map, column_filter *filter,
                                     struct cursor *cur, struct table_field *field)
{
    struct column *column;
    uint64_t other;
    uint64_t n = 0;
    uint32_t i = 0;

    field->collation = decode_collation(cur);
    other = cursor_left(cur) > 0 ? cursor_lenenc(cur) : UINT64_MAX;
    while ((column = next_column(map, filter, &i))) {
        column->collation = field->collation;
        if (n++ != other)
            continue;
        column->collation = decode_collation(cur);
        other = cursor_left(cur) > 0 ? cursor_lenenc(cur) : UINT64_MAX;
    }
    if (other != UINT64_MAX) /* an index out of order or range */
        cur->bad = true;
}

static void decode_names(struct table_map *map, struct cursor *cur)
{
    for (uint32_t i = 0; i < map->column_count; i++)
        map->columns[i].name = cursor_lenenc_bytes(cur);
}

static void decode_members(struct table_map *map, column_filter *filter, struct cursor *cur)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, filter, &i))) {
        uint64_t count = cursor_lenenc(cur);

        if (count > cursor_left(cur)) { /* each takes a byte at least */
            cur->bad = true;
            return;
        }
        column->members_first = map->own.members_count;
        column->members_count = (uint32_t)count;
        for (uint64_t n = 0; n < count; n++)
            *table_map_add_member(map) = cursor_lenenc_bytes(cur);
    }
}

static void decode_small_numbers(struct table_map *map, uint8_t type, struct cursor *cur)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, type == FIELD_GEOMETRY_TYPE ? is_geometry : is_vector, &i))) {
        uint64_t number = cursor_lenenc(cur);

        if (number > (type == FIELD_GEOMETRY_TYPE ? UINT8_MAX : UINT32_MAX))
            cur->bad = true;
        if (type == FIELD_GEOMETRY_TYPE)
            column->geometry_type = (uint8_t)number;
        else
            column->dimensions = (uint32_t)number;
    }
}

static void decode_key(struct table_map *map, bool prefixes, struct cursor *cur)
{
    while (cursor_left(cur) > 0) {
        struct table_key_part *part = table_map_add_key_part(map);
        uint64_t column = cursor_lenenc(cur);
        uint64_t prefix = prefixes ? cursor_lenenc(cur) : 0;

        if (column >= map->column_count || prefix > UINT32_MAX)
            cur->bad = true;
        part->column = (uint32_t)column;
        part->prefix = (uint32_t)prefix;
    }
}

bool table_field_decode(struct table_map *map, uint8_t type, struct span value,
                        struct table_field *ret_field, struct err *err)
{
    struct table_field field = {.type = type};
    struct cursor cur = cursor_of(value);

    switch (type) {
    case FIELD_SIGNEDNESS:
    case FIELD_COLUMN_VISIBILITY:
        decode_bits(map, type, &cur);
        break;
    case FIELD_DEFAULT_CHARSET:
        decode_default_collation(map, is_character, &cur, &field);
        break;
    case FIELD_COLUMN_CHARSET:
        decode_collations(map, is_character, &cur);
        break;
    case FIELD_COLUMN_NAME:
        decode_names(map, &cur);
        break;
    case FIELD_SET_STR_VALUE:
        decode_members(map, is_set, &cur);
        break;
    case FIELD_ENUM_STR_VALUE:
        decode_members(map, is_enum, &cur);
        break;
    case FIELD_GEOMETRY_TYPE:
    case FIELD_VECTOR_DIMENSIONALITY:
        decode_small_numbers(map, type, &cur);
        break;
    case FIELD_SIMPLE_PRIMARY_KEY:
    case FIELD_PRIMARY_KEY_WITH_PREFIX:
        map->key_count = 0;
        decode_key(map, type == FIELD_PRIMARY_KEY_WITH_PREFIX, &cur);
        break;
    case FIELD_ENUM_AND_SET_DEFAULT_CHARSET:
        decode_default_collation(map, is_enum_or_set, &cur, &field);
        break;
    case FIELD_ENUM_AND_SET_COLUMN_CHARSET:
        decode_collations(map, is_enum_or_set, &cur);
        break;
    default:
        field.unknown = cursor_rest(&cur);
        break;
    }
    if (!cursor_end(&cur))
        return err_set(err, E_PROTO, 0, "%zu bytes do not fit the columns", value.len);
    *ret_field = field;
    return true;
}

static void encode_bits(struct buf *buf, const struct table_map *map, uint8_t type)
{
    struct column *column;
    unsigned used = 0;
    uint8_t byte = 0;
    uint32_t i = 0;

    while ((column = next_column(map, type == FIELD_SIGNEDNESS ? is_numeric : is_any, &i))) {
        bool bit = type == FIELD_SIGNEDNESS ? column->is_unsigned : !column->invisible;

        byte = (uint8_t)(byte | bit << (7 - used));
        if (++used == 8) {
            buf_u8(buf, byte);
            byte = 0;
            used = 0;
        }
    }
    if (used > 0)
        buf_u8(buf, byte);
}

static void encode_collations(struct buf *buf, const struct table_map *map, column_filter *filter)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, filter, &i)))
        buf_lenenc(buf, column->collation);
}

static void encode_default_collation(struct buf *buf, const struct table_map *map,
                                     column_filter *filter, uint32_t collation)
{
    struct column *column;
    uint64_t n = 0;
    uint32_t i = 0;

    buf_lenenc(buf, collation);
    while ((column = next_column(map, filter, &i))) {
        if (column->collation != collation) {
            buf_lenenc(buf, n);
            buf_lenenc(buf, column->collation);
        }
        n++;
    }
}

static void encode_members(struct buf *buf, const struct table_map *map, column_filter *filter)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, filter, &i))) {
        buf_lenenc(buf, column->members_count);
        for (uint32_t n = 0; n < column->members_count; n++)
            buf_lenenc_bytes(buf, table_map_member(map, column, n));
    }
}

static void encode_small_numbers(struct buf *buf, const struct table_map *map, uint8_t type)
{
    struct column *column;
    uint32_t i = 0;

    while ((column = next_column(map, type == FIELD_GEOMETRY_TYPE ? is_geometry : is_vector, &i)))
        buf_lenenc(buf, type == FIELD_GEOMETRY_TYPE ? column->geometry_type : column->dimensions);
}

static void encode_key(struct buf *buf, const struct table_map *map, bool prefixes)
{
    for (uint32_t i = 0; i < map->key_count; i++) {
        buf_lenenc(buf, map->key[i].column);
        if (prefixes)
            buf_lenenc(buf, map->key[i].prefix);
    }
}

void table_field_encode(struct buf *buf, const struct table_map *map,
                        const struct table_field *field)
{
    switch (field->type) {
    case FIELD_SIGNEDNESS:
    case FIELD_COLUMN_VISIBILITY:
        encode_bits(buf, map, field->type);
        break;
    case FIELD_DEFAULT_CHARSET:
        encode_default_collation(buf, map, is_character, field->collation);
        break;
    case FIELD_COLUMN_CHARSET:
        encode_collations(buf, map, is_character);
        break;
    case FIELD_COLUMN_NAME:
        for (uint32_t i = 0; i < map->column_count; i++)
            buf_lenenc_bytes(buf, map->columns[i].name);
        break;
    case FIELD_SET_STR_VALUE:
        encode_members(buf, map, is_set);
        break;
    case FIELD_ENUM_STR_VALUE:
        encode_members(buf, map, is_enum);
        break;
    case FIELD_GEOMETRY_TYPE:
    case FIELD_VECTOR_DIMENSIONALITY:
        encode_small_numbers(buf, map, field->type);
        break;
    case FIELD_SIMPLE_PRIMARY_KEY:
    case FIELD_PRIMARY_KEY_WITH_PREFIX:
        encode_key(buf, map, field->type == FIELD_PRIMARY_KEY_WITH_PREFIX);
        break;
    case FIELD_ENUM_AND_SET_DEFAULT_CHARSET:
        encode_default_collation(buf, map, is_enum_or_set, field->collation);
        break;
    case FIELD_ENUM_AND_SET_COLUMN_CHARSET:
        encode_collations(buf, map, is_enum_or_set);
        break;
    default:
        buf_bytes(buf, field->unknown);
        break;
    }
}
