/*
 * struct endpoint: a TCP listener through which clients reach one engine.
 *
 * The endpoint does not log in: it connects to the engine's unix socket for each client, says whom
 * it speaks for in a PROXY header, and relays handshake, commands and results, so accounts,
 * passwords and privileges stay the engine's (see session.h). A client that asks for the binlog
 * gets the cluster's change log (dump_session.h). One thread accepts; each client has a thread of
 * its own. endpoint_start() and endpoint_stop() belong to the owner; endpoint_n_sessions() to any
 * thread.
 */
#pragma once

#include "base/err.h"
#include "endpoint/access.h"
#include "endpoint/show_view.h"
#include "endpoint/traffic.h"
#include "net/tls.h"
#include "replication/change_log.h"
#include "translation/hidden_key.h"

#include <stddef.h>

struct endpoint;

/* All is borrowed and must outlive the endpoint. */
struct endpoint_spec {
    const char *name;          /* of log lines */
    const char *engine_socket; /* unix socket path */
    const struct tls *tls_server;
    const struct tls *tls_engine;
    struct access *access;
    struct traffic *traffic;
    const char *master_user;
    struct change_log *change_log;     /* what a client that asks for the binlog is given */
    unsigned compatibility;            /* of the cluster: show_view.h */
    const char *server_uuid;           /* that MySQL's replicas are told */
    const char *const *reserved_users; /* refused here, whatever their password; NULL at the end */
    show_describe_source *describe_source; /* any thread */
    void *describe_context;
    struct hidden_key_source hidden_keys; /* any thread */
};

/* Takes over listen_fd and begins to accept. */
MUST_CHECK bool endpoint_start(const struct endpoint_spec *spec, int listen_fd,
                               struct endpoint **ret_endpoint, struct err *err);

/* Stops accepting, ends every session, waits for their threads and frees. NULL is fine. */
void endpoint_stop(struct endpoint *endpoint);

size_t endpoint_n_sessions(struct endpoint *endpoint);
