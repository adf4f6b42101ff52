#include "binlog/text.h"

#include "base/cursor.h"

#include <endian.h>

#define EVERY_BYTE         UINT64_C(0x0101010101010101)
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

#define BLOCK_SIZE 16

typedef uint8_t block __attribute__((vector_size(BLOCK_SIZE)));

/* Non-zero in the bytes that are not plain. */
static block not_plain(const uint8_t *bytes)
{
    block b;

    memcpy(&b, bytes, sizeof b);
    return (block)((b < ' ') | (b > '~') | (b == '\'') | (b == '"') | (b == '\\'));
}

static bool byte_is_plain(uint8_t byte)
{
    return byte >= ' ' && byte <= '~' && byte != '\'' && byte != '"' && byte != '\\';
}

bool text_is_plain(struct span text)
{
    block found = {0};
    uint64_t halves[2];

    if (text.len < BLOCK_SIZE) {
        for (size_t i = 0; i < text.len; i++)
            if (!byte_is_plain(text.data[i]))
                return false;
        return true;
    }
    for (size_t i = 0; text.len - i > BLOCK_SIZE; i += BLOCK_SIZE)
        found |= not_plain(&text.data[i]);
    found |= not_plain(&text.data[text.len - BLOCK_SIZE]);
    memcpy(halves, &found, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/* Sets the high bit of the bytes that are below `byte`, up to 0x80; exact for the lowest one set.
 */
static uint64_t bytes_below(uint64_t chunk, uint8_t byte)
{
    return (chunk - EVERY_BYTE * byte) & ~chunk & EVERY_BYTE * 0x80;
}

static uint64_t bytes_equal(uint64_t chunk, uint8_t byte)
{
    return bytes_below(chunk ^ EVERY_BYTE * byte, 1);
}

/* How many of the first bytes need no escape. */
static size_t plain_prefix(struct span text, char quote, const char escapes[256])
{
    size_t n = 0;

    while (n < text.len) {
        uint64_t chunk;
        uint64_t found;

        if (text.len - n < sizeof chunk) {
            if (escapes[text.data[n]])
                return n;
            n++;
            continue;
        }
        memcpy(&chunk, &text.data[n], sizeof chunk);
        chunk = le64toh(chunk);
        found =
            bytes_below(chunk, ' ') | bytes_equal(chunk, (uint8_t)quote) | bytes_equal(chunk, '\\');
        if (!found) {
            n += sizeof chunk;
            continue;
        }
        n += (size_t)__builtin_ctzll(found) / 8;
        if (escapes[text.data[n]])
            return n;
        n++;
    }
    return n;
}

static void write_escaped(struct buf *buf, struct span text, char quote, const char escapes[256])
{
    static const char hex[] = "0123456789abcdef";
    struct cursor cur = cursor_of(text);

    buf_u8(buf, (uint8_t)quote);
    for (;;) {
        uint8_t byte;

        buf_bytes(buf, cursor_bytes(&cur, plain_prefix(cur.rest, quote, escapes)));
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
    if (!name.len || !memchr(name.data, '`', name.len)) {
        buf_bytes(buf, name);
    } else {
        for (size_t i = 0; i < name.len; i++) {
            if (name.data[i] == '`')
                buf_u8(buf, '`');
            buf_u8(buf, name.data[i]);
        }
    }
    buf_u8(buf, '`');
}
