/*
 * struct dump: what a dump's files share: dump.c has its loop, dump_begin.c how a file begins, and
 * dump_events.c which of its events the replica gets.
 */
#pragma once

#include "replication/dump.h"
#include "replication/dump_accounts.h"
#include "replication/dump_feed.h"
#include "replication/dump_filter.h"
#include "replication/dump_out.h"
#include "replication/dump_start.h"

#define ER_DUMP ER_MASTER_FATAL_ERROR_READING_BINLOG

struct dump {
    const struct dump_spec *spec;
    struct dump_start start;
    struct dump_out out;
    struct dump_feed feed;
    struct dump_controls_watch watch;
    struct dump_ears ears;
    struct dump_filter *filter;     /* NULL: all changes are sent */
    struct dump_accounts *accounts; /* NULL: as they are */
    uint64_t unsent;      /* bytes that it left out or holds, and the replica does not know of */
    bool yields;          /* in this file: it began while yielding was on */
    bool limited;         /* the transaction at hand is one that its limits leave out */
    bool left_out;        /* the replica does not know yet how far the dump is */
    bool ended;           /* UNTIL is reached */
    int64_t heartbeat_at; /* the next while nothing is sent; CLOCK_NEVER: none */
};

/*
 * What is said where a file begins. A dump yields from the first file on that the log comes to
 * while yielding is on.
 */
MUST_CHECK bool dump_begin_file(struct dump *dump, const struct log_batch *batch, struct err *err);

/* A MariaDB replica is told that it has all that it asked for; the dump has ended. */
MUST_CHECK bool dump_end_at_until(struct dump *dump, struct err *err);

/* All that follows goes out as it is, but for a file's end. */
bool dump_is_plain(const struct dump *dump);

/* dump_out_events() of what stands at that offset. */
MUST_CHECK bool dump_send_plain(struct dump *dump, uint64_t offset, struct span events,
                                size_t *ret_size, struct err *err);

/* Of a batch of whole events those that the replica is to get. */
MUST_CHECK bool dump_send_events(struct dump *dump, const struct log_batch *batch, struct err *err);

/* True, with the error for the replica, when the batch stands for what can not be translated. */
bool dump_refuse(const struct dump *dump, struct err *err);

/* The log ends with a whole transaction where the dump is. */
bool dump_is_at_whole_end(const struct dump *dump);
