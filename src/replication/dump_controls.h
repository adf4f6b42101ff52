/*
 * struct dump_controls: what may be set of a channel's dumps while they run, mostly by Aurora's
 * names:
 *
 *     aurora_binlog_use_large_read_buffer          0, 1                1
 *     aurora_binlog_read_buffer_size               8192 to 536870912   5242880 bytes
 *     aurora_binlog_replication_max_yield_seconds  0 to 36000          0
 *     borealis_dump_metrics_seconds                0 to 86400          60
 *
 * The first is a switch for the next two: at 0 files are read through 8192 bytes and no dump
 * yields. The last one is ours: how often the dump thread metrics are logged (dump_metrics.h), 0
 * for never. A channel owns its controls. Any thread may get and set; a change is seen by a running
 * dump at its next read, and ends its yielding at once (source: Amazon Aurora User Guide,
 * "Optimizing binary log replication", parameters of Aurora MySQL 2).
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

enum dump_control { /* in the order of their names */
                    DUMP_READ_BUFFER_SIZE,
                    DUMP_MAX_YIELD_SECONDS,
                    DUMP_USE_LARGE_READ_BUFFER,
                    DUMP_METRICS_SECONDS,
                    DUMP_CONTROL_COUNT,
};

struct dump_control_info {
    const char *name;
    uint64_t least;
    uint64_t most;
    uint64_t standard; /* when nothing is set */
    bool is_switch;    /* ON and OFF in SHOW VARIABLES; settable by these too */
    const char *summary;
};

const struct dump_control_info *dump_control_info(enum dump_control control);

/* Without regard to case; false when no control has that name. */
bool dump_control_find(struct span name, enum dump_control *ret_control);

/*
 * A value as in a configuration file: a number, of bytes perhaps with K, M or G after it; for the
 * switch ON and OFF as well. E_USAGE, with the control's name and its bounds.
 */
MUST_CHECK bool dump_control_parse(enum dump_control control, struct span text, uint64_t *ret_value,
                                   struct err *err);

struct dump_controls;

struct dump_controls *dump_controls_new(void);           /* with the standard values */
void dump_controls_free(struct dump_controls *controls); /* nobody watches; NULL is fine */

/* `value` is within the control's bounds. */
void dump_controls_set(struct dump_controls *controls, enum dump_control control, uint64_t value);
uint64_t dump_controls_get(const struct dump_controls *controls, enum dump_control control);

/* What follows for a dump: bytes of its read buffer, and how long it yields, 0 for not. */
size_t dump_controls_read_buffer(const struct dump_controls *controls);
int64_t dump_controls_yield_usec(const struct dump_controls *controls);

/* Somebody who waits for a change: `fd` is raised by each, and cleared by the watcher. */
struct dump_controls_watch {
    int fd;
    struct dump_controls_watch *next;
};

MUST_CHECK bool dump_controls_watch(struct dump_controls *controls,
                                    struct dump_controls_watch *ret_watch, struct err *err);
void dump_controls_unwatch(struct dump_controls *controls, struct dump_controls_watch *watch);
