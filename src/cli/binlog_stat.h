/*
 * struct binlog_stat: what binlog files hold, counted: event types, tables, transactions, time.
 *
 * Memory grows with the number of different tables only. No I/O; owned by one thread;
 * binlog_stat_done() ends it.
 */
#pragma once

#include "binlog/unpacker.h"

#define STAT_TOP         5 /* transactions kept as the largest, and as the longest */
#define STAT_BUCKETS     64
#define STAT_GTID_MAX    96
#define STAT_EVENT_KINDS 256

enum stat_key {
    STAT_KEY_UNKNOWN, /* the table map has no metadata on it */
    STAT_KEY_NONE,
    STAT_KEY_PRIMARY,
};

struct stat_count {
    uint64_t count;
    uint64_t bytes;
};

struct stat_table {
    char *name;       /* "database.table" */
    uint64_t rows[3]; /* by enum rows_kind */
    uint64_t bytes;   /* of its rows events; plain ones where they are compressed */
    uint64_t events;
    enum stat_key key;
};

struct stat_transaction {
    char gtid[STAT_GTID_MAX]; /* "": it has none */
    const char *path;
    uint64_t offset;
    uint64_t bytes; /* in the file */
    uint64_t rows;
    uint32_t begun; /* seconds since 1970: the earliest and the latest of its events */
    uint32_t ended;
};

struct binlog_stat {
    uint64_t files;
    uint64_t events;
    uint64_t bytes;
    struct stat_count types[STAT_EVENT_KINDS];  /* by event type as stored */
    struct stat_count packed[STAT_EVENT_KINDS]; /* inside Transaction_payload events; plain bytes */
    uint64_t rows[3];                           /* by enum rows_kind */
    uint64_t unread;                            /* rows events whose rows can not be decoded */
    uint32_t first_time;                        /* seconds since 1970; 0: no event has a time */
    uint32_t last_time;

    uint64_t transactions;
    uint64_t transaction_bytes;
    struct stat_transaction largest[STAT_TOP]; /* sorted; bytes 0: none */
    struct stat_transaction longest[STAT_TOP]; /* sorted; those of 1 second or more */
    uint64_t buckets[STAT_BUCKETS];            /* transactions by time, from bucket_start on */
    uint32_t bucket_start;
    uint32_t bucket_seconds;

    struct stat_table **tables; /* sorted by rows, then bytes, after binlog_stat_finish() */
    uint32_t table_count;

    struct stat_work *work; /* of binlog_stat.c */
};

void binlog_stat_init(struct binlog_stat *stat);
void binlog_stat_done(struct binlog_stat *stat);

/*
 * Counts a plain event of an event that `reader` gave; one that is not wanted only counts for what
 * those after it need. `path` must stay as long as the stat. E_PROTO, E_LIMIT.
 */
MUST_CHECK bool binlog_stat_take(struct binlog_stat *stat, const char *path, bool wanted,
                                 const struct reader *reader, const struct plain_event *event,
                                 struct err *err);

/* After the plain events of each event that the reader gave. */
void binlog_stat_end_event(struct binlog_stat *stat, const struct reader *reader);

/* At the end of each file, and, to sort, after the last one. */
void binlog_stat_end_file(struct binlog_stat *stat);
void binlog_stat_finish(struct binlog_stat *stat);
