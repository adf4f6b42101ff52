/*
 * SQL as the servers' command line clients take it from standard input: statements with a delimiter
 * that does not occur in SQL, so that stored routines pass whole. No state, any thread.
 *
 * A client cuts the text by its own rules before the server sees it: without --binary-mode it turns
 * CR LF into LF, even in strings, and refuses a NUL; MariaDB's without --comments leaves comments
 * out. A client that takes the text for another multi-byte character set may see a quote inside a
 * character; see sql_session.h.
 */
#pragma once

#include "base/buf.h"

#define SQL_DELIMITER "/*!*/;"
#define SQL_END       SQL_DELIMITER "\n"

/*
 * Appends a statement so that the server gets these bytes. A change of rows that the client would
 * alter goes in hexadecimal through PREPARE, which leaves user variables named @borealis_ behind.
 */
void sql_text_write(struct buf *buf, struct span statement);

/* "# text", with '?' for what would end the comment. */
void sql_text_write_comment(struct buf *buf, struct span text);

/* Whether the statement's first word, after white space and comments, is `word`; ASCII case. */
bool sql_text_begins(struct span statement, const char *word);
