#include "endpoint/lane.h"

void lane_init(struct lane *lane, struct stream *from, struct stream *to)
{
    lane->from = from;
    lane->to = to;
    buf_init(&lane->put, 0);
    lane->put_sent = 0;
    lane->begin = 0;
    lane->admitted = 0;
    lane->end = 0;
    lane->eof = false;
}

void lane_done(struct lane *lane)
{
    buf_done(&lane->put);
}

size_t lane_output(const struct lane *lane)
{
    return lane->put.len - lane->put_sent + lane->admitted;
}

enum lane_step lane_fill(struct lane *lane, struct err *err)
{
    size_t n = 0;

    if (lane->eof || lane->end >= LANE_SIZE)
        return LANE_BLOCKED;
    switch (stream_try_read(lane->from, lane->data + lane->end, LANE_SIZE - lane->end, &n, err)) {
    case IO_DONE:
        lane->end += n;
        return LANE_MOVED;
    case IO_AGAIN:
        return LANE_BLOCKED;
    case IO_EOF:
        lane->eof = true;
        return LANE_MOVED;
    case IO_ERROR:
        return LANE_OVER;
    }
    return LANE_OVER;
}

/* Moves the content to the front, where there is room behind it. */
static void compact(struct lane *lane)
{
    if (lane->begin == 0)
        return;
    if (lane->begin < lane->end)
        memmove(lane->data, lane->data + lane->begin, lane->end - lane->begin);
    lane->end -= lane->begin;
    lane->begin = 0;
}

/* Takes note of what was written. */
static void sent(struct lane *lane, size_t n)
{
    if (lane->put.len > 0) {
        lane->put_sent += n;
        if (lane->put_sent == lane->put.len) {
            buf_done(&lane->put);
            buf_init(&lane->put, 0);
            lane->put_sent = 0;
        }
        return;
    }
    lane->begin += n;
    lane->admitted -= n;
    compact(lane);
}

enum lane_step lane_drain(struct lane *lane, struct err *err)
{
    struct span bytes = span_of(lane->data + lane->begin, lane->admitted);
    size_t n = 0;

    if (lane->put.len > 0)
        bytes = span_of(lane->put.data + lane->put_sent, lane->put.len - lane->put_sent);
    if (bytes.len == 0)
        return LANE_BLOCKED;
    switch (stream_try_write(lane->to, bytes, &n, err)) {
    case IO_DONE:
        sent(lane, n);
        return LANE_MOVED;
    case IO_AGAIN:
        return LANE_BLOCKED;
    case IO_EOF:
    case IO_ERROR:
        return LANE_OVER;
    }
    return LANE_OVER;
}

struct span lane_unread(const struct lane *lane)
{
    size_t at = lane->begin + lane->admitted;

    return span_of(lane->data + at, lane->end - at);
}

uint8_t *lane_unread_bytes(struct lane *lane)
{
    return lane->data + lane->begin + lane->admitted;
}

void lane_admit(struct lane *lane, size_t n)
{
    lane->admitted += n;
}

void lane_drop(struct lane *lane, size_t n)
{
    lane->begin += n;
    compact(lane);
}

void lane_put(struct lane *lane, struct buf *buf)
{
    buf_done(&lane->put);
    lane->put = *buf;
    lane->put_sent = 0;
    buf_init(buf, 0);
}
