/*
 * struct dump_filter: what of a log's transactions a replica gets whose account has replicate_*
 * rules, event by event: kept, dropped, or other events in its place.
 *
 * Every transaction keeps its GTID and its end, so that the replica's GTIDs are the source's; what
 * is unwanted in between is dropped. A statement that stands alone, such as DDL, becomes an empty
 * transaction: BEGIN and XID of MySQL; in MariaDB its GTID loses the flag that it stands alone, and
 * an XID follows. What goes before an event that it belongs to (a GTID, table maps, a statement's
 * variables, the file of a LOAD DATA) is held until that event is decided. Nothing that is sent is
 * longer than what it stands for: replicas count bytes.
 *
 * Needs GTIDs on both sides. What can not be decided is an error: E_STATE. The rules are the
 * caller's and outlive it. One thread; no I/O. Memory: what is held, DUMP_FILTER_HELD_MAX at most.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/replicate_rules.h"

#define DUMP_FILTER_HELD_MAX ((size_t)256 << 20) /* bytes */

struct dump_filter;

struct dump_filter *dump_filter_new(const struct replicate_rules *rules);
void dump_filter_free(struct dump_filter *filter); /* NULL is fine */

/* A file begins, or the middle of one: its whole format description event. E_PROTO. */
MUST_CHECK bool dump_filter_file(struct dump_filter *filter, struct span event, struct err *err);

struct dump_filter_verdict {
    struct span first; /* whole events that go out before it; borrowed until the next call */
    bool keep;         /* then the event itself goes out */
};

/* Of a whole event. E_PROTO; E_LIMIT; E_STATE: what can not be decided, and what to do. */
MUST_CHECK bool dump_filter_take(struct dump_filter *filter, const struct event_header *header,
                                 struct span event, struct dump_filter_verdict *ret_verdict,
                                 struct err *err);
