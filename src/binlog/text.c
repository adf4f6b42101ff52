#include "binlog/text.h"

#include "base/cursor.h"

#define BASE64_LINE_GROUPS 19 /* of 4 characters: lines of 76 */

/* The letter after the backslash; 'u' for \u00xx; 0 for none. */
static const char json_escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

static const char sql_escapes[256] = {
    [0] = '0', ['\n'] = 'n', ['\r'] = 'r', [0x1a] = 'Z', ['\''] = '\'', ['\\'] = '\\',
};

static void write_escaped(struct buf *buf, struct span text, char quote, const char escapes[256])
{
    static const char hex[] = "0123456789abcdef";
    struct cursor cur = cursor_of(text);

    buf_u8(buf, (uint8_t)quote);
    for (;;) {
        size_t plain = 0;
        uint8_t byte;

        while (plain < cur.rest.len && !escapes[cur.rest.data[plain]])
            plain++;
        buf_bytes(buf, cursor_bytes(&cur, plain));
        if (cursor_left(&cur) == 0)
            break;
        byte = cursor_u8(&cur);
        buf_u8(buf, '\\');
        buf_u8(buf, (uint8_t)escapes[byte]);
        if (escapes[byte] == 'u') {
            buf_str(buf, "00");
            buf_u8(buf, (uint8_t)hex[byte >> 4]);
            buf_u8(buf, (uint8_t)hex[byte & 0xf]);
        }
    }
    buf_u8(buf, (uint8_t)quote);
}

void text_write_json(struct buf *buf, struct span utf8)
{
    write_escaped(buf, utf8, '"', json_escapes);
}

void text_write_sql(struct buf *buf, struct span text)
{
    write_escaped(buf, text, '\'', sql_escapes);
}

void text_write_hex(struct buf *buf, struct span bytes)
{
    static const char hex[] = "0123456789ABCDEF";
    char text[256];
    size_t n = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        text[n++] = hex[bytes.data[i] >> 4];
        text[n++] = hex[bytes.data[i] & 0xf];
        if (n == sizeof text) {
            buf_bytes(buf, span_of(text, n));
            n = 0;
        }
    }
    buf_bytes(buf, span_of(text, n));
}

void text_write_base64(struct buf *buf, struct span bytes, const char *break_with)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct cursor cur = cursor_of(bytes);
    size_t group = 0;

    while (cursor_left(&cur) > 0) {
        size_t n = cursor_left(&cur) < 3 ? cursor_left(&cur) : 3;
        uint32_t bits = (uint32_t)(cursor_be(&cur, n) << (8 * (3 - n)));
        char text[4];

        if (break_with && group > 0 && group % BASE64_LINE_GROUPS == 0)
            buf_str(buf, break_with);
        for (unsigned i = 0; i < sizeof text; i++)
            text[i] = i <= n ? digits[bits >> (18 - 6 * i) & 0x3f] : '=';
        buf_bytes(buf, span_of(text, sizeof text));
        group++;
    }
}

void text_write_identifier(struct buf *buf, struct span name)
{
    buf_u8(buf, '`');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '`')
            buf_u8(buf, '`');
        buf_u8(buf, name.data[i]);
    }
    buf_u8(buf, '`');
}
