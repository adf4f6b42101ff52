/*
 * struct commit_clock: MySQL's logical clock of commits when transactions of binlog files move into
 * another file.
 *
 * A GTID event has a sequence number, counted from 1 in each file, and last_committed: the sequence
 * number of the last transaction that has to be committed before this one may be applied, 0 for
 * none in this file (source: MySQL manual, "Replication Compatibility", and mysql-server,
 * MYSQL_BIN_LOG::write_transaction). Both mean the file they stand in, whose beginning waits for
 * all that was before. So new numbers are given: sequence numbers without a gap, and last_committed
 * such that each transaction waits for those it waited for, of those that came along, and for all
 * of the files before its own. No I/O; owned by one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Transactions that are looked back at exactly; for those further back a transaction waits for a
 * few more than it has to. More than the server's binlog_transaction_dependency_history_size.
 */
#define COMMIT_CLOCK_HISTORY 32768

struct commit_clock;

struct commit_clock *commit_clock_new(void);
void commit_clock_free(struct commit_clock *clock); /* NULL is fine */

/* The transactions after it are numbered as of another file. */
void commit_clock_begin_file(struct commit_clock *clock);

/*
 * Gives the next transaction its new numbers, in place. A sequence number of 0, which a server
 * writes that has no clock, stays as it is.
 */
void commit_clock_renumber(struct commit_clock *clock, int64_t *last_committed, int64_t *sequence);
