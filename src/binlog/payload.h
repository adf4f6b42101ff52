/*
 * struct payload: MySQL's TRANSACTION_PAYLOAD event: the events of a transaction between its GTID
 * and its end, compressed as one; and struct payload_stream, which gives them one at a time.
 *
 * Layout: fields of a type, a length and a value, the integers length-encoded: 2 compression (0
 * zstd, 255 none), 3 size of the plain bytes, 1 size of the payload; type 0 ends them and the
 * payload follows. The events inside have no checksum, whatever the format description says, and
 * log_pos 0 (source: mysql::binlog::event, Transaction_payload codec).
 */
#pragma once

#include "binlog/event.h"

enum payload_compression {
    PAYLOAD_ZSTD = 0,
    PAYLOAD_NONE = 255,
};

struct payload {
    uint64_t compression; /* enum payload_compression */
    bool has_plain_size;
    uint64_t plain_size; /* bytes of the events inside */
    struct span data;
};

/* Unknown fields are skipped. E_PROTO; E_STATE for an unknown compression. Borrows. */
MUST_CHECK bool payload_decode(struct span body, struct payload *ret_payload, struct err *err);
void payload_encode(struct buf *buf, const struct payload *payload);

/* The payload of plain events, compressed by zstd at `level`, or not at all; appended as a body. */
void payload_pack(struct buf *buf, struct span events, uint64_t compression, int level);

/*
 * Owned by one thread, reused for any number of payloads. Memory: the library's window, at most
 * 128 MiB, and the largest event.
 */
struct payload_stream;

/* An event larger than event_max bytes is refused. */
struct payload_stream *payload_stream_new(size_t event_max);
void payload_stream_free(struct payload_stream *stream); /* NULL is fine */

/*
 * Begins a payload, whose data must stay until its last event was taken. E_LIMIT when it declares
 * more than plain_max bytes.
 */
MUST_CHECK bool payload_stream_open(struct payload_stream *stream, const struct payload *payload,
                                    uint64_t plain_max, struct err *err);

/*
 * The next event, whole, without a checksum; an empty span after the last. Borrowed until the next
 * call. E_PROTO, E_LIMIT.
 */
MUST_CHECK bool payload_stream_next(struct payload_stream *stream, struct span *ret_event,
                                    struct err *err);
