#include "log/sealed_text.h"

#include <libdeflate.h>
#include <stdio.h>

#define SEAL_SIZE 15 /* "crc32=01234567\n" */

static void print_seal(struct span text, char seal[SEAL_SIZE + 1])
{
    (void)snprintf(seal, SEAL_SIZE + 1, "crc32=%08x\n", libdeflate_crc32(0, text.data, text.len));
}

void sealed_text_begin(struct buf *buf, const char *title, unsigned version)
{
    buf_printf(buf, "%s %u\n", title, version);
}

void sealed_text_end(struct buf *buf)
{
    char seal[SEAL_SIZE + 1];

    if (buf->bad)
        return;
    print_seal(buf_span(buf), seal);
    buf_str(buf, seal);
}

/* Up to a newline, which is consumed; all that is left when there is none. */
static struct span take_line(struct cursor *cur)
{
    const uint8_t *end = cursor_left(cur) ? memchr(cur->rest.data, '\n', cursor_left(cur)) : NULL;
    struct span line;

    if (!end)
        return cursor_rest(cur);
    line = cursor_bytes(cur, (size_t)(end - cur->rest.data));
    cursor_skip(cur, 1);
    return line;
}

static bool check_title(struct span line, const char *title, unsigned version, struct err *err)
{
    struct cursor cur = cursor_of(line);
    struct span name = cursor_bytes(&cur, strlen(title));
    uint64_t found;

    if (!span_eq(name, span_str(title)) || cursor_u8(&cur) != ' ' ||
        !sealed_text_number(cursor_rest(&cur), UINT32_MAX, &found))
        return err_set(err, E_PROTO, 0, "its first line is not '%s %u'", title, version);
    if (found != version)
        return err_set(err, E_STATE, 0,
                       "format version %llu, expected %u: made by another version of borealis",
                       (unsigned long long)found, version);
    return true;
}

bool sealed_text_open(struct span text, const char *title, unsigned version,
                      struct cursor *ret_lines, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct span body;
    char seal[SEAL_SIZE + 1];

    if (!check_title(take_line(&cur), title, version, err))
        return false;
    if (cursor_left(&cur) < SEAL_SIZE)
        return err_set(err, E_PROTO, 0, "cut short at %zu bytes", text.len);
    body = span_of(text.data, text.len - SEAL_SIZE);
    print_seal(body, seal);
    if (memcmp(body.data + body.len, seal, SEAL_SIZE) != 0)
        return err_set(err, E_PROTO, 0, "its last line is not '%.*s', the checksum of the others",
                       SEAL_SIZE - 1, seal);
    cur.rest.len -= SEAL_SIZE;
    *ret_lines = cur;
    return true;
}

bool sealed_text_line(struct cursor *lines, struct span *ret_key, struct span *ret_value)
{
    struct span line;
    const uint8_t *equals;

    if (cursor_left(lines) == 0)
        return false;
    line = take_line(lines);
    equals = line.len ? memchr(line.data, '=', line.len) : NULL;
    *ret_key = line;
    *ret_value = (struct span){0};
    if (equals) {
        struct cursor cur = cursor_of(line);

        *ret_key = cursor_bytes(&cur, (size_t)(equals - line.data));
        cursor_skip(&cur, 1);
        *ret_value = cursor_rest(&cur);
    }
    return true;
}

bool sealed_text_number(struct span value, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        uint64_t digit = (uint64_t)value.data[i] - '0';

        if (digit > 9 || digit > max || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}
