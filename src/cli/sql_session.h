/*
 * struct sql_session: what a script has set in the session that will run it, so that only changes
 * are printed; and how a session must be set for a statement to do what it did where it was logged.
 *
 * The client that sends the script is part of that session: it must know of the five character sets
 * in which a byte below 0x80 may be part of another character (big5, cp932, gbk, gb18030, sjis) and
 * gets its own command for them, as the servers' binlog programs do it; everything else passes a
 * client that thinks it is utf8mb4 unharmed. What only one family of servers has is in comments
 * that only that family executes. No I/O; owned by one thread.
 */
#pragma once

#include "base/buf.h"
#include "binlog/query.h"

struct sql_session;

struct sql_session *sql_session_new(void);
void sql_session_free(struct sql_session *session); /* NULL is fine */

/* The script's first and last lines: what the session had is kept in user variables, and put back.
 */
void sql_session_write_head(struct sql_session *session, struct buf *buf);
void sql_session_write_tail(struct sql_session *session, struct buf *buf);

/* Of the events to come. */
void sql_session_set_format(struct sql_session *session, const struct format *format);

/* For the text of a query event: its session as its status variables have it. E_PROTO. */
MUST_CHECK bool sql_session_for_query(struct sql_session *session, struct buf *buf,
                                      const struct event_header *header, const struct query *query,
                                      struct err *err);

/* After a statement that may drop the session's database, which leaves it without one. */
void sql_session_forget_database(struct sql_session *session);

/* For UTF-8 in names and plain literals; nothing else is touched. */
void sql_session_for_utf8(struct sql_session *session, struct buf *buf);

/* And a literal's collation: the next query sets its own again. */
void sql_session_set_collation(struct sql_session *session, struct buf *buf, uint16_t collation);

/*
 * For literals as value_sql.h writes them, REPLAY style: utf8mb4, time_zone +00:00, a sql_mode that
 * takes what columns hold.
 */
void sql_session_for_literals(struct sql_session *session, struct buf *buf);

/* For rows of an event with these flags (enum rows_flag). */
void sql_session_set_checks(struct sql_session *session, struct buf *buf, uint16_t rows_flags);
