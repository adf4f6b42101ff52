/*
 * Statements over a link: asking a server, and answering a client.
 */
#pragma once

#include "base/err.h"
#include "replication/link.h"
#include "wire/result.h"

/*
 * Runs a statement and reads its result set; a statement without one gives a result without
 * columns. max_bytes as for result_new(). A refusal of the server is E_STATE or E_AUTH with its
 * number in `code`, and the link stays good; after any other error it is of no more use.
 */
MUST_CHECK bool link_query(struct link *link, const char *sql, size_t max_bytes,
                           int64_t deadline_usec, struct result **ret_result, struct err *err);

/* A row as it came: as many values as were asked for; the data of NULL is NULL. */
typedef bool link_take_row(void *context, const struct span *values, struct err *err);

/*
 * The same of rows that are too many for memory: each is given to `take`, one of at most max_bytes
 * at a time. `columns` are expected, at most LINK_ROW_COLUMNS. When `take` fails, too, the link is
 * of no more use.
 */
#define LINK_ROW_COLUMNS 16
MUST_CHECK bool link_query_rows(struct link *link, const char *sql, size_t columns,
                                size_t max_bytes, link_take_row *take, void *context,
                                int64_t deadline_usec, struct err *err);

/* link_query() without interest in the result. */
MUST_CHECK bool link_execute(struct link *link, const char *sql, int64_t deadline_usec,
                             struct err *err);

/* Sends COM_PING and waits for its OK. */
MUST_CHECK bool link_ping(struct link *link, int64_t deadline_usec, struct err *err);

/* Answers to a command that link_read_command() gave: written and flushed. */
MUST_CHECK bool link_answer_ok(struct link *link, int64_t deadline_usec, struct err *err);
MUST_CHECK bool link_answer_err(struct link *link, uint16_t code, const char *message,
                                int64_t deadline_usec, struct err *err);
/* The same of an error of ours; what has no number of the servers' is ER_UNKNOWN_ERROR. */
MUST_CHECK bool link_answer_failure(struct link *link, const struct err *why, int64_t deadline_usec,
                                    struct err *err);
MUST_CHECK bool link_answer_eof(struct link *link, int64_t deadline_usec, struct err *err);
MUST_CHECK bool link_answer_result(struct link *link, const struct result *result,
                                   int64_t deadline_usec, struct err *err);

/*
 * The same of rows that are too many for memory: the columns of a result without rows, then any
 * number of rows, then link_answer_eof(), which flushes.
 */
MUST_CHECK bool link_answer_columns(struct link *link, const struct result *result,
                                    int64_t deadline_usec, struct err *err);
MUST_CHECK bool link_answer_row(struct link *link, const struct span *values, size_t count,
                                int64_t deadline_usec, struct err *err);
