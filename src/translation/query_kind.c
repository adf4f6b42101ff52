#include "translation/query_kind.h"

static const struct {
    const char *text;
    bool whole; /* the text is just this */
    enum query_kind kind;
} kinds[] = {
    {"BEGIN", true, KIND_BEGIN},
    {"COMMIT", true, KIND_COMMIT},
    {"ROLLBACK", true, KIND_ROLLBACK},
    {"XA START ", false, KIND_XA_START},
    {"XA END ", false, KIND_XA_END},
    {"XA COMMIT ", false, KIND_XA_COMMIT},
    {"XA ROLLBACK ", false, KIND_XA_ROLLBACK},
};

enum query_kind query_kind_of(struct span text)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i].text);

        if (text.len >= length && memcmp(text.data, kinds[i].text, length) == 0 &&
            (!kinds[i].whole || text.len == length))
            return kinds[i].kind;
    }
    return KIND_STATEMENT;
}

const char *query_excerpt(struct span text, char excerpt[QUERY_EXCERPT])
{
    size_t length = 0;

    for (size_t i = 0; i < text.len && length < QUERY_EXCERPT - 1; i++) {
        if (strchr("'\"(=", text.data[i]))
            break;
        excerpt[length++] = (char)(text.data[i] < ' ' ? ' ' : text.data[i]);
    }
    while (length > 0 && excerpt[length - 1] == ' ')
        length--;
    excerpt[length] = 0;
    return excerpt;
}

struct xa_name query_xa_name(const struct query_xa *xa)
{
    return (struct xa_name){
        .format_id = xa->format_id,
        .gtrid = span_of(xa->bytes, xa->gtrid_length),
        .bqual = span_of(xa->bytes + xa->gtrid_length, xa->bqual_length),
    };
}

void query_xa_set(struct query_xa *xa, const struct xa_name *name)
{
    *xa = (struct query_xa){
        .format_id = name->format_id,
        .gtrid_length = (uint8_t)name->gtrid.len,
        .bqual_length = (uint8_t)name->bqual.len,
    };
    if (name->gtrid.len > 0)
        memcpy(xa->bytes, name->gtrid.data, name->gtrid.len);
    if (name->bqual.len > 0)
        memcpy(xa->bytes + name->gtrid.len, name->bqual.data, name->bqual.len);
}

/* X'...', and the comma after it. */
static bool parse_part(struct cursor *cur, uint8_t *bytes, uint8_t *ret_length)
{
    uint8_t length = 0;

    if (cursor_u8(cur) != 'X' || cursor_u8(cur) != '\'')
        return false;
    while (cursor_left(cur) > 0 && cur->rest.data[0] != '\'') {
        if (length == XID_PART_MAX)
            return false;
        bytes[length++] = cursor_hex_byte(cur);
    }
    cursor_skip(cur, 1);
    *ret_length = length;
    return cursor_u8(cur) == ',' && cursor_ok(cur);
}

bool query_xa_parse(struct span text, struct query_xa *ret_xa, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct query_xa xa = {0};
    char excerpt[QUERY_EXCERPT];
    uint64_t format_id = 0;
    bool good;

    cursor_skip(&cur, strlen("XA "));
    while (cursor_left(&cur) > 0 && cur.rest.data[0] != ' ')
        cursor_skip(&cur, 1);
    cursor_skip(&cur, 1);
    good = parse_part(&cur, xa.bytes, &xa.gtrid_length) &&
           parse_part(&cur, xa.bytes + xa.gtrid_length, &xa.bqual_length) &&
           cursor_decimal(&cur, UINT32_MAX, &format_id);
    xa.format_id = (uint32_t)format_id;
    if (!good || !cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "Query event: '%s' has no name of an XA transaction",
                       query_excerpt(text, excerpt));
    *ret_xa = xa;
    return true;
}

static void print_part(struct buf *buf, struct span part)
{
    buf_str(buf, "X'");
    for (size_t i = 0; i < part.len; i++)
        buf_printf(buf, "%02x", part.data[i]);
    buf_str(buf, "',");
}

void query_xa_print(struct buf *buf, const struct query_xa *xa)
{
    struct xa_name name = query_xa_name(xa);

    print_part(buf, name.gtrid);
    print_part(buf, name.bqual);
    buf_printf(buf, "%u", name.format_id);
}
