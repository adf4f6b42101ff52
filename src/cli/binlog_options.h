/*
 * The options and arguments that all verbs of 'borealis binlog' share: files in order and a range.
 */
#pragma once

#include "cli/event_source.h"
#include "cli/verb.h"

#define BINLOG_RANGE_OPTIONS                                                                       \
    {"start-position", "N", "Begin with the event at this offset of the first file."},             \
    {                                                                                              \
        "stop-position", "N",                                                                      \
            "End before the first event at this offset, or after it, of the "                      \
            "last file."                                                                           \
    }

#define BINLOG_ROWS_OPTION                                                                         \
    {                                                                                              \
        "rows", "FORM",                                                                            \
            "Rows as 'binlog', the default: BINLOG statements; or as 'statements': INSERT, "       \
            "UPDATE and DELETE."                                                                   \
    }

struct binlog_options {
    uint64_t start;
    uint64_t stop;
};

/*
 * Reads the range options and checks that a file is named. False when that failed: a message was
 * printed and the exit status is EXIT_USAGE.
 */
bool binlog_options_parse(const struct verb *verb, const char *const *values, int argc,
                          struct binlog_options *ret_options);

/* Reads --rows. False as above. */
bool binlog_options_rows(const struct verb *verb, const char *const *values,
                         bool *ret_as_statements);

/* The range of file `i` of `count`: the options' start is the first file's, their stop the last's.
 */
struct event_range binlog_options_range(const struct binlog_options *options, int i, int count);

/* Prints "borealis VERB: message" for a failed operation; returns EXIT_FAILED or EXIT_USAGE. */
int binlog_failed(const struct verb *verb, const struct err *err);
