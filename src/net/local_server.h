/*
 * struct local_server: a unix socket whose clients are served one after the other, in a thread of
 * its own. For what this machine's programs ask now and then; for many at once see net/listener.h.
 *
 * Start and stop belong to the owner.
 */
#pragma once

#include "net/conn.h"

struct local_server;

/* Strings are copied; the context is borrowed. */
struct local_server_spec {
    const char *name;        /* of the thread, at most 15 characters */
    const char *subject;     /* of log lines */
    const char *client;      /* what a client is called in errors */
    const char *socket_path; /* as socket_listen_unix() has it; it goes with the server */
    /* Serves a client; stop_fd, a wake-up, is raised when the server is to stop. */
    void (*serve)(void *context, struct conn *conn, int stop_fd);
    void *context;
};

MUST_CHECK bool local_server_start(const struct local_server_spec *spec,
                                   struct local_server **ret_server, struct err *err);

/* Accepts no more, waits for the client that is served, and frees. NULL is fine. */
void local_server_stop(struct local_server *server);
