/*
 * struct log_holds: the holds of a log (retention.h), as they stand in its file "holds". No I/O;
 * any thread; log_holds_done() frees.
 */
#pragma once

#include "base/buf.h"
#include "log/retention.h"

struct log_holds {
    struct log_hold *items;
    size_t count;
};

void log_holds_done(struct log_holds *holds);
void log_holds_copy(struct log_holds *into, const struct log_holds *from);

/* NULL when there is none. */
struct log_hold *log_holds_find(const struct log_holds *holds, const char *replica);

/* Whether a replica's hold may have that name. E_USAGE. */
MUST_CHECK bool log_hold_name_check(const char *name, struct err *err);

/* Replaces or adds. E_USAGE, E_LIMIT. */
MUST_CHECK bool log_holds_set(struct log_holds *holds, const struct log_hold *hold,
                              struct err *err);
void log_holds_drop(struct log_holds *holds, const char *replica);

void log_holds_encode(struct buf *buf, const struct log_holds *holds);

/* Replaces the holds. E_PROTO, E_STATE. */
MUST_CHECK bool log_holds_decode(struct span text, struct log_holds *holds, struct err *err);
