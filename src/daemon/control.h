/*
 * The control socket: how `borealis status` and `borealis stop` speak to the daemon.
 *
 * A unix socket of mode 0600 in the daemon's directory. A client sends one line, the request's
 * name; the daemon answers with one JSON object and closes. One thread serves one client at a time.
 */
#pragma once

#include "base/err.h"
#include "cluster/cluster.h"
#include "endpoint/endpoint.h"

struct control;

struct control_spec {
    const char *socket_path;
    const char *dir;
    struct cluster *cluster;
};

/*
 * *ret_stop_fd becomes readable when a client asked the daemon to stop; it belongs to the control.
 */
MUST_CHECK bool control_start(const struct control_spec *spec, struct control **ret_control,
                              int *ret_stop_fd, struct err *err);

/* The endpoint whose sessions are counted from now on, or NULL. Any thread. */
void control_set_endpoint(struct control *control, struct endpoint *endpoint);

void control_stop(struct control *control); /* NULL is fine */

/*
 * The client's side: sends the request to the daemon of the socket and returns its answer
 * (mem_free). E_STATE when no daemon listens there.
 */
MUST_CHECK bool control_request(const char *socket_path, const char *request, int64_t deadline_usec,
                                char **ret_answer, struct err *err);
