/*
 * struct show_statement: what a text asks of the statements whose answers a session looks at, or
 * that the engine, a MariaDB, knows by another name: SHOW SLAVE and REPLICA STATUS, SHOW ALL SLAVES
 * STATUS, SHOW BINARY LOGS, SHOW SLAVE HOSTS, and what MySQL calls by new names, SHOW REPLICAS and
 * SHOW BINARY LOG STATUS.
 *
 * SHOW SLAVE HOSTS becomes SHOW MASTER STATUS, whose answer is then replaced: the engine would ask
 * for REPLICATION MASTER ADMIN, a right with which one may change the state of its log, and which
 * nobody at an endpoint has.
 *
 * Also among other statements of one text, and inside PREPARE ... FROM '...' and EXECUTE IMMEDIATE
 * '...'. Comments, version comments and blanks are passed over. No I/O; freely copied.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

#define SHOW_STATEMENT_MAX 4096 /* bytes; a longer text asks for nothing */
#define SHOW_ASKED_MAX     8    /* of one text: what is behind them stays the engine's */
#define SHOW_PREPARED_MAX  65   /* bytes of the name of what is prepared, with a NUL */

enum show_kind {
    SHOW_SOURCE,     /* SHOW SLAVE STATUS: one source */
    SHOW_SOURCES,    /* SHOW ALL SLAVES STATUS: MariaDB's own statement */
    SHOW_REPLICAS,   /* SHOW SLAVE HOSTS */
    SHOW_LOGS,       /* SHOW BINARY LOGS */
    SHOW_LOG_STATUS, /* SHOW MASTER STATUS: its answer stays as it is */
    SHOW_PREPARED,   /* EXECUTE name: any of them, or none */
    SHOW_OTHER,      /* PREPARE name, of none of them */
};

struct show_asked {
    enum show_kind kind;
    bool new_words; /* REPLICA and not SLAVE: MySQL 8's names of columns */
    bool prepares;  /* by its text: an EXECUTE of the name is answered */
    char name[SHOW_PREPARED_MAX];
    const char *known; /* what the engine is asked, instead of... */
    size_t begin;      /* ...this part of the text */
    size_t end;
};

struct show_statement {
    size_t count;
    struct show_asked asked[SHOW_ASKED_MAX]; /* in the order of their answers */
    bool loads;                              /* a file of the client's may be asked for, too */
};

/* False: it asks for none of them. */
bool show_statement_find(struct span text, struct show_statement *ret_statement);

/* The answer will not be looked at: what must not be asked for instead then is not. */
void show_statement_leave_answers(struct show_statement *statement);

/* Appends the text as the engine knows it; false: it stays. */
bool show_statement_write(const struct show_statement *statement, struct span text,
                          struct buf *buf);
