/*
 * The daemon: `borealis serve`. Runs in the main thread until it is told to stop; see
 * src/daemon/README.md for its threads and the order in which it stops.
 */
#pragma once

#include "base/disk_watch.h"
#include "cluster/cluster_plan.h"

struct serve_options {
    const char *dir;                /* made when missing */
    struct cluster_options cluster; /* of the first one, CLUSTER_DEFAULT_NAME */
    const char *metrics_listen;     /* an IP; NULL: no metrics */
    uint16_t metrics_port;
    const char *source_address; /* of clusters' own connections; NULL: as routing picks */
    struct disk_limits disk_limits;
};

/* Returns when the daemon was asked to stop and has stopped. */
MUST_CHECK bool serve_run(const struct serve_options *options, struct err *err);
