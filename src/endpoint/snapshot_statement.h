/*
 * What mysqldump says, of MySQL, for a position of the binlog that goes with its snapshot
 * (--source-data --single-transaction): it locks all tables, begins a transaction with a consistent
 * snapshot, asks for the log's end, and unlocks. Nobody here has the right to that lock, and nobody
 * needs it: the engine, a MariaDB, tells a snapshot's own position (binlog_snapshot_file and
 * binlog_snapshot_position). So the lock is left out and the position asked for is the snapshot's.
 * Without a snapshot (no --single-transaction) the lock is what is asked of the engine instead of
 * the position, and what it refuses. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

#define SNAPSHOT_STATEMENT_MAX 64 /* bytes; what is longer is none of these */

enum snapshot_statement {
    SNAPSHOT_OTHER,
    SNAPSHOT_LOCK,  /* FLUSH TABLES, with or without the lock */
    SNAPSHOT_BEGIN, /* START TRANSACTION WITH CONSISTENT SNAPSHOT: passes */
    SNAPSHOT_PLACE, /* SHOW MASTER STATUS, SHOW BINARY LOG STATUS */
};

enum snapshot_statement snapshot_statement_find(struct span text);

/* Appends what takes the place of a LOCK or a PLACE; `begun`: a BEGIN came before. */
void snapshot_statement_write(struct buf *buf, enum snapshot_statement statement, bool begun);
