/*
 * SHOW BINARY LOG STATUS, which is what MySQL calls SHOW MASTER STATUS from 8.2 on and alone from
 * 8.4 on: the engine, a MariaDB, knows the older name, and answers by it. Also as the text of
 * PREPARE ... FROM and EXECUTE IMMEDIATE. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* In any case, with blanks between the words and a semicolon behind them; comments make another. */
bool log_status_statement_is(struct span text);

/* Appends the statement that takes the text's place; false: it stays. */
bool log_status_statement_write(struct buf *buf, struct span text);
