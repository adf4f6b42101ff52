/*
 * struct reader: walks the bytes of a binlog file, or single events from elsewhere, and keeps what
 * their meaning depends on: the format description, the offset, whether a transaction is open.
 *
 * No I/O: the caller gives it a window of the file's bytes and moves the window on. Nothing is
 * copied or allocated. Offsets are 64 bits wide; an event's log_pos is their lower 32 bits, or 0
 * (MariaDB from 11.4 on writes 0 inside transactions). Owned by one thread; a value without
 * pointers to free. Errors are E_PROTO with "offset N: " before the event's own message, E_STATE
 * for what is recognised but can not be read: encrypted files and old versions.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

#define READER_MAGIC_SIZE 4

enum reader_transaction {
    READER_OUTSIDE, /* the log may be cut here */
    READER_BEGUN,   /* a GTID, or what belongs to the next statement */
    READER_INSIDE,  /* after BEGIN, or a MariaDB GTID that stands for it */
};

struct reader {
    /* Set by the caller after reader_init(). */
    bool verify_checksums;
    bool check_positions; /* log_pos against the offset; not for relay logs */
    uint32_t event_max;   /* bytes; larger events are refused; EVENT_LENGTH_MAX to begin with */

    /* For the caller to read. */
    uint64_t offset; /* of the next event */
    size_t need;     /* bytes the window must have for reader_next() to get on */
    bool has_format;
    struct format format; /* of the events to come */
    enum reader_transaction transaction;
    uint64_t transaction_offset; /* where it began, unless outside */
    bool closed;                 /* the last event was ROTATE or STOP */
    bool relay_log;              /* the format description says so */
};

struct reader_event {
    struct event_header header;
    uint64_t offset;   /* of its first byte */
    struct span bytes; /* all of it */
    struct span body;  /* without common header and checksum */
};

/* For a file, from its first byte on. */
void reader_init(struct reader *reader);

/*
 * Takes the next event off the window, which begins at reader->offset. When the window is too short
 * ret_event->bytes is empty, and reader->need tells how long it must be. The event borrows from the
 * window.
 */
MUST_CHECK bool reader_next(struct reader *reader, struct span *window,
                            struct reader_event *ret_event, struct err *err);

/*
 * One whole event that came by itself, as from the wire; the first ones may come before a format
 * description. `has_checksum` is of events before it.
 */
MUST_CHECK bool reader_event_parse(struct reader *reader, struct span bytes, bool has_checksum,
                                   struct reader_event *ret_event, struct err *err);

/*
 * At the end of the file, with the bytes that are left in the window: E_PROTO when it ends inside
 * an event or a transaction. Otherwise reader->closed tells whether it was closed.
 */
MUST_CHECK bool reader_finish(const struct reader *reader, struct span window, struct err *err);
