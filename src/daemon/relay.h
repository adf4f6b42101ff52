/*
 * relay_run(): `borealis relay`: keeps a mirror of one source's binlog and serves it to replicas,
 * until SIGINT or SIGTERM.
 *
 *     DIR/daemon.lock     flock()ed while it runs; holds its pid
 *     DIR/identity.json   the server id and UUID that it shows to both sides
 *     DIR/tls/            the listener's certificate and its authority's, when none was given
 *     DIR/source/         the channel (replication/channel.h)
 */
#pragma once

#include "log/retention.h"
#include "net/tls.h"
#include "replication/receiver.h"

struct relay_options {
    const char *dir;

    const char *source_host;
    uint16_t source_port;
    const char *source_user;
    const char *source_password; /* NULL: none */
    bool source_tls;             /* else in clear */
    struct tls_client_spec source_tls_spec;
    enum receiver_start start;
    struct source_position position;
    const char *gtids;
    bool semi_sync; /* acknowledge events to a source that asks for it */

    const char *listen; /* an IP */
    uint16_t port;
    const char *replica_user;
    const char *replica_password;
    const char *cert_file; /* of the listener's TLS, with its key; NULL: it makes its own */
    const char *key_file;

    uint32_t server_id; /* 0: as kept in the directory, or chosen at the first start */
    struct log_retention retention;
};

/* False with the reason when it could not begin, or can not go on. */
MUST_CHECK bool relay_run(const struct relay_options *options, struct err *err);
