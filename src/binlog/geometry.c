#include "binlog/geometry.h"

#include "base/cursor.h"
#include "binlog/number.h"

#include <math.h>

#define DEPTH_MAX    100 /* of collections in collections */
#define ORDER_LITTLE 1

enum geometry_type {
    ANY,
    POINT,
    LINE,
    POLYGON,
    MULTI_POINT,
    MULTI_LINE,
    MULTI_POLYGON,
    COLLECTION,
};

static const struct {
    const char *name;
    uint8_t member; /* the type of what a multiple one is made of */
} types[] = {
    [POINT] = {"POINT", ANY},
    [LINE] = {"LINESTRING", ANY},
    [POLYGON] = {"POLYGON", ANY},
    [MULTI_POINT] = {"MULTIPOINT", POINT},
    [MULTI_LINE] = {"MULTILINESTRING", LINE},
    [MULTI_POLYGON] = {"MULTIPOLYGON", POLYGON},
    [COLLECTION] = {"GEOMETRYCOLLECTION", ANY},
};

static void write_number(struct buf *buf, struct cursor *cur)
{
    uint64_t bits = cursor_u64(cur);
    double number;

    memcpy(&number, &bits, sizeof number);
    if (!isfinite(number))
        cur->bad = true;
    else
        number_write_double(buf, number);
}

static void write_point(struct buf *buf, struct cursor *cur)
{
    write_number(buf, cur);
    buf_u8(buf, ' ');
    write_number(buf, cur);
}

/* A list of `write_one` between parentheses; none is an error, but in a collection. */
static void write_list(struct buf *buf, struct cursor *cur,
                       void (*write_one)(struct buf *buf, struct cursor *cur))
{
    uint32_t count = cursor_u32(cur);

    if (count == 0)
        cur->bad = true;
    buf_u8(buf, '(');
    for (uint32_t i = 0; i < count && cursor_ok(cur); i++) {
        if (i > 0)
            buf_u8(buf, ',');
        write_one(buf, cur);
    }
    buf_u8(buf, ')');
}

static void write_line(struct buf *buf, struct cursor *cur)
{
    write_list(buf, cur, write_point);
}

static uint32_t take_head(struct cursor *cur)
{
    uint8_t order = cursor_u8(cur);
    uint32_t type = cursor_u32(cur);

    if (order != ORDER_LITTLE || type == ANY || type > COLLECTION)
        cur->bad = true;
    return cursor_ok(cur) ? type : POINT;
}

static void write_body(struct buf *buf, struct cursor *cur, uint32_t type, unsigned depth);

static void write_members(struct buf *buf, struct cursor *cur, uint32_t type, unsigned depth)
{
    uint32_t count = cursor_u32(cur);

    if (count == 0 && type == COLLECTION) {
        buf_str(buf, " EMPTY");
        return;
    }
    if (count == 0 || depth == DEPTH_MAX)
        cur->bad = true;
    buf_u8(buf, '(');
    for (uint32_t i = 0; i < count && cursor_ok(cur); i++) {
        uint32_t member = take_head(cur);

        if (i > 0)
            buf_u8(buf, ',');
        if (type == COLLECTION)
            buf_str(buf, types[member].name);
        else if (member != types[type].member)
            cur->bad = true;
        write_body(buf, cur, member, depth + 1);
    }
    buf_u8(buf, ')');
}

static void write_body(struct buf *buf, struct cursor *cur, uint32_t type, unsigned depth)
{
    switch ((enum geometry_type)type) {
    case ANY:
        break;
    case POINT:
        buf_u8(buf, '(');
        write_point(buf, cur);
        buf_u8(buf, ')');
        break;
    case LINE:
        write_line(buf, cur);
        break;
    case POLYGON:
        write_list(buf, cur, write_line);
        break;
    case MULTI_POINT:
    case MULTI_LINE:
    case MULTI_POLYGON:
    case COLLECTION:
        write_members(buf, cur, type, depth);
        break;
    }
}

bool geometry_write_text(struct buf *buf, struct span bytes)
{
    struct cursor cur = cursor_of(bytes);
    uint32_t srid = cursor_u32(&cur);
    uint32_t type = take_head(&cur);
    size_t start = buf->len;

    if (!cursor_ok(&cur))
        return false;
    if (srid > 0) {
        buf_str(buf, "SRID=");
        number_write_u64(buf, srid);
        buf_u8(buf, ';');
    }
    buf_str(buf, types[type].name);
    write_body(buf, &cur, type, 0);
    if (cursor_end(&cur))
        return true;
    buf->len = start;
    return false;
}
