/*
 * The options and arguments that all verbs of 'borealis binlog' share: files in order, a range of
 * them, and what is wanted in it.
 */
#pragma once

#include "cli/event_filter.h"
#include "cli/event_source.h"
#include "cli/verb.h"

/* For every verb: what cuts between events or chooses whole transactions. */
#define BINLOG_RANGE_OPTIONS                                                                       \
    {"start-position", "N", "Begin with the event at this offset of the first file."},             \
        {"stop-position", "N",                                                                     \
         "End before the first event at this offset, or after it, of the last file."},             \
        {"start-datetime", "TIME",                                                                 \
         "Begin with the first event of this time or later: 'YYYY-MM-DD HH:MM:SS', UTC unless an " \
         "offset such as +02:00 follows."},                                                        \
        {"stop-datetime", "TIME", "End before the first event of this time or later."},            \
        {"include-gtids", "GTIDS",                                                                 \
         "Only these transactions: a MySQL set (UUID:1-5), or MariaDB's GTIDs with ranges "        \
         "(0-1-5, 0-1-7..9, 0-1-7.., 0-*-7..9)."},                                                 \
        {"exclude-gtids", "GTIDS", "All but these transactions."},                                 \
        {"server-id", "ID", "Only transactions of the server with this id."},                      \
    {                                                                                              \
        "no-progress", NULL, "Do not tell on a terminal how far it is."                            \
    }

/* What chooses inside transactions: for verbs that read, but make no binlog. */
#define BINLOG_FILTER_OPTIONS                                                                      \
    {"database", "NAME,...",                                                                       \
     "Only changes in these databases; statements by their default database too."},                \
    {                                                                                              \
        "table", "DB.TABLE,...",                                                                   \
            "Only changes of these tables; of statements, which do not name them, all in their "   \
            "databases."                                                                           \
    }

#define BINLOG_FILTER_DETAILS                                                                      \
    "\n\nRanges cut between events, as mysqlbinlog's do; GTIDs and server ids choose whole\n"      \
    "transactions; databases and tables choose rows and statements, and transactions that\n"       \
    "have none left are left out. Several choices hold together. What belongs to the log\n"        \
    "itself, such as format descriptions, is shown wherever the range has it."

#define BINLOG_ROWS_OPTION                                                                         \
    {                                                                                              \
        "rows", "FORM",                                                                            \
            "Rows as 'binlog', the default: BINLOG statements; or as 'statements': INSERT, "       \
            "UPDATE and DELETE."                                                                   \
    }

struct binlog_options {
    uint64_t start;
    uint64_t stop;
    uint64_t start_time; /* seconds since 1970 */
    uint64_t stop_time;
    struct event_criteria criteria; /* checked */
    bool progress;
};

/*
 * Reads the options of the tables above that the verb has, and checks that a file is named; what
 * is in `options` borrows from the values. False when that failed: a message was printed and the
 * exit status is EXIT_USAGE.
 */
bool binlog_options_parse(const struct verb *verb, const char *const *values, int argc,
                          struct binlog_options *ret_options);

/* Reads --rows. False as above. */
bool binlog_options_rows(const struct verb *verb, const char *const *values,
                         bool *ret_as_statements);

/*
 * The range of file `i` of `count`: the options' start position is the first file's, the stop
 * position the last's, the times are all files'.
 */
struct event_range binlog_options_range(const struct binlog_options *options, int i, int count);

/* Prints "borealis VERB: message" for a failed operation; returns EXIT_FAILED or EXIT_USAGE. */
int binlog_failed(const struct verb *verb, const struct err *err);
