/*
 * struct span: bytes that somebody else owns. Freely copied; valid as long as what it points into.
 * Not NUL-terminated; a span of length 0 may have a NULL pointer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *data;
    size_t len;
};

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){data, len};
}

static inline struct span span_str(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
