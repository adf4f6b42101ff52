/*
 * struct sql_tokens: the words of an SQL statement, one at a time, as the servers' lexers see them:
 * what is a string, a quoted name or a comment is never taken for anything else.
 *
 * A token is a span of the statement, so that a rewriter may copy what it leaves alone byte for
 * byte; sql_token_value() takes quotes and escapes off. Comments and white space are skipped. What
 * is inside a version comment is read, between tokens for its two ends. Text is taken as bytes of a
 * character set whose ASCII bytes mean nothing else (utf8, latin1; not sjis, gbk, big5 or cp932).
 * No state but the position; any thread. Source: MySQL reference manual, "Language Structure";
 * MariaDB knowledge base, "SQL Language Structure".
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

enum sql_token_kind {
    SQL_TOKEN_END,
    SQL_TOKEN_WORD,        /* a keyword or a plain name */
    SQL_TOKEN_NAME,        /* `name`, or "name" under ANSI_QUOTES */
    SQL_TOKEN_STRING,      /* 'text' or "text" */
    SQL_TOKEN_NUMBER,      /* 12, 1.5e3, 0x1F; X'1F' and b'01' are a word and a string */
    SQL_TOKEN_USER,        /* @name, @'name', @`name`: a user's variable */
    SQL_TOKEN_SYSTEM,      /* @@: the parts of a system variable's name follow as words and dots */
    SQL_TOKEN_SIGN,        /* one character of anything else; := is one sign, too */
    SQL_TOKEN_VERSION,     /* how a version comment begins: "!40101" or "M!100101" after its slash
                              and star, which are part of the text */
    SQL_TOKEN_VERSION_END, /* and how it ends */
};

struct sql_token {
    enum sql_token_kind kind;
    struct span text; /* as in the statement, quotes included; empty at the end */
};

struct sql_tokens {
    struct cursor rest;
    bool ansi_quotes;          /* sql_mode: "x" is a name */
    bool no_backslash_escapes; /* sql_mode: \ is a character as any other */
    bool in_version;           /* of sql_token.c: inside a version comment */
};

/* For a server's default sql_mode; the members above may be set before the first token. */
struct sql_tokens sql_tokens_of(struct span statement);

/* The same under a sql_mode, whose bits for this are the same in both families. */
struct sql_tokens sql_tokens_under(struct span statement, uint64_t sql_mode);

/* The next token. E_USAGE for a string, name or comment that does not end. */
MUST_CHECK bool sql_tokens_next(struct sql_tokens *tokens, struct sql_token *ret_token,
                                struct err *err);

/*
 * Appends what a STRING, NAME or USER token means: without quotes and @, escapes undone. Of other
 * kinds the text itself.
 */
void sql_token_value(struct buf *buf, const struct sql_tokens *tokens,
                     const struct sql_token *token);

/* A word, without regard to case. Quoted names are no words. */
bool sql_token_is(const struct sql_token *token, const char *word);

/* A sign, as "(" or ":=". */
bool sql_token_is_sign(const struct sql_token *token, const char *sign);
