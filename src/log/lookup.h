/*
 * Where in a log something is: by GTID, by time, and the GTID state at a position.
 *
 * The file is found by a binary search over the states at the files' beginnings. Within it, times
 * and offsets are found by a binary search in its side index; for GTIDs the index is read once, two
 * records of 96 bytes per 64 KiB. Then the events of one block are read. Memory: a state or two,
 * whatever the number of files. Any thread. Only what is synced is seen.
 */
#pragma once

#include "log/mirror.h"
#include "translation/gtid_resolver.h"

/*
 * MySQL: where to start for a replica that has `executed`: the first transaction that is not in the
 * set, or the log's end. E_STATE: the log lacks transactions that the replica needs; the text names
 * them.
 */
MUST_CHECK bool log_find_gtid_set(struct mirror *mirror, const struct gtid_set *executed,
                                  struct log_position *ret_position, struct err *err);

/*
 * MariaDB: where to start for a replica at `position` (domain-server-sequence each), as the source
 * itself finds it: before the first transaction that comes after the position's GTID in its domain,
 * or is of a domain that the position lacks. Transactions of other domains that the replica has may
 * follow; whoever sends them skips them. E_STATE: what the replica needs was purged, or it asks for
 * a GTID that the log does not have yet.
 */
MUST_CHECK bool log_find_gtid_position(struct mirror *mirror, const struct gtid_list *position,
                                       struct log_position *ret_position, struct err *err);

/*
 * MySQL's log for a replica whose place is a position of GTIDs that gtid_exchange.h has made of
 * MySQL's, those of MySQL's own transactions in `domain`: the beginning of the last file before
 * which there is nothing that the replica lacks. E_STATE: it lacks some of what came before the
 * log's first file.
 */
MUST_CHECK bool log_find_exchanged_position(struct mirror *mirror, const struct gtid_list *position,
                                            uint32_t domain, struct log_position *ret_position,
                                            struct err *err);

/*
 * MariaDB's log for a replica that has executed GTIDs as gtid_exchange.h makes them of MariaDB's,
 * or, of domains that the resolver knows, as they were: the first transaction that is not in the
 * set, or the log's end. Of what came before the log's first file the replica must have the latest
 * of each domain's server: E_STATE.
 */
MUST_CHECK bool log_find_exchanged_set(struct mirror *mirror, const struct gtid_set *executed,
                                       const struct gtid_resolver *resolver,
                                       struct log_position *ret_position, struct err *err);

/*
 * The transaction with the first event whose timestamp is `timestamp` (seconds since 1970) or
 * later; the log's end when there is none.
 */
MUST_CHECK bool log_find_time(struct mirror *mirror, uint32_t timestamp,
                              struct log_position *ret_position, struct err *err);

/*
 * The GTID state at a position: what was executed before it, including what came before the log's
 * first file. LOG_STATE_UNKNOWN when the log does not know. E_STATE: the position is not in the
 * log. `ret_state` is replaced; log_state_done().
 */
MUST_CHECK bool log_state_at(struct mirror *mirror, const struct log_position *position,
                             struct log_state *ret_state, struct err *err);

/*
 * The GTIDs of a file's own transactions, as far as it is synced: LOG_STATE_MYSQL, or _UNKNOWN when
 * it has none of MySQL's. For mirror_next() of the file behind it, whose head may lack the last of
 * them. `ret_state` is replaced; log_state_done(). E_STATE: the file is not in the log.
 */
MUST_CHECK bool log_state_of_file(struct mirror *mirror, const char *name,
                                  struct log_state *ret_state, struct err *err);

/* The GTIDs of the first and the last transaction of a file, as text; empty when it has none. */
#define LOG_GTID_TEXT_MAX 96

struct log_file_gtids {
    char first[LOG_GTID_TEXT_MAX];
    char last[LOG_GTID_TEXT_MAX];
};

MUST_CHECK bool log_file_gtids(struct mirror *mirror, const char *name,
                               struct log_file_gtids *ret_gtids, struct err *err);
