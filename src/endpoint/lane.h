/*
 * struct lane: one direction of a session: bytes read from one side and not yet written to the
 * other.
 *
 * What was read must be admitted before it is written: the session decides, and may put something
 * else in its place. Owned by its session's thread; large, and needs no clearing but lane_init().
 */
#pragma once

#include "base/span.h"
#include "net/conn.h"

#define LANE_SIZE  16384
#define LANE_SPARE 4096 /* by how much lane_replace() may make the content grow */

struct lane {
    struct conn *from;
    struct conn *to;
    size_t begin; /* data[begin, begin + admitted) may be written, */
    size_t admitted;
    size_t end; /* and what follows up to here was read and is not admitted yet */
    bool eof;   /* nothing more comes */
    uint8_t data[LANE_SIZE + LANE_SPARE];
};

enum lane_step {
    LANE_MOVED,
    LANE_BLOCKED, /* by the socket, or by the lane being full or empty */
    LANE_OVER,    /* err is set, unless the side just closed */
};

void lane_init(struct lane *lane, struct conn *from, struct conn *to);

/* Reads what there is. The end of the stream sets `eof`. */
enum lane_step lane_fill(struct lane *lane, struct err *err);

/* Writes what is admitted, as far as the other side takes it. */
enum lane_step lane_drain(struct lane *lane, struct err *err);

/* The bytes that were read and are not admitted. */
struct span lane_unread(const struct lane *lane);

void lane_admit(struct lane *lane, size_t n);

/*
 * Puts other bytes, at most LANE_SPARE more, in the place of the first n unread ones, and admits
 * them. Only while nothing is admitted.
 */
void lane_replace(struct lane *lane, size_t n, struct span bytes);
