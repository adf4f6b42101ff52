#include "base/decompressor.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define GZIP_MAGIC          0x8b1fu
#define ZSTD_MAGIC          0xfd2fb528u
#define ZSTD_SKIPPABLE      0x184d2a50u /* to ..5f */
#define ZSTD_SKIPPABLE_MASK 0xfffffff0u
#define GZIP_WINDOW         (15 + 16) /* the largest window, and only gzip's header */
#define PIECE_MAX           ((size_t)1 << 24)

struct decompressor {
    enum compression compression;
    bool open;      /* inside a member or frame */
    uint64_t taken; /* bytes of the stream */
    z_stream gzip;
    bool gzip_begun;
    ZSTD_DCtx *zstd;
};

enum compression compression_of(struct span bytes)
{
    struct cursor cur = cursor_of(bytes);
    uint32_t magic = cursor_u32(&cur);

    if (!cursor_ok(&cur))
        return COMPRESSION_NONE;
    if ((magic & 0xffff) == GZIP_MAGIC)
        return COMPRESSION_GZIP;
    if (magic == ZSTD_MAGIC || (magic & ZSTD_SKIPPABLE_MASK) == ZSTD_SKIPPABLE)
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

struct decompressor *decompressor_new(enum compression compression)
{
    struct decompressor *decompressor = mem_alloc(sizeof *decompressor);

    decompressor->compression = compression;
    if (compression == COMPRESSION_GZIP)
        decompressor->gzip_begun = inflateInit2(&decompressor->gzip, GZIP_WINDOW) == Z_OK;
    else
        decompressor->zstd = ZSTD_createDCtx();
    return decompressor;
}

void decompressor_free(struct decompressor *decompressor)
{
    if (!decompressor)
        return;
    if (decompressor->gzip_begun)
        (void)inflateEnd(&decompressor->gzip);
    (void)ZSTD_freeDCtx(decompressor->zstd);
    mem_free(decompressor);
}

static const char *name_of(const struct decompressor *decompressor)
{
    return decompressor->compression == COMPRESSION_GZIP ? "gzip" : "zstd";
}

static bool fail(const struct decompressor *decompressor, enum err_class class, const char *why,
                 struct err *err)
{
    return err_set(err, class, 0, "%s data: %s, at byte %llu of the compressed file",
                   name_of(decompressor), why, (unsigned long long)decompressor->taken);
}

static bool run_gzip(struct decompressor *decompressor, struct span *in, uint8_t *out, size_t cap,
                     size_t *ret_made, struct err *err)
{
    z_stream *gzip = &decompressor->gzip;
    size_t length = in->len < PIECE_MAX ? in->len : PIECE_MAX;
    int result;

    if (!decompressor->gzip_begun)
        return err_set(err, E_BUG, 0, "gzip data: no memory for zlib");
    if (!decompressor->open && in->len > 0 && inflateReset(gzip) != Z_OK)
        return fail(decompressor, E_BUG, "cannot begin", err);
    decompressor->open |= in->len > 0;
    gzip->next_in = (Bytef *)(uintptr_t)in->data;
    gzip->avail_in = (uInt)length;
    gzip->next_out = out;
    gzip->avail_out = (uInt)cap;
    result = inflate(gzip, Z_NO_FLUSH);
    decompressor->taken += length - gzip->avail_in;
    *in = span_of(in->data + (length - gzip->avail_in), in->len - (length - gzip->avail_in));
    if (result == Z_STREAM_END)
        decompressor->open = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return fail(decompressor, E_PROTO, gzip->msg ? gzip->msg : "damaged", err);
    *ret_made = cap - gzip->avail_out;
    return true;
}

static bool run_zstd(struct decompressor *decompressor, struct span *in, uint8_t *out, size_t cap,
                     size_t *ret_made, struct err *err)
{
    ZSTD_inBuffer input = {in->data, in->len, 0};
    ZSTD_outBuffer output = {out, cap, 0};
    size_t result;

    if (!decompressor->zstd)
        return err_set(err, E_BUG, 0, "zstd data: no memory for libzstd");
    result = ZSTD_decompressStream(decompressor->zstd, &output, &input);
    decompressor->taken += input.pos;
    if (ZSTD_isError(result)) {
        if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
            return fail(decompressor, E_LIMIT,
                        "its window is larger than 128 MiB: decompress it with zstd -d --long=31",
                        err);
        return fail(decompressor, E_PROTO, ZSTD_getErrorName(result), err);
    }
    decompressor->open = result != 0;
    *in = span_of(in->data + input.pos, in->len - input.pos);
    *ret_made = output.pos;
    return true;
}

bool decompressor_run(struct decompressor *decompressor, struct span *in, uint8_t *out, size_t cap,
                      size_t *ret_made, struct err *err)
{
    if (in->len == 0 && !decompressor->open) {
        *ret_made = 0;
        return true;
    }
    cap = cap < PIECE_MAX ? cap : PIECE_MAX;
    if (decompressor->compression == COMPRESSION_GZIP)
        return run_gzip(decompressor, in, out, cap, ret_made, err);
    return run_zstd(decompressor, in, out, cap, ret_made, err);
}

bool decompressor_finish(const struct decompressor *decompressor, struct err *err)
{
    if (decompressor->open)
        return fail(decompressor, E_PROTO, "it ends early: the file is cut short", err);
    return true;
}
