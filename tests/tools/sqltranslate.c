/*
 * sqltranslate DIALECT POLICY FILE: the statements of a binlog file as another dialect's servers
 * take them. For the scenarios with real servers.
 *
 * DIALECT is mysql5, mysql8 or mariadb, POLICY what becomes of account statements: drop, replicate,
 * stop. Each QUERY event gives a line of JSON with what its session was, "outcome" (unchanged,
 * rewritten, dropped, refused) and "sql": the text to run, in base64, or why it was refused. Ends
 * with status 1 when the file can not be read.
 */
#include "whole_file.h"

#include "binlog/inflate.h"
#include "binlog/query.h"
#include "binlog/reader.h"
#include "binlog/text.h"
#include "translation/collation.h"
#include "translation/sql_translator.h"

#include <stdio.h>

#define FILE_MAX ((size_t)64 << 20)

/* MariaDB's default collations: pairs of the charset's compiled-in default and the one instead. */
static uint32_t instead_of(struct span collations, uint32_t standard)
{
    struct cursor cur = cursor_of(collations);

    while (cursor_left(&cur) > 0) {
        uint32_t from = (uint32_t)cursor_le(&cur, 2);
        uint32_t to = (uint32_t)cursor_le(&cur, 2);

        if (cursor_ok(&cur) && from == standard)
            return to;
    }
    return 0;
}

static struct sql_session session_of(const struct query *query, const struct query_status *status)
{
    struct sql_session session = {.database = query->database};

    if (query_status_has(status, QUERY_SQL_MODE))
        session.sql_mode = status->sql_mode;
    if (query_status_has(status, QUERY_CHARSET)) {
        session.collation_client = status->charset_client;
        session.collation_server = status->collation_server;
    }
    if (query_status_has(status, QUERY_CHARSET_DATABASE))
        session.collation_database = status->collation_database;
    if (query_status_has(status, QUERY_DEFAULT_COLLATION_FOR_UTF8MB4))
        session.collation_utf8mb4 = status->default_collation_for_utf8mb4;
    if (query_status_has(status, QUERY_MARIADB_CHARSET_COLLATIONS))
        session.collation_utf8mb4 = instead_of(
            status->collations, collation_id(span_str("utf8mb4_general_ci"), FORMAT_MARIADB));
    session.collations = status->collations;
    return session;
}

static void write_line(const struct sql_session *session, const struct query_status *status,
                       uint64_t offset, const char *outcome, struct span sql)
{
    struct buf line;

    buf_init(&line, FILE_MAX * 2);
    buf_printf(&line, "{\"offset\": %llu, \"sql_mode\": %llu, \"flags2\": %u",
               (unsigned long long)offset, (unsigned long long)session->sql_mode, status->flags2);
    buf_printf(&line, ", \"client\": %u, \"connection\": %u, \"server\": %u, \"utf8mb4\": %u",
               session->collation_client, status->collation_connection, session->collation_server,
               session->collation_utf8mb4);
    buf_str(&line, ", \"database\": ");
    text_write_json(&line, session->database);
    buf_printf(&line, ", \"outcome\": \"%s\", \"sql\": \"", outcome);
    text_write_base64(&line, sql, NULL);
    (void)printf("%s\"}\n", buf_borrow_cstr(&line));
    buf_done(&line);
}

static bool take_query(struct sql_translator *translator, const struct reader *reader,
                       const struct reader_event *event, struct err *err)
{
    static const char *const outcomes[] = {"unchanged", "rewritten", "dropped"};
    struct inflater *inflater = inflater_new();
    struct buf plain, text;
    uint8_t type = event->header.type;
    struct span body = event->body;
    struct query query;
    struct query_status status;
    bool done = true;

    buf_init(&plain, FILE_MAX);
    buf_init(&text, FILE_MAX);
    if (type != inflate_type(type)) {
        done = inflate_event(inflater, type, body, &reader->format, FILE_MAX, &plain, &type, err);
        body = buf_span(&plain);
    }
    done = done && query_decode(body, type, &reader->format, &query, err) &&
           query_status_decode(query.status, &status, err);
    if (done) {
        struct sql_session session = session_of(&query, &status);
        enum sql_outcome outcome;
        struct err refusal;

        if (!sql_translate(translator, &session, query.text, &text, &outcome, &refusal))
            write_line(&session, &status, event->offset, "refused", span_str(refusal.text));
        else
            write_line(&session, &status, event->offset, outcomes[outcome],
                       outcome == SQL_REWRITTEN ? buf_span(&text) : query.text);
    }
    buf_done(&plain);
    buf_done(&text);
    inflater_free(inflater);
    return done;
}

static bool take_events(struct sql_origin *origin, struct span window, struct err *err)
{
    struct sql_translator *translator = NULL;
    struct reader reader;
    bool done;

    reader_init(&reader);
    for (;;) {
        struct reader_event event;

        done = reader_next(&reader, &window, &event, err);
        if (!done || event.bytes.len == 0)
            break;
        if (!translator && reader.has_format) {
            origin->family = reader.format.family;
            origin->version = reader.format.version;
            translator = sql_translator_new(origin);
        }
        if (inflate_type(event.header.type) != EVENT_QUERY)
            continue;
        done = take_query(translator, &reader, &event, err);
        if (!done)
            break;
    }
    sql_translator_free(translator);
    return done;
}

static bool parse_options(char **argv, struct sql_origin *origin)
{
    static const char *const policies[] = {
        [ACCOUNTS_DROP] = "drop", [ACCOUNTS_REPLICATE] = "replicate", [ACCOUNTS_STOP] = "stop"};
    bool policy_known = false;

    for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(argv[2], policies[i]) == 0) {
            origin->accounts = (enum account_policy)i;
            policy_known = true;
        }
    }
    for (unsigned i = 0; i < DIALECTS; i++) {
        origin->to = (enum dialect)i;
        if (strcmp(argv[1], dialect_name(origin->to)) == 0)
            return policy_known;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct sql_origin origin = {0};
    struct err err;
    struct buf bytes;
    bool done;

    if (argc != 4 || !parse_options(argv, &origin)) {
        (void)fputs("usage: sqltranslate mysql5|mysql8|mariadb drop|replicate|stop FILE\n", stderr);
        return 2;
    }
    buf_init(&bytes, FILE_MAX);
    done = whole_file_read(argv[3], &bytes, &err) && take_events(&origin, buf_span(&bytes), &err);
    buf_done(&bytes);
    if (!done)
        (void)fprintf(stderr, "sqltranslate: %s: %s\n", argv[3], err.text);
    return done ? 0 : 1;
}
