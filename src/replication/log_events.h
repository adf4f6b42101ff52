/*
 * struct log_events: the rows of SHOW BINLOG EVENTS, one at a time: the events of one file of a
 * mirror from a position on, up to where the file ended when they were asked for.
 *
 * Memory: a piece of the file and its largest event; MySQL's compressed transactions are given
 * event by event. Owned by one thread; closed before the mirror is.
 */
#pragma once

#include "log/mirror.h"
#include "wire/result.h"

#define LOG_EVENTS_COLUMNS 6

struct log_events_spec {
    struct span file; /* empty: the oldest */
    uint64_t from;    /* 0: the file's first event; else the offset of an event */
    uint64_t offset;  /* rows to leave out before the first */
    uint64_t limit;   /* rows; UINT64_MAX: all */
};

struct log_events;

/* Errors have the servers' number and text of this statement. The spec is copied. */
MUST_CHECK bool log_events_open(struct mirror *mirror, const struct log_events_spec *spec,
                                struct log_events **ret_events, struct err *err);
void log_events_close(struct log_events *events); /* NULL is fine */

/* Gives a new result its columns. */
MUST_CHECK bool log_events_add_columns(struct result *result, struct err *err);

/*
 * The next row, borrowed until the next call; *ret_more is false after the last. E_IO, E_PROTO,
 * E_STATE, E_LIMIT, with the number of the statement's error.
 */
MUST_CHECK bool log_events_next(struct log_events *events,
                                struct span ret_row[static LOG_EVENTS_COLUMNS], bool *ret_more,
                                struct err *err);
