#include "replication/expression.h"

bool expression_accept_scope(struct sql_parser *parser, enum variable_scope *ret_scope)
{
    if (sql_parser_accept(parser, "GLOBAL"))
        *ret_scope = SCOPE_GLOBAL;
    else if (sql_parser_accept(parser, "SESSION") || sql_parser_accept(parser, "LOCAL"))
        *ret_scope = SCOPE_SESSION;
    else
        return false;
    return true;
}

/* After @@: [GLOBAL | SESSION | LOCAL .] name */
static bool parse_system_variable(struct sql_parser *parser, struct expression *into)
{
    *into = (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE};
    if (expression_accept_scope(parser, &into->scope) && !sql_parser_accept_sign(parser, "."))
        return false;
    if (!sql_parser_at_name(parser))
        return false;
    into->value = sql_parser_lower(parser);
    return true;
}

static bool parse(struct sql_parser *parser, unsigned depth, struct expression *into);

static bool parse_arguments(struct sql_parser *parser, unsigned depth, struct expression *call)
{
    if (sql_parser_accept_sign(parser, ")"))
        return true;
    do {
        void *array = call->arguments;
        struct expression *argument =
            sql_parser_append(parser, array, &call->argument_count, sizeof *argument, &array);

        call->arguments = array;
        if (!argument || !parse(parser, depth + 1, argument))
            return false;
    } while (sql_parser_accept_sign(parser, ","));
    return sql_parser_accept_sign(parser, ")");
}

bool expression_parse_arguments(struct sql_parser *parser, struct expression *call)
{
    return parse_arguments(parser, 0, call);
}

static bool parse_word(struct sql_parser *parser, unsigned depth, struct expression *into)
{
    *into = (struct expression){.kind = EXPRESSION_NULL};
    if (sql_parser_accept(parser, "NULL"))
        return true;
    into->kind = EXPRESSION_WORD;
    into->typed = parser->token.text;
    into->value = sql_parser_lower(parser);
    if (!sql_parser_accept_sign(parser, "("))
        return true;
    into->kind = EXPRESSION_CALL;
    return depth < EXPRESSION_DEPTH_MAX && parse_arguments(parser, depth, into);
}

static bool parse_negative(struct sql_parser *parser, struct expression *into)
{
    struct buf buf;

    sql_parser_advance(parser);
    if (parser->token.kind != SQL_TOKEN_NUMBER)
        return false;
    buf_init(&buf, parser->token.text.len + 1);
    buf_u8(&buf, '-');
    buf_bytes(&buf, parser->token.text);
    *into = (struct expression){.kind = EXPRESSION_NUMBER, .value = sql_parser_keep(parser, &buf)};
    buf_done(&buf);
    sql_parser_advance(parser);
    return true;
}

static bool parse(struct sql_parser *parser, unsigned depth, struct expression *into)
{
    switch (parser->token.kind) {
    case SQL_TOKEN_STRING:
        *into = (struct expression){.kind = EXPRESSION_TEXT};
        into->value = sql_parser_value(parser);
        return true;
    case SQL_TOKEN_NUMBER:
        *into = (struct expression){.kind = EXPRESSION_NUMBER};
        into->value = sql_parser_value(parser);
        return true;
    case SQL_TOKEN_USER:
        *into = (struct expression){.kind = EXPRESSION_USER_VARIABLE};
        into->value = sql_parser_value(parser);
        return true;
    case SQL_TOKEN_SYSTEM:
        sql_parser_advance(parser);
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

bool expression_parse(struct sql_parser *parser, struct expression *into)
{
    return parse(parser, 0, into);
}
