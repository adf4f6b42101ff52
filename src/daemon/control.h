/*
 * The control socket: how `borealis status` and its like speak to a daemon.
 *
 * A unix socket of mode 0600 in the daemon's directory. A client sends one line, the request's
 * name and, after a space, what belongs to it; the daemon answers with one JSON object and closes.
 * One thread serves one client at a time. Requests may hold secrets: they are wiped.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct control;

struct control_spec {
    const char *socket_path;
    /* A new answer (mem_free) to a request; NULL: there is no such one. Called in its thread. */
    char *(*answer)(void *context, const char *request);
    void *context;
};

MUST_CHECK bool control_start(const struct control_spec *spec, struct control **ret_control,
                              struct err *err);

void control_stop(struct control *control); /* NULL is fine */

/*
 * The client's side: sends the request to the daemon of the socket and returns its answer
 * (mem_free). E_STATE when no daemon listens there.
 */
MUST_CHECK bool control_request(const char *socket_path, const char *request, int64_t deadline_usec,
                                char **ret_answer, struct err *err);
