/*
 * struct event_source: the events of one binlog file, or of standard input, checked by a reader.
 *
 * Events before the range are given too, marked, because table maps and the format description
 * among them count for what follows. Errors begin with the file's name. Owned by one thread.
 */
#pragma once

#include "base/file_reader.h"
#include "binlog/reader.h"

struct event_range {
    uint64_t start; /* offset of the first event; 0: the file's first */
    uint64_t stop;  /* no event at this offset or after it; UINT64_MAX: to the end */
};

struct event_source {
    const char *path; /* for messages; "standard input" for "-" */
    struct event_range range;
    struct reader reader;
    bool in_range; /* the last event given */
    bool stopped;  /* the range ended before the file */

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

/* Bytes in the file; 0 when that is not known. */
uint64_t event_source_size(const struct event_source *source);
