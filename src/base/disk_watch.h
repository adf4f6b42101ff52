/*
 * How near to full a file system is, in stages: when each is entered, and when it is left again,
 * which takes a quarter more than what it is entered at, so that nothing goes on and off all the
 * time. What is done in a stage is its user's to decide.
 *
 * A stage includes those before it: whatever the limits say, DISK_SHORT is not entered without
 * DISK_LOW. No state, any thread; only disk_look() asks the system.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum disk_stage {
    DISK_ENOUGH,
    DISK_LOW,   /* nothing more comes from outside */
    DISK_SHORT, /* what was kept goes before its time */
    DISK_FULL,  /* the next write may fail */
    DISK_STAGES,
};

const char *disk_stage_name(enum disk_stage stage); /* "enough", "low", ... */

struct disk_space {
    uint64_t free_bytes; /* for this user: without what is reserved for root */
    uint64_t size_bytes;
};

/* Of the file system that has the path. E_IO. */
MUST_CHECK bool disk_look(const char *path, struct disk_space *ret_space, struct err *err);

/*
 * At less than this a stage is entered: so many percent of the size, so many bytes, or of both the
 * lesser. Both 0: it is never entered by itself.
 */
struct disk_limit {
    unsigned percent;
    uint64_t bytes;
};

struct disk_limits {
    struct disk_limit stages[DISK_STAGES]; /* that of DISK_ENOUGH is not used */
};

/* 5 % or 4 GiB, 2 % or 2 GiB, 1 % or 256 MiB. */
extern const struct disk_limits disk_limits_default;

/* "10%", "20G" (K, M, G, T), "0". E_USAGE. */
MUST_CHECK bool disk_limit_parse(const char *text, struct disk_limit *ret_limit, struct err *err);

/* What a stage is entered at, and left at, in bytes. 0: it is never entered. */
uint64_t disk_enter_bytes(const struct disk_limits *limits, enum disk_stage stage,
                          uint64_t size_bytes);
uint64_t disk_leave_bytes(const struct disk_limits *limits, enum disk_stage stage,
                          uint64_t size_bytes);

/* The stage that follows `now`. */
enum disk_stage disk_stage_next(const struct disk_limits *limits, enum disk_stage now,
                                const struct disk_space *space);
