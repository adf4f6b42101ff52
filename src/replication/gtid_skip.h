/*
 * struct gtid_skip: which transactions of a log a replica has already, so that a dump by GTID
 * leaves them out, event by event.
 *
 * MySQL: those in the set that it sent. MariaDB: per domain all up to and with the GTID at its
 * position, found by domain and server as the servers' own dump does, because sequence numbers need
 * not grow where gtid_strict_mode is off (source: MariaDB, sql/sql_repl.cc, send_event_to_slave());
 * where they do, by the number alone. Owned by one thread; gtid_skip_done() frees it.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"

struct gtid_skip_domain {
    struct gtid_mariadb has; /* the replica's GTID, which was not met yet */
    bool unknown;            /* the log had nothing of the domain when the dump began */
};

struct gtid_skip {
    bool active; /* something may have to be left out */
    bool inside; /* a transaction that the replica has */
    bool by_set;
    struct gtid_set set;
    struct gtid_skip_domain *domains;
    size_t domain_count;
    bool strict; /* a GTID that is passed over without being met is an error */
    bool by_number;
    uint32_t domain; /* with by_number: of it, all up to */
    uint64_t until;
};

void gtid_skip_init(struct gtid_skip *skip); /* leaves nothing out */
void gtid_skip_done(struct gtid_skip *skip);

/* Takes over a copy. */
void gtid_skip_set(struct gtid_skip *skip, const struct gtid_set *executed);

/*
 * `state` is the log's at the dump's start, or NULL: domains whose latest GTID there is the
 * replica's have nothing to be left out. `end` is that at the log's end: a domain that it does not
 * have is another source's, and when it comes after all, with what the replica's GTID can not be
 * among, that is an error. `strict` is the replica's gtid_strict_mode.
 */
void gtid_skip_position(struct gtid_skip *skip, const struct gtid_list *position,
                        const struct gtid_list *state, const struct gtid_list *end, bool strict);

/* Of a domain whose numbers only grow, whatever the servers: all up to the number. */
void gtid_skip_until(struct gtid_skip *skip, uint32_t domain, uint64_t sequence);

/*
 * Whether the event is to be left out; `body` is needed of GTID events only. Everything from a
 * transaction's GTID to the next one, or the end of the file, is one with it. E_PROTO; E_STATE when
 * the log lacks the replica's GTID, with the servers' texts.
 */
MUST_CHECK bool gtid_skip_take(struct gtid_skip *skip, const struct event_header *header,
                               struct span body, bool *ret_skip, struct err *err);
