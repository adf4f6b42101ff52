/*
 * Compressed frames of any bytes; the first says zlib or zstd. What expands has the size that its
 * header says, in memory of just that size; all input is also compressed and expanded.
 */
#include "base/cursor.h"
#include "wire/compression.h"

#include <stdlib.h>

#define PLAIN_MAX (1u << 20) /* of a frame here, for speed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(struct compression *compression, struct cursor *cur, struct buf *plain)
{
    while (cursor_left(cur) >= COMPRESSION_HEADER_SIZE) {
        struct compression_header header =
            compression_header_parse(cursor_bytes(cur, COMPRESSION_HEADER_SIZE).data);
        struct span payload = cursor_bytes(cur, header.payload_len);
        uint32_t n = compression_plain_size(&header);
        uint8_t *into;
        struct err err;
        bool good;

        if (!cursor_ok(cur) || n > PLAIN_MAX)
            return;
        into = malloc(n ? n : 1);
        good = compression_expand(compression, &header, payload, into, &err);
        if (good && plain)
            buf_bytes(plain, span_of(into, n));
        free(into);
        if (!good)
            return;
    }
}

static void check_round_trip(struct compression *compression, struct span bytes)
{
    struct buf frames;
    struct buf plain;
    struct cursor cur;
    uint8_t sequence = 0;

    buf_init(&frames, bytes.len + 1000);
    buf_init(&plain, bytes.len);
    compression_write(compression, &frames, &sequence, bytes);
    cur = cursor_of(buf_span(&frames));
    expand(compression, &cur, &plain);
    if (!buf_ok(&frames) || !buf_ok(&plain) || !span_eq(buf_span(&plain), bytes))
        abort();
    buf_done(&frames);
    buf_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t which = cursor_u8(&cur);
    struct compression *compression;

    if (!cursor_ok(&cur) || size > PLAIN_MAX)
        return 0;
    compression = compression_new(which & 1 ? COMPRESSION_ZSTD : COMPRESSION_ZLIB, 1);
    check_round_trip(compression, cur.rest);
    expand(compression, &cur, NULL);
    compression_free(compression);
    return 0;
}
