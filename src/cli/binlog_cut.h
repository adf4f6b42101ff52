/*
 * struct binlog_cut: the bytes of a new binlog file, out of whole transactions of others.
 *
 * The new file has the format description of the first, closed (IN_USE cleared) and with the time
 * of the server's start only where no transaction before it was left out; PREVIOUS_GTIDS or
 * GTID_LIST as they are before its first transaction; the transactions, with log_pos, checksums and
 * MySQL's commit clock for their new place (MariaDB's log_pos 0 stays); and STOP. Format
 * descriptions, GTIDs, rotates, stops and checkpoints of the files are dropped. A transaction is
 * carried as it is: compressed ones stay so. No I/O: it appends to a buf. Owned by one thread.
 */
#pragma once

#include "binlog/reader.h"

struct binlog_cut;

struct binlog_cut *binlog_cut_new(void);
void binlog_cut_free(struct binlog_cut *cut); /* NULL is fine */

/*
 * The next event of the files, which `reader` has just given; every one from the first file's
 * first on has to come, with `wanted` for those of the transactions to take. E_STATE for what can
 * not be joined: relay logs, another format, files with transactions missing between them;
 * E_PROTO.
 */
MUST_CHECK bool binlog_cut_take(struct binlog_cut *cut, const struct reader *reader,
                                const struct reader_event *event, bool wanted, struct buf *out,
                                struct err *err);

/* Ends the new file. E_STATE when there was no transaction to take. */
MUST_CHECK bool binlog_cut_finish(struct binlog_cut *cut, struct buf *out, struct err *err);

/* What the new file has so far. */
uint64_t binlog_cut_transactions(const struct binlog_cut *cut);
uint64_t binlog_cut_events(const struct binlog_cut *cut);
uint64_t binlog_cut_size(const struct binlog_cut *cut); /* bytes */
