/*
 * struct stream: the bytes of one side of a session, as the packets have them: read from and
 * written to a conn, through the protocol's compressed frames once those were agreed on
 * (wire/compression.h).
 *
 * Never blocks. Without compression it is the conn and takes no memory; with it, what a frame of
 * at most 16 MiB takes while it passes. Frames are numbered as both families do it: a command's
 * first is 0 and an answer goes on from the last one read; packets as in wire/numbering.h. Owned by
 * one session's thread; lives in place, stream_done() frees what compression took. The conn is
 * borrowed.
 */
#pragma once

#include "net/conn.h"
#include "wire/compression.h"
#include "wire/numbering.h"

struct stream {
    struct conn *conn;
    struct compression *compression; /* NULL: plain */
    struct buf frame;                /* the one that is being read, header and payload */
    struct buf plain;                /* what the last one held */
    size_t plain_taken;
    struct buf out;   /* the one that is being written */
    size_t out_sent;  /* bytes of it */
    size_t out_plain; /* bytes that it stands for; 0: none is being written */
    uint8_t number;   /* of the next frame, of either direction */
    bool answered;    /* the last frame was written, not read */
    struct numbering numbering;
};

void stream_init(struct stream *stream, struct conn *conn);
void stream_done(struct stream *stream);

/* From here on, both ways. COMPRESSION_NONE changes nothing. The level as in compression_new(). */
void stream_compress(struct stream *stream, enum compression_algorithm algorithm, int level);

/*
 * As the calls of conn.h. A write that came back with IO_AGAIN must be repeated with bytes that
 * begin as those did; they may lie elsewhere, and more may follow them. E_PROTO for broken frames.
 */
enum io_result stream_try_read(struct stream *stream, uint8_t *into, size_t max, size_t *ret_n,
                               struct err *err);
enum io_result stream_try_write(struct stream *stream, struct span bytes, size_t *ret_n,
                                struct err *err);

/* What was read of a frame that is not whole yet; and the rest of the last one, for a taker. */
struct span stream_frame(const struct stream *stream);
struct span stream_plain(const struct stream *stream);

/* Whether a read may find something that poll() does not see. */
bool stream_pending(const struct stream *stream);
