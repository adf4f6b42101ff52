#include "replication/sql_parser.h"

#include <ctype.h>

void sql_parser_init(struct sql_parser *parser, struct span text, struct arena *arena,
                     struct err *err)
{
    *parser = (struct sql_parser){.tokens = sql_tokens_of(text), .arena = arena, .err = err};
    sql_parser_advance(parser);
}

void sql_parser_advance(struct sql_parser *parser)
{
    do {
        if (!sql_tokens_next(&parser->tokens, &parser->token, parser->err)) {
            parser->failed = true;
            parser->token = (struct sql_token){.kind = SQL_TOKEN_END};
        }
    } while (parser->token.kind == SQL_TOKEN_VERSION ||
             parser->token.kind == SQL_TOKEN_VERSION_END);
}

bool sql_parser_accept(struct sql_parser *parser, const char *word)
{
    if (!sql_token_is(&parser->token, word))
        return false;
    sql_parser_advance(parser);
    return true;
}

bool sql_parser_accept_sign(struct sql_parser *parser, const char *sign)
{
    if (!sql_token_is_sign(&parser->token, sign))
        return false;
    sql_parser_advance(parser);
    return true;
}

bool sql_parser_at_end(const struct sql_parser *parser)
{
    return parser->token.kind == SQL_TOKEN_END && !parser->failed;
}

bool sql_parser_at_name(const struct sql_parser *parser)
{
    return parser->token.kind == SQL_TOKEN_WORD || parser->token.kind == SQL_TOKEN_NAME;
}

struct span sql_parser_keep(struct sql_parser *parser, const struct buf *buf)
{
    uint8_t *copy = arena_alloc(parser->arena, buf->len + 1);

    if (buf->len > 0)
        memcpy(copy, buf->data, buf->len);
    return span_of(copy, buf->len);
}

struct span sql_parser_value(struct sql_parser *parser)
{
    struct span value;
    struct buf buf;

    buf_init(&buf, parser->token.text.len + 1);
    sql_token_value(&buf, &parser->tokens, &parser->token);
    value = sql_parser_keep(parser, &buf);
    buf_done(&buf);
    sql_parser_advance(parser);
    return value;
}

struct span sql_parser_lower(struct sql_parser *parser)
{
    struct span value = sql_parser_value(parser);
    uint8_t *copy = arena_alloc(parser->arena, value.len + 1);

    for (size_t i = 0; i < value.len; i++)
        copy[i] = (uint8_t)tolower(value.data[i]);
    return span_of(copy, value.len);
}

bool sql_parser_number(struct sql_parser *parser, uint64_t *ret_number)
{
    struct cursor digits = cursor_of(parser->token.text);
    uint64_t number;

    if (parser->token.kind != SQL_TOKEN_NUMBER || !cursor_decimal(&digits, UINT64_MAX, &number) ||
        cursor_left(&digits) > 0)
        return false;
    sql_parser_advance(parser);
    *ret_number = number;
    return true;
}

void *sql_parser_append(struct sql_parser *parser, void *array, size_t *count, size_t size,
                        void **ret_array)
{
    uint8_t *grown = array;

    if (++parser->items > SQL_PARSER_ITEMS_MAX) {
        if (!parser->failed)
            (void)err_set(parser->err, E_LIMIT, 0, "more than %u items in a statement",
                          (unsigned)SQL_PARSER_ITEMS_MAX);
        parser->failed = true;
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
