/*
 * The start set: the GTIDs of an external MySQL source that are here already, by a dump, so that
 * replication begins behind them. What mysql.rds_gtid_purged is given, and a dump's SET
 * @@GLOBAL.GTID_PURGED.
 *
 * It stands in mysql.rds_channel_setting, row `gtid_purged`, in the server's own form. No state;
 * any thread.
 */
#pragma once

#include "base/buf.h"
#include "engine/sql.h"

#define GTID_PURGED_MAX (1u << 20) /* bytes of the text */

/*
 * What the set becomes that is `now` ("" at first), appended: 'SET' takes its place and must hold
 * all of it, '+SET' is added. E_USAGE, E_LIMIT.
 */
MUST_CHECK bool gtid_purged_combine(const char *now, const char *asked, struct buf *buf,
                                    struct err *err);

/* The same in the engine's table, not in its binary log. */
MUST_CHECK bool gtid_purged_store(struct sql *sql, const char *asked, struct err *err);
