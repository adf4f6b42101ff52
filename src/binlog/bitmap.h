/*
 * Bitmaps of the row formats: bit i is bit i % 8, counted from the least significant one, of byte
 * i / 8 (source: MySQL internals manual, "ROWS_EVENT"). They stay in the event's bytes, as a span;
 * no ownership, any thread.
 */
#pragma once

#include "base/span.h"

static inline size_t bitmap_size(size_t bits)
{
    return (bits + 7) / 8;
}

/* Bit i; false past the end. */
static inline bool bitmap_get(struct span bitmap, size_t i)
{
    return i / 8 < bitmap.len && (bitmap.data[i / 8] >> (i % 8) & 1);
}

/* How many of the first `bits` bits are set. */
static inline size_t bitmap_count(struct span bitmap, size_t bits)
{
    size_t count = 0;

    for (size_t i = 0; i < bits / 8 && i < bitmap.len; i++)
        count += (size_t)__builtin_popcount(bitmap.data[i]);
    for (size_t i = bits / 8 * 8; i < bits; i++)
        count += bitmap_get(bitmap, i);
    return count;
}
