#include "binlog/json_path.h"

static uint8_t peek(const struct json_path *path)
{
    struct cursor copy = path->cur;

    return cursor_u8(&copy);
}

static void skip_space(struct json_path *path)
{
    while (cursor_left(&path->cur) > 0 && peek(path) == ' ')
        cursor_skip(&path->cur, 1);
}

bool json_path_begin(struct span text, struct json_path *ret_path, struct err *err)
{
    struct json_path path = {cursor_of(text)};

    skip_space(&path);
    if (cursor_u8(&path.cur) != '$')
        return err_set(err, E_PROTO, 0, "JSON path: does not begin with $");
    skip_space(&path);
    *ret_path = path;
    return true;
}

bool json_path_at_end(const struct json_path *path)
{
    return cursor_left(&path->cur) == 0;
}

static bool parse_index(struct json_path *path, struct json_leg *leg)
{
    uint64_t index = 0;
    unsigned digits = 0;

    skip_space(path);
    while (peek(path) >= '0' && peek(path) <= '9') {
        index = index * 10 + (uint64_t)(cursor_u8(&path->cur) - '0');
        if (++digits > 10)
            return false;
    }
    skip_space(path);
    leg->index = (uint32_t)index;
    return digits > 0 && index <= UINT32_MAX && cursor_u8(&path->cur) == ']';
}

static unsigned hex_digit(struct cursor *cur)
{
    uint8_t c = cursor_u8(cur);

    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    if (c < 'a' || c > 'f') {
        cur->bad = true;
        return 0;
    }
    return (unsigned)(c - 'a' + 10);
}

/* The servers write \u only for control characters. */
static void unescape(struct cursor *cur, struct buf *out)
{
    uint8_t c = cursor_u8(cur);
    unsigned point = 0;

    switch (c) {
    case 'b':
        buf_u8(out, '\b');
        break;
    case 'f':
        buf_u8(out, '\f');
        break;
    case 'n':
        buf_u8(out, '\n');
        break;
    case 'r':
        buf_u8(out, '\r');
        break;
    case 't':
        buf_u8(out, '\t');
        break;
    case 'u':
        for (unsigned i = 0; i < 4; i++)
            point = point << 4 | hex_digit(cur);
        if (point >= 0x80)
            cur->bad = true;
        buf_u8(out, (uint8_t)point);
        break;
    default:
        buf_u8(out, c);
        break;
    }
}

/* After the opening quote. */
static bool parse_quoted(struct json_path *path, struct buf *scratch, struct json_leg *leg)
{
    struct cursor *cur = &path->cur;
    struct cursor start = *cur;
    size_t scratch_start = scratch->len;
    bool escaped = false;

    for (;;) {
        uint8_t c = cursor_u8(cur);

        if (!cursor_ok(cur))
            return false;
        if (c == '"')
            break;
        if (c == '\\')
            unescape(cur, scratch);
        else
            buf_u8(scratch, c);
        escaped = escaped || c == '\\';
    }
    if (!buf_ok(scratch))
        return false;
    leg->key = cursor_bytes(&start, cursor_left(&start) - cursor_left(cur) - 1);
    if (escaped)
        leg->key = span_of(scratch->data + scratch_start, scratch->len - scratch_start);
    else
        scratch->len = scratch_start;
    return true;
}

static bool parse_key(struct json_path *path, struct buf *scratch, struct json_leg *leg)
{
    struct cursor *cur = &path->cur;
    struct cursor start = *cur;

    if (peek(path) == '"') {
        cursor_skip(cur, 1);
        return parse_quoted(path, scratch, leg);
    }
    while (cursor_left(cur) > 0 && peek(path) != '.' && peek(path) != '[' && peek(path) != ' ')
        cursor_skip(cur, 1);
    leg->key = cursor_bytes(&start, cursor_left(&start) - cursor_left(cur));
    return leg->key.len > 0 && !span_eq(leg->key, span_str("*"));
}

bool json_path_next(struct json_path *path, struct buf *scratch, struct json_leg *ret_leg,
                    struct err *err)
{
    struct json_leg leg = {0};
    uint8_t c = cursor_u8(&path->cur);
    bool good = false;

    if (c == '.') {
        leg.is_key = true;
        skip_space(path);
        good = parse_key(path, scratch, &leg);
    } else if (c == '[') {
        good = parse_index(path, &leg);
    }
    if (!good || !cursor_ok(&path->cur))
        return err_set(err, E_PROTO, 0, "JSON path: not a path to one value");
    skip_space(path);
    *ret_leg = leg;
    return true;
}
