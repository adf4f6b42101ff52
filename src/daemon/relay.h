/*
 * struct relay: `borealis relay`: keeps mirrors of the binlogs of one source or several, and serves
 * them to replicas, until SIGINT, SIGTERM or `borealis relay stop`.
 *
 *     DIR/daemon.lock     flock()ed while it runs; holds its pid
 *     DIR/borealis.sock   control socket: status, stop, reload
 *     DIR/identity.json   the server id and UUID that it shows to both sides
 *     DIR/tls/            the listeners' certificate and its authority's, when none was given
 *     DIR/NAME/           a channel (replication/channel.h); that of the flags is "source"
 *
 * The main thread starts, watches and stops; the control socket's thread answers, and reloads. What
 * they share, the channels above all, is used under one lock.
 */
#pragma once

#include "daemon/relay_config.h"

/*
 * Takes over a share of the config. False with the reason when it could not begin: then none of its
 * channels could. One that can not while others do is tried again every minute.
 */
MUST_CHECK bool relay_run(struct relay_config *config, struct err *err);

/* Whether relay_run() would find what the config names: loads the certificates. */
MUST_CHECK bool relay_check(struct relay_config *config, struct err *err);
