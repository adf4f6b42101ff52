/*
 * struct expression: what a client selects or sets: a literal, a variable, a call of a function.
 * Operators are not among what clients of a binary log ask. It lives in the arena of its parser.
 */
#pragma once

#include "replication/sql_parser.h"

#define EXPRESSION_DEPTH_MAX 8 /* calls within calls */

enum expression_kind {
    EXPRESSION_NULL,
    EXPRESSION_TEXT,
    EXPRESSION_NUMBER,
    EXPRESSION_WORD, /* on the right of SET: ON, DEFAULT, utf8mb4; CURRENT_USER */
    EXPRESSION_USER_VARIABLE,
    EXPRESSION_SYSTEM_VARIABLE,
    EXPRESSION_CALL, /* name(arguments) */
};

enum variable_scope {
    SCOPE_NONE, /* @@name */
    SCOPE_GLOBAL,
    SCOPE_SESSION, /* LOCAL too */
};

struct expression {
    enum expression_kind kind;
    enum variable_scope scope;
    struct span value; /* of TEXT, NUMBER and WORD; unescaped; names in lower case but users' */
    struct span typed; /* of WORD and CALL: the name as it was typed */
    struct expression *arguments;
    size_t argument_count;
    struct span title; /* a selected one's column name: its alias, or its text as it was typed */
};

/* False at what is none. */
bool expression_parse(struct sql_parser *parser, struct expression *into);

/* The arguments of a call, after its opening bracket, and the closing one. */
bool expression_parse_arguments(struct sql_parser *parser, struct expression *call);

/* GLOBAL, SESSION or LOCAL; moves on if it is one. */
bool expression_accept_scope(struct sql_parser *parser, enum variable_scope *ret_scope);
