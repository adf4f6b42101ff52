/*
 * struct decompressor: the plain bytes of a gzip or zstd stream, piece by piece, so that neither a
 * large stream nor one that unpacks to very much costs memory: gzip takes 40 KiB, zstd its window,
 * of 128 MiB at most. Several members or frames one after the other are one stream; gzip checks
 * its CRC and length, zstd its checksum where there is one. No I/O; owned by one thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
};

#define COMPRESSION_MAGIC_SIZE 4

/* By the first COMPRESSION_MAGIC_SIZE bytes of a file; fewer are no compressed file's. */
enum compression compression_of(struct span bytes);

struct decompressor;

/* Not for COMPRESSION_NONE. */
struct decompressor *decompressor_new(enum compression compression);
void decompressor_free(struct decompressor *decompressor); /* NULL is fine */

/*
 * Takes from the front of `in` and puts at most `cap` plain bytes at `out`. ret_made may be 0
 * while all of `in` was taken. E_PROTO; E_LIMIT for a window that is too large.
 */
MUST_CHECK bool decompressor_run(struct decompressor *decompressor, struct span *in, uint8_t *out,
                                 size_t cap, size_t *ret_made, struct err *err);

/* At the end of the stream, after a run that took and made nothing: E_PROTO when it is cut short.
 */
MUST_CHECK bool decompressor_finish(const struct decompressor *decompressor, struct err *err);
