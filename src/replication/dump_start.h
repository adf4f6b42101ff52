/*
 * Where a dump begins: by file and position, by MySQL's set of executed GTIDs, by MariaDB's
 * position of a GTID per domain; and what the servers refuse, with their texts, which replicas and
 * their administrators know (source: MySQL, sql/rpl_binlog_sender.cc, check_start_file(); MariaDB,
 * sql/sql_repl.cc, check_slave_start_position()).
 *
 * A replica that has GTIDs of the source which the log lacks has lost its source's tail, or is only
 * quicker than this relay: the log gets `patience_usec` to come to them before the replica is
 * refused, because a refusal stops it for good.
 */
#pragma once

#include "replication/dump.h"
#include "replication/gtid_skip.h"
#include "replication/gtid_until.h"

struct dump_start {
    struct log_position from; /* of the first event to send; empty name: the oldest file */
    uint64_t goal;            /* in that file; what comes before it the replica has; 0: nothing */
    uint64_t again;           /* where, in the replica's words, the transaction begins of which it
                                 has a part, and which comes again; 0: it has none */
    struct gtid_skip skip;    /* what of those that follow the replica has already */
    struct gtid_until until;  /* MariaDB: where it wants to stop */
    struct log_state state;   /* by GTID: what comes before `from` */
};

void dump_start_init(struct dump_start *start);
void dump_start_done(struct dump_start *start);

/* E_STATE or E_USAGE with code 1236, for the replica; E_IO. */
MUST_CHECK bool dump_start_find(struct dump_start *start, const struct dump_spec *spec,
                                struct err *err);

/* ER_MASTER_FATAL_ERROR_READING_BINLOG, in the words that the source's version has. Returns false.
 */
bool dump_fail(const struct dump_spec *spec, struct err *err, const char *old_text,
               const char *new_text);

/* The same, of a position at which no event can begin. */
bool dump_fail_position(const struct dump_spec *spec, struct err *err);

/* Whether the dump waits for more when all is sent. */
bool dump_is_blocking(const struct dump_spec *spec);

bool dump_is_by_gtid(const struct dump_spec *spec);
