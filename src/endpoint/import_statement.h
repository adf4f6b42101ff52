/*
 * Statements of MySQL's dumps that a MariaDB engine would refuse, or take only in part.
 *
 * MariaDB skips what stands in version comments of MySQL 5.7 to 9.x, 50700 to 99999, without a
 * word: an invisible column would be a visible one. A statement with such a comment becomes what it
 * means there (translation/sql_translator.h), or an error that says why it can not; when words of a
 * comment have no counterpart, a table or a database is made without them, with a warning that
 * names them, and anything else is an error.
 *
 * And of the master user's statements these take another form, because a dump of a source with
 * GTIDs or with its position begins with them and nobody has the privileges for them:
 *
 *     SET @@GLOBAL.GTID_PURGED = ['+'] 'set'         CALL mysql.rds_dump_gtids
 *     SET GLOBAL gtid_slave_pos = 'position'         the same
 *     SET @@SESSION.SQL_LOG_BIN = 0                  a warning: what is loaded is logged
 *     SET @@SESSION.SQL_LOG_BIN = @saved             nothing: it was not changed
 *     CHANGE MASTER TO, CHANGE REPLICATION SOURCE TO
 *       with file and position alone                 CALL mysql.rds_dump_position
 *     CHANGE MASTER TO MASTER_USE_GTID = slave_pos   a warning: what begins behind it
 *
 * What can not be taken becomes a statement with which the engine answers an error, SIGNAL, so that
 * it comes in its turn among the answers to what was sent before and after. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* So many bytes from the start of a statement are enough for import_statement_is_definition(). */
#define IMPORT_STATEMENT_PREFIX 512

/* Whether a statement may be one of these; cheap, for all that pass. */
bool import_statement_may_be(struct span text, bool is_master);

/*
 * Whether a long statement must be read whole to tell: it begins with CREATE, ALTER, SET or CHANGE,
 * or with a version comment. All others, as the INSERTs of a dump, have no version comments but in
 * front.
 */
bool import_statement_is_definition(struct span prefix);

/* Appends what takes its place; false when it stays as it is. */
bool import_statement_write(struct buf *buf, struct span text, bool is_master);

/* Appends a statement to which the engine answers with this error. */
void import_statement_write_refusal(struct buf *buf, const char *why);
