/*
 * struct subject: the server that is checked: a session on it that can not write, what is known of
 * it, and the findings so far.
 *
 * The session is read-only by the server's own rule (SET SESSION TRANSACTION READ ONLY), waits for
 * no lock longer than a second, and has a limit for each statement: the server's own where it
 * knows one, else ours: then the statement is ended (KILL QUERY) from a new session. One thread;
 * subject_close() ends it.
 */
#pragma once

#include "base/buf.h"
#include "binlog/format.h"
#include "check/finding.h"
#include "check/grants.h"
#include "replication/link_login.h"
#include "replication/variables.h"
#include "wire/result.h"

#include <inttypes.h>

#define SUBJECT_ACCOUNT_MAX 400 /* "user@host" */

struct subject_spec {
    struct link_login_spec login;
    const char *replication_user; /* "name" or "name@host"; NULL: the account that connects */
    uint64_t copy_rate;           /* bytes a second at which its data is copied */
    bool has_target;
    enum format_family target; /* the family to which its data shall go */
    int64_t statement_usec;    /* limit of one statement */
    int64_t deadline_usec;     /* of all */
};

struct subject {
    const struct subject_spec *spec;
    struct link *link; /* NULL: lost, and not to be had again */
    struct findings *findings;
    enum format_family family;
    uint32_t version; /* major * 10000 + minor * 100 + patch */
    char version_text[FORMAT_VERSION_SIZE + 1];
    struct variables *variables;
    int64_t clock_usec; /* its clock minus ours */
    char account[SUBJECT_ACCOUNT_MAX];
    struct grants grants;
    char lost[ERR_TEXT_MAX]; /* why there is no link any more */

    /* What earlier checks found and later ones need; 0: not known. */
    bool has_data_bytes;
    uint64_t data_bytes;
    uint64_t binlog_bytes;
    uint64_t binlog_daily; /* bytes */
};

/* Connects, sets the session up, asks who it is. As link_login(); then as link_query(). */
MUST_CHECK bool subject_open(const struct subject_spec *spec, struct findings *findings,
                             struct subject *ret_subject, struct err *err);
void subject_close(struct subject *subject);

/*
 * Runs a statement that reads. E_AUTH: the account may not; E_TIMEOUT: the limit; E_STATE for
 * other refusals and when the connection is lost. After any of them another may be asked.
 */
MUST_CHECK bool subject_ask(struct subject *subject, const char *sql, struct result **ret_result,
                            struct err *err);

/* The first value of the first row, NUL-terminated; "" for NULL and when there is no row. */
MUST_CHECK bool subject_ask_value(struct subject *subject, const char *sql, char *value,
                                  size_t size, struct err *err);

bool subject_is_mariadb(const struct subject *subject);

/* Of its system variables: whether one is set to that; its number, or `other` without one. */
bool subject_variable_is(const struct subject *subject, const char *name, const char *value);
uint64_t subject_variable_number(const struct subject *subject, const char *name, uint64_t other);

/* A value of a row as NUL-terminated text, "" for NULL; returns `text`. */
const char *subject_text(const struct result *result, size_t row, size_t column, char *text,
                         size_t size);

/* Text as an SQL string, for the session's own sql_mode. */
void subject_write_quoted(struct buf *sql, const char *text);
