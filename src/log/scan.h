/*
 * struct log_scan: reads a part of a file event by event, from an offset where one begins to a
 * limit. Owned by one thread; log_scan_done() frees its buffer; the descriptor stays the caller's.
 */
#pragma once

#include "binlog/reader.h"

struct log_scan {
    /* For the caller to set after log_scan_init() and to read. */
    struct reader reader;

    /* Its own. */
    int fd;
    uint64_t limit;
    uint8_t *data;
    size_t cap;
    struct span window; /* from reader.offset on */
};

/* `reader` knows the format and stands at the offset; the bytes from `limit` on are not read. */
void log_scan_init(struct log_scan *scan, int fd, const struct reader *reader, uint64_t limit);
void log_scan_done(struct log_scan *scan);

/* log_scan_init() of one that was in use: it keeps its buffer. */
void log_scan_again(struct log_scan *scan, int fd, const struct reader *reader, uint64_t limit);

/*
 * The next event, borrowed until the next call; empty bytes at the limit, or where what is left of
 * the file is less than a whole event. E_IO; E_PROTO: no event is there.
 */
MUST_CHECK bool log_scan_next(struct log_scan *scan, struct reader_event *ret_event,
                              struct err *err);
