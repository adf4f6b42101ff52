/*
 * struct listener: accepts clients at a socket and serves each in a thread of its own.
 *
 * One thread accepts. listener_start() and listener_stop() belong to the owner; listener_clients()
 * to any thread.
 */
#pragma once

#include "net/conn.h"

struct listener;

/* All is borrowed and must outlive the listener. */
struct listener_spec {
    size_t stack_bytes; /* of a client's thread; as thread_start() wants it */
    /*
     * Serves a client, whose address is `ip`, and leaves the conn to be freed or takes it over:
     * then *conn is set to NULL. Ends soon after stop_fd, a wake-up, is raised.
     */
    void (*serve)(void *context, struct conn **conn, const char *ip, int stop_fd);
    /*
     * Told when a client could not be served, or accepting has failed, once until it succeeds; it
     * goes on if it can.
     */
    void (*failed)(void *context, const struct err *err);
    void *context;
};

/* Takes over listen_fd, whatever the outcome, and begins to accept. */
MUST_CHECK bool listener_start(const struct listener_spec *spec, int listen_fd,
                               struct listener **ret_listener, struct err *err);

/* Stops accepting, tells every client's thread, waits for them and frees. NULL is fine. */
void listener_stop(struct listener *listener);

size_t listener_clients(struct listener *listener);
