#include "binlog/sql_token.h"

#include <strings.h>

#define SQL_MODE_ANSI_QUOTES          ((uint64_t)1 << 2)
#define SQL_MODE_NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20)

struct sql_tokens sql_tokens_of(struct span statement)
{
    return sql_tokens_under(statement, 0);
}

struct sql_tokens sql_tokens_under(struct span statement, uint64_t sql_mode)
{
    return (struct sql_tokens){
        .rest = cursor_of(statement),
        .ansi_quotes = sql_mode & SQL_MODE_ANSI_QUOTES,
        .no_backslash_escapes = sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES,
    };
}

static uint8_t peek(const struct sql_tokens *tokens, size_t at)
{
    return at < tokens->rest.rest.len ? tokens->rest.rest.data[at] : 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Of a name without quotes; bytes past ASCII are letters. */
static bool is_word(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c >= 0x80;
}

/* Offset of `what` from `from` on, or of the end. */
static size_t find(const struct sql_tokens *tokens, size_t from, const char *what)
{
    struct span rest = tokens->rest.rest;
    const uint8_t *at;

    if (from >= rest.len)
        return rest.len;
    at = memmem(rest.data + from, rest.len - from, what, strlen(what));
    return at ? (size_t)(at - rest.data) : rest.len;
}

static bool fail_open(struct err *err, const char *what)
{
    return err_set(err, E_USAGE, 0, "%s in the statement does not end", what);
}

static bool is_version(const struct sql_tokens *tokens)
{
    return peek(tokens, 2) == '!' || (peek(tokens, 2) == 'M' && peek(tokens, 3) == '!');
}

/* Skips white space and comments; stops before a version comment's two ends. */
static bool skip_blank(struct sql_tokens *tokens, struct err *err)
{
    for (;;) {
        uint8_t c = peek(tokens, 0);
        uint8_t after = peek(tokens, 2);

        if (cursor_left(&tokens->rest) == 0)
            return true;
        if (is_space(c)) {
            cursor_skip(&tokens->rest, 1);
        } else if (c == '#' || (c == '-' && peek(tokens, 1) == '-' &&
                                (is_space(after) || cursor_left(&tokens->rest) == 2))) {
            cursor_skip(&tokens->rest, find(tokens, 0, "\n"));
        } else if (c == '/' && peek(tokens, 1) == '*' && !is_version(tokens)) {
            size_t end = find(tokens, 2, "*/");

            if (end == cursor_left(&tokens->rest))
                return fail_open(err, "a comment");
            cursor_skip(&tokens->rest, end + 2);
        } else {
            return true;
        }
    }
}

/* Length of a quoted text that begins at `at`, from there on; 0 when it does not end. */
static size_t quoted_length(const struct sql_tokens *tokens, size_t at)
{
    uint8_t quote = peek(tokens, at);
    bool escapes = quote != '`' && !tokens->no_backslash_escapes;
    size_t len = cursor_left(&tokens->rest);

    for (size_t i = at + 1; i < len; i++) {
        uint8_t c = peek(tokens, i);

        if (c == '\\' && escapes)
            i++;
        else if (c == quote && peek(tokens, i + 1) == quote)
            i++;
        else if (c == quote)
            return i + 1 - at;
    }
    return 0;
}

static size_t word_length(const struct sql_tokens *tokens, size_t at)
{
    size_t n = 0;

    while (is_word(peek(tokens, at + n)) && at + n < cursor_left(&tokens->rest))
        n++;
    return n;
}

/* 12, 1.5, .5, 1e-3, 0x1F; digits that a word goes on with, as in 1a, are a word. */
static size_t number_length(const struct sql_tokens *tokens)
{
    size_t n = 0;

    if (peek(tokens, 0) == '0' && (peek(tokens, 1) == 'x' || peek(tokens, 1) == 'b'))
        return word_length(tokens, 0);
    while (is_digit(peek(tokens, n)))
        n++;
    if (peek(tokens, n) == '.') {
        n++;
        while (is_digit(peek(tokens, n)))
            n++;
    }
    if (peek(tokens, n) == 'e' || peek(tokens, n) == 'E') {
        size_t digits = n + 1;

        if (peek(tokens, digits) == '+' || peek(tokens, digits) == '-')
            digits++;
        if (is_digit(peek(tokens, digits))) {
            n = digits;
            while (is_digit(peek(tokens, n)))
                n++;
        }
    }
    return n;
}

static bool take_quoted(struct sql_tokens *tokens, size_t at, enum sql_token_kind kind,
                        struct sql_token *ret_token, struct err *err)
{
    size_t n = quoted_length(tokens, at);

    if (n == 0)
        return fail_open(err, kind == SQL_TOKEN_STRING ? "a string" : "a quoted name");
    *ret_token = (struct sql_token){kind, cursor_bytes(&tokens->rest, at + n)};
    return true;
}

/* @@ and @name; the name of a user's variable may hold dots. */
static bool take_variable(struct sql_tokens *tokens, struct sql_token *ret_token, struct err *err)
{
    uint8_t quote = peek(tokens, 1);
    size_t n = 1;

    if (quote == '@') {
        *ret_token = (struct sql_token){SQL_TOKEN_SYSTEM, cursor_bytes(&tokens->rest, 2)};
        return true;
    }
    if (quote == '\'' || quote == '"' || quote == '`')
        return take_quoted(tokens, 1, SQL_TOKEN_USER, ret_token, err);
    while (n < cursor_left(&tokens->rest) && (is_word(peek(tokens, n)) || peek(tokens, n) == '.'))
        n++;
    *ret_token = (struct sql_token){SQL_TOKEN_USER, cursor_bytes(&tokens->rest, n)};
    return true;
}

static struct sql_token take_version(struct sql_tokens *tokens)
{
    size_t n = peek(tokens, 2) == '!' ? 3 : 4;

    while (is_digit(peek(tokens, n)))
        n++;
    tokens->in_version = true;
    return (struct sql_token){SQL_TOKEN_VERSION, cursor_bytes(&tokens->rest, n)};
}

static bool take_token(struct sql_tokens *tokens, struct sql_token *ret_token, struct err *err)
{
    uint8_t c = peek(tokens, 0);
    struct cursor *rest = &tokens->rest;

    if (c == '/' && peek(tokens, 1) == '*') {
        *ret_token = take_version(tokens);
        return true;
    }
    if (tokens->in_version && c == '*' && peek(tokens, 1) == '/') {
        tokens->in_version = false;
        *ret_token = (struct sql_token){SQL_TOKEN_VERSION_END, cursor_bytes(rest, 2)};
        return true;
    }
    if (c == '\'' || (c == '"' && !tokens->ansi_quotes))
        return take_quoted(tokens, 0, SQL_TOKEN_STRING, ret_token, err);
    if (c == '`' || c == '"')
        return take_quoted(tokens, 0, SQL_TOKEN_NAME, ret_token, err);
    if (c == '@')
        return take_variable(tokens, ret_token, err);
    if (is_digit(c) || (c == '.' && is_digit(peek(tokens, 1)))) {
        size_t digits = number_length(tokens);
        size_t word = word_length(tokens, 0);

        if (digits >= word) {
            *ret_token = (struct sql_token){SQL_TOKEN_NUMBER, cursor_bytes(rest, digits)};
            return true;
        }
    }
    if (is_word(c)) {
        *ret_token = (struct sql_token){SQL_TOKEN_WORD, cursor_bytes(rest, word_length(tokens, 0))};
        return true;
    }
    *ret_token = (struct sql_token){SQL_TOKEN_SIGN,
                                    cursor_bytes(rest, c == ':' && peek(tokens, 1) == '=' ? 2 : 1)};
    return true;
}

bool sql_tokens_next(struct sql_tokens *tokens, struct sql_token *ret_token, struct err *err)
{
    if (!skip_blank(tokens, err))
        return false;
    if (cursor_left(&tokens->rest) > 0)
        return take_token(tokens, ret_token, err);
    if (tokens->in_version)
        return fail_open(err, "a version comment");
    *ret_token = (struct sql_token){.kind = SQL_TOKEN_END};
    return true;
}

/* What stands for \c in a string (MySQL reference manual, "String Literals"). */
static uint8_t escaped(uint8_t c)
{
    switch (c) {
    case '0':
        return 0;
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 0x1a;
    default:
        return c;
    }
}

void sql_token_value(struct buf *buf, const struct sql_tokens *tokens,
                     const struct sql_token *token)
{
    struct cursor cur = cursor_of(token->text);
    uint8_t quote;
    bool escapes;

    if (token->kind == SQL_TOKEN_USER)
        cursor_skip(&cur, 1);
    quote = cur.rest.len > 0 ? cur.rest.data[0] : 0;
    if ((token->kind != SQL_TOKEN_STRING && token->kind != SQL_TOKEN_NAME &&
         token->kind != SQL_TOKEN_USER) ||
        (quote != '\'' && quote != '"' && quote != '`')) {
        buf_bytes(buf, cursor_rest(&cur));
        return;
    }
    cursor_skip(&cur, 1);
    escapes = quote != '`' && !tokens->no_backslash_escapes;
    while (cursor_left(&cur) > 1) {
        uint8_t c = cursor_u8(&cur);

        if (c == '\\' && escapes) {
            c = cursor_u8(&cur);
            if (c == '%' || c == '_') /* they keep the backslash, for LIKE */
                buf_u8(buf, '\\');
            buf_u8(buf, escaped(c));
        } else {
            if (c == quote)
                cursor_skip(&cur, 1);
            buf_u8(buf, c);
        }
    }
}

bool sql_token_is(const struct sql_token *token, const char *word)
{
    return token->kind == SQL_TOKEN_WORD && token->text.len == strlen(word) &&
           strncasecmp((const char *)token->text.data, word, token->text.len) == 0;
}

bool sql_token_is_sign(const struct sql_token *token, const char *sign)
{
    return token->kind == SQL_TOKEN_SIGN && span_eq(token->text, span_str(sign));
}
