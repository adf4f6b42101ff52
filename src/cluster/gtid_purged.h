/*
 * The start set: the GTIDs of an external source that are here already, by a dump, so that
 * replication begins behind them. What mysql.rds_gtid_purged is given, and a dump's SET
 * @@GLOBAL.GTID_PURGED.
 *
 * It stands in mysql.rds_channel_setting in the server's own form: a set of MySQL's in the row
 * `gtid_purged`, for good; a position of MariaDB's, one GTID per domain, whose numbers other
 * sources have, too, in the row `gtid_purged_of_mariadb`, until the source is started that it is
 * for. No state; any thread.
 */
#pragma once

#include "base/buf.h"
#include "engine/sql.h"

#define GTID_PURGED_MAX         (1u << 20) /* bytes of the text */
#define GTID_PURGED_MYSQL_ROW   "gtid_purged"
#define GTID_PURGED_MARIADB_ROW "gtid_purged_of_mariadb"

/* Of which family what is asked for is, with a + before it or not. */
bool gtid_purged_is_mariadb(const char *asked);

/*
 * What the set or position becomes that is `now` ("" at first) and of the same family, appended:
 * 'SET' takes its place and must hold all of it, '+SET' is added. E_USAGE, E_LIMIT.
 */
MUST_CHECK bool gtid_purged_combine(const char *now, const char *asked, struct buf *buf,
                                    struct err *err);

/* The same in the engine's table, not in its binary log. */
MUST_CHECK bool gtid_purged_store(struct sql *sql, const char *asked, struct err *err);
