#include "replication/statement.h"

#include "binlog/sql_token.h"

#include <ctype.h>

struct parser {
    struct sql_tokens tokens;
    struct sql_token token; /* the next one */
    struct arena *arena;
    struct err *err;
    size_t items; /* in all arrays */
    bool failed;  /* the text is no SQL, or over a limit: err is set */
};

/* Moves on. What only frames a version comment is passed over. */
static void advance(struct parser *parser)
{
    do {
        if (!sql_tokens_next(&parser->tokens, &parser->token, parser->err)) {
            parser->failed = true;
            parser->token = (struct sql_token){.kind = SQL_TOKEN_END};
        }
    } while (parser->token.kind == SQL_TOKEN_VERSION ||
             parser->token.kind == SQL_TOKEN_VERSION_END);
}

static bool accept(struct parser *parser, const char *word)
{
    if (!sql_token_is(&parser->token, word))
        return false;
    advance(parser);
    return true;
}

static bool accept_sign(struct parser *parser, const char *sign)
{
    if (!sql_token_is_sign(&parser->token, sign))
        return false;
    advance(parser);
    return true;
}

static bool at_end(const struct parser *parser)
{
    return parser->token.kind == SQL_TOKEN_END && !parser->failed;
}

static struct span keep(struct parser *parser, const struct buf *buf)
{
    uint8_t *copy = arena_alloc(parser->arena, buf->len + 1);

    if (buf->len > 0)
        memcpy(copy, buf->data, buf->len);
    return span_of(copy, buf->len);
}

/* The token's meaning; moves on. */
static struct span take_value(struct parser *parser)
{
    struct span value;
    struct buf buf;

    buf_init(&buf, parser->token.text.len + 1);
    sql_token_value(&buf, &parser->tokens, &parser->token);
    value = keep(parser, &buf);
    buf_done(&buf);
    advance(parser);
    return value;
}

static struct span take_lower(struct parser *parser)
{
    struct span value = take_value(parser);
    uint8_t *copy = arena_alloc(parser->arena, value.len + 1);

    for (size_t i = 0; i < value.len; i++)
        copy[i] = (uint8_t)tolower(value.data[i]);
    return span_of(copy, value.len);
}

static bool take_number(struct parser *parser, uint64_t *ret_number)
{
    struct span digits = parser->token.text;
    uint64_t number = 0;

    if (parser->token.kind != SQL_TOKEN_NUMBER || digits.len > 19)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        number = number * 10 + (digits.data[i] - (uint64_t)'0');
    }
    advance(parser);
    *ret_number = number;
    return true;
}

static bool is_scope(const struct parser *parser, enum variable_scope *ret_scope)
{
    if (sql_token_is(&parser->token, "GLOBAL"))
        *ret_scope = SCOPE_GLOBAL;
    else if (sql_token_is(&parser->token, "SESSION") || sql_token_is(&parser->token, "LOCAL"))
        *ret_scope = SCOPE_SESSION;
    else
        return false;
    return true;
}

static bool is_name(const struct parser *parser)
{
    return parser->token.kind == SQL_TOKEN_WORD || parser->token.kind == SQL_TOKEN_NAME;
}

/* After @@: [GLOBAL | SESSION | LOCAL .] name */
static bool parse_system_variable(struct parser *parser, struct expression *into)
{
    enum variable_scope scope = SCOPE_NONE;

    *into = (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE};
    if (is_scope(parser, &scope)) {
        advance(parser);
        if (!accept_sign(parser, "."))
            return false;
    }
    if (!is_name(parser))
        return false;
    into->scope = scope;
    into->value = take_lower(parser);
    return true;
}

static bool fail_items(struct parser *parser)
{
    if (!parser->failed)
        (void)err_set(parser->err, E_LIMIT, 0, "more than %u items in a statement",
                      (unsigned)STATEMENT_ITEMS_MAX);
    parser->failed = true;
    return false;
}

/* A new last element of an array in the arena, whose room doubles as it fills. */
static void *append(struct parser *parser, void *array, size_t *count, size_t size,
                    void **ret_array)
{
    uint8_t *grown = array;

    if (++parser->items > STATEMENT_ITEMS_MAX) {
        (void)fail_items(parser);
        return NULL;
    }
    if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, 8 .. */
        grown = arena_alloc(parser->arena, (*count == 0 ? 1 : *count * 2) * size);
        if (*count > 0)
            memcpy(grown, array, *count * size);
        *ret_array = grown;
    }
    return grown + (*count)++ * size;
}

static bool parse_expression(struct parser *parser, unsigned depth, struct expression *into);

/* After the opening bracket. */
static bool parse_arguments(struct parser *parser, unsigned depth, struct expression *call)
{
    if (accept_sign(parser, ")"))
        return true;
    do {
        void *array = call->arguments;
        struct expression *argument =
            append(parser, array, &call->argument_count, sizeof *argument, &array);

        call->arguments = array;
        if (!argument || !parse_expression(parser, depth + 1, argument))
            return false;
    } while (accept_sign(parser, ","));
    return accept_sign(parser, ")");
}

static bool parse_word(struct parser *parser, unsigned depth, struct expression *into)
{
    *into = (struct expression){.kind = EXPRESSION_NULL};
    if (accept(parser, "NULL"))
        return true;
    into->kind = EXPRESSION_WORD;
    into->value = take_lower(parser);
    if (!accept_sign(parser, "("))
        return true;
    into->kind = EXPRESSION_CALL;
    return depth < STATEMENT_DEPTH_MAX && parse_arguments(parser, depth, into);
}

static bool parse_negative(struct parser *parser, struct expression *into)
{
    struct buf buf;

    advance(parser);
    if (parser->token.kind != SQL_TOKEN_NUMBER)
        return false;
    buf_init(&buf, parser->token.text.len + 1);
    buf_u8(&buf, '-');
    buf_bytes(&buf, parser->token.text);
    *into = (struct expression){.kind = EXPRESSION_NUMBER, .value = keep(parser, &buf)};
    buf_done(&buf);
    advance(parser);
    return true;
}

static bool parse_expression(struct parser *parser, unsigned depth, struct expression *into)
{
    switch (parser->token.kind) {
    case SQL_TOKEN_STRING:
        *into = (struct expression){.kind = EXPRESSION_TEXT};
        into->value = take_value(parser);
        return true;
    case SQL_TOKEN_NUMBER:
        *into = (struct expression){.kind = EXPRESSION_NUMBER};
        into->value = take_value(parser);
        return true;
    case SQL_TOKEN_USER:
        *into = (struct expression){.kind = EXPRESSION_USER_VARIABLE};
        into->value = take_value(parser);
        return true;
    case SQL_TOKEN_SYSTEM:
        advance(parser);
        return parse_system_variable(parser, into);
    case SQL_TOKEN_WORD:
        return parse_word(parser, depth, into);
    case SQL_TOKEN_SIGN:
        return sql_token_is_sign(&parser->token, "-") && parse_negative(parser, into);
    case SQL_TOKEN_NAME:
    case SQL_TOKEN_VERSION:
    case SQL_TOKEN_VERSION_END:
    case SQL_TOKEN_END:
        return false;
    }
    return false;
}

/* What was typed from `start` up to the next token, without the space before that. */
static struct span typed(const struct parser *parser, const uint8_t *start)
{
    const uint8_t *end = parser->token.text.data;
    size_t len;

    if (parser->token.kind == SQL_TOKEN_END)
        end = parser->tokens.rest.rest.data;
    len = (size_t)(end - start);
    while (len > 0 && isspace(start[len - 1]))
        len--;
    return span_of(start, len);
}

static bool parse_limit(struct parser *parser, struct statement *statement)
{
    uint64_t first;

    if (!accept(parser, "LIMIT"))
        return true;
    if (!take_number(parser, &first))
        return false;
    statement->limit = first;
    if (accept_sign(parser, ",")) {
        statement->limit_offset = first;
        return take_number(parser, &statement->limit);
    }
    return !accept(parser, "OFFSET") || take_number(parser, &statement->limit_offset);
}

/* expression [[AS] alias] */
static bool parse_item(struct parser *parser, struct expression *item)
{
    const uint8_t *start = parser->token.text.data;

    if (!parse_expression(parser, 0, item))
        return false;
    item->title = typed(parser, start);
    if (accept(parser, "AS") || (is_name(parser) && !sql_token_is(&parser->token, "LIMIT") &&
                                 !sql_token_is(&parser->token, "FROM"))) {
        if (!is_name(parser) && parser->token.kind != SQL_TOKEN_STRING)
            return false;
        item->title = take_value(parser);
    }
    return true;
}

static bool parse_select(struct parser *parser, struct statement *statement)
{
    do {
        void *array = statement->items;
        struct expression *item =
            append(parser, array, &statement->item_count, sizeof *item, &array);

        statement->items = array;
        if (!item || !parse_item(parser, item))
            return false;
    } while (accept_sign(parser, ","));
    if (accept(parser, "FROM") && !accept(parser, "DUAL"))
        return false;
    statement->kind = STATEMENT_SELECT;
    return parse_limit(parser, statement);
}

/* [GLOBAL | SESSION | LOCAL] name, @@name, @name */
static bool parse_target(struct parser *parser, struct expression *target)
{
    enum variable_scope scope = SCOPE_NONE;

    if (parser->token.kind == SQL_TOKEN_USER || parser->token.kind == SQL_TOKEN_SYSTEM)
        return parse_expression(parser, 0, target);
    if (is_scope(parser, &scope))
        advance(parser);
    *target = (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE, .scope = scope};
    if (!is_name(parser))
        return false;
    target->value = take_lower(parser);
    return true;
}

/* NAMES x [COLLATE y], CHARACTER SET x, CHARSET x: none has an effect on what the relay sends. */
static bool parse_names(struct parser *parser, struct assignment *assignment, bool *ret_is_names)
{
    *ret_is_names = true;
    if (accept(parser, "CHARACTER")) {
        if (!accept(parser, "SET"))
            return false;
    } else if (!accept(parser, "NAMES") && !accept(parser, "CHARSET")) {
        *ret_is_names = false;
        return true;
    }
    assignment->target =
        (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE, .value = span_str("names")};
    if (!parse_expression(parser, 0, &assignment->value))
        return false;
    return !accept(parser, "COLLATE") || parse_expression(parser, 0, &assignment->value);
}

static bool parse_assignment(struct parser *parser, struct assignment *assignment)
{
    bool is_names;

    if (!parse_names(parser, assignment, &is_names))
        return false;
    if (is_names)
        return true;
    if (!parse_target(parser, &assignment->target))
        return false;
    if (!accept_sign(parser, "=") && !accept_sign(parser, ":="))
        return false;
    return parse_expression(parser, 0, &assignment->value);
}

static bool parse_set(struct parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_SET;
    do {
        void *array = statement->assignments;
        struct assignment *assignment =
            append(parser, array, &statement->assignment_count, sizeof *assignment, &array);

        statement->assignments = array;
        if (!assignment || !parse_assignment(parser, assignment))
            return false;
    } while (accept_sign(parser, ","));
    return true;
}

/* A text that LIKE is to match as it is. */
static struct span exact_pattern(struct parser *parser, struct span text)
{
    struct span pattern;
    struct buf buf;

    buf_init(&buf, text.len * 2 + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("%_\\", text.data[i]) && text.data[i] != '\0')
            buf_u8(&buf, '\\');
        buf_u8(&buf, text.data[i]);
    }
    pattern = keep(parser, &buf);
    buf_done(&buf);
    return pattern;
}

static bool parse_pattern(struct parser *parser, struct statement *statement, bool exact)
{
    void *array = statement->patterns;
    struct span *pattern;

    if (parser->token.kind != SQL_TOKEN_STRING)
        return false;
    pattern = append(parser, array, &statement->pattern_count, sizeof *pattern, &array);
    statement->patterns = array;
    if (!pattern)
        return false;
    *pattern = take_value(parser);
    if (exact)
        *pattern = exact_pattern(parser, *pattern);
    return true;
}

/* Variable_name {= | LIKE | IN} ... */
static bool parse_condition(struct parser *parser, struct statement *statement)
{
    if (!is_name(parser) || !span_eq(take_lower(parser), span_str("variable_name")))
        return false;
    if (accept(parser, "LIKE"))
        return parse_pattern(parser, statement, false);
    if (accept_sign(parser, "="))
        return parse_pattern(parser, statement, true);
    if (!accept(parser, "IN") || !accept_sign(parser, "("))
        return false;
    do {
        if (!parse_pattern(parser, statement, true))
            return false;
    } while (accept_sign(parser, ","));
    return accept_sign(parser, ")");
}

static bool parse_patterns(struct parser *parser, struct statement *statement)
{
    if (accept(parser, "LIKE"))
        return parse_pattern(parser, statement, false);
    if (!accept(parser, "WHERE"))
        return true;
    do {
        if (!parse_condition(parser, statement))
            return false;
    } while (accept(parser, "OR"));
    return true;
}

/* After SHOW BINLOG EVENTS */
static bool parse_events(struct parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_SHOW_EVENTS;
    if (accept(parser, "IN")) {
        if (parser->token.kind != SQL_TOKEN_STRING)
            return false;
        statement->file = take_value(parser);
    }
    if (accept(parser, "FROM") && !take_number(parser, &statement->position))
        return false;
    return parse_limit(parser, statement);
}

/* After SHOW {MASTER | BINARY | BINLOG} */
static bool parse_show_log(struct parser *parser, struct statement *statement, bool master)
{
    statement->kind = STATEMENT_SHOW_LOG_STATUS;
    if (accept(parser, "STATUS"))
        return true;
    if (accept(parser, "EVENTS"))
        return !master && parse_events(parser, statement);
    statement->new_words = !master;
    if (!master && accept(parser, "LOG"))
        return accept(parser, "STATUS");
    statement->kind = STATEMENT_SHOW_LOGS;
    return accept(parser, "LOGS");
}

/* After SHOW {SLAVE | REPLICA} */
static bool parse_show_replica(struct parser *parser, struct statement *statement, bool new_words)
{
    statement->new_words = new_words;
    statement->kind = STATEMENT_SHOW_REPLICAS;
    if (accept(parser, "HOSTS"))
        return true;
    statement->kind = STATEMENT_SHOW_REPLICA_STATUS;
    if (!accept(parser, "STATUS"))
        return false;
    if (accept(parser, "FOR")) {
        if (!accept(parser, "CHANNEL") || parser->token.kind != SQL_TOKEN_STRING)
            return false;
        statement->channel = take_value(parser);
    }
    (void)accept(parser, "NONBLOCKING");
    return true;
}

/* SHOW WARNINGS, SHOW ERRORS, SHOW GRANTS, SHOW REPLICAS, SHOW ALL SLAVES STATUS */
static bool parse_show_other(struct parser *parser, struct statement *statement)
{
    if (accept(parser, "WARNINGS") || accept(parser, "ERRORS")) {
        statement->kind = STATEMENT_SHOW_WARNINGS;
        return parse_limit(parser, statement);
    }
    if (accept(parser, "REPLICAS")) {
        statement->kind = STATEMENT_SHOW_REPLICAS;
        statement->new_words = true;
        return true;
    }
    if (accept(parser, "ALL")) {
        statement->kind = STATEMENT_SHOW_REPLICA_STATUS;
        statement->new_words = sql_token_is(&parser->token, "REPLICAS");
        return (accept(parser, "SLAVES") || accept(parser, "REPLICAS")) && accept(parser, "STATUS");
    }
    statement->kind = STATEMENT_SHOW_GRANTS;
    if (!accept(parser, "GRANTS"))
        return false;
    if (!accept(parser, "FOR"))
        return true;
    if (!accept(parser, "CURRENT_USER"))
        return false;
    return !accept_sign(parser, "(") || accept_sign(parser, ")");
}

static bool parse_show(struct parser *parser, struct statement *statement)
{
    if (is_scope(parser, &statement->scope))
        advance(parser);
    if (accept(parser, "VARIABLES")) {
        statement->kind = STATEMENT_SHOW_VARIABLES;
        return parse_patterns(parser, statement);
    }
    if (accept(parser, "STATUS")) {
        statement->kind = STATEMENT_SHOW_STATUS;
        return parse_patterns(parser, statement);
    }
    if (statement->scope != SCOPE_NONE)
        return false;
    if (accept(parser, "MASTER"))
        return parse_show_log(parser, statement, true);
    if (accept(parser, "BINARY") || accept(parser, "BINLOG"))
        return parse_show_log(parser, statement, false);
    if (accept(parser, "SLAVE"))
        return parse_show_replica(parser, statement, false);
    if (accept(parser, "REPLICA"))
        return parse_show_replica(parser, statement, true);
    return parse_show_other(parser, statement);
}

static bool parse_no_effect(struct parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_NO_EFFECT;
    if (accept(parser, "START"))
        return accept(parser, "TRANSACTION");
    if (!accept(parser, "BEGIN") && !accept(parser, "COMMIT") && !accept(parser, "ROLLBACK"))
        return false;
    (void)accept(parser, "WORK");
    return true;
}

static bool parse_kind(struct parser *parser, struct statement *statement)
{
    if (accept(parser, "SELECT"))
        return parse_select(parser, statement);
    if (accept(parser, "SET"))
        return parse_set(parser, statement);
    if (accept(parser, "SHOW"))
        return parse_show(parser, statement);
    if (accept(parser, "KILL")) {
        statement->kind = STATEMENT_KILL;
        if (!accept(parser, "CONNECTION"))
            (void)accept(parser, "QUERY");
        return take_number(parser, &statement->position);
    }
    return parse_no_effect(parser, statement);
}

bool statement_parse(struct span text, struct arena *arena, struct statement *ret_statement,
                     struct err *err)
{
    struct statement statement = {.limit = UINT64_MAX};
    struct parser parser = {.tokens = sql_tokens_of(text), .arena = arena, .err = err};
    bool good;

    advance(&parser);
    good = at_end(&parser) || parse_kind(&parser, &statement);
    (void)accept_sign(&parser, ";");
    if (parser.failed)
        return false;
    if (!good || !at_end(&parser))
        statement = (struct statement){.kind = STATEMENT_OTHER};
    *ret_statement = statement;
    return true;
}

bool statement_like(struct span text, struct span pattern)
{
    size_t star_text = 0;
    size_t star = SIZE_MAX; /* after the last %, from where matching goes on when it fails */
    size_t p = 0;
    size_t t = 0;

    while (t < text.len) {
        bool escaped = p + 1 < pattern.len && pattern.data[p] == '\\';
        size_t at = escaped ? p + 1 : p;

        if (p < pattern.len && !escaped && pattern.data[p] == '%') {
            star = ++p;
            star_text = t;
        } else if (p < pattern.len && ((!escaped && pattern.data[p] == '_') ||
                                       tolower(pattern.data[at]) == tolower(text.data[t]))) {
            p = at + 1;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '%')
        p++;
    return p == pattern.len;
}
