/*
 * The dump thread metrics that Aurora MySQL writes to its error log: one line for each replica that
 * is being served, every `borealis_dump_metrics_seconds` (dump_controls.h):
 *
 *     [Dump thread metrics] Secondary_id: 7, Secondary_uuid: 3f0c..., Binlog_file: a.000003,
 *     Pos: 1234, Bytes_behind_primary: 0
 *
 * in one line. The position is that of the dump, so the distance, over the files between, is the
 * lag of the replica's I/O thread and not of its applier (source: Amazon Aurora User Guide, "Binlog
 * I/O cache": what stands there; its exact form is not public).
 *
 * A thread of its own, because a dump that waits for a slow replica could not tell.
 */
#pragma once

#include "base/buf.h"
#include "replication/dump_controls.h"
#include "replication/replicas.h"

struct dump_metrics;

/* `name` is the log's subject. All of them stay until the stop. */
MUST_CHECK bool dump_metrics_start(const char *name, struct replicas *replicas,
                                   struct dump_controls *controls,
                                   struct dump_metrics **ret_metrics, struct err *err);
void dump_metrics_stop(struct dump_metrics *metrics); /* NULL is fine */

/* The text for one replica. */
void dump_metrics_print(struct buf *buf, const struct replica_info *info);
