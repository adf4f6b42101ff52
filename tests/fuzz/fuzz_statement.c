/*
 * What a replica asks, as any text: the words cover it from left to right, and a statement that is
 * parsed keeps its bounds. What a binlog's statement changes: names that lie in their buffer.
 */
#include "binlog/changed_tables.h"
#include "binlog/sql_token.h"
#include "binlog/table_change.h"
#include "replication/statement.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Every token lies behind the one before; its meaning is no longer than its text. */
static void check_tokens(struct span text)
{
    struct sql_tokens tokens = sql_tokens_of(text);
    const uint8_t *end = text.data;
    struct sql_token token = {.kind = SQL_TOKEN_SIGN};
    struct err err;
    struct buf buf;

    buf_init(&buf, text.len);
    while (token.kind != SQL_TOKEN_END && sql_tokens_next(&tokens, &token, &err)) {
        buf_clear(&buf);
        sql_token_value(&buf, &tokens, &token);
        require(buf_ok(&buf) && buf.len <= token.text.len);
        if (token.kind == SQL_TOKEN_END)
            break;
        require(token.text.len > 0 && token.text.data >= end);
        end = token.text.data + token.text.len;
        require(end <= text.data + text.len);
    }
    buf_done(&buf);
}

static void check_changes(struct span text)
{
    struct changed_tables changed;

    changed_tables_init(&changed);
    changed_tables_read(&changed, sql_tokens_of(text), span_str("d"));
    require(changed.names.len <= text.len);
    for (size_t i = 0; i < changed.count; i++) {
        struct span table = changed.tables[i].table;

        require(table.len > 0 && table.data >= changed.names.data &&
                table.data + table.len <= changed.names.data + changed.names.len);
    }
    changed_tables_done(&changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(size * 4 + STATEMENT_ARENA);
    struct span text = span_of(data, size);
    struct statement statement;
    struct err err;

    check_tokens(text);
    check_changes(text);
    (void)table_change_is_statement(text);
    if (statement_parse(text, arena, &statement, &err)) {
        require(statement.item_count + statement.assignment_count + statement.pattern_count <=
                SQL_PARSER_ITEMS_MAX);
        require(statement.kind != STATEMENT_SELECT || statement.item_count > 0);
        require(statement.near.len <= size);
        require(statement.near.len == 0 || statement.near.data + statement.near.len == data + size);
        for (size_t i = 0; i < statement.pattern_count; i++)
            (void)statement_like(text, statement.patterns[i]);
    }
    arena_free(arena);
    return 0;
}
