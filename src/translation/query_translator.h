/*
 * struct query_translator: QUERY, EXECUTE_LOAD_QUERY and USER_VAR events of one family as those of
 * another dialect: the text by struct sql_translator, and the session's state that goes with it.
 *
 * What becomes of each status variable and each bit of the SQL mode is listed in
 * doc/compatibility.md (source: MySQL and MariaDB server, Query_log_event). A SQL mode under which
 * a statement means something that it can not mean on the other side is E_STATE, as is a collation
 * that the other side lacks. Owned by one thread; no state from one event to the next.
 */
#pragma once

#include "binlog/load_data.h"
#include "binlog/variable.h"
#include "translation/query_kind.h"
#include "translation/sql_translator.h"

struct query_translator;

struct query_translator *query_translator_new(enum dialect to, enum account_policy accounts);
void query_translator_free(struct query_translator *translator); /* NULL is fine */

/* Events of a server of this format follow. */
void query_translator_start(struct query_translator *translator, const struct format *from);

/* Appends the body of a QUERY event; nothing when it was dropped. E_PROTO, E_LIMIT, E_STATE. */
MUST_CHECK bool query_translate(struct query_translator *translator, const struct query *query,
                                struct buf *buf, enum sql_outcome *ret_outcome, struct err *err);

/* What was dropped last, see sql_translator.h. */
const char *query_translator_dropped(const struct query_translator *translator);

/* As query_translate(), for a text of another kind than KIND_STATEMENT, which stays as it is. */
MUST_CHECK bool query_translate_frame(struct query_translator *translator,
                                      const struct query *query, struct buf *buf, struct err *err);

/* Appends the body of a QUERY event that the source has not: of no session, in no database. */
void query_make(struct query_translator *translator, const char *text, struct buf *buf);

MUST_CHECK bool query_translate_load(struct query_translator *translator,
                                     const struct load_execute *load, struct buf *buf,
                                     enum sql_outcome *ret_outcome, struct err *err);

MUST_CHECK bool query_translate_variable(struct query_translator *translator,
                                         const struct user_var *var, struct buf *buf,
                                         struct err *err);
