/*
 * Fuzz target: compressed input, in pieces of the first byte's size. What is made is looked at, so
 * that bytes nobody wrote show; it ends after 64 MiB.
 */
#include "base/decompressor.h"

#include <stdlib.h>

#define OUT_SIZE ((size_t)65536)
#define OUT_MOST ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct decompressor *decompressor, struct span packed, size_t step)
{
    static uint8_t out[OUT_SIZE];
    struct err err = {0};
    size_t at = 0;
    size_t made = 1;
    size_t all = 0;
    unsigned sum = 0;

    while ((at < packed.len || made > 0) && all < OUT_MOST) {
        struct span in = span_of(packed.data + at, packed.len - at < step ? packed.len - at : step);
        size_t given = in.len;

        if (!decompressor_run(decompressor, &in, out, sizeof out, &made, &err))
            return;
        if (in.len > given || made > sizeof out)
            abort();
        for (size_t i = 0; i < made; i++)
            sum += out[i];
        at += given - in.len;
        all += made;
    }
    if (decompressor_finish(decompressor, &err) && sum == UINT32_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decompressor *decompressor;
    struct span packed;
    enum compression compression;

    if (size < 1)
        return 0;
    packed = span_of(data + 1, size - 1);
    compression = compression_of(packed);
    if (compression == COMPRESSION_NONE)
        return 0;
    decompressor = decompressor_new(compression);
    run(decompressor, packed, (size_t)data[0] + 1);
    decompressor_free(decompressor);
    return 0;
}
