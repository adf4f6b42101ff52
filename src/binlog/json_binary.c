#include "binlog/json_binary.h"

#include "binlog/column_type.h"
#include "binlog/decimal.h"
#include "binlog/number.h"
#include "binlog/temporal.h"
#include "binlog/text.h"

#define VARIABLE_LENGTH_BYTES_MAX 5
#define VALUE_ENTRY_MIN           3     /* bytes of an element's entry */
#define BASE64_BREAK              "\\n" /* base64's line breaks, escaped as in any JSON string */

static bool malformed(struct err *err, const char *what)
{
    return err_set(err, E_PROTO, 0, "JSON: %s", what);
}

/* Bytes of an offset, a size or a count. */
static size_t width_of(uint8_t type)
{
    return type == JSON_LARGE_OBJECT || type == JSON_LARGE_ARRAY ? 4 : 2;
}

static uint32_t variable_length(struct cursor *cur)
{
    uint64_t length = 0;

    for (unsigned i = 0; i < VARIABLE_LENGTH_BYTES_MAX; i++) {
        uint8_t byte = cursor_u8(cur);

        length |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            if (length > UINT32_MAX)
                break;
            return (uint32_t)length;
        }
    }
    cur->bad = true;
    return 0;
}

static bool parse_container(struct cursor *cur, struct json_view *view)
{
    struct span all = cur->rest;
    size_t width = width_of(view->type);
    uint64_t entries;
    uint64_t size;

    view->count = (uint32_t)cursor_le(cur, width);
    size = cursor_le(cur, width);
    entries = (json_is_object(view->type) ? width + 2 : 0) + 1 + width;
    if (!cursor_ok(cur) || size > all.len || view->count > size / entries)
        return false;
    view->bytes = span_of(all.data, (size_t)size);
    return true;
}

static void parse_number(struct cursor *cur, struct json_view *view)
{
    switch (view->type) {
    case JSON_INT16:
        view->i = (int16_t)cursor_u16(cur);
        break;
    case JSON_UINT16:
        view->u = cursor_u16(cur);
        break;
    case JSON_INT32:
        view->i = (int32_t)cursor_u32(cur);
        break;
    case JSON_UINT32:
        view->u = cursor_u32(cur);
        break;
    case JSON_DOUBLE:
        view->u = cursor_u64(cur);
        memcpy(&view->d, &(uint64_t){view->u}, sizeof view->d);
        break;
    default:
        view->u = cursor_u64(cur);
        break;
    }
}

/* The bytes begin with the value and may go on after it. */
static bool parse_value(uint8_t type, struct span bytes, struct json_view *ret_view,
                        struct err *err)
{
    struct json_view view = {.type = type};
    struct cursor cur = cursor_of(bytes);

    switch (type) {
    case JSON_SMALL_OBJECT:
    case JSON_LARGE_OBJECT:
    case JSON_SMALL_ARRAY:
    case JSON_LARGE_ARRAY:
        if (!parse_container(&cur, &view))
            return malformed(err, "an object or array does not fit its bytes");
        break;
    case JSON_LITERAL:
        view.literal = cursor_u8(&cur);
        if (view.literal > JSON_FALSE)
            return malformed(err, "an unknown literal");
        break;
    case JSON_INT16:
    case JSON_UINT16:
    case JSON_INT32:
    case JSON_UINT32:
    case JSON_INT64:
    case JSON_UINT64:
    case JSON_DOUBLE:
        parse_number(&cur, &view);
        break;
    case JSON_OPAQUE:
        view.opaque_type = cursor_u8(&cur);
        view.bytes = cursor_bytes(&cur, variable_length(&cur));
        break;
    case JSON_STRING:
        view.bytes = cursor_bytes(&cur, variable_length(&cur));
        break;
    default:
        return malformed(err, "an unknown type");
    }
    if (!cursor_ok(&cur))
        return malformed(err, "a value is cut off");
    *ret_view = view;
    return true;
}

bool json_view_document(struct span binary, struct json_view *ret_view, struct err *err)
{
    struct cursor cur = cursor_of(binary);
    uint8_t type = cursor_u8(&cur);

    if (binary.len == 0) {
        *ret_view = (struct json_view){.type = JSON_LITERAL, .literal = JSON_NULL};
        return true;
    }
    return parse_value(type, cur.rest, ret_view, err);
}

/* Whether a value of the type stands in the entry itself. */
static bool is_inlined(uint8_t type, bool large)
{
    if (type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16)
        return true;
    return large && (type == JSON_INT32 || type == JSON_UINT32);
}

static struct span at(struct span bytes, size_t offset)
{
    struct cursor cur = cursor_of(bytes);

    cursor_skip(&cur, offset);
    return cur.rest;
}

bool json_view_element(const struct json_view *container, uint32_t n, struct span *ret_key,
                       struct json_view *ret_view, struct err *err)
{
    size_t width = width_of(container->type);
    bool object = json_is_object(container->type);
    size_t key_entries = object ? container->count * (width + 2) : 0;
    struct cursor key_cur = cursor_of(at(container->bytes, 2 * width + n * (width + 2)));
    struct cursor cur = cursor_of(at(container->bytes, 2 * width + key_entries + n * (1 + width)));
    struct span key = {0};
    uint8_t type;

    if (n >= container->count)
        return err_set(err, E_BUG, 0, "JSON: element %u of %u", n, container->count);
    if (object) {
        size_t offset = (size_t)cursor_le(&key_cur, width);

        key = span_of(NULL, cursor_u16(&key_cur));
        key_cur = cursor_of(at(container->bytes, offset));
        key = cursor_bytes(&key_cur, key.len);
        if (!cursor_ok(&key_cur))
            return malformed(err, "a key is outside of its object");
    }
    type = cursor_u8(&cur);
    if (!is_inlined(type, width == 4)) {
        size_t offset = (size_t)cursor_le(&cur, width);

        if (offset < 2 * width) /* would be the container itself */
            return malformed(err, "a value's offset is inside its container's head");
        cur = cursor_of(at(container->bytes, offset));
    }
    if (!parse_value(type, cur.rest, ret_view, err))
        return false;
    *ret_key = key;
    return true;
}

static bool write_opaque(struct buf *buf, const struct json_view *view, struct err *err)
{
    struct cursor cur = cursor_of(view->bytes);

    switch (view->opaque_type) {
    case COLUMN_DECIMAL: {
        uint8_t precision = cursor_u8(&cur);
        uint8_t scale = cursor_u8(&cur);

        if (!decimal_write_text(buf, cur.rest, precision, scale, err))
            return err_prefix(err, "JSON");
        return true;
    }
    case COLUMN_DATE:
    case COLUMN_TIME_OLD:
    case COLUMN_DATETIME_OLD:
    case COLUMN_TIMESTAMP_OLD:
        buf_u8(buf, '"');
        if (view->opaque_type == COLUMN_DATE)
            temporal_write_date(buf, temporal_unpack_datetime((int64_t)cursor_u64(&cur)));
        else if (view->opaque_type == COLUMN_TIME_OLD)
            temporal_write_time(buf, temporal_unpack_time((int64_t)cursor_u64(&cur)), 6);
        else
            temporal_write_datetime(buf, temporal_unpack_datetime((int64_t)cursor_u64(&cur)), 6);
        buf_u8(buf, '"');
        break;
    default:
        buf_str(buf, "\"base64:type");
        number_write_u64(buf, view->opaque_type);
        buf_u8(buf, ':');
        text_write_base64(buf, cursor_rest(&cur), BASE64_BREAK);
        buf_u8(buf, '"');
        break;
    }
    if (!cursor_end(&cur))
        return malformed(err, "an opaque value has a wrong size");
    return true;
}

/* As MySQL does, a double always shows that it is one. */
static void write_double(struct buf *buf, double value)
{
    size_t start = buf->len;

    number_write_double(buf, value);
    for (size_t i = start; i < buf->len; i++)
        if (buf->data[i] == '.' || buf->data[i] == 'e' || buf->data[i] == 'n')
            return;
    buf_str(buf, ".0");
}

bool json_write_scalar(struct buf *buf, const struct json_view *view, struct err *err)
{
    switch (view->type) {
    case JSON_LITERAL:
        buf_str(buf, view->literal == JSON_TRUE    ? "true"
                     : view->literal == JSON_FALSE ? "false"
                                                   : "null");
        return true;
    case JSON_INT16:
    case JSON_INT32:
    case JSON_INT64:
        number_write_i64(buf, view->i);
        return true;
    case JSON_UINT16:
    case JSON_UINT32:
    case JSON_UINT64:
        number_write_u64(buf, view->u);
        return true;
    case JSON_DOUBLE:
        write_double(buf, view->d);
        return true;
    case JSON_STRING:
        text_write_json(buf, view->bytes);
        return true;
    case JSON_OPAQUE:
        return write_opaque(buf, view, err);
    default:
        return err_set(err, E_BUG, 0, "JSON: type %u is no scalar", view->type);
    }
}

/*
 * Offsets may point anywhere, so that few bytes could stand for very many values or for one text
 * many times. In a document that a server wrote nothing overlaps.
 */
struct walk {
    struct buf *buf;
    size_t values_left;
    size_t bytes_left; /* of keys, strings and opaque values */
};

static bool take(struct walk *walk, size_t values, size_t bytes, struct err *err)
{
    if (values > walk->values_left || bytes > walk->bytes_left)
        return err_set(err, E_LIMIT, 0, "JSON: more content than its bytes can hold");
    walk->values_left -= values;
    walk->bytes_left -= bytes;
    return true;
}

static bool write_value(struct walk *walk, const struct json_view *view, unsigned depth,
                        struct err *err)
{
    bool object = json_is_object(view->type);

    if (!object && !json_is_array(view->type))
        return take(walk, 0, view->bytes.len, err) && json_write_scalar(walk->buf, view, err);
    if (depth > JSON_DEPTH_MAX)
        return err_set(err, E_LIMIT, 0, "JSON: nested in more than %d levels", JSON_DEPTH_MAX);
    buf_u8(walk->buf, object ? '{' : '[');
    for (uint32_t i = 0; i < view->count; i++) {
        struct json_view element;
        struct span key;

        if (!json_view_element(view, i, &key, &element, err) || !take(walk, 1, key.len, err))
            return false;
        if (i > 0)
            buf_str(walk->buf, ", ");
        if (object) {
            text_write_json(walk->buf, key);
            buf_str(walk->buf, ": ");
        }
        if (!write_value(walk, &element, depth + 1, err))
            return false;
    }
    buf_u8(walk->buf, object ? '}' : ']');
    return true;
}

bool json_write_view(struct buf *buf, const struct json_view *view, unsigned depth, struct err *err)
{
    struct walk walk = {buf, view->bytes.len / VALUE_ENTRY_MIN, view->bytes.len};

    return write_value(&walk, view, depth, err);
}

bool json_write_text(struct buf *buf, struct span binary, struct err *err)
{
    struct json_view view;

    return json_view_document(binary, &view, err) && json_write_view(buf, &view, 1, err);
}
