/*
 * A binlog's statement, as any text, for each dialect and policy: it is taken, dropped or refused
 * with a message, and what comes out can be read by the lexer. The first byte chooses the way.
 */
#include "translation/sql_translator.h"

#include <stdlib.h>

#define GROWTH ((size_t)1 << 22) /* more than rules can add to a text of a fuzzer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* From a server's version to a dialect of the other family. */
static const struct sql_origin origins[] = {
    {FORMAT_MYSQL, 90704, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {FORMAT_MYSQL, 50624, DIALECT_MARIADB, ACCOUNTS_DROP},
    {FORMAT_MARIADB, 110806, DIALECT_MYSQL_8, ACCOUNTS_REPLICATE},
    {FORMAT_MARIADB, 101119, DIALECT_MYSQL_5, ACCOUNTS_STOP},
};

static void check_readable(const struct sql_session *session, struct span text)
{
    struct sql_tokens tokens = sql_tokens_of(text);
    struct sql_token token = {.kind = SQL_TOKEN_SIGN};
    struct err err;

    tokens.ansi_quotes = session->sql_mode & 4;
    while (token.kind != SQL_TOKEN_END)
        require(sql_tokens_next(&tokens, &token, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sql_session session = {.collation_client = 45};
    struct sql_translator *translator;
    enum sql_outcome outcome = SQL_UNCHANGED;
    struct err err = {0};
    struct buf buf;

    if (size == 0)
        return 0;
    session.sql_mode = data[0] & 4;
    translator = sql_translator_new(&origins[data[0] & 3]);
    buf_init(&buf, size + GROWTH);
    if (!sql_translate(translator, &session, span_of(data + 1, size - 1), &buf, &outcome, &err))
        require((err.class == E_STATE || err.class == E_LIMIT) && err.text[0] && buf.len == 0);
    else if (outcome == SQL_REWRITTEN)
        check_readable(&session, buf_span(&buf));
    else
        require(buf.len == 0);
    buf_done(&buf);
    sql_translator_free(translator);
    return 0;
}
