#include "translation/sql_walk.h"

#include "translation/sql_version.h"

#include <stdarg.h>
#include <stdio.h>

#define VALUE_MAX 4096

static void end(struct sql_walk *walk)
{
    walk->token = (struct sql_token){.kind = SQL_TOKEN_END};
    walk->tokens.rest.rest.len = 0;
}

void sql_walk_refuse(struct sql_walk *walk, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    if (walk->failed)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    walk->failed = !err_set(walk->err, E_STATE, 0, "%s", text);
    end(walk);
}

/* ---- Version comments ---- */

/* Behind the comment that `token` begins; MySQL lets one more comment be inside. */
static bool pass_comment(struct sql_walk *walk, const struct sql_token *token,
                         struct sql_token *ret_whole)
{
    struct cursor *rest = &walk->tokens.rest;
    const uint8_t *end_at;
    bool nested;

    do {
        const uint8_t *at = rest->rest.data;

        end_at = memmem(at, rest->rest.len, "*/", 2);
        if (!end_at)
            return false;
        nested = memmem(at, (size_t)(end_at - at), "/*", 2) != NULL;
        cursor_skip(rest, (size_t)(end_at - at) + 2);
    } while (nested);
    walk->tokens.in_version = false;
    *ret_whole = *token;
    ret_whole->text.len = (size_t)(end_at - token->text.data) + 2;
    return true;
}

static void begin_version(struct sql_walk *walk, const struct sql_token *token)
{
    struct sql_token whole = *token;

    switch (sql_version_of(token, walk->origin)) {
    case SQL_VERSION_SHARED:
        return;
    case SQL_VERSION_SOURCE:
        walk->unwraps = true;
        break;
    case SQL_VERSION_NEITHER:
        if (!pass_comment(walk, token, &whole)) {
            sql_walk_refuse(walk, "a version comment does not end");
            return;
        }
        break;
    case SQL_VERSION_UNKNOWN:
        sql_walk_refuse(walk,
                        "the version comment %.*s: a number of five or six digits was expected; "
                        "write the statement without the comment",
                        (int)(token->text.len < 32 ? token->text.len : 32),
                        (const char *)token->text.data);
        return;
    }
    if (walk->mends_versions)
        sql_edits_remove(walk->edits, whole.text, whole.text);
}

static void end_version(struct sql_walk *walk, const struct sql_token *token)
{
    if (walk->unwraps && walk->mends_versions)
        sql_edits_remove(walk->edits, token->text, token->text);
    walk->unwraps = false;
}

static void read_token(struct sql_walk *walk)
{
    struct err err;

    while (!walk->failed) {
        bool inside = walk->tokens.in_version;

        if (!sql_tokens_next(&walk->tokens, &walk->token, &err)) {
            sql_walk_refuse(walk, "%s", err.text);
            return;
        }
        if (walk->token.kind != SQL_TOKEN_VERSION && walk->token.kind != SQL_TOKEN_VERSION_END)
            return;
        if (walk->token.kind == SQL_TOKEN_VERSION_END)
            end_version(walk, &walk->token);
        else if (inside)
            sql_walk_refuse(walk, "a version comment within another one: servers differ in where "
                                  "it ends; write the statement without it");
        else
            begin_version(walk, &walk->token);
    }
}

void sql_walk_start(struct sql_walk *walk, const struct sql_origin *origin,
                    const struct sql_session *session, struct span text, struct sql_edits *edits,
                    struct err *err)
{
    *walk = (struct sql_walk){.origin = origin,
                              .session = session,
                              .edits = edits,
                              .err = err,
                              .tokens = sql_tokens_under(text, session->sql_mode),
                              .mends_versions = true};
    read_token(walk);
}

/* ---- What comes ---- */

bool sql_walk_at_end(const struct sql_walk *walk)
{
    return walk->token.kind == SQL_TOKEN_END;
}

bool sql_walk_is(const struct sql_walk *walk, const char *word)
{
    return sql_token_is(&walk->token, word);
}

bool sql_walk_is_sign(const struct sql_walk *walk, const char *sign)
{
    return sql_token_is_sign(&walk->token, sign);
}

bool sql_walk_is_name(const struct sql_walk *walk)
{
    return walk->token.kind == SQL_TOKEN_WORD || walk->token.kind == SQL_TOKEN_NAME;
}

struct sql_walk sql_walk_scout(const struct sql_walk *walk, struct err *ignored)
{
    struct sql_walk scout = *walk;

    scout.mends_versions = false;
    scout.err = ignored;
    return scout;
}

struct sql_token sql_walk_ahead(const struct sql_walk *walk, unsigned n)
{
    struct err ignored;
    struct sql_walk scout = sql_walk_scout(walk, &ignored);

    while (n-- > 0)
        sql_walk_step(&scout);
    return scout.token;
}

bool sql_walk_are(const struct sql_walk *walk, const char *const words[])
{
    struct err ignored;
    struct sql_walk scout = sql_walk_scout(walk, &ignored);

    for (; *words; words++)
        if (!sql_walk_take(&scout, *words))
            return false;
    return true;
}

/* ---- Going on ---- */

static void follow_parens(struct sql_walk *walk)
{
    if (sql_walk_is_sign(walk, "(")) {
        bool cast = sql_token_is(&walk->last, "CAST") || sql_token_is(&walk->last, "CONVERT");

        walk->depth++;
        walk->casts = walk->casts << 1 | cast;
    } else if (sql_walk_is_sign(walk, ")")) {
        walk->depth -= walk->depth > 0;
        walk->casts >>= 1;
    }
}

/* A comma between the options of a table or database ends nothing. */
static bool ends_part(const struct sql_walk *walk)
{
    if (sql_walk_is_sign(walk, ","))
        return walk->depth > 0 || sql_walk_is_head(walk, "ALTER", "TABLE");
    return sql_walk_is_sign(walk, "(") || sql_walk_is_sign(walk, ")") ||
           sql_walk_is_sign(walk, ";");
}

/* Where a name with dots, as d.t.c, begins. */
static void follow_name(struct sql_walk *walk)
{
    if (sql_walk_is_sign(walk, "."))
        return;
    if (!sql_walk_is_name(walk))
        walk->operand = (struct sql_token){.kind = SQL_TOKEN_END};
    else if (!sql_token_is_sign(&walk->last, "."))
        walk->operand = walk->token;
}

void sql_walk_step(struct sql_walk *walk)
{
    if (sql_walk_at_end(walk))
        return;
    follow_name(walk);
    if (walk->token.kind == SQL_TOKEN_SIGN) {
        if (ends_part(walk))
            walk->collated = false;
        follow_parens(walk);
    } else if (sql_walk_is(walk, "COLLATE")) {
        walk->collated = true;
    }
    walk->last = walk->token;
    read_token(walk);
}

bool sql_walk_take(struct sql_walk *walk, const char *word)
{
    if (!sql_walk_is(walk, word))
        return false;
    sql_walk_step(walk);
    return true;
}

bool sql_walk_take_sign(struct sql_walk *walk, const char *sign)
{
    if (!sql_walk_is_sign(walk, sign))
        return false;
    sql_walk_step(walk);
    return true;
}

void sql_walk_pass_parens(struct sql_walk *walk)
{
    unsigned depth = walk->depth;

    if (!sql_walk_take_sign(walk, "("))
        return;
    while (!sql_walk_at_end(walk) && walk->depth > depth)
        sql_walk_step(walk);
}

void sql_walk_seek_part_end(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") && !sql_walk_is_sign(walk, ")")) {
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
    }
}

bool sql_walk_take_name(struct sql_walk *walk, struct sql_token *ret_name)
{
    if (!sql_walk_is_name(walk))
        return false;
    *ret_name = walk->token;
    sql_walk_step(walk);
    if (!sql_walk_take_sign(walk, "."))
        return true;
    *ret_name = walk->token;
    sql_walk_step(walk);
    return true;
}

/* ---- The head ---- */

static bool is_any(const struct sql_token *token, const char *const words[])
{
    for (; *words; words++)
        if (sql_token_is(token, *words))
            return true;
    return false;
}

void sql_walk_head(struct sql_walk *walk)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP", "RENAME", NULL};
    static const char *const objects[] = {
        "TABLE",    "TABLES",    "DATABASE", "SCHEMA",   "INDEX",   "VIEW",     "PROCEDURE",
        "FUNCTION", "TRIGGER",   "EVENT",    "USER",     "ROLE",    "SERVER",   "TABLESPACE",
        "LOGFILE",  "RESOURCE",  "LIBRARY",  "SEQUENCE", "PACKAGE", "INSTANCE", "REFERENCE",
        "PREPARE",  "COMPONENT", "PLUGIN",   NULL};

    while (sql_walk_take_sign(walk, "("))
        ;
    walk->verb = walk->token;
    sql_walk_step(walk);
    if (!is_any(&walk->verb, verbs))
        return;
    while (!sql_walk_at_end(walk) && !is_any(&walk->token, objects))
        sql_walk_step(walk);
    walk->object = walk->token;
    sql_walk_step(walk);
}

bool sql_walk_is_head(const struct sql_walk *walk, const char *verb, const char *object)
{
    return sql_token_is(&walk->verb, verb) && (!object || sql_token_is(&walk->object, object));
}

/* ---- Text ---- */

const char *sql_walk_value(const struct sql_walk *walk, const struct sql_token *token, char *text,
                           size_t size)
{
    struct sql_token head = *token;
    struct buf buf;

    /* A quoted text that is cut has no end: no matter, it is only shown or not equal to a word. */
    if (head.text.len > VALUE_MAX)
        head.text.len = VALUE_MAX;
    buf_init(&buf, VALUE_MAX + 1);
    sql_token_value(&buf, &walk->tokens, &head);
    (void)snprintf(text, size, "%s", buf_borrow_cstr(&buf));
    buf_done(&buf);
    return text;
}

struct span sql_before(const struct sql_token *token)
{
    return span_of(token->text.data, 0);
}

struct span sql_behind(const struct sql_token *token)
{
    struct cursor cur = cursor_of(token->text);

    cursor_skip(&cur, token->text.len);
    return cur.rest;
}
