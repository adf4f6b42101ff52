/*
 * What MySQL's replicas and mysqlbinlog ask on connecting and the engine, a MariaDB, does not know,
 * or answers so that they go away: the statements take another form on their way, so that the
 * answer is the engine's all the same. They are told that GTIDs are on, since the engine's come to
 * them as MySQL's; which UUID their source has; the version of whose binlog they are given; and
 * that a dump takes acknowledgements, which is not the engine's doing. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

#define REPLICA_STATEMENT_MAX 64 /* bytes; what is longer is none of these */

struct replica_facts {
    const char *server_uuid;
    const char *version;
};

/* Appends the statement that takes the text's place; false: it stays. */
bool replica_statement_write(struct buf *buf, struct span text, const struct replica_facts *facts);
