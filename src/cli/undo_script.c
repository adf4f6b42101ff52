#include "cli/undo_script.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/spool.h"
#include "base/version.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/query.h"
#include "binlog/rows_reverse.h"
#include "cli/sql_binlog.h"
#include "cli/sql_rows.h"
#include "cli/sql_session.h"
#include "cli/sql_text.h"
#include "cli/undo_guard.h"

#include <strings.h>

#define SHOWN_MAX 40 /* bytes of a statement in a message */

struct undo_script {
    bool rows_as_statements;
    struct spool *spool;
    struct undo_guard *guard;
    struct row_text *rows;
    struct row_reader reader; /* scratch of reversing */
    struct sql_binlog *binlog;
    struct buf piece;
    struct buf body;
    struct format format;
    bool format_due;     /* rows of this format are in the spool */
    bool begun;          /* in a transaction */
    bool begun_in_range; /* which began in the range */
    bool has_rows;       /* of this transaction in the spool */
    const char *path;    /* of the transaction */
    uint64_t offset;     /* where it began */
};

bool undo_script_open(bool rows_as_statements, struct undo_script **ret_script, struct err *err)
{
    struct undo_script *script;
    struct spool *spool;

    if (!spool_open(&spool, err))
        return false;
    script = mem_alloc(sizeof *script);
    script->rows_as_statements = rows_as_statements;
    script->spool = spool;
    script->guard = undo_guard_new();
    script->rows = row_text_new();
    row_reader_init(&script->reader);
    script->binlog = sql_binlog_new();
    buf_init(&script->piece, (size_t)1 << 33);
    buf_init(&script->body, EVENT_LENGTH_MAX);
    *ret_script = script;
    return true;
}

void undo_script_close(struct undo_script *script)
{
    if (!script)
        return;
    spool_close(script->spool);
    undo_guard_free(script->guard);
    row_text_free(script->rows);
    row_reader_done(&script->reader);
    sql_binlog_free(script->binlog);
    buf_done(&script->piece);
    buf_done(&script->body);
    mem_free(script);
}

/* Puts the piece away. */
static bool spool_piece(struct undo_script *script, struct err *err)
{
    bool done = buf_ok(&script->piece)
                    ? spool_add(script->spool, buf_span(&script->piece), err)
                    : err_set(err, E_LIMIT, 0, "a change needs more than %zu bytes of text",
                              script->piece.max);

    buf_clear(&script->piece);
    return done;
}

/* What comes before the pieces of a file, so it goes after them into the spool. */
static bool spool_format(struct undo_script *script, struct err *err)
{
    if (!script->format_due)
        return true;
    script->format_due = false;
    sql_binlog_write_format(&script->piece, &script->format);
    return spool_piece(script, err);
}

static void begin(struct undo_script *script, const struct event_source *source,
                  const struct plain_event *event)
{
    script->begun = true;
    script->begun_in_range = source->in_range;
    script->path = source->path;
    script->offset = event->offset;
}

/* Of the transaction in the log: where it ends, its undo begins. */
static bool end(struct undo_script *script, struct err *err)
{
    bool had_rows = script->has_rows;

    script->begun = false;
    script->has_rows = false;
    return !had_rows || spool_add(script->spool, span_str("BEGIN" SQL_END), err);
}

static bool check_begun(const struct undo_script *script, struct err *err)
{
    if (script->begun && script->begun_in_range)
        return true;
    if (!script->begun)
        return err_set(err, E_STATE, 0,
                       "rows outside a transaction: undoing needs to know its "
                       "bounds");
    return err_set(err, E_STATE, 0,
                   "the range begins inside a transaction, which began at offset %llu: only whole "
                   "ones can be undone",
                   (unsigned long long)script->offset);
}

static bool fail_table(const struct table_map *map, struct err *err)
{
    return err_prefix(err, "%.*s.%.*s", (int)map->database.len, (const char *)map->database.data,
                      (int)map->table.len, (const char *)map->table.data);
}

static bool undo_as_binlog(struct undo_script *script, const struct plain_event *event,
                           const struct rows *rows, const struct table_map *map, struct err *err)
{
    struct rows undo = *rows;

    buf_clear(&script->body);
    if (!rows_reverse(&script->body, rows, map, &script->reader, &undo.type, err))
        return false;
    script->format_due = true;
    return sql_binlog_add(script->binlog, &script->piece, &event->header, &undo, map,
                          buf_span(&script->body), err) &&
           sql_binlog_flush(script->binlog, &script->piece, err) && spool_piece(script, err);
}

/* A row's statement is a piece, so that the last row comes first. */
static bool undo_as_statements(struct undo_script *script, const struct rows *rows,
                               const struct table_map *map, struct err *err)
{
    bool unchecked = rows->flags & ROWS_FLAG_NO_FOREIGN_KEY_CHECKS;
    bool more = true;

    if (!sql_rows_check(map, err))
        return false;
    for (;;) {
        if (!row_text_next(script->rows, &more, err))
            return false;
        if (!more)
            return true;
        if (unchecked)
            buf_str(&script->piece, "SET @@session.foreign_key_checks=0" SQL_END);
        if (!sql_rows_write_undo(&script->piece, rows, map, row_text_row(script->rows), err))
            return false;
        if (unchecked)
            buf_str(&script->piece, "SET @@session.foreign_key_checks=1" SQL_END);
        if (!spool_piece(script, err))
            return false;
    }
}

static bool take_rows(struct undo_script *script, const struct event_source *source,
                      const struct plain_event *event, struct err *err)
{
    const struct table_map *map;
    struct rows rows;

    if (!row_text_start(script->rows, event, &script->format, &rows, &map, err))
        return !source->in_range;
    if (!source->in_range || !map)
        return true;
    if (!check_begun(script, err) || !rows_check_full(&rows, err))
        return fail_table(map, err);
    undo_guard_take(script->guard, &rows, map);
    if (!script->has_rows && !spool_add(script->spool, span_str("COMMIT" SQL_END), err))
        return false;
    script->has_rows = true;
    return script->rows_as_statements ? undo_as_statements(script, &rows, map, err)
                                      : undo_as_binlog(script, event, &rows, map, err);
}

static bool begins(struct span text, const char *prefix)
{
    size_t length = strlen(prefix);

    return text.len >= length && strncasecmp((const char *)text.data, prefix, length) == 0;
}

/* Servers log that a session's temporary tables go; there is nothing to bring back. */
static bool is_harmless(struct span text)
{
    return begins(text, "SAVEPOINT ") || begins(text, "DROP TEMPORARY TABLE ") ||
           begins(text, "DROP /*!40005 TEMPORARY */ TABLE ");
}

/* Its first words, without values: these do not belong into a message. */
static bool refuse_statement(struct span text, struct err *err)
{
    size_t shown = 0;

    while (shown < text.len && shown < SHOWN_MAX && !strchr("'\"(=@", text.data[shown]))
        shown++;
    return err_set(err, E_STATE, 0,
                   "a statement (%.*s...): a log tells what it said, not what it changed, so it "
                   "can not be undone",
                   (int)shown, (const char *)text.data);
}

static bool take_query(struct undo_script *script, const struct event_source *source,
                       const struct plain_event *event, struct err *err)
{
    struct query query;

    if (!query_decode(event->body, event->type, &script->format, &query, err))
        return false;
    if (span_eq(query.text, span_str("BEGIN"))) {
        begin(script, source, event);
        return true;
    }
    if (span_eq(query.text, span_str("COMMIT")))
        return end(script, err);
    if (span_eq(query.text, span_str("ROLLBACK")) && !script->has_rows)
        return end(script, err);
    if (!source->in_range || is_harmless(query.text))
        return true;
    if (begins(query.text, "ROLLBACK"))
        return err_set(err, E_STATE, 0,
                       "a transaction that was rolled back in part: the log does "
                       "not tell which of its rows stayed");
    return refuse_statement(query.text, err);
}

static bool take_gtid_mariadb(struct undo_script *script, const struct event_source *source,
                              const struct plain_event *event, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    if (source->in_range && (gtid.flags & (GTID_MARIADB_PREPARED_XA | GTID_MARIADB_COMPLETED_XA)))
        return err_set(err, E_STATE, 0,
                       "an XA transaction, whose end may be elsewhere, can not be undone");
    if (!(gtid.flags & GTID_MARIADB_STANDALONE))
        begin(script, source, event);
    return true;
}

static bool take_event(struct undo_script *script, const struct event_source *source,
                       const struct plain_event *event, struct err *err)
{
    switch ((enum event_type)event->type) {
    case EVENT_QUERY:
        return take_query(script, source, event, err);
    case EVENT_MARIADB_GTID:
        return take_gtid_mariadb(script, source, event, err);
    case EVENT_XID:
        return end(script, err);
    case EVENT_XA_PREPARE:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_EXECUTE_LOAD_QUERY:
    case EVENT_DELETE_FILE:
    case EVENT_INCIDENT:
    case EVENT_LOAD:
    case EVENT_NEW_LOAD:
    case EVENT_CREATE_FILE:
    case EVENT_EXEC_LOAD:
    case EVENT_WRITE_ROWS_V0:
    case EVENT_UPDATE_ROWS_V0:
    case EVENT_DELETE_ROWS_V0:
    case EVENT_MARIADB_PARTIAL_ROW_DATA:
        return !source->in_range || err_set(err, E_STATE, 0, "it has no undo");
    default:
        return true;
    }
}

bool undo_script_take(struct undo_script *script, const struct event_source *source,
                      const struct plain_event *event, struct err *err)
{
    const struct table_map *map;

    if (event->type == EVENT_FORMAT_DESCRIPTION) {
        if (!spool_format(script, err))
            return false;
        script->format = source->reader.format;
        script->begun = false;
        return true;
    }
    if (event->type == EVENT_TABLE_MAP)
        return row_text_take_map(script->rows, event, &script->format, &map, err);
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return take_rows(script, source, event, err);
    return take_event(script, source, event, err);
}

static bool write_all(int fd, struct buf *buf, struct err *err)
{
    bool done;

    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "more than %zu bytes of text", buf->max);
    done = fd_write_all(fd, buf_span(buf), err);
    buf_clear(buf);
    return done || err_prefix(err, "output");
}

bool undo_script_write(struct undo_script *script, int fd, struct err *err)
{
    struct sql_session *session;
    bool done;

    if (script->has_rows)
        return err_set(err, E_STATE, 0,
                       "%s: offset %llu: the range ends inside the transaction that began here: "
                       "only whole ones can be undone",
                       script->path, (unsigned long long)script->offset);
    if (!spool_format(script, err))
        return false;
    session = sql_session_new();
    sql_session_set_format(session, &script->format);
    buf_str(&script->piece, "# Made by borealis " BOREALIS_VERSION " from a binlog: takes changes "
                            "back, newest first. For a client's standard input; not with --force: "
                            "it must stop at an error.\n");
    sql_session_write_head(session, &script->piece);
    sql_session_for_literals(session, &script->piece);
    sql_session_set_checks(session, &script->piece, 0);
    undo_guard_write(script->guard, &script->piece, script->rows_as_statements);
    done = write_all(fd, &script->piece, err) && spool_write_reversed(script->spool, fd, err);
    if (done) {
        sql_session_write_tail(session, &script->piece);
        done = write_all(fd, &script->piece, err);
    }
    sql_session_free(session);
    return done;
}
