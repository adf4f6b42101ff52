/*
 * What MySQL's replicas and mysqlbinlog ask on connecting and the engine, a MariaDB, does not know,
 * or answers so that they go away: the statements take another form on their way, so that the
 * answer is the engine's all the same. They are told that GTIDs are on, since the engine's come to
 * them as MySQL's, or off, to an account that has a role for that; which UUID their source has; the
 * version of whose binlog they are given; and that a dump takes acknowledgements, which is not the
 * engine's doing. No I/O.
 *
 * A replica asks for the source's GTID_MODE before it has said anything of its own, and stops if
 * the two do not go together (source: MySQL, sql/rpl_replica.cc, get_master_version_and_clock()):
 * so its account has to tell.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

#define REPLICA_STATEMENT_MAX 64 /* bytes; what is longer is none of these */

/* Accounts that have it are for MySQL's replicas with GTID_MODE=OFF. */
#define REPLICA_ROLE_WITHOUT_GTIDS "gtid_mode_off"
/* SQL: 1 for a session whose account has it, by way of other roles too; otherwise 0. */
#define REPLICA_HAS_ROLE_WITHOUT_GTIDS                                                             \
    "EXISTS(SELECT 1 FROM information_schema.APPLICABLE_ROLES "                                    \
    "WHERE ROLE_NAME = '" REPLICA_ROLE_WITHOUT_GTIDS "')"

struct replica_facts {
    const char *server_uuid;
    const char *version;
};

/* Appends the statement that takes the text's place; false: it stays. */
bool replica_statement_write(struct buf *buf, struct span text, const struct replica_facts *facts);
