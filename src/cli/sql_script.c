#include "cli/sql_script.h"

#include "base/mem.h"
#include "base/version.h"
#include "binlog/control.h"
#include "binlog/gtid.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/number.h"
#include "binlog/text.h"
#include "binlog/xid.h"
#include "cli/gtid_text.h"
#include "cli/sql_binlog.h"
#include "cli/sql_rows.h"
#include "cli/sql_text.h"
#include "cli/sql_variable.h"

struct sql_script {
    struct sql_script_options options;
    struct sql_session *session;
    struct sql_binlog *binlog;
    struct load_files *loads;
    struct row_text *rows;
    struct format format;
    const char *path;    /* of the last comment */
    uint64_t commented;  /* offset of the last comment */
    bool in_transaction; /* the script's */
    bool gtid_set;       /* gtid_next was set by the script */
    bool gtid_due;       /* MariaDB's domain and server were not set yet */
    bool format_due;     /* BINLOG statements need it, before a transaction begins */
    struct gtid_mariadb last_gtid;
};

struct sql_script *sql_script_new(const struct sql_script_options *options)
{
    struct sql_script *script = mem_alloc(sizeof *script);

    script->options = *options;
    script->session = sql_session_new();
    script->binlog = sql_binlog_new();
    script->loads = load_files_new(options->load_directory);
    script->rows = row_text_new();
    script->gtid_due = true;
    return script;
}

void sql_script_free(struct sql_script *script)
{
    if (!script)
        return;
    sql_session_free(script->session);
    sql_binlog_free(script->binlog);
    load_files_free(script->loads);
    row_text_free(script->rows);
    mem_free(script);
}

const char *sql_script_load_directory(const struct sql_script *script)
{
    return load_files_directory(script->loads);
}

void sql_script_write_head(struct sql_script *script, struct buf *buf)
{
    buf_str(buf, "# Made by borealis " BOREALIS_VERSION " from a binlog. For a client's standard "
                 "input: mysql --binary-mode, mariadb --binary-mode --comments\n");
    sql_session_write_head(script->session, buf);
}

/* Servers of 5.6 need it, too, and MariaDB runs what is marked as 5.6's. */
static const char *mysql_comment(const struct sql_script *script)
{
    return script->format.version >= 50700 ? "/*!50700 " : NULL;
}

static void write_gtid_next(struct sql_script *script, struct buf *buf, struct span gtid)
{
    const char *comment = mysql_comment(script);

    buf_str(buf, comment ? comment : "");
    buf_str(buf, "SET @@session.gtid_next='");
    buf_bytes(buf, gtid);
    buf_printf(buf, "'%s" SQL_END, comment ? "*/" : "");
    script->gtid_set = !span_eq(gtid, span_str("AUTOMATIC"));
}

/* Before a transaction: MySQL runs nothing under the GTID of one that has ended. */
static void write_format(struct sql_script *script, struct buf *buf)
{
    if (!script->format_due)
        return;
    script->format_due = false;
    if (script->gtid_set)
        write_gtid_next(script, buf, span_str("AUTOMATIC"));
    sql_binlog_write_format(buf, &script->format);
}

/* The file's name once, and "# at 4711, 2026-11-21 02:13:10 UTC, server 1". */
static void write_place(struct sql_script *script, const struct event_source *source,
                        const struct plain_event *event, struct buf *buf)
{
    struct timestamp time = {.seconds = event->header.timestamp};

    if (script->path != source->path) {
        script->path = source->path;
        script->commented = 0;
        sql_text_write_comment(buf, span_str(source->path));
    }
    if (script->commented == event->offset)
        return;
    script->commented = event->offset;
    write_format(script, buf);
    buf_str(buf, "# at ");
    number_write_u64(buf, event->offset);
    buf_str(buf, ", ");
    temporal_write_datetime(buf, timestamp_to_utc(time), 0);
    buf_printf(buf, " UTC, server %u\n", event->header.server_id);
}

bool sql_script_write_tail(struct sql_script *script, struct buf *buf, struct err *err)
{
    if (!sql_binlog_flush(script->binlog, buf, err))
        return false;
    if (script->in_transaction)
        buf_str(buf, "ROLLBACK" SQL_END);
    if (script->gtid_set)
        write_gtid_next(script, buf, span_str("AUTOMATIC"));
    sql_session_write_tail(script->session, buf);
    return true;
}

/* Who committed it first and when, which a server keeps with the GTID. */
static void write_origin(struct buf *buf, const struct gtid *gtid)
{
    if (gtid->parts & GTID_IMMEDIATE_TIME)
        buf_printf(buf, "/*!80001 SET @@session.original_commit_timestamp=%llu*/" SQL_END,
                   (unsigned long long)gtid->original_commit_usec);
    if (gtid->parts & GTID_IMMEDIATE_VERSION)
        buf_printf(buf,
                   "/*!80014 SET @@session.original_server_version=%u, "
                   "@@session.immediate_server_version=%u*/" SQL_END,
                   gtid->original_version, gtid->immediate_version);
}

static bool write_gtid_mysql(struct sql_script *script, const struct plain_event *event,
                             struct buf *buf, struct err *err)
{
    struct gtid gtid;
    struct buf text;
    bool done;

    if (script->options.skip_gtids)
        return true;
    if (event->type == EVENT_ANONYMOUS_GTID) {
        if (script->gtid_set)
            write_gtid_next(script, buf, span_str("AUTOMATIC"));
        return true;
    }
    buf_init(&text, 256);
    done = gtid_decode(event->body, event->type, &gtid, err) && gtid_text_write(&text, event, err);
    if (done) {
        write_origin(buf, &gtid);
        write_gtid_next(script, buf, buf_span(&text));
    }
    buf_done(&text);
    return done;
}

static void write_xa(struct buf *buf, const char *command, const struct xa_name *name,
                     const char *after)
{
    buf_str(buf, command);
    buf_str(buf, " X'");
    text_write_hex(buf, name->gtrid);
    buf_str(buf, "',X'");
    text_write_hex(buf, name->bqual);
    buf_printf(buf, "',%u%s" SQL_END, name->format_id, after);
}

/* It stands for BEGIN or XA START, too. */
static bool write_gtid_mariadb(struct sql_script *script, const struct plain_event *event,
                               struct buf *buf, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    if (!script->options.skip_gtids) {
        if (script->gtid_due || script->last_gtid.domain != gtid.domain ||
            script->last_gtid.server_id != event->header.server_id)
            buf_printf(buf,
                       "/*M!100001 SET @@session.gtid_domain_id=%u, "
                       "@@session.server_id=%u*/" SQL_END,
                       gtid.domain, event->header.server_id);
        buf_printf(buf, "/*M!100001 SET @@session.gtid_seq_no=%llu*/" SQL_END,
                   (unsigned long long)gtid.sequence);
        script->gtid_due = false;
        script->last_gtid.domain = gtid.domain;
        script->last_gtid.server_id = event->header.server_id;
    }
    if (gtid.flags & GTID_MARIADB_PREPARED_XA) {
        write_xa(buf, "XA START", &gtid.xa, "");
    } else if (!(gtid.flags & GTID_MARIADB_STANDALONE)) {
        buf_str(buf, "BEGIN" SQL_END);
        script->in_transaction = true;
    }
    return true;
}

/* BEGIN, COMMIT and ROLLBACK need no state; true when it was one of them. */
static bool write_frame(struct sql_script *script, struct span text, struct buf *buf)
{
    bool begin = span_eq(text, span_str("BEGIN"));

    if (!begin && !span_eq(text, span_str("COMMIT")) && !span_eq(text, span_str("ROLLBACK")))
        return false;
    script->in_transaction = begin;
    buf_bytes(buf, text);
    buf_str(buf, SQL_END);
    return true;
}

/*
 * ALTER TABLE in two phases is logged when it starts and when it ends; only the latter's success
 * counts.
 */
static bool is_void_alter(const struct query *query, bool *ret_void, struct err *err)
{
    struct query_status status;

    if (!query_status_decode(query->status, &status, err))
        return false;
    *ret_void =
        status.gtid_flags & (GTID_MARIADB_EXTRA_START_ALTER | GTID_MARIADB_EXTRA_ROLLBACK_ALTER);
    return true;
}

static bool write_query(struct sql_script *script, const struct plain_event *event, struct buf *buf,
                        struct err *err)
{
    struct query query;
    bool is_void;

    if (!query_decode(event->body, event->type, &script->format, &query, err))
        return false;
    if (write_frame(script, query.text, buf))
        return true;
    if (!is_void_alter(&query, &is_void, err))
        return false;
    if (is_void) {
        buf_str(buf, "# left out: the start, or failure, of an ALTER TABLE in two phases\n");
        return true;
    }
    if (!sql_session_for_query(script->session, buf, &event->header, &query, err))
        return false;
    if (query.error_code != 0)
        buf_printf(buf,
                   "# It failed with error %u at the source, half-way: the client needs "
                   "--force to go on\n",
                   query.error_code);
    sql_text_write(buf, query.text);
    if (sql_text_begins(query.text, "DROP") || sql_text_begins(query.text, "CREATE"))
        sql_session_forget_database(script->session);
    return true;
}

/* LOAD DATA with the file's new name; LOCAL has the client read it. */
static bool write_load(struct sql_script *script, const struct plain_event *event, struct buf *buf,
                       struct err *err)
{
    struct load_execute execute;
    struct cursor cur;
    const char *path;
    struct buf text;

    if (!load_execute_decode(event->body, &script->format, &execute, err) ||
        !load_files_end(script->loads, execute.file_id, &path, err) ||
        !sql_session_for_query(script->session, buf, &event->header, &execute.query, err))
        return false;
    buf_init(&text, buf->max);
    cur = cursor_of(execute.query.text);
    buf_bytes(&text, cursor_bytes(&cur, execute.name_start));
    buf_printf(&text, " LOCAL INFILE '%s'", path);
    if (execute.duplicates == LOAD_DUPLICATES_REPLACE)
        buf_str(&text, " REPLACE");
    buf_str(&text, " INTO");
    cursor_skip(&cur, execute.name_end - execute.name_start);
    buf_bytes(&text, cursor_rest(&cur));
    sql_text_write(buf, buf_span(&text));
    buf_done(&text);
    return true;
}

static bool take_load(struct sql_script *script, const struct plain_event *event, struct buf *buf,
                      struct err *err)
{
    struct load_block block;
    uint32_t file_id;

    if (event->type == EVENT_EXECUTE_LOAD_QUERY)
        return write_load(script, event, buf, err);
    if (event->type == EVENT_DELETE_FILE)
        return load_delete_decode(event->body, &file_id, err) &&
               load_files_drop(script->loads, file_id, err);
    if (!load_block_decode(event->body, event->type, &block, err))
        return false;
    return event->type == EVENT_APPEND_BLOCK ? load_files_append(script->loads, &block, err)
                                             : load_files_begin(script->loads, &block, err);
}

static bool write_row_statements(struct sql_script *script, const struct rows *rows,
                                 const struct table_map *map, struct buf *buf, struct err *err)
{
    bool more = true;

    if (!sql_rows_check(map, err))
        return false;
    sql_session_for_literals(script->session, buf);
    sql_session_set_checks(script->session, buf, rows->flags);
    for (;;) {
        if (!row_text_next(script->rows, &more, err))
            return false;
        if (!more)
            return true;
        if (!sql_rows_write(buf, rows, map, row_text_row(script->rows), err))
            return false;
    }
}

static bool take_rows(struct sql_script *script, const struct event_source *source,
                      const struct plain_event *event, struct buf *buf, struct err *err)
{
    const struct table_map *map;
    struct rows rows;

    if (!row_text_start(script->rows, event, &script->format, &rows, &map, err))
        return !source->in_range;
    if (!source->in_range)
        return true;
    write_place(script, source, event, buf);
    if (!map)
        return sql_binlog_flush(script->binlog, buf, err);
    if (script->options.rows_as_statements)
        return write_row_statements(script, &rows, map, buf, err);
    return sql_binlog_add(script->binlog, buf, &event->header, &rows, map, event->body, err);
}

static bool write_end(struct sql_script *script, const struct plain_event *event, struct buf *buf,
                      struct err *err)
{
    struct xa_prepare prepare;

    script->in_transaction = false;
    if (event->type == EVENT_XID) {
        buf_str(buf, "COMMIT" SQL_END);
        return true;
    }
    if (!xa_prepare_decode(event->body, &prepare, err))
        return false;
    write_xa(buf, prepare.one_phase ? "XA COMMIT" : "XA PREPARE", &prepare.name,
             prepare.one_phase ? " ONE PHASE" : "");
    return true;
}

/* Events whose effect would be lost. */
static bool refuse(const struct plain_event *event, struct err *err)
{
    struct incident incident;

    if (event->type != EVENT_INCIDENT)
        return err_set(err, E_STATE, 0, "events of this type can not be made into SQL");
    if (!incident_decode(event->body, &incident, err))
        return false;
    return err_set(err, E_STATE, 0,
                   "the server lost events here (%.*s): a copy that goes on would differ",
                   (int)incident.message.len, (const char *)incident.message.data);
}

static bool take_event(struct sql_script *script, const struct plain_event *event, struct buf *buf,
                       struct err *err)
{
    switch ((enum event_type)event->type) {
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
        return write_gtid_mysql(script, event, buf, err);
    case EVENT_MARIADB_GTID:
        return write_gtid_mariadb(script, event, buf, err);
    case EVENT_QUERY:
        return write_query(script, event, buf, err);
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        return write_end(script, event, buf, err);
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
        return sql_variable_write(buf, script->session, event, err);
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_EXECUTE_LOAD_QUERY:
    case EVENT_DELETE_FILE:
        return take_load(script, event, buf, err);
    default:
        return refuse(event, err);
    }
}

/* What says nothing about data, or comes again in pieces. */
static bool is_silent(const struct plain_event *event)
{
    switch ((enum event_type)event->type) {
    case EVENT_STOP:
    case EVENT_ROTATE:
    case EVENT_SLAVE:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_IGNORABLE:
    case EVENT_ROWS_QUERY:
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_TRANSACTION_CONTEXT:
    case EVENT_VIEW_CHANGE:
    case EVENT_TRANSACTION_PAYLOAD:
    case EVENT_MARIADB_ANNOTATE_ROWS:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_MARIADB_GTID_LIST:
        return true;
    default:
        return !event_type_info(event->type);
    }
}

bool sql_script_take(struct sql_script *script, const struct event_source *source,
                     const struct plain_event *event, struct buf *buf, struct err *err)
{
    const struct table_map *map;

    if (event->type == EVENT_TABLE_MAP)
        return row_text_take_map(script->rows, event, &source->reader.format, &map, err);
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return take_rows(script, source, event, buf, err);
    if (is_silent(event))
        return true;
    if (!sql_binlog_flush(script->binlog, buf, err))
        return false;
    if (event->type == EVENT_FORMAT_DESCRIPTION) {
        script->format = source->reader.format;
        sql_session_set_format(script->session, &script->format);
        script->format_due = !script->options.rows_as_statements;
        return true;
    }
    if (!source->in_range)
        return true;
    write_place(script, source, event, buf);
    return take_event(script, event, buf, err);
}
