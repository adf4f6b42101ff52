/*
 * struct event_filter: which plain events are wanted, by GTID, server, database and table.
 *
 * Events go in one by one and come out with the answer. What belongs to the log itself (format
 * description, GTIDs before it, rotate, stop, checkpoint, incident) is always wanted. A GTID and a
 * server id choose whole transactions. Databases and tables choose rows events with their table
 * maps, and statements: those by their default database and, where the event lists them, by the
 * databases they change, because no event names a statement's tables. What frames changes (GTID,
 * BEGIN, COMMIT, a payload, a statement's text and variables) is wanted when a change is: so it is
 * held, at most EVENT_FILTER_HELD_MAX bytes of it, until the first change is wanted or the
 * transaction ends, and no empty transactions are left. XA COMMIT and XA ROLLBACK of what was
 * prepared before are wanted always: the log does not tell what they end.
 *
 * No I/O; owned by one thread.
 */
#pragma once

#include "binlog/unpacker.h"

#define EVENT_FILTER_HELD_MAX ((size_t)256 << 20)

/* As on the command line; NULL: not asked for. The texts' forms: gtid_filter.h, table_filter.h. */
struct event_criteria {
    const char *include_gtids;
    const char *exclude_gtids;
    const char *databases;
    const char *tables;
    const char *server_id;
};

struct event_filter;

/* E_USAGE, with the option's name before the message. */
MUST_CHECK bool event_filter_new(const struct event_criteria *criteria,
                                 struct event_filter **ret_filter, struct err *err);
void event_filter_free(struct event_filter *filter); /* NULL is fine */

/* Whether nothing was asked for: then events need not go through. */
bool event_filter_wants_all(const struct event_filter *filter);

/*
 * Takes an event in; `in_range` false: it is not wanted, whatever it is. The answers have to be
 * fetched before the next event. E_PROTO; E_LIMIT; E_USAGE for GTIDs of the other family than those
 * asked for.
 */
MUST_CHECK bool event_filter_take(struct event_filter *filter, const struct plain_event *event,
                                  const struct format *format, bool in_range, struct err *err);

/*
 * The next event that is decided, borrowed until the next take; false when there is none. All
 * events come out once, but for those still held at the end of a range or a file.
 */
bool event_filter_next(struct event_filter *filter, struct plain_event *ret_event,
                       bool *ret_wanted);

/* At the end of a file: what is held is forgotten. */
void event_filter_end_file(struct event_filter *filter);
