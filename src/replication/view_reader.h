/*
 * struct view_reader: gives the events of a mirror as another dialect's servers write them, in
 * batches as a log_reader gives them: the same files under names of their own, with offsets of
 * their own (binlog/translator.h). Each file is translated from its beginning, whatever the place
 * that was asked for, because only so the offsets are always the same; what stands before the place
 * is not given. Only whole transactions are taken from the log.
 *
 * Owned by one thread; closed before the mirror is. Memory: a log_reader's, the translator's, and a
 * batch, which may be as large as the largest transaction that the translator holds.
 *
 * A log that begins in the middle of a file has offsets of its own in that file: there the first
 * batch is not at the file's beginning, which the log does not have.
 */
#pragma once

#include "log/log_reader.h"
#include "replication/dump_limits.h"
#include "translation/translator.h"

struct view_reader;

/*
 * `from` is a place of the source's: the first file's start, or the end of a transaction in any;
 * later ones than the log has yet are waited for. The file of an empty name is the oldest. E_STATE:
 * the file is not in the log; E_IO.
 */
MUST_CHECK bool view_reader_open(struct mirror *mirror, const struct translator_options *options,
                                 const struct log_position *from, size_t read_buffer,
                                 struct view_reader **ret_reader, struct err *err);
void view_reader_close(struct view_reader *reader); /* NULL is fine */

/*
 * For who remembers places of the view: of each file that is read from now on, where transactions
 * end goes into the log's offset map of it, before they are given (log/offset_maps.h); durably, if
 * a crash of ours must not take back what was given.
 */
void view_reader_record(struct view_reader *reader, bool durable);

/*
 * What is given of the log to whom it is limited. Set before the first batch; stays while the
 * reader does. The batches are the same: a verdict is asked for.
 */
void view_reader_limit(struct view_reader *reader, const struct dump_limits *limits);

enum view_verdict { VIEW_GIVE, VIEW_LEAVE_OUT, VIEW_STOP };

/*
 * Of the transaction of the last batch that begins there; and where it begins in the source's file,
 * 0: none of them does. Only of a reader that is limited.
 */
enum view_verdict view_reader_verdict(const struct view_reader *reader, uint64_t view_offset);
uint64_t view_reader_source_offset(const struct view_reader *reader, uint64_t view_offset);

/* Whether a transaction that came next would be behind the stop. */
bool view_reader_is_stop(const struct view_reader *reader);

/*
 * As log_reader_next(), with names and offsets of the view; a FILE batch that is not at the file's
 * beginning has the place that was asked for. EVENTS may be empty: what was read is passed over, or
 * held by the translator. Besides its errors: E_USAGE, no transaction ends at
 * the place that was asked for; and the translator's, with the source's file and offset before the
 * text. E_TIMEOUT, its resolver's, has a code that replicas come back after.
 */
MUST_CHECK bool view_reader_next(struct view_reader *reader, struct log_batch *ret_batch,
                                 struct err *err);

/* As those of log_reader. */
MUST_CHECK bool view_reader_wait(struct view_reader *reader, int64_t deadline_usec,
                                 int interrupt_fd, enum log_wait *ret, struct err *err);
bool view_reader_arm_closed(struct view_reader *reader);
bool view_reader_at_end(const struct view_reader *reader);
int view_reader_fd(const struct view_reader *reader);
void view_reader_set_buffer(struct view_reader *reader, size_t read_buffer);

/* Where the log is read: the source's name and the end of what was translated. */
void view_reader_place(const struct view_reader *reader, struct log_position *ret_place);

/* translator_last_without_gtid(); right after the first FILE batch, of what is before the place. */
uint64_t view_reader_last_without_gtid(const struct view_reader *reader);

/*
 * A transaction that can not be translated has an empty one in its place, in a batch by itself, so
 * that what follows can be given to who does not need it. Why it can not be, with the source's file
 * and offset; NULL when the last batch is none of these. Of a large one a part may have come
 * before, and the batch is empty.
 */
const struct err *view_reader_refusal(const struct view_reader *reader);

/* A statement that a transaction of the last batch comes without: it may be an empty one. */
struct view_left_out {
    uint64_t view_offset;       /* where the transaction begins */
    struct log_position place;  /* the statement's, in the source's file */
    char words[SQL_WORDS_SIZE]; /* what it was */
};

/* Those of the last batch, in the order of their places; borrowed until the next. */
const struct view_left_out *view_reader_left_out(const struct view_reader *reader,
                                                 size_t *ret_count);

/* Whether the last error was that something can not be translated, outside of transactions. */
bool view_reader_is_stopped(const struct view_reader *reader);
