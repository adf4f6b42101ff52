/*
 * Walks the plain events of binlog files in order, and what is packed in them, into functions;
 * with what the verbs share: the range and the filter of the command line, output in large pieces,
 * errors with their place, progress. One thread.
 */
#pragma once

#include "binlog/unpacker.h"
#include "cli/binlog_options.h"

/*
 * Takes an event: appends to `out` what is to be printed. Events that are not wanted come too, for
 * what those after them need: source->in_range tells, for this event, whether range and filter want
 * it. What only frames changes (GTID, BEGIN, a statement's text) may come after unwanted events
 * that stand behind it in the file, once it is known whether it is wanted. The message of an error
 * need not tell file and offset.
 */
typedef bool event_walk_take(void *context, const struct event_source *source,
                             const struct plain_event *event, struct buf *out, struct err *err);

/* After the plain events of an event of the file, and after the last event of a file. */
typedef void event_walk_end(void *context, const struct event_source *source);

struct event_walk_calls {
    event_walk_take *take;
    event_walk_end *end_event; /* NULL: nobody asks */
    event_walk_end *end_file;  /* NULL: nobody asks; only for a file that was good */
    bool prints;               /* `out` goes to standard output as it comes */
};

struct event_walk;

/* All that is given must stay. */
struct event_walk *event_walk_new(const struct binlog_options *options, int argc, char **argv,
                                  const struct event_walk_calls *calls, void *context);
void event_walk_free(struct event_walk *walk); /* NULL is fine */

/*
 * Walks the next file; what was to be printed of it is written then. ret_more is false when there
 * is none, or none that the range reaches into. After a failure the next call goes on with the
 * file after it. E_IO, E_PROTO, E_STATE, E_LIMIT, E_USAGE.
 */
MUST_CHECK bool event_walk_file(struct event_walk *walk, bool *ret_more, struct err *err);

/* All files, to standard output; returns the exit status, after a message for a failure. */
int event_walk_run(const struct verb *verb, const struct binlog_options *options, int argc,
                   char **argv, event_walk_take *take, void *context);
