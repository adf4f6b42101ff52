/*
 * The clusters' metrics, for Prometheus: one table of those of a cluster. Names and labels are part
 * of the interface: they are only ever added (share/prometheus and borealis(1) have them).
 *
 * What a reading takes is in memory, in the store and in the names and sizes of files: no engine is
 * asked, so it never waits for one. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "daemon/clusters.h"

#include <stdio.h>

void cluster_metrics_render(struct clusters *clusters, int64_t started_usec, struct buf *buf);

/* The part of the man page that lists them, as scdoc source. */
void cluster_metrics_print_man(FILE *out);
