/*
 * copy_time: whether a source keeps its binlog long enough for a copy of its data to be taken and
 * caught up with. No I/O.
 */
#pragma once

#include "check/finding.h"
#include "replication/variables.h"

#include <stdint.h>

#define COPY_TIME_FOR_EVER  INT64_MAX
#define COPY_TIME_NOT_KNOWN INT64_MIN
#define COPY_TIME_SPARE     86400 /* seconds that it should be kept beyond the copy */

struct copy_time {
    int64_t kept_seconds; /* or COPY_TIME_FOR_EVER, COPY_TIME_NOT_KNOWN */
    bool has_data;        /* copy_seconds is known */
    uint64_t copy_seconds;
    uint64_t space_limit;  /* bytes of binlog after which old files go; 0: none */
    uint64_t binlog_daily; /* bytes a day; 0: not known */
};

/* How long a copy of so many bytes takes at a rate of bytes a second, rounded up. */
uint64_t copy_time_seconds(uint64_t bytes, uint64_t rate);

/* By binlog_expire_logs_seconds, then expire_logs_days, as each version has them. */
int64_t copy_time_kept_seconds(const struct variables *variables);

/* And says in `text` what was found. */
enum severity copy_time_judge(const struct copy_time *copy, char *text, size_t size);
