#include "binlog/payload.h"

#include "base/mem.h"

#include <zstd.h>

#define CHUNK_SIZE   65536
#define LENGTH_KNOWN 13 /* bytes of an event that tell its length */

enum payload_field {
    PAYLOAD_END = 0,
    PAYLOAD_SIZE = 1,
    PAYLOAD_COMPRESSION = 2,
    PAYLOAD_PLAIN_SIZE = 3,
};

struct payload_stream {
    size_t event_max;
    ZSTD_DStream *zstd;
    bool compressed;
    struct span input;   /* not yet decompressed, or not yet given */
    uint64_t plain_left; /* bytes that are still to come out of input */
    bool plain_bounded;
    bool frame_open;  /* zstd has more to give */
    struct buf plain; /* came out; from `taken` on not yet given */
    size_t taken;
    uint8_t chunk[CHUNK_SIZE];
};

bool payload_decode(struct span body, struct payload *ret_payload, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct payload payload = {.compression = PAYLOAD_NONE};
    uint64_t size = UINT64_MAX;

    for (;;) {
        uint64_t type = cursor_lenenc(&cur);
        struct cursor value;

        if (type == PAYLOAD_END || !cursor_ok(&cur))
            break;
        value = cursor_of(cursor_lenenc_bytes(&cur));
        if (type == PAYLOAD_SIZE) {
            size = cursor_lenenc(&value);
        } else if (type == PAYLOAD_COMPRESSION) {
            payload.compression = cursor_lenenc(&value);
        } else if (type == PAYLOAD_PLAIN_SIZE) {
            payload.plain_size = cursor_lenenc(&value);
            payload.has_plain_size = true;
        } else {
            (void)cursor_rest(&value);
        }
        if (!event_body_end(&value, EVENT_TRANSACTION_PAYLOAD, body, err))
            return false;
    }
    payload.data = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_TRANSACTION_PAYLOAD, body, err))
        return false;
    if (size != payload.data.len)
        return err_set(err, E_PROTO, 0,
                       "Transaction_payload event: payload of %zu bytes, declared %llu",
                       payload.data.len, (unsigned long long)size);
    if (payload.compression != PAYLOAD_ZSTD && payload.compression != PAYLOAD_NONE)
        return err_set(err, E_STATE, 0,
                       "Transaction_payload event: compression %llu, known are 0 (zstd) and 255",
                       (unsigned long long)payload.compression);
    *ret_payload = payload;
    return true;
}

static void write_field(struct buf *buf, enum payload_field type, uint64_t value)
{
    size_t length_at;

    buf_lenenc(buf, type);
    length_at = buf_reserve(buf, 1);
    buf_lenenc(buf, value);
    buf_patch_le(buf, length_at, buf->len - length_at - 1, 1);
}

void payload_encode(struct buf *buf, const struct payload *payload)
{
    write_field(buf, PAYLOAD_COMPRESSION, payload->compression);
    if (payload->has_plain_size)
        write_field(buf, PAYLOAD_PLAIN_SIZE, payload->plain_size);
    write_field(buf, PAYLOAD_SIZE, payload->data.len);
    buf_lenenc(buf, PAYLOAD_END);
    buf_bytes(buf, payload->data);
}

void payload_pack(struct buf *buf, struct span events, uint64_t compression, int level)
{
    struct payload payload = {.compression = compression, .data = events};
    uint8_t *scratch;
    size_t bound;
    size_t size;

    if (compression != PAYLOAD_ZSTD) {
        payload_encode(buf, &payload);
        return;
    }
    bound = ZSTD_compressBound(events.len);
    scratch = mem_alloc(bound);
    size = ZSTD_compress(scratch, bound, events.data, events.len, level);
    if (ZSTD_isError(size)) {
        buf->bad = true;
    } else {
        payload.data = span_of(scratch, size);
        payload.plain_size = events.len;
        payload.has_plain_size = true;
        payload_encode(buf, &payload);
    }
    mem_free(scratch);
}

struct payload_stream *payload_stream_new(size_t event_max)
{
    struct payload_stream *stream = mem_alloc(sizeof *stream);

    stream->event_max = event_max;
    stream->zstd = ZSTD_createDStream();
    buf_init(&stream->plain, event_max + CHUNK_SIZE);
    return stream;
}

void payload_stream_free(struct payload_stream *stream)
{
    if (!stream)
        return;
    ZSTD_freeDStream(stream->zstd);
    buf_done(&stream->plain);
    mem_free(stream);
}

bool payload_stream_open(struct payload_stream *stream, const struct payload *payload,
                         uint64_t plain_max, struct err *err)
{
    if (payload->plain_size > plain_max)
        return err_set(err, E_LIMIT, 0,
                       "Transaction_payload event: %llu plain bytes declared, limit %llu",
                       (unsigned long long)payload->plain_size, (unsigned long long)plain_max);
    if (!stream->zstd || ZSTD_isError(ZSTD_initDStream(stream->zstd)))
        return err_set(err, E_BUG, 0, "Transaction_payload event: no memory for zstd");
    stream->compressed = payload->compression == PAYLOAD_ZSTD;
    stream->input = payload->data;
    stream->plain_left = payload->has_plain_size ? payload->plain_size : plain_max;
    stream->plain_bounded = payload->has_plain_size;
    stream->frame_open = true;
    buf_clear(&stream->plain);
    stream->taken = 0;
    return true;
}

/* Gets some more plain bytes; none at the end of the input. */
static bool fill(struct payload_stream *stream, struct err *err)
{
    size_t kept = stream->plain.len - stream->taken;
    struct cursor input = cursor_of(stream->input);
    ZSTD_inBuffer in = {stream->input.data, stream->input.len, 0};
    ZSTD_outBuffer out = {stream->chunk, sizeof stream->chunk, 0};
    size_t result;

    /* The kept bytes move to the front: they are less than one event. */
    if (stream->taken > 0) {
        memmove(stream->plain.data, stream->plain.data + stream->taken, kept);
        stream->plain.len = kept;
        stream->taken = 0;
    }
    result = ZSTD_decompressStream(stream->zstd, &out, &in);
    if (ZSTD_isError(result))
        return err_set(err, E_PROTO, 0, "Transaction_payload event: zstd: %s",
                       ZSTD_getErrorName(result));
    cursor_skip(&input, in.pos);
    stream->input = cursor_rest(&input);
    stream->frame_open = result != 0;
    if (out.pos > stream->plain_left)
        return err_set(err, E_LIMIT, 0,
                       "Transaction_payload event: more plain bytes than declared or allowed");
    stream->plain_left -= out.pos;
    buf_bytes(&stream->plain, span_of(stream->chunk, out.pos));
    if (!buf_ok(&stream->plain))
        return err_set(err, E_LIMIT, 0, "Transaction_payload event: an event over %zu bytes",
                       stream->event_max);
    if (in.pos == 0 && out.pos == 0)
        return err_set(err, E_PROTO, 0, "Transaction_payload event: zstd data ends early");
    return true;
}

/* Checks the length of the event that `plain` begins with; 0 in ret_length: not known yet. */
static bool event_length(const struct payload_stream *stream, struct span plain, size_t *ret_length,
                         struct err *err)
{
    struct cursor cur = cursor_of(plain);
    uint32_t length;

    *ret_length = 0;
    if (plain.len < LENGTH_KNOWN)
        return true;
    cursor_skip(&cur, EVENT_LENGTH_AT);
    length = cursor_u32(&cur);
    if (length < EVENT_HEADER_SIZE || length > stream->event_max)
        return err_set(err, length < EVENT_HEADER_SIZE ? E_PROTO : E_LIMIT, 0,
                       "Transaction_payload event: event of %u bytes inside, expected %d to %zu",
                       length, EVENT_HEADER_SIZE, stream->event_max);
    *ret_length = length;
    return true;
}

static bool next_plain(struct payload_stream *stream, struct span *ret_event, struct err *err)
{
    struct cursor cur = cursor_of(stream->input);
    size_t length;

    if (!event_length(stream, stream->input, &length, err))
        return false;
    if (stream->input.len > 0 && (length == 0 || length > stream->input.len))
        return err_set(err, E_PROTO, 0, "Transaction_payload event: ends inside an event");
    *ret_event = cursor_bytes(&cur, length);
    stream->input = cursor_rest(&cur);
    return true;
}

bool payload_stream_next(struct payload_stream *stream, struct span *ret_event, struct err *err)
{
    if (!stream->compressed)
        return next_plain(stream, ret_event, err);
    for (;;) {
        struct cursor cur = cursor_of(buf_span(&stream->plain));
        struct span plain;
        size_t length;

        cursor_skip(&cur, stream->taken);
        plain = cursor_rest(&cur);
        if (!event_length(stream, plain, &length, err))
            return false;
        if (length > 0 && length <= plain.len) {
            *ret_event = span_of(plain.data, length);
            stream->taken += length;
            return true;
        }
        if (plain.len == 0 && stream->input.len == 0 && !stream->frame_open &&
            (stream->plain_left == 0 || !stream->plain_bounded)) {
            *ret_event = (struct span){0};
            return true;
        }
        if (!fill(stream, err))
            return false;
    }
}
