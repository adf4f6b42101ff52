/*
 * Fuzz target: what is compressed: the first byte says whether the rest is the body of a
 * TRANSACTION_PAYLOAD or MariaDB's compressed data. Memory must stay bounded whatever it declares.
 */
#include "binlog/inflate.h"
#include "binlog/payload.h"

#define EVENT_MAX (1 << 16)
#define PLAIN_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_payload(struct span body)
{
    struct payload_stream *stream = payload_stream_new(EVENT_MAX);
    struct payload payload;
    struct span event;
    struct err err;

    if (payload_decode(body, &payload, &err) &&
        payload_stream_open(stream, &payload, PLAIN_MAX, &err)) {
        while (payload_stream_next(stream, &event, &err) && event.len > 0)
            ;
    }
    payload_stream_free(stream);
}

static void take_compressed(struct span bytes)
{
    struct inflater *inflater = inflater_new();
    struct buf out;
    struct err err;

    buf_init(&out, PLAIN_MAX);
    (void)!inflate_bytes(inflater, bytes, PLAIN_MAX, &out, &err);
    buf_done(&out);
    inflater_free(inflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t kind = cursor_u8(&cur);

    if (kind % 2 == 0)
        take_payload(cursor_rest(&cur));
    else
        take_compressed(cursor_rest(&cur));
    return 0;
}
