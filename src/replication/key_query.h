/*
 * Reading a source's unique keys over a link that is logged in: its dictionary, between two places
 * of its binlog.
 *
 * Servers of before MySQL 8 read a table's definition under a lock that a change of it holds until
 * it stands in the binlog. MySQL 8's views of the dictionary wait for no lock, and a change may
 * stand in the binlog already and not be seen yet, or be seen and not stand there yet; so before
 * and after the reading no change may be at work. These hold a lock of the namespace BACKUP LOCK
 * until they are committed (source: MySQL, sql/sql_backup_lock.cc), which performance_schema shows.
 *
 * One statement at a time, each with a limit of time at the server. No state.
 */
#pragma once

#include "replication/key_history.h"
#include "replication/link.h"

/*
 * The server must be the one whose log's identity that is; the reading's log is left to the caller.
 * The account needs SELECT on all tables, and REPLICATION CLIENT (BINLOG MONITOR at MariaDB).
 * E_AUTH; E_STATE: another server, or what is needed is switched off; *ret_busy: it is just that
 * tables are being changed.
 */
MUST_CHECK bool key_query(struct link *link, const struct log_identity *ours, int64_t deadline_usec,
                          struct key_reading *ret_reading, bool *ret_busy, struct err *err);
