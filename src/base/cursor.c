#include "base/cursor.h"

uint64_t cursor_be(struct cursor *cur, size_t n)
{
    struct span bytes = cursor_bytes(cur, n);
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

uint64_t cursor_lenenc(struct cursor *cur)
{
    uint8_t first = cursor_u8(cur);

    switch (first) {
    case 0xfb:
    case 0xff:
        cur->bad = true;
        return 0;
    case 0xfc:
        return cursor_u16(cur);
    case 0xfd:
        return cursor_u24(cur);
    case 0xfe:
        return cursor_u64(cur);
    default:
        return first;
    }
}

struct span cursor_lenenc_bytes(struct cursor *cur)
{
    uint64_t n = cursor_lenenc(cur);

    if (n > cur->rest.len) {
        cur->bad = true;
        cur->rest.len = 0;
        return (struct span){0};
    }
    return cursor_bytes(cur, (size_t)n);
}

struct span cursor_cstr(struct cursor *cur)
{
    const uint8_t *nul = cur->rest.len > 0 ? memchr(cur->rest.data, 0, cur->rest.len) : NULL;
    struct span text;

    if (!nul) {
        cur->bad = true;
        cur->rest.len = 0;
        return (struct span){0};
    }
    text = cursor_bytes(cur, (size_t)(nul - cur->rest.data));
    cursor_skip(cur, 1);
    return text;
}

static uint8_t hex_digit(struct cursor *cur)
{
    uint8_t c = cursor_u8(cur);

    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint8_t)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (uint8_t)(c - 'A' + 10);
    cur->bad = true;
    return 0;
}

uint8_t cursor_hex_byte(struct cursor *cur)
{
    uint8_t high = hex_digit(cur);

    return (uint8_t)(high << 4 | hex_digit(cur));
}

bool cursor_decimal(struct cursor *cur, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t digits;

    for (digits = 0; cur->rest.len > 0; digits++) {
        uint8_t digit = (uint8_t)(cur->rest.data[0] - '0');

        if (digit > 9)
            break;
        if (number > max / 10 || number * 10 > max - digit)
            return false;
        number = number * 10 + digit;
        cursor_skip(cur, 1);
    }
    if (digits == 0)
        return false;
    *ret_number = number;
    return true;
}
