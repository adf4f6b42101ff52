#include "endpoint/lane.h"

void lane_init(struct lane *lane, struct conn *from, struct conn *to)
{
    lane->from = from;
    lane->to = to;
    lane->begin = 0;
    lane->admitted = 0;
    lane->end = 0;
    lane->eof = false;
}

enum lane_step lane_fill(struct lane *lane, struct err *err)
{
    size_t n = 0;

    if (lane->eof || lane->end >= LANE_SIZE)
        return LANE_BLOCKED;
    switch (conn_try_read(lane->from, lane->data + lane->end, LANE_SIZE - lane->end, &n, err)) {
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

enum lane_step lane_drain(struct lane *lane, struct err *err)
{
    size_t n = 0;

    if (lane->admitted == 0)
        return LANE_BLOCKED;
    switch (conn_try_write(lane->to, span_of(lane->data + lane->begin, lane->admitted), &n, err)) {
    case IO_DONE:
        lane->begin += n;
        lane->admitted -= n;
        compact(lane);
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

void lane_admit(struct lane *lane, size_t n)
{
    lane->admitted += n;
}

void lane_replace(struct lane *lane, size_t n, struct span bytes)
{
    size_t rest = lane->end - lane->begin - n;

    compact(lane);
    memmove(lane->data + bytes.len, lane->data + n, rest);
    memcpy(lane->data, bytes.data, bytes.len);
    lane->admitted = bytes.len;
    lane->end = bytes.len + rest;
}
