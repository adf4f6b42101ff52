/*
 * Walks the plain events of binlog files in order, and what is packed in them, into a function;
 * with what the verbs that print as they go share: output in large pieces, errors with their place.
 */
#pragma once

#include "binlog/unpacker.h"
#include "cli/binlog_options.h"

/*
 * Takes an event: appends to `out` what is to be printed. Events out of the range come too. The
 * message of an error need not tell file and offset.
 */
typedef bool event_walk_take(void *context, const struct event_source *source,
                             const struct plain_event *event, struct buf *out, struct err *err);

/* All files, to standard output; returns the exit status, after a message for a failure. */
int event_walk_run(const struct verb *verb, const struct binlog_options *options, int argc,
                   char **argv, event_walk_take *take, void *context);
