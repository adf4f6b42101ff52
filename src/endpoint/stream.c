#include "endpoint/stream.h"

#define FRAME_MAX   (COMPRESSION_HEADER_SIZE + (size_t)COMPRESSION_PLAIN_MAX)
#define READ_STEP   (16u << 10)
#define KEEP_MEMORY (64u << 10) /* an idle session keeps no more than this of any buffer */

void stream_init(struct stream *stream, struct conn *conn)
{
    *stream = (struct stream){.conn = conn};
}

void stream_done(struct stream *stream)
{
    compression_free(stream->compression);
    buf_done(&stream->frame);
    buf_done(&stream->plain);
    buf_done(&stream->out);
}

void stream_compress(struct stream *stream, enum compression_algorithm algorithm, int level)
{
    if (algorithm == COMPRESSION_NONE)
        return;
    stream->compression = compression_new(algorithm, level);
    buf_init(&stream->frame, FRAME_MAX);
    buf_init(&stream->plain, COMPRESSION_PLAIN_MAX);
    buf_init(&stream->out, 2 * FRAME_MAX);
    stream->answered = true; /* with the OK packet of the login */
}

/* Forgets the content; gives large memory back. */
static void drop(struct buf *buf)
{
    size_t max = buf->max;

    buf_clear(buf);
    if (buf->cap > KEEP_MEMORY) {
        buf_done(buf);
        buf_init(buf, max);
    }
}

/* Reads until the frame has `size` bytes; no more than was sent is ever taken as memory. */
static enum io_result read_frame(struct stream *stream, size_t size, struct err *err)
{
    struct buf *frame = &stream->frame;

    while (frame->len < size) {
        size_t left = size - frame->len;
        size_t step = left < READ_STEP ? left : READ_STEP;
        size_t at = buf_reserve(frame, step);
        size_t n = 0;
        enum io_result result = conn_try_read(stream->conn, frame->data + at, step, &n, err);

        frame->len = at + n;
        if (result != IO_DONE)
            return result;
    }
    return IO_DONE;
}

static enum io_result expand(struct stream *stream, const struct compression_header *header,
                             struct err *err)
{
    struct span payload =
        span_of(stream->frame.data + COMPRESSION_HEADER_SIZE, header->payload_len);
    size_t size = compression_plain_size(header);
    /* Behind 255 the numbers of what one side sends go on with 0. */
    bool opens = header->sequence == 0 && (stream->number != 0 || stream->answered);

    drop(&stream->plain);
    stream->plain_taken = 0;
    (void)buf_reserve(&stream->plain, size);
    if (!compression_expand(stream->compression, header, payload, stream->plain.data, err)) {
        (void)err_prefix(err, "%s", conn_peer(stream->conn));
        return IO_ERROR;
    }
    numbering_client(&stream->numbering, stream->plain.data, size, opens);
    stream->number = (uint8_t)(header->sequence + 1);
    stream->answered = false;
    drop(&stream->frame);
    return IO_DONE;
}

/* Takes a whole frame that is not empty. */
static enum io_result next_frame(struct stream *stream, struct err *err)
{
    do {
        enum io_result result = read_frame(stream, COMPRESSION_HEADER_SIZE, err);
        struct compression_header header;

        if (result != IO_DONE)
            return result;
        header = compression_header_parse(stream->frame.data);
        if (header.sequence != 0 && header.sequence != stream->number) {
            (void)err_set(err, E_PROTO, 0,
                          "%s: compressed frame: expected number %u or 0, found %u",
                          conn_peer(stream->conn), stream->number, header.sequence);
            return IO_ERROR;
        }
        result = read_frame(stream, COMPRESSION_HEADER_SIZE + header.payload_len, err);
        if (result == IO_DONE)
            result = expand(stream, &header, err);
        if (result != IO_DONE)
            return result;
    } while (stream->plain.len == 0);
    return IO_DONE;
}

static enum io_result read_compressed(struct stream *stream, uint8_t *into, size_t max,
                                      size_t *ret_n, struct err *err)
{
    size_t left;

    if (stream->plain_taken == stream->plain.len) {
        enum io_result result = next_frame(stream, err);

        if (result != IO_DONE)
            return result;
    }
    left = stream->plain.len - stream->plain_taken;
    *ret_n = left < max ? left : max;
    memcpy(into, stream->plain.data + stream->plain_taken, *ret_n);
    stream->plain_taken += *ret_n;
    return IO_DONE;
}

enum io_result stream_try_read(struct stream *stream, uint8_t *into, size_t max, size_t *ret_n,
                               struct err *err)
{
    if (stream->compression)
        return read_compressed(stream, into, max, ret_n, err);
    return conn_try_read(stream->conn, into, max, ret_n, err);
}

static enum io_result write_compressed(struct stream *stream, struct span bytes, size_t *ret_n,
                                       struct err *err)
{
    struct buf *out = &stream->out;

    if (stream->out_plain == 0) {
        compression_write(stream->compression, out, &stream->number, bytes);
        numbering_server(&stream->numbering, bytes);
        stream->answered = true;
        stream->out_plain = bytes.len;
        stream->out_sent = 0;
    }
    while (stream->out_sent < out->len) {
        size_t n = 0;
        enum io_result result = conn_try_write(
            stream->conn, span_of(out->data + stream->out_sent, out->len - stream->out_sent), &n,
            err);

        if (result != IO_DONE)
            return result;
        stream->out_sent += n;
    }
    *ret_n = stream->out_plain;
    stream->out_plain = 0;
    drop(out);
    return IO_DONE;
}

enum io_result stream_try_write(struct stream *stream, struct span bytes, size_t *ret_n,
                                struct err *err)
{
    if (stream->compression)
        return write_compressed(stream, bytes, ret_n, err);
    return conn_try_write(stream->conn, bytes, ret_n, err);
}

bool stream_pending(const struct stream *stream)
{
    return stream->plain_taken < stream->plain.len || conn_pending(stream->conn);
}

struct span stream_frame(const struct stream *stream)
{
    return stream->compression ? buf_span(&stream->frame) : (struct span){0};
}

struct span stream_plain(const struct stream *stream)
{
    if (!stream->compression)
        return (struct span){0};
    return span_of(stream->plain.data + stream->plain_taken,
                   stream->plain.len - stream->plain_taken);
}
