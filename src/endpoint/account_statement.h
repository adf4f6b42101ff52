/*
 * Account statements of the master user: CREATE/ALTER/DROP/RENAME USER, CREATE/DROP ROLE, GRANT,
 * REVOKE, SET PASSWORD FOR and SET DEFAULT ROLE.
 *
 * The master user holds no privilege for them at the engine, because each would lead to SUPER there
 * (sql/40-master-user.sql says how). The endpoint sends them as a call of a procedure that runs
 * what is harmless and refuses the rest; whatever is not recognised here the engine refuses, so
 * this is convenience, not protection. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* So many bytes from the start of a statement are enough to tell. */
#define ACCOUNT_STATEMENT_PREFIX 128

/* A longer statement is not taken to the procedure. */
#define ACCOUNT_STATEMENT_MAX 3000

bool account_statement_is(struct span text);

/* The text that calls the procedure with the statement. */
void account_statement_write_call(struct buf *buf, struct span text);
