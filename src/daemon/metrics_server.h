/*
 * struct metrics_server: answers GET and HEAD of /metrics by HTTP, from a thread of its own
 * (libmicrohttpd). At most METRICS_CONNECTIONS_MAX connections at once, each for
 * METRICS_TIMEOUT_SEC without a request; no keys and no passwords: whoever reaches the address may
 * read.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

#define METRICS_CONNECTIONS_MAX 16
#define METRICS_TIMEOUT_SEC     10
#define METRICS_TEXT_MAX        ((size_t)64 << 20)

struct metrics_server;

struct metrics_server_spec {
    void (*render)(void *context, struct buf *buf); /* called in its thread */
    void *context;
};

/*
 * A socket for it, where clients wait until the server is started: an address that can not be had
 * is known before anything else is begun. `listen` is an IP. E_USAGE; E_IO when it is taken.
 */
MUST_CHECK bool metrics_server_listen(const char *listen, uint16_t port, int *ret_fd,
                                      struct err *err);

/* Takes over listen_fd, whatever the outcome. E_STATE. */
MUST_CHECK bool metrics_server_start(const struct metrics_server_spec *spec, int listen_fd,
                                     struct metrics_server **ret_server, struct err *err);
void metrics_server_stop(struct metrics_server *server); /* NULL is fine */
