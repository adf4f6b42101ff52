/*
 * struct event_source: the events of one binlog file, or of standard input, checked by a reader.
 *
 * Events before the range are given too, marked, because table maps and the format description
 * among them count for what follows. Errors begin with the file's name. Owned by one thread.
 */
#pragma once

#include "base/file_reader.h"
#include "binlog/reader.h"

/*
 * Offsets and times, each range cut at events as mysqlbinlog cuts: from the first event at `start`
 * whose time is `start_time` or later on, whatever the times after it are; up to, and without, the
 * first event of that range at `stop` or after it, or whose time is `stop_time` or later.
 */
struct event_range {
    uint64_t start;      /* offset of the first event; 0: the file's first */
    uint64_t stop;       /* UINT64_MAX: to the end */
    uint64_t start_time; /* seconds since 1970; 0: any */
    uint64_t stop_time;  /* seconds since 1970; UINT64_MAX: to the end */
};

struct event_source {
    const char *path; /* for messages; "standard input" for "-" */
    struct event_range range;
    struct reader reader;
    bool in_range;     /* the last event given */
    bool time_reached; /* there was an event of start_time or later */
    bool stopped;      /* the range ended before the file */
    bool stopped_by_time;
    bool inside;        /* a transaction is open before the last event given, or at the stop */
    uint64_t inside_of; /* where it began */

    struct { /* of event_source.c */
        struct file_reader *file;
        struct span window;
        size_t given; /* length of the whole window at the last move */
    } own;
};

/* `path` must stay. E_IO, E_USAGE. */
MUST_CHECK bool event_source_open(struct event_source *source, const char *path,
                                  struct event_range range, struct err *err);
void event_source_close(struct event_source *source); /* one that was not opened is fine */

/*
 * The next event, borrowed until the next call; ret_event->bytes is empty at the end, which was
 * checked then: a file that ends in an event or a transaction is an error.
 */
MUST_CHECK bool event_source_next(struct event_source *source, struct reader_event *ret_event,
                                  struct err *err);

/*
 * Reads on, over the end of the range too, until no transaction is open, for a message that names
 * the place: the offset after the transaction's last event.
 */
MUST_CHECK bool event_source_find_boundary(struct event_source *source, uint64_t *ret_offset,
                                           struct err *err);

/* Bytes of the file as it lies there, and how many of them were read; 0 and 0 when not known. */
uint64_t event_source_size(const struct event_source *source);
uint64_t event_source_taken(const struct event_source *source);
