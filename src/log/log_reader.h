/*
 * struct log_reader: gives the synced events of a mirror in their order, many at once, from a
 * position on: through the files, and on to those that are still to come.
 *
 * What is at the log's end comes out of the shared cache, without a copy where that can be; what is
 * older is read from the files: the disk is asked for `read_buffer` bytes ahead, and memory takes
 * them in pieces that the processor's own cache holds. It holds its file open, so that a
 * purge does not take it away: only the step to a file that was purged meanwhile fails. Owned by
 * one thread; closed before the mirror is.
 */
#pragma once

#include "log/mirror.h"

#define LOG_READ_BUFFER_MIN     8192
#define LOG_READ_BUFFER_MAX     536870912
#define LOG_READ_BUFFER_DEFAULT 5242880

struct log_reader;

/*
 * `from` must be the beginning of an event, or the end of the synced bytes of its file; the file of
 * an empty name is the oldest. `read_buffer` is in bytes, 0 for the default; an event that is
 * larger than it gets what it needs. E_STATE: the file is not in the log, or its bytes from that
 * offset on are not (before its start, or not synced yet); E_USAGE: no event begins there.
 */
MUST_CHECK bool log_reader_open(struct mirror *mirror, const struct log_position *from,
                                size_t read_buffer, struct log_reader **ret_reader,
                                struct err *err);
void log_reader_close(struct log_reader *reader); /* NULL is fine */

enum log_batch_kind {
    LOG_BATCH_NONE,   /* all that is synced was given; log_reader_wait() for more */
    LOG_BATCH_FILE,   /* a file begins, the first one too: name, offset, format; no events */
    LOG_BATCH_EVENTS, /* whole events, one after the other */
};

struct log_batch {
    enum log_batch_kind kind;
    const char *name;   /* of the file; borrowed until the next call */
    uint64_t offset;    /* of the first byte */
    struct span events; /* borrowed until the next call */
    struct span format; /* FILE: its format description event, without IN_USE */
    bool from_cache;
};

/*
 * The next events; those of one batch are of one file. In the first file a format description that
 * stands before `offset` is not given again as an event; one that stands at `offset` is, besides
 * being in the FILE batch. E_IO, E_PROTO (the file was damaged), E_STATE (the next file was purged,
 * or all was given and the log has failed).
 */
MUST_CHECK bool log_reader_next(struct log_reader *reader, struct log_batch *ret_batch,
                                struct err *err);

/*
 * After a NONE: waits until log_reader_next() has something, be it that the log has failed or was
 * shut down. LOG_WAIT_INTERRUPTED as soon as `interrupt_fd` (-1: none) is readable. E_IO.
 */
MUST_CHECK bool log_reader_wait(struct log_reader *reader, int64_t deadline_usec, int interrupt_fd,
                                enum log_wait *ret, struct err *err);

/*
 * From now until the next log_reader_next(), log_reader_fd() is raised when the file that is read
 * is closed, however it grows until then, or when the log has failed or was shut down. True when
 * that is so already.
 */
bool log_reader_arm_closed(struct log_reader *reader);

/* Whether all was given that was there when it last looked. */
bool log_reader_at_end(const struct log_reader *reader);

/*
 * A descriptor for the caller's own poll(): readable when the log has grown since the last NONE, or
 * as log_reader_arm_closed() says.
 */
int log_reader_fd(const struct log_reader *reader);

/*
 * From now on nothing of a transaction is given before all of it is there; what a source that was
 * killed left of one at a file's end is passed over.
 */
void log_reader_set_whole(struct log_reader *reader);

/*
 * For who looks at each event anyway, and would pay for a second walk over them: from now on a
 * batch begins with a whole event, what comes behind that was not looked at, and may end within an
 * event. After each batch of EVENTS, before the next call, the caller says with log_reader_walk()
 * how many bytes of it it has taken, which end with a whole event: the batch is cut to the events
 * between there and the last whole one, and they are what is still to be taken. E_PROTO: the file
 * was damaged.
 */
void log_reader_set_unwalked(struct log_reader *reader);
MUST_CHECK bool log_reader_walk(struct log_reader *reader, size_t taken, struct log_batch *batch,
                                struct err *err);

/* Another size of read buffer from the next read on; clamped to the bounds. */
void log_reader_set_buffer(struct log_reader *reader, size_t read_buffer);
