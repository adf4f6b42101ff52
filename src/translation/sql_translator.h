/*
 * struct sql_translator: the text of statements of a binlog, as another dialect's servers take it.
 *
 * Statements are read token by token (sql_token.h): strings, comments and quoted names are never
 * taken for anything else, and what needs no change goes on byte for byte. What is rewritten, and
 * what is refused, is listed in doc/compatibility.md. Nothing is guessed: a statement that the
 * other side can not take in any form is E_STATE with the place, the reason and what can be done.
 *
 * Holds the memory that it works with; owned by one thread. No state from one statement to the
 * next.
 */
#pragma once

#include "binlog/sql_token.h"
#include "translation/dialect.h"

/* What happens to CREATE, ALTER, DROP and RENAME USER, roles, GRANT, REVOKE and SET PASSWORD. */
enum account_policy {
    ACCOUNTS_DROP,      /* they become empty transactions, and are counted */
    ACCOUNTS_REPLICATE, /* in the other side's words; E_STATE where it has none */
    ACCOUNTS_STOP,      /* E_STATE */
    ACCOUNTS_KEEP,      /* in the source's own words, for who says them anew: foreign_account.h */
};

/* Where a statement comes from and goes to. */
struct sql_origin {
    enum format_family family;
    uint32_t version; /* of the server that wrote it, as in struct format */
    enum dialect to;
    enum account_policy accounts;
};

/* What goes with one statement: out of its event's status variables. */
struct sql_session {
    uint64_t sql_mode;           /* the source's bits */
    uint32_t collation_client;   /* whose character set the text is in */
    uint32_t collation_server;   /* ids of the source; 0: not told */
    uint32_t collation_database; /* 0: not told */
    uint32_t collation_utf8mb4;  /* what "utf8mb4" alone means; 0: as the version has it */
    struct span collations;      /* MariaDB: that and others', see struct query_status */
    struct span database;
};

enum sql_outcome {
    SQL_UNCHANGED, /* nothing was appended: the text goes on as it is */
    SQL_REWRITTEN, /* the new text was appended */
    SQL_DROPPED,   /* by policy, or it means nothing on the other side: nothing was appended */
};

#define SQL_WORDS_SIZE 48 /* bytes with a NUL */

struct sql_translator;

struct sql_translator *sql_translator_new(const struct sql_origin *origin);
void sql_translator_free(struct sql_translator *translator); /* NULL is fine */

/*
 * E_STATE: the statement can not be taken over; the text says which clause, why, and what the
 * operator can do. E_LIMIT: longer than buf's maximum. On failure nothing was appended.
 */
MUST_CHECK bool sql_translate(struct sql_translator *translator, const struct sql_session *session,
                              struct span text, struct buf *buf, enum sql_outcome *ret_outcome,
                              struct err *err);

/*
 * What the statement was that was dropped last, by its first words alone: "CREATE USER", "GRANT".
 * Borrowed until the next.
 */
const char *sql_translator_dropped(const struct sql_translator *translator);
