/*
 * struct gtid_skip: which transactions of a log a replica has already, so that a dump by GTID
 * leaves them out, event by event.
 *
 * MySQL: those in the set that it sent. MariaDB: per domain all up to and with the GTID at its
 * position, found by domain and server as the servers' own dump does, because sequence numbers need
 * not grow where gtid_strict_mode is off (source: MariaDB, sql/sql_repl.cc, send_event_to_slave()).
 * Owned by one thread; gtid_skip_done() frees it.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"

struct gtid_skip {
    bool active; /* something may have to be left out */
    bool inside; /* a transaction that the replica has */
    bool by_set;
    struct gtid_set set;
    struct gtid_mariadb *domains; /* the replica's GTIDs that were not met yet */
    size_t domain_count;
};

void gtid_skip_init(struct gtid_skip *skip); /* leaves nothing out */
void gtid_skip_done(struct gtid_skip *skip);

/* Takes over a copy. */
void gtid_skip_set(struct gtid_skip *skip, const struct gtid_set *executed);

/*
 * `state` is the log's at the dump's start, or NULL: domains whose latest GTID there is the
 * replica's have nothing to be left out.
 */
void gtid_skip_position(struct gtid_skip *skip, const struct gtid_list *position,
                        const struct gtid_list *state);

/*
 * Whether the event is to be left out; `body` is needed of GTID events only. Everything from a
 * transaction's GTID to the next one, or the end of the file, is one with it. E_PROTO.
 */
MUST_CHECK bool gtid_skip_take(struct gtid_skip *skip, const struct event_header *header,
                               struct span body, bool *ret_skip, struct err *err);
