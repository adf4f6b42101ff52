/*
 * struct view_writer: puts events at their place in a file of a view: each with its end there as
 * log_pos, and a checksum where the file has them.
 *
 * An event is begun in a buf, its body appended there by whoever makes it, and ended; it is either
 * placed at once or held in the buf without a place, to be placed with those around it. A value
 * without pointers; owned by one thread. No I/O.
 */
#pragma once

#include "binlog/format.h"

struct view_writer {
    uint64_t offset; /* of the next event in the view's file */
    size_t checksum_size;
};

/* Appends an event's header, without length and place; returns where it begins in buf. */
size_t view_begin(struct buf *buf, const struct event_header *header);

/*
 * The body is whole: sets the event's type, which is known only then, and its length. E_LIMIT: it
 * is longer than an event can be, or than buf takes.
 */
MUST_CHECK bool view_end(const struct view_writer *writer, struct buf *buf, size_t start,
                         uint8_t type, struct err *err);

/* Begins and ends an event of the header's type. E_LIMIT. */
MUST_CHECK bool view_append(const struct view_writer *writer, struct buf *buf,
                            const struct event_header *header, struct span body, struct err *err);

/* Gives the ended events in buf from `start` to its end their place. E_LIMIT: buf is full. */
MUST_CHECK bool view_place(struct view_writer *writer, struct buf *buf, size_t start,
                           struct err *err);
