/*
 * struct log_position: a place in a log: a file's name and the offset of the next byte.
 *
 * Names are the source's own: something, a dot and at least six digits ("mysql-bin.000001"), at
 * most LOG_NAME_MAX bytes, without '/' and without a leading dot, so that one can never leave the
 * log's directory or meet another file in it. A value without pointers: freely copied, any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define LOG_NAME_MAX     250 /* bytes; NAME.idx is a file name too */
#define LOG_FIRST_OFFSET 4   /* of the first event of a file, after the magic */

struct log_position {
    char name[LOG_NAME_MAX + 1];
    uint64_t offset; /* bytes */
};

/* E_USAGE for what is no name of a binlog file; *ret_name has room for LOG_NAME_MAX + 1. */
MUST_CHECK bool log_name_check(struct span name, char *ret_name, struct err *err);

/* The number at the end of a name that was checked; UINT64_MAX when it does not fit. */
uint64_t log_name_number(const char *name);

/* Length of the part before the last dot. */
size_t log_name_base_length(const char *name);
