/*
 * struct lane: one direction of a session: bytes read from one side and not yet written to the
 * other.
 *
 * What was read must be admitted before it is written: the session decides, and may put something
 * else in its place. Owned by its session's thread; large, and needs no clearing but lane_init().
 * lane_done() frees what was put in.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "endpoint/stream.h"

#define LANE_SIZE 16384

struct lane {
    struct stream *from;
    struct stream *to;
    struct buf put;  /* goes before the rest */
    size_t put_sent; /* bytes of it */
    size_t begin;    /* data[begin, begin + admitted) may be written, */
    size_t admitted;
    size_t end; /* and what follows up to here was read and is not admitted yet */
    bool eof;   /* nothing more comes */
    uint8_t data[LANE_SIZE];
};

enum lane_step {
    LANE_MOVED,
    LANE_BLOCKED, /* by the socket, or by the lane being full or empty */
    LANE_OVER,    /* err is set, unless the side just closed */
};

void lane_init(struct lane *lane, struct stream *from, struct stream *to);
void lane_done(struct lane *lane);

/* Bytes that may be written. */
size_t lane_output(const struct lane *lane);

/* Reads what there is. The end of the stream sets `eof`. */
enum lane_step lane_fill(struct lane *lane, struct err *err);

/* Writes what is admitted, as far as the other side takes it. */
enum lane_step lane_drain(struct lane *lane, struct err *err);

/* The bytes that were read and are not admitted; and where they may be changed in place. */
struct span lane_unread(const struct lane *lane);
uint8_t *lane_unread_bytes(struct lane *lane);

void lane_admit(struct lane *lane, size_t n);

/* The first n unread bytes are not to be written. Only while there is no output. */
void lane_drop(struct lane *lane, size_t n);

/* Puts bytes before the unread ones and admits them; buf is taken over. Only while there is no
 * output. */
void lane_put(struct lane *lane, struct buf *buf);
