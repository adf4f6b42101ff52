#include "binlog/column_type.h"

#include "binlog/decimal.h"

#define FRACTION_DIGITS_MAX 6

struct type_info {
    const char *name;
    uint8_t meta_size;   /* bytes of metadata */
    uint8_t size;        /* of a value, where that depends on nothing else */
    uint8_t length_size; /* of a value's length, likewise */
};

static const struct type_info types[256] = {
    [COLUMN_TINY] = {"TINYINT", 0, 1, 0},
    [COLUMN_SHORT] = {"SMALLINT", 0, 2, 0},
    [COLUMN_LONG] = {"INT", 0, 4, 0},
    [COLUMN_FLOAT] = {"FLOAT", 1, 4, 0},
    [COLUMN_DOUBLE] = {"DOUBLE", 1, 8, 0},
    [COLUMN_NULL] = {"NULL", 0, 0, 0},
    [COLUMN_TIMESTAMP_OLD] = {"TIMESTAMP", 0, 4, 0},
    [COLUMN_LONGLONG] = {"BIGINT", 0, 8, 0},
    [COLUMN_INT24] = {"MEDIUMINT", 0, 3, 0},
    [COLUMN_DATE] = {"DATE", 0, 3, 0},
    [COLUMN_TIME_OLD] = {"TIME", 0, 3, 0},
    [COLUMN_DATETIME_OLD] = {"DATETIME", 0, 8, 0},
    [COLUMN_YEAR] = {"YEAR", 0, 1, 0},
    [COLUMN_NEWDATE] = {"DATE", 0, 3, 0},
    [COLUMN_VARCHAR] = {"VARCHAR", 2, 0, 0},
    [COLUMN_BIT] = {"BIT", 2, 0, 0},
    [COLUMN_TIMESTAMP] = {"TIMESTAMP", 1, 4, 0},
    [COLUMN_DATETIME] = {"DATETIME", 1, 5, 0},
    [COLUMN_TIME] = {"TIME", 1, 3, 0},
    [COLUMN_TYPED_ARRAY] = {"ARRAY", 0, 0, 4},
    [COLUMN_BLOB_COMPRESSED] = {"BLOB COMPRESSED", 1, 0, 0},
    [COLUMN_VARCHAR_COMPRESSED] = {"VARCHAR COMPRESSED", 2, 0, 0},
    [COLUMN_VECTOR] = {"VECTOR", 1, 0, 0},
    [COLUMN_JSON] = {"JSON", 1, 0, 0},
    [COLUMN_DECIMAL] = {"DECIMAL", 2, 0, 0},
    [COLUMN_ENUM] = {"ENUM", 2, 0, 0},
    [COLUMN_SET] = {"SET", 2, 0, 0},
    [COLUMN_TINY_BLOB] = {"BLOB", 1, 0, 0},
    [COLUMN_MEDIUM_BLOB] = {"BLOB", 1, 0, 0},
    [COLUMN_LONG_BLOB] = {"BLOB", 1, 0, 0},
    [COLUMN_BLOB] = {"BLOB", 1, 0, 0},
    [COLUMN_VAR_STRING] = {"CHAR", 2, 0, 0},
    [COLUMN_STRING] = {"CHAR", 2, 0, 0},
    [COLUMN_GEOMETRY] = {"GEOMETRY", 1, 0, 0},
};

const char *column_type_name(uint8_t type)
{
    return types[type].name ? types[type].name : "unknown";
}

bool column_type_is_numeric(uint8_t type)
{
    switch (type) {
    case COLUMN_TINY:
    case COLUMN_SHORT:
    case COLUMN_INT24:
    case COLUMN_LONG:
    case COLUMN_LONGLONG:
    case COLUMN_DECIMAL:
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_YEAR:
        return true;
    default:
        return false;
    }
}

bool column_type_is_character(uint8_t type, bool mariadb)
{
    switch (type) {
    case COLUMN_STRING:
    case COLUMN_VAR_STRING:
    case COLUMN_VARCHAR:
    case COLUMN_VARCHAR_COMPRESSED:
    case COLUMN_TINY_BLOB:
    case COLUMN_BLOB:
    case COLUMN_MEDIUM_BLOB:
    case COLUMN_LONG_BLOB:
    case COLUMN_BLOB_COMPRESSED:
        return true;
    case COLUMN_GEOMETRY:
        return mariadb;
    case COLUMN_VECTOR:
        return !mariadb;
    default:
        return false;
    }
}

static uint8_t length_size_of(uint32_t longest)
{
    return longest > 255 ? 2 : 1;
}

static uint8_t meta_byte(const struct column_layout *layout, unsigned n)
{
    return (uint8_t)(layout->wire_meta >> (8 * n));
}

/* CHAR, ENUM or SET. */
static bool resolve_string(struct column_layout *layout)
{
    uint8_t type = meta_byte(layout, 0);
    uint32_t length = meta_byte(layout, 1);

    if ((type & 0x30) != 0x30) {
        length |= (uint32_t)((type & 0x30) ^ 0x30) << 4;
        type |= 0x30;
    }
    layout->type = type;
    switch (type) {
    case COLUMN_STRING:
    case COLUMN_VAR_STRING:
        layout->type = COLUMN_STRING;
        layout->length = length;
        layout->length_size = length_size_of(length);
        return true;
    case COLUMN_ENUM:
        layout->size = (uint8_t)length;
        return length == 1 || length == 2;
    case COLUMN_SET:
        layout->size = (uint8_t)length;
        return (length >= 1 && length <= 4) || length == 8;
    default:
        return false;
    }
}

static uint8_t fraction_size(uint8_t digits)
{
    return (uint8_t)((digits + 1) / 2);
}

static bool resolve(struct column_layout *layout)
{
    uint8_t first = meta_byte(layout, 0);
    uint8_t second = meta_byte(layout, 1);

    switch (layout->type) {
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
        return first == layout->size;
    case COLUMN_VARCHAR:
    case COLUMN_VARCHAR_COMPRESSED:
        layout->length = layout->wire_meta;
        layout->length_size = length_size_of(layout->length);
        return true;
    case COLUMN_BIT:
        layout->size = (uint8_t)(second + (first > 0));
        layout->bits = (uint8_t)(second * 8 + first);
        return first < 8 && second <= 8 && layout->size >= 1 && layout->size <= 8;
    case COLUMN_TIMESTAMP:
    case COLUMN_DATETIME:
    case COLUMN_TIME:
        layout->scale = first;
        layout->size = (uint8_t)(layout->size + fraction_size(first));
        return first <= FRACTION_DIGITS_MAX;
    case COLUMN_DECIMAL:
        layout->precision = first;
        layout->scale = second;
        if (first < 1 || first > DECIMAL_PRECISION_MAX || second > first)
            return false;
        layout->size = (uint8_t)decimal_size(first, second);
        return true;
    case COLUMN_STRING:
    case COLUMN_VAR_STRING:
    case COLUMN_ENUM:
    case COLUMN_SET:
        return resolve_string(layout);
    case COLUMN_BLOB_COMPRESSED:
    case COLUMN_VECTOR:
    case COLUMN_JSON:
    case COLUMN_TINY_BLOB:
    case COLUMN_MEDIUM_BLOB:
    case COLUMN_LONG_BLOB:
    case COLUMN_BLOB:
    case COLUMN_GEOMETRY:
        layout->length_size = first;
        return first >= 1 && first <= 4;
    default:
        return true;
    }
}

/* An array's metadata is the type of its elements and that type's own, but 3 bytes for VARCHAR. */
static uint8_t array_meta_size(struct cursor cur)
{
    uint8_t element = cursor_u8(&cur);

    return (uint8_t)(1 + (element == COLUMN_VARCHAR ? 3 : types[element].meta_size));
}

bool column_layout_decode(struct cursor *cur, uint8_t wire_type, struct column_layout *ret_layout,
                          struct err *err)
{
    struct column_layout layout = {.wire_type = wire_type, .type = wire_type};

    if (!types[wire_type].name)
        return err_set(err, E_PROTO, 0, "column type %u is not one that a row event can hold",
                       wire_type);
    layout.size = types[wire_type].size;
    layout.length_size = types[wire_type].length_size;
    layout.wire_size = types[wire_type].meta_size;
    if (wire_type == COLUMN_TYPED_ARRAY)
        layout.wire_size = array_meta_size(*cur);
    layout.wire_meta = (uint32_t)cursor_le(cur, layout.wire_size);
    if (!cursor_ok(cur))
        return err_set(err, E_PROTO, 0, "column type %s: its metadata is cut off",
                       column_type_name(wire_type));
    if (!resolve(&layout))
        return err_set(err, E_PROTO, 0, "column type %s: metadata 0x%04x is out of range",
                       column_type_name(wire_type), layout.wire_meta);
    *ret_layout = layout;
    return true;
}

void column_layout_encode(struct buf *buf, const struct column_layout *layout)
{
    buf_le(buf, layout->wire_meta, layout->wire_size);
}

void column_layout_set_fraction(struct column_layout *layout, uint8_t digits)
{
    static const uint8_t time_sizes[] = {3, 4, 4, 5, 5, 5, 6};
    static const uint8_t datetime_sizes[] = {8, 6, 6, 7, 7, 7, 8};
    static const uint8_t timestamp_sizes[] = {4, 5, 5, 6, 6, 7, 7};

    if (digits > FRACTION_DIGITS_MAX)
        return;
    if (layout->type == COLUMN_TIME_OLD)
        layout->size = time_sizes[digits];
    else if (layout->type == COLUMN_DATETIME_OLD)
        layout->size = datetime_sizes[digits];
    else if (layout->type == COLUMN_TIMESTAMP_OLD)
        layout->size = timestamp_sizes[digits];
    else
        return;
    layout->scale = digits;
}
