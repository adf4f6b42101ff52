/*
 * struct statement: what the SQL text of a replica, a change-data reader or a person at the relay
 * asks, read by words: the forms that such clients send on connecting, and those that show a log
 * and its replicas.
 *
 * The relay holds no tables, so this is all of SQL that it knows; what else is asked for becomes
 * STATEMENT_OTHER, and the caller's error names it. The statement lives in the arena it was parsed
 * into, and its spans point there or into the text. No state; any thread. Source of the forms:
 * MySQL reference manual, "SHOW Statements", "SET Syntax"; MariaDB knowledge base, the same.
 */
#pragma once

#include "replication/expression.h"

enum statement_kind {
    STATEMENT_EMPTY,     /* nothing but comments */
    STATEMENT_NO_EFFECT, /* transactions, UNLOCK TABLES, DO: fine, and does nothing */
    STATEMENT_SELECT,    /* items; `limit` */
    STATEMENT_SET,       /* assignments */
    STATEMENT_USE,       /* name */
    STATEMENT_SHOW_VARIABLES,
    STATEMENT_SHOW_STATUS,
    STATEMENT_SHOW_LOG_STATUS, /* SHOW MASTER STATUS, SHOW BINARY LOG STATUS, SHOW BINLOG STATUS */
    STATEMENT_SHOW_LOGS,
    STATEMENT_SHOW_EVENTS,   /* file, position; `limit` */
    STATEMENT_SHOW_REPLICAS, /* SHOW SLAVE HOSTS, SHOW REPLICA HOSTS, SHOW REPLICAS */
    STATEMENT_SHOW_REPLICA_STATUS,
    STATEMENT_SHOW_WARNINGS,    /* SHOW ERRORS too */
    STATEMENT_SHOW_GRANTS,      /* the session's own */
    STATEMENT_SHOW_PROCESSLIST, /* FULL or not */
    STATEMENT_SHOW_DATABASES,
    STATEMENT_KILL,   /* position: the thread */
    STATEMENT_PURGE,  /* PURGE BINARY LOGS TO file */
    STATEMENT_CALL,   /* name, and items as arguments */
    STATEMENT_DENIED, /* needs the privilege RELOAD, which nobody has here: FLUSH, RESET */
    STATEMENT_SYNTAX, /* no SQL; `near` is where it stops to be */
    STATEMENT_OTHER,
};

/* NAME = value, where name is a user's or a system variable. */
struct assignment {
    struct expression target;
    struct expression value;
    struct span collation; /* of SET NAMES; empty: none given */
};

struct statement {
    enum statement_kind kind;
    bool new_words; /* REPLICA, REPLICAS, BINARY LOG STATUS: column names are MySQL 8's */
    enum variable_scope scope; /* of SHOW VARIABLES and SHOW STATUS */

    struct expression *items; /* of SELECT and CALL */
    size_t item_count;
    struct assignment *assignments; /* of SET; SET NAMES x is one of `names` */
    size_t assignment_count;
    struct span *patterns; /* of SHOW VARIABLES, STATUS, DATABASES, as LIKE has them; none: all */
    size_t pattern_count;

    struct span name;      /* USE: the database; CALL: database.procedure, in lower case */
    struct span file;      /* SHOW BINLOG EVENTS IN, PURGE BINARY LOGS TO */
    uint64_t position;     /* SHOW BINLOG EVENTS FROM, KILL */
    uint64_t limit_offset; /* of SELECT and SHOW BINLOG EVENTS */
    uint64_t limit;        /* UINT64_MAX: none */
    struct span channel;   /* SHOW REPLICA STATUS FOR CHANNEL */
    struct span near;      /* of SYNTAX: up to the end of the text */
};

/*
 * Parses one statement; a semicolon may end it. The arena must hold four times the text and
 * STATEMENT_ARENA bytes. E_USAGE for text that is no SQL, E_LIMIT for too many items.
 */
#define STATEMENT_ARENA ((size_t)1 << 20)
MUST_CHECK bool statement_parse(struct span text, struct arena *arena,
                                struct statement *ret_statement, struct err *err);

/* SQL's LIKE with % _ and \, without regard to the case of ASCII letters. */
bool statement_like(struct span text, struct span pattern);
