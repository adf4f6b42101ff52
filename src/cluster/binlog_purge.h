/*
 * Retention of the writer's binary log and of the change log that mirrors it, as the operator has
 * set it with mysql.rds_set_configuration('binlog retention hours'): the engine has no expiry of
 * its own.
 *
 * The change log says what may go; the engine's own names go first, then the change log's of the
 * files that the engine has not any more: so what SHOW BINARY LOGS lists is always there to be
 * dumped, and a crash in between leaves files that the next call removes.
 */
#pragma once

#include "base/err.h"
#include "engine/sql.h"
#include "replication/change_log.h"

/*
 * Removes files older than the retention: 24 hours when none is set; and, whatever their age, as
 * many of the oldest as have `wanted_bytes`, but none that a dump is in or has before it. Where
 * nothing is to go *ret_purged stays as it is.
 */
MUST_CHECK bool binlog_purge(struct sql *sql, struct change_log *log, uint64_t wanted_bytes,
                             struct log_purged *ret_purged, struct err *err);

/* The same while the engine runs without a binary log, whose files are in the directory. */
MUST_CHECK bool binlog_purge_unused(struct sql *sql, struct change_log *log, const char *directory,
                                    const char *base, uint64_t wanted_bytes,
                                    struct log_purged *ret_purged, struct err *err);
