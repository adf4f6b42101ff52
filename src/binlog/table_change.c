#include "binlog/table_change.h"

#include "binlog/inflate.h"
#include "binlog/query.h"
#include "binlog/sql_token.h"

#define TEXT_MAX EVENT_LENGTH_MAX

/* First words of statements that leave tables as they are. */
static const char *const harmless[] = {"BEGIN",   "COMMIT",  "DELETE",   "INSERT",
                                       "RELEASE", "REPLACE", "ROLLBACK", "SAVEPOINT",
                                       "START",   "UPDATE",  "WITH",     "XA"};

/* What servers of all versions put before TEMPORARY when they write such a statement themselves. */
static bool is_server_comment(const struct sql_token *token)
{
    return token->kind == SQL_TOKEN_VERSION && span_eq(token->text, span_str("/*!40005"));
}

/* CREATE TEMPORARY and DROP TEMPORARY; the first word was read. */
static bool is_temporary(struct sql_tokens *tokens)
{
    struct sql_token token;
    struct err ignored;

    if (!sql_tokens_next(tokens, &token, &ignored) ||
        (is_server_comment(&token) && !sql_tokens_next(tokens, &token, &ignored)))
        return false;
    return sql_token_is(&token, "TEMPORARY");
}

bool table_change_is_statement(struct span text)
{
    struct sql_tokens tokens = sql_tokens_of(text);
    struct sql_token token;
    struct err ignored;

    if (!sql_tokens_next(&tokens, &token, &ignored))
        return true;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (sql_token_is(&token, harmless[i]))
            return false;
    }
    return !((sql_token_is(&token, "CREATE") || sql_token_is(&token, "DROP")) &&
             is_temporary(&tokens));
}

static struct span body_of(struct span event, const struct format *format)
{
    size_t around = EVENT_HEADER_SIZE + format_event_checksum_size(format);

    return event.len < around ? (struct span){0}
                              : span_of(event.data + EVENT_HEADER_SIZE, event.len - around);
}

static bool is_compressed_change(struct span text)
{
    struct inflater *inflater = inflater_new();
    struct err ignored;
    struct buf plain;
    bool change;

    buf_init(&plain, TEXT_MAX);
    change = !inflate_bytes(inflater, text, TEXT_MAX, &plain, &ignored) ||
             table_change_is_statement(buf_span(&plain));
    buf_done(&plain);
    inflater_free(inflater);
    return change;
}

bool table_change_is_event(const struct event_header *header, struct span event,
                           const struct format *format)
{
    struct span body = body_of(event, format);
    struct err ignored;
    struct query query;

    switch ((enum event_type)header->type) {
    case EVENT_INCIDENT:
        return true;
    case EVENT_FORMAT_DESCRIPTION:
        return format->created != 0;
    case EVENT_QUERY:
        return !query_decode(body, header->type, format, &query, &ignored) ||
               table_change_is_statement(query.text);
    case EVENT_MARIADB_QUERY_COMPRESSED:
        return !query_decode(body, header->type, format, &query, &ignored) ||
               is_compressed_change(query.text);
    default:
        return false;
    }
}
