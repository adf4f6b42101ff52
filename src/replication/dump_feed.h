/*
 * struct dump_feed: where a dump's events come from: a channel's log as it is, or as another
 * dialect's servers write it. The batches are alike, and so is the rest of the dump. Owned by the
 * dump's thread.
 */
#pragma once

#include "log/log_reader.h"
#include "replication/view_reader.h"

struct dump_feed {
    struct mirror *mirror;
    struct log_reader *log;   /* one of the two */
    struct view_reader *view; /* names and offsets are the view's */
    const struct dump_limits *limits;
};

/*
 * Of a feed that was zeroed; `options` NULL: the log as it is. `whole`: nothing of a transaction is
 * given before all of it is there. See log_reader_open() and view_reader_open().
 */
MUST_CHECK bool dump_feed_open(struct dump_feed *feed, struct mirror *mirror,
                               const struct log_position *from,
                               const struct translator_options *options, bool whole,
                               size_t read_buffer, struct err *err);
void dump_feed_close(struct dump_feed *feed);

/* Before the first batch; NULL: none. They stay while the feed does. */
void dump_feed_limit(struct dump_feed *feed, const struct dump_limits *limits);

/* Of the transaction of the last batch that begins at `at` with the GTID event of this body. */
MUST_CHECK bool dump_feed_verdict(const struct dump_feed *feed, const struct log_position *at,
                                  const struct event_header *header, struct span body,
                                  enum view_verdict *ret_verdict, struct err *err);

/* Whether a transaction that came next, at `at`, would be behind the stop. */
bool dump_feed_is_stop(const struct dump_feed *feed, const struct log_position *at);

/* As those of log_reader. The batches of a view are walked already. */
MUST_CHECK bool dump_feed_next(struct dump_feed *feed, struct log_batch *ret_batch,
                               struct err *err);
void dump_feed_set_unwalked(struct dump_feed *feed);
MUST_CHECK bool dump_feed_walk(struct dump_feed *feed, size_t taken, struct log_batch *batch,
                               struct err *err);
MUST_CHECK bool dump_feed_wait(struct dump_feed *feed, int64_t deadline_usec, int interrupt_fd,
                               enum log_wait *ret, struct err *err);
bool dump_feed_arm_closed(struct dump_feed *feed);
bool dump_feed_at_end(const struct dump_feed *feed);
int dump_feed_fd(const struct dump_feed *feed);
void dump_feed_set_buffer(struct dump_feed *feed, size_t read_buffer);

/* The offset in `name` at which the log's last whole transaction ends; 0: it ends elsewhere. */
uint64_t dump_feed_whole_end(const struct dump_feed *feed, const char *name, uint64_t given);

/* The source's name and offset of what was read last; `at` is the dump's own place. */
void dump_feed_place(const struct dump_feed *feed, const struct log_position *at,
                     struct log_position *ret_place);
