/*
 * struct log_syncer: a thread that syncs a mirror whenever something was written: while one
 * fdatasync() runs, the writer appends, and the next one covers all of that.
 *
 * Owned by the mirror's owner, who stops it before mirror_close(). It ends by itself when the log
 * fails, which the mirror's status tells.
 */
#pragma once

#include "log/mirror.h"

struct log_syncer;

MUST_CHECK bool log_syncer_start(struct mirror *mirror, struct log_syncer **ret_syncer,
                                 struct err *err);

/* What was written is synced first, if it can be. NULL is fine. */
void log_syncer_stop(struct log_syncer *syncer);
