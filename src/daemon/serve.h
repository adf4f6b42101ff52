/*
 * The daemon: `borealis serve`. Runs in the main thread until it is told to stop; see
 * src/daemon/README.md for its threads and the order in which it stops.
 */
#pragma once

#include "base/err.h"
#include "cluster/cluster.h"

struct serve_options {
    const char *dir; /* made when missing */
    struct cluster_options cluster;
};

/* Returns when the daemon was asked to stop and has stopped. */
MUST_CHECK bool serve_run(const struct serve_options *options, struct err *err);
