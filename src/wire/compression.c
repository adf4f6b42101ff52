#include "wire/compression.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <libdeflate.h>
#include <zstd.h>

#define WORTH_MIN          50 /* bytes; servers, too, do not compress less */
#define ZLIB_LEVEL_DEFAULT 6
#define ZLIB_LEVEL_MAX     9
#define ZSTD_LEVEL_DEFAULT 3
/* A compressed payload that is larger than this is sent as it is: it must fit the frame. */
#define SCRATCH_SIZE (COMPRESSION_PLAIN_MAX)

struct compression {
    enum compression_algorithm algorithm;
    int level;
    struct libdeflate_compressor *deflate;
    struct libdeflate_decompressor *inflate;
    ZSTD_CCtx *zstd_compress;
    ZSTD_DCtx *zstd_expand;
    struct buf scratch;
};

struct compression_header compression_header_parse(const uint8_t bytes[COMPRESSION_HEADER_SIZE])
{
    struct cursor cur = cursor_of(span_of(bytes, COMPRESSION_HEADER_SIZE));
    struct compression_header header;

    header.payload_len = cursor_u24(&cur);
    header.sequence = cursor_u8(&cur);
    header.plain_len = cursor_u24(&cur);
    return header;
}

uint32_t compression_plain_size(const struct compression_header *header)
{
    return header->plain_len ? header->plain_len : header->payload_len;
}

struct compression *compression_new(enum compression_algorithm algorithm, int level)
{
    struct compression *compression = mem_alloc(sizeof *compression);

    compression->algorithm = algorithm;
    compression->level = level;
    if (algorithm == COMPRESSION_ZLIB && (level < 1 || level > ZLIB_LEVEL_MAX))
        compression->level = ZLIB_LEVEL_DEFAULT;
    if (algorithm == COMPRESSION_ZSTD && (level < 1 || level > ZSTD_maxCLevel()))
        compression->level = ZSTD_LEVEL_DEFAULT;
    buf_init(&compression->scratch, SCRATCH_SIZE);
    return compression;
}

void compression_free(struct compression *compression)
{
    if (!compression)
        return;
    libdeflate_free_compressor(compression->deflate);
    libdeflate_free_decompressor(compression->inflate);
    (void)ZSTD_freeCCtx(compression->zstd_compress);
    (void)ZSTD_freeDCtx(compression->zstd_expand);
    buf_done(&compression->scratch);
    mem_free(compression);
}

const char *compression_name(enum compression_algorithm algorithm)
{
    switch (algorithm) {
    case COMPRESSION_NONE:
        return "none";
    case COMPRESSION_ZLIB:
        return "zlib";
    case COMPRESSION_ZSTD:
        return "zstd";
    }
    return "none";
}

/* The libraries' contexts are made at the first use of each direction. */
static bool expand_zlib(struct compression *compression, struct span payload, uint8_t *into,
                        size_t size)
{
    if (!compression->inflate)
        compression->inflate = libdeflate_alloc_decompressor();
    return compression->inflate &&
           libdeflate_zlib_decompress(compression->inflate, payload.data, payload.len, into, size,
                                      NULL) == LIBDEFLATE_SUCCESS;
}

static bool expand_zstd(struct compression *compression, struct span payload, uint8_t *into,
                        size_t size)
{
    if (!compression->zstd_expand)
        compression->zstd_expand = ZSTD_createDCtx();
    return compression->zstd_expand && ZSTD_decompressDCtx(compression->zstd_expand, into, size,
                                                           payload.data, payload.len) == size;
}

bool compression_expand(struct compression *compression, const struct compression_header *header,
                        struct span payload, uint8_t *into, struct err *err)
{
    bool good = false;

    if (payload.len != header->payload_len)
        return err_set(err, E_BUG, 0, "compressed frame: expected %u bytes, was given %zu",
                       header->payload_len, payload.len);
    if (header->plain_len == 0) {
        if (payload.len > 0)
            memcpy(into, payload.data, payload.len);
        return true;
    }
    switch (payload.len > 0 ? compression->algorithm : COMPRESSION_NONE) {
    case COMPRESSION_NONE:
        break;
    case COMPRESSION_ZLIB:
        good = expand_zlib(compression, payload, into, header->plain_len);
        break;
    case COMPRESSION_ZSTD:
        good = expand_zstd(compression, payload, into, header->plain_len);
        break;
    }
    if (!good)
        return err_set(err, E_PROTO, 0, "compressed frame: %zu bytes are not %s data of %u bytes",
                       payload.len, compression_name(compression->algorithm), header->plain_len);
    return true;
}

/* Compresses into the scratch memory; 0 when that is not shorter. */
static size_t compress(struct compression *compression, struct span plain)
{
    struct buf *scratch = &compression->scratch;
    size_t size = 0;

    buf_clear(scratch);
    (void)buf_reserve(scratch, plain.len - 1);
    switch (compression->algorithm) {
    case COMPRESSION_NONE:
        break;
    case COMPRESSION_ZLIB:
        if (!compression->deflate)
            compression->deflate = libdeflate_alloc_compressor(compression->level);
        if (compression->deflate)
            size = libdeflate_zlib_compress(compression->deflate, plain.data, plain.len,
                                            scratch->data, scratch->len);
        break;
    case COMPRESSION_ZSTD:
        if (!compression->zstd_compress)
            compression->zstd_compress = ZSTD_createCCtx();
        if (compression->zstd_compress)
            size = ZSTD_compressCCtx(compression->zstd_compress, scratch->data, scratch->len,
                                     plain.data, plain.len, compression->level);
        if (ZSTD_isError(size))
            size = 0;
        break;
    }
    return size;
}

static void write_frame(struct compression *compression, struct buf *out, uint8_t sequence,
                        struct span plain)
{
    size_t size = plain.len >= WORTH_MIN ? compress(compression, plain) : 0;
    struct span payload = size ? span_of(compression->scratch.data, size) : plain;

    buf_u24(out, (uint32_t)payload.len);
    buf_u8(out, sequence);
    buf_u24(out, size ? (uint32_t)plain.len : 0);
    buf_bytes(out, payload);
}

void compression_write(struct compression *compression, struct buf *out, uint8_t *sequence,
                       struct span plain)
{
    struct cursor cur = cursor_of(plain);

    while (cursor_left(&cur) > 0) {
        size_t left = cursor_left(&cur);

        write_frame(
            compression, out, (*sequence)++,
            cursor_bytes(&cur, left < COMPRESSION_PLAIN_MAX ? left : COMPRESSION_PLAIN_MAX));
    }
}
