#include "endpoint/client_collation.h"

#include "base/cursor.h"
#include "binlog/sql_token.h"
#include "translation/collation.h"
#include "translation/sql_edits.h"
#include "wire/greeting.h"

#define UTF8MB4_GENERAL  45
#define FIRST_0900       255
#define LAST_0900        323
#define GB18030_FIRST    248 /* gb18030_chinese_ci, gb18030_bin, gb18030_unicode_520_ci */
#define GB18030_LAST     250
#define KNOWS_SINCE      110405 /* MariaDB 11.4.5 */
#define VERSION_PART_MAX 99

bool client_collation_lacks_0900(struct span server_version)
{
    struct cursor cur = cursor_of(greeting_plain_version(server_version));
    uint64_t major = 0;
    uint64_t minor = 0;
    uint64_t patch = 0;

    if (!greeting_is_mariadb(server_version) || !cursor_decimal(&cur, VERSION_PART_MAX, &major) ||
        cursor_u8(&cur) != '.' || !cursor_decimal(&cur, VERSION_PART_MAX, &minor) ||
        cursor_u8(&cur) != '.' || !cursor_decimal(&cur, VERSION_PART_MAX, &patch))
        return false;
    return major * 10000 + minor * 100 + patch < KNOWS_SINCE;
}

uint16_t client_collation_known(uint16_t id)
{
    return id >= FIRST_0900 && id <= LAST_0900 ? UTF8MB4_GENERAL : id;
}

bool client_collation_is_refused(uint16_t id)
{
    return id >= GB18030_FIRST && id <= GB18030_LAST;
}

bool client_collation_may_be_named(struct span statement)
{
    static const char part[] = "0900_";

    return statement.len > 0 &&
           memmem(statement.data, statement.len, part, sizeof part - 1) != NULL;
}

/* The name that stands for a token's; NULL when it needs none. */
static const char *stand_in(const struct sql_tokens *tokens, const struct sql_token *token)
{
    struct buf value;
    uint32_t id;

    buf_init(&value, token->text.len);
    sql_token_value(&value, tokens, token);
    id = collation_id(buf_span(&value), FORMAT_MYSQL);
    buf_done(&value);
    if (id < FIRST_0900 || id > LAST_0900)
        return NULL;
    return collation_name(collation_translate(id, FORMAT_MYSQL, DIALECT_MARIADB), FORMAT_MARIADB);
}

/* Where a string is a collation's name: behind COLLATE, or a variable that has one. */
static bool announces(const struct sql_token *token)
{
    return sql_token_is(token, "COLLATE") || sql_token_is(token, "collation_connection") ||
           sql_token_is(token, "collation_database") || sql_token_is(token, "collation_server");
}

static void edit(struct sql_edits *edits, const struct sql_tokens *tokens,
                 const struct sql_token *token)
{
    const char *name = client_collation_may_be_named(token->text) ? stand_in(tokens, token) : NULL;

    if (name)
        sql_edits_replace(edits, token->text, "%s", name);
}

bool client_collation_write(struct buf *buf, struct span statement)
{
    struct sql_tokens tokens = sql_tokens_of(statement);
    struct sql_token token = {0};
    struct sql_edits edits;
    struct err err;
    bool announced = false;
    bool done = false;

    sql_edits_init(&edits);
    sql_edits_start(&edits, statement);
    for (;;) {
        if (!sql_tokens_next(&tokens, &token, &err))
            break; /* the engine says what is wrong with it */
        if (token.kind == SQL_TOKEN_END) {
            done = edits.count > 0 && sql_edits_apply(&edits, buf, &err);
            break;
        }
        if (token.kind == SQL_TOKEN_WORD || token.kind == SQL_TOKEN_NAME ||
            (announced && token.kind == SQL_TOKEN_STRING))
            edit(&edits, &tokens, &token);
        if (!sql_token_is_sign(&token, "=") && !sql_token_is_sign(&token, ":="))
            announced = announces(&token);
    }
    sql_edits_done(&edits);
    return done;
}
