/*
 * A relay's metrics, for Prometheus: one table each of those of a channel and of a replica. Names
 * and labels are part of the interface: they are only ever added (share/prometheus, share/grafana
 * and borealis(1) have them).
 */
#pragma once

#include "base/buf.h"
#include "daemon/relay_snapshot.h"

#include <stdio.h>

void relay_metrics_render(const struct relay_snapshot *snapshot, int64_t started_usec,
                          struct buf *buf);

/* The part of the man page that lists them, as scdoc source. */
void relay_metrics_print_man(FILE *out);
