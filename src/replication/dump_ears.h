/*
 * struct dump_ears: what a dump listens to while it sends: its replica and, where its caller wants
 * it, one thing more. One dump's, its thread's.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

/*
 * Something else than log and replica that a dump minds: `look` is asked soon after `fd` became
 * readable, and may set it to -1, that it be minded no more. False ends the dump.
 */
struct dump_guard {
    int fd;
    bool (*look)(struct dump_guard *guard, struct err *err);
    void *userdata;
};

struct dump_ears {
    int fd;    /* readable: the replica has said something, or the guard is to look */
    int epoll; /* of both; -1: there is no guard, fd is the replica's */
    struct dump_guard *guard;
    int64_t look_at; /* the guard, while events are sent; CLOCK_NEVER: there is none */
};

#define DUMP_EARS_CLOSED                                                                           \
    {                                                                                              \
        .fd = -1, .epoll = -1, .look_at = INT64_MAX                                                \
    }

/* The descriptor of the replica's connection and the guard (NULL: none) outlive the ears. */
MUST_CHECK bool dump_ears_open(struct dump_ears *ears, int replica_fd, struct dump_guard *guard,
                               struct err *err);
void dump_ears_close(struct dump_ears *ears);

/* Has the guard look if it is to; false: the dump ends. The second form does so once a second. */
MUST_CHECK bool dump_ears_ask_guard(struct dump_ears *ears, struct err *err);
MUST_CHECK bool dump_ears_turn(struct dump_ears *ears, struct err *err);
