/*
 * struct sql_parser: what the parsers of expressions and statements share: the next word, and an
 * arena for what they make of the words.
 *
 * A failure is sticky: `failed` with err set, for text that is no SQL or over a limit; the words
 * have ended then. Parsers return false for what they do not know, and leave the word in hand at
 * which they stopped. Lives on the stack of statement_parse(); one thread.
 */
#pragma once

#include "base/arena.h"
#include "binlog/sql_token.h"

#define SQL_PARSER_ITEMS_MAX 512 /* elements of all arrays of one statement */

struct sql_parser {
    struct sql_tokens tokens;
    struct sql_token token; /* the next one */
    struct arena *arena;
    struct err *err;
    size_t items; /* in all arrays */
    bool failed;
};

/* At the first word. */
void sql_parser_init(struct sql_parser *parser, struct span text, struct arena *arena,
                     struct err *err);

/* Moves on. What only frames a version comment is passed over. */
void sql_parser_advance(struct sql_parser *parser);

/* Whether the next word is that one; moves on if so. */
bool sql_parser_accept(struct sql_parser *parser, const char *word);
bool sql_parser_accept_sign(struct sql_parser *parser, const char *sign);

bool sql_parser_at_end(const struct sql_parser *parser);
bool sql_parser_at_name(const struct sql_parser *parser);

/* The token's meaning, kept in the arena; moves on. */
struct span sql_parser_value(struct sql_parser *parser);
struct span sql_parser_lower(struct sql_parser *parser); /* in lower case */

/* A number without sign and point; false, without moving, when the next is none. */
bool sql_parser_number(struct sql_parser *parser, uint64_t *ret_number);

struct span sql_parser_keep(struct sql_parser *parser, const struct buf *buf);

/*
 * A new last element of an array in the arena, whose room doubles as it fills; the array may move.
 * NULL over the limit.
 */
void *sql_parser_append(struct sql_parser *parser, void *array, size_t *count, size_t size,
                        void **ret_array);
