/*
 * struct compression: the protocol's compressed frames, each way, with zlib or zstd.
 *
 * A frame is the compressed length (u24), a sequence number, the plain length (u24; 0 means that
 * the payload is not compressed), and the payload; packets lie in the stream of plain bytes,
 * across frames as they come (source: MySQL internals, "Compressed Packet"; MySQL 8.0.18 for zstd).
 * The context holds scratch memory of the libraries, for one thread. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define COMPRESSION_HEADER_SIZE 7
#define COMPRESSION_PLAIN_MAX   0xffffff /* bytes of one frame, plain and compressed */

enum compression_algorithm { COMPRESSION_NONE, COMPRESSION_ZLIB, COMPRESSION_ZSTD };

struct compression_header {
    uint32_t payload_len;
    uint8_t sequence;
    uint32_t plain_len; /* 0: the payload is as it is */
};

struct compression_header compression_header_parse(const uint8_t bytes[COMPRESSION_HEADER_SIZE]);

/* Bytes that the frame stands for. */
uint32_t compression_plain_size(const struct compression_header *header);

struct compression;

/* The level is zlib's 1..9 or zstd's 1..22; 0 is the library's own choice. */
struct compression *compression_new(enum compression_algorithm algorithm, int level);
void compression_free(struct compression *compression); /* NULL is fine */

/* "none", "zlib" or "zstd". */
const char *compression_name(enum compression_algorithm algorithm);

/*
 * Writes the frame's plain bytes, compression_plain_size() of them, to `into`. E_PROTO for what is
 * not compressed data of just that size.
 */
MUST_CHECK bool compression_expand(struct compression *compression,
                                   const struct compression_header *header, struct span payload,
                                   uint8_t *into, struct err *err);

/*
 * Appends frames for the plain bytes; *sequence is the first's number and becomes the one after
 * the last's. Short pieces, and those that would not shrink, are sent as they are.
 */
void compression_write(struct compression *compression, struct buf *out, uint8_t *sequence,
                       struct span plain);
