#include "translation/translator_internal.h"

#include "base/mem.h"
#include "binlog/control.h"

#include <stdio.h>

#define NAME_MAX_SIZE 512 /* of a file in ROTATE */
#define WITH_ROWS     " START TRANSACTION"

struct translator *translator_new(const struct translator_options *options)
{
    struct translator *translator = mem_alloc(sizeof *translator);

    translator->options = *options;
    translator->next = translator_is_next();
    translator->unpacker = unpacker_new();
    translator->rows = row_translator_new(options->to);
    row_translator_ask_hidden(translator->rows, &options->hidden);
    translator->queries = query_translator_new(options->to, options->accounts);
    if (options->history_size > 0 && options->to != DIALECT_MYSQL_5)
        translator->dependencies = dependencies_new(options->history_size);
    gtid_set_init(&translator->executed);
    buf_init(&translator->held, 2 * (size_t)EVENT_LENGTH_MAX);
    buf_init(&translator->body, EVENT_LENGTH_MAX);
    reader_init(&translator->reader);
    return translator;
}

void translator_free(struct translator *translator)
{
    if (!translator)
        return;
    unpacker_free(translator->unpacker);
    row_translator_free(translator->rows);
    query_translator_free(translator->queries);
    dependencies_free(translator->dependencies);
    mem_free(translator->file);
    gtid_set_done(&translator->executed);
    buf_done(&translator->held);
    buf_done(&translator->body);
    mem_free(translator);
}

uint64_t translator_last_without_gtid(const struct translator *translator)
{
    return translator->without_gtid;
}

uint64_t translator_offset(const struct translator *translator)
{
    return translator->writer.offset;
}

const char *translator_left_out(const struct translator *translator)
{
    return translator->left_out;
}

const struct gtid *translator_borrow_gtid(const struct translator *translator)
{
    const struct gtid *gtid = &translator->open.gtid_mysql;

    return translator->open.open && gtid->number > 0 ? gtid : NULL;
}

const struct gtid_set *translator_borrow_executed(const struct translator *translator)
{
    return &translator->executed;
}

bool translator_is_between(const struct translator *translator)
{
    return !translator->open.open;
}

static bool check_format(const struct translator *translator, struct err *err)
{
    const struct reader *reader = &translator->reader;

    if (reader->relay_log)
        return err_set(err, E_STATE, 0, "a relay log, whose events are not the server's own");
    if (reader->format.family != dialect_family(translator->options.to))
        return true;
    return err_set(err, E_STATE, 0, "a log of %s is not translated for %s",
                   reader->format.server_version, dialect_title(translator->options.to));
}

/* The description that a server of the dialect writes; what it tells of the file stays. */
static bool put_format(struct translator *translator, const struct event_header *like, bool middle,
                       struct buf *out, struct err *err)
{
    const struct format *from = &translator->reader.format;
    struct view_writer always = {.offset = READER_MAGIC_SIZE, .checksum_size = EVENT_CHECKSUM_SIZE};
    struct event_header header = *like;
    size_t start = out->len;

    format_init(&translator->to_format, dialect_version(translator->options.to),
                from->checksum == CHECKSUM_CRC32 ? CHECKSUM_CRC32 : CHECKSUM_NONE);
    translator->to_format.created = middle ? 0 : from->created;
    if (translator->options.resolver && translator->options.to == DIALECT_MYSQL_8)
        format_extend(&translator->to_format, EVENT_GTID_TAGGED);
    header.flags = 0;
    buf_clear(&translator->body);
    format_encode(&translator->body, &translator->to_format);
    if (!view_append(&always, out, &header, buf_span(&translator->body), err) ||
        !view_place(&always, out, start, err))
        return false;
    translator->writer = (struct view_writer){
        .offset = always.offset,
        .checksum_size = format_event_checksum_size(&translator->to_format),
    };
    return true;
}

static bool put_head(struct translator *translator, const struct event_header *like, bool middle,
                     const struct translator_state *state, struct buf *out, struct err *err)
{
    size_t start;

    if (!put_format(translator, like, middle, out, err))
        return false;
    start = out->len;
    if (translator->reader.format.family == FORMAT_MYSQL
            ? !translator_head_of_mysql(translator, state, like, out, err)
            : !translator_head_of_mariadb(translator, state, like, out, err))
        return false;
    return view_place(&translator->writer, out, start, err);
}

bool translator_file(struct translator *translator, const char *name, uint64_t offset,
                     struct span format_event, const struct translator_state *state,
                     struct buf *buf, struct err *err)
{
    bool middle = offset > READER_MAGIC_SIZE + format_event.len;
    struct reader_event event;
    size_t start = buf->len;

    reader_init(&translator->reader);
    transaction_forget(translator);
    translator->clock = 0;
    if (translator->dependencies)
        dependencies_start(translator->dependencies);
    mem_free(translator->file);
    translator->file = mem_strdup(name);
    if (!translator_file_number(span_str(name), &translator->file_number))
        return err_set(err, E_STATE, 0, "'%s' has no number after its last dot", name);
    if (!reader_event_parse(&translator->reader, format_event, true, &event, err) ||
        !check_format(translator, err))
        return false;
    if (event.header.type != EVENT_FORMAT_DESCRIPTION)
        return err_set(err, E_PROTO, 0, "%s event found, expected Format_desc as the first",
                       event_type_name(event.header.type));
    row_translator_start(translator->rows, &translator->reader.format);
    query_translator_start(translator->queries, &translator->reader.format);
    if (!put_head(translator, &event.header, middle, state, buf, err)) {
        buf->len = start;
        return false;
    }
    if (middle && translator->writer.offset < offset)
        translator->writer.offset = offset;
    translator->reader.offset = offset;
    translator->next_place = offset;
    translator->without_gtid = 0;
    return true;
}

static bool take_rotate(struct translator *translator, const struct plain_event *event,
                        struct buf *out, struct err *err)
{
    char source[NAME_MAX_SIZE];
    char view[NAME_MAX_SIZE];
    struct rotate rotate;

    if (!rotate_decode(event->body, &rotate, err))
        return false;
    (void)snprintf(source, sizeof source, "%.*s",
                   (int)(rotate.name.len < sizeof source ? rotate.name.len : sizeof source - 1),
                   (const char *)rotate.name.data);
    if (!translator_view_name(source, &translator->options, view, sizeof view))
        return err_set(err, E_STATE, 0, "Rotate event: '%s' has no number after its last dot",
                       source);
    rotate.name = span_str(view);
    transaction_forget(translator);
    buf_clear(&translator->body);
    rotate_encode(&translator->body, &rotate);
    return translator_put(translator, &event->header, EVENT_ROTATE, buf_span(&translator->body),
                          out, err);
}

static bool text_begins(struct span text, const char *words)
{
    size_t length = strlen(words);

    return text.len >= length && memcmp(text.data, words, length) == 0;
}

static bool from_mysql(const struct translator *translator)
{
    return translator->reader.format.family == FORMAT_MYSQL;
}

/* What belongs to a transaction begins one where its source has no event for that. */
static bool ensure_open(struct translator *translator, const struct plain_event *event,
                        struct err *err)
{
    if (translator->open.open)
        return true;
    if (!from_mysql(translator))
        return err_set(err, E_STATE, 0,
                       "%s event without a GTID: a log of before MariaDB 10.0 is not translated",
                       event_type_name(event->type));
    return translator_begin_without_gtid(translator, event, err);
}

/* A statement has been appended, or dropped. */
static bool end_statement(struct translator *translator, const struct plain_event *event,
                          bool dropped, struct buf *out, struct err *err)
{
    if (translator->open.inside)
        return true;
    if (dropped)
        return translator_end_empty(translator, event, out, err);
    return transaction_end(translator, END_STATEMENT, out, err);
}

/*
 * CREATE TABLE ... SELECT in row format is one transaction: a bare CREATE TABLE, and its rows.
 * MySQL, from 8.0.21 on, writes so at the statement's end, MariaDB in the GTID.
 */
static void take_create_from_mysql(struct translator *translator, struct query *query)
{
    size_t length = strlen(WITH_ROWS);
    struct cursor cur = cursor_of(query->text);
    struct span kept;

    translator->open.ddl = true;
    if (query->text.len <= length)
        return;
    kept = cursor_bytes(&cur, query->text.len - length);
    if (span_eq(cur.rest, span_str(WITH_ROWS)))
        query->text = kept;
}

static bool take_create_from_mariadb(struct translator *translator, const struct query *query,
                                     struct err *err)
{
    char excerpt[QUERY_EXCERPT];

    if (!translator->open.ddl || text_begins(query->text, "CREATE TEMPORARY "))
        return true;
    translator->open.with_rows = true;
    if (translator->options.to != DIALECT_MYSQL_5)
        return true;
    return err_set(err, E_STATE, 0,
                   "statement '%s': %s can not create a table and fill it in one transaction: "
                   "write CREATE TABLE and INSERT ... SELECT instead",
                   query_excerpt(query->text, excerpt), dialect_title(translator->options.to));
}

/* A CREATE inside a transaction. */
static bool take_create(struct translator *translator, struct query *query, struct err *err)
{
    if (!translator->open.inside || !text_begins(query->text, "CREATE "))
        return true;
    if (!from_mysql(translator))
        return take_create_from_mariadb(translator, query, err);
    take_create_from_mysql(translator, query);
    return true;
}

static bool take_statement(struct translator *translator, const struct plain_event *event,
                           struct query *query, struct buf *out, struct err *err)
{
    struct transaction *open = &translator->open;
    enum sql_outcome outcome = SQL_DROPPED;

    open->statements = true;
    open->with_rows = false;
    buf_clear(&translator->body);
    if (!take_create(translator, query, err))
        return false;
    if (!open->phase_only &&
        !query_translate(translator->queries, query, &translator->body, &outcome, err))
        return false;
    if (open->with_rows && outcome != SQL_DROPPED)
        buf_str(&translator->body, WITH_ROWS);
    if (outcome == SQL_DROPPED && !open->phase_only)
        translator->left_out = query_translator_dropped(translator->queries);
    if (outcome != SQL_DROPPED && !translator_put(translator, &event->header, EVENT_QUERY,
                                                  buf_span(&translator->body), out, err))
        return false;
    return end_statement(translator, event, outcome == SQL_DROPPED, out, err);
}

static bool take_query(struct translator *translator, const struct plain_event *event,
                       struct buf *out, struct err *err)
{
    enum query_kind kind;
    struct query query;

    if (!query_decode(event->body, event->type, &translator->reader.format, &query, err) ||
        !ensure_open(translator, event, err))
        return false;
    kind = query_kind_of(query.text);
    if (kind == KIND_STATEMENT)
        return take_statement(translator, event, &query, out, err);
    return from_mysql(translator)
               ? translator_frame_of_mysql(translator, event, &query, kind, out, err)
               : translator_frame_of_mariadb(translator, event, &query, kind, out, err);
}

static bool take_load(struct translator *translator, const struct plain_event *event,
                      struct buf *out, struct err *err)
{
    enum sql_outcome outcome;
    struct load_execute load;

    buf_clear(&translator->body);
    if (!load_execute_decode(event->body, &translator->reader.format, &load, err) ||
        !query_translate_load(translator->queries, &load, &translator->body, &outcome, err))
        return false;
    translator->open.statements = true;
    if (outcome != SQL_DROPPED &&
        !translator_put(translator, &event->header, EVENT_EXECUTE_LOAD_QUERY,
                        buf_span(&translator->body), out, err))
        return false;
    return end_statement(translator, event, outcome == SQL_DROPPED, out, err);
}

static bool take_variable(struct translator *translator, const struct plain_event *event,
                          struct buf *out, struct err *err)
{
    struct user_var var;

    transaction_bar(translator);
    buf_clear(&translator->body);
    return user_var_decode(event->body, &var, err) &&
           query_translate_variable(translator->queries, &var, &translator->body, err) &&
           translator_put(translator, &event->header, EVENT_USER_VAR, buf_span(&translator->body),
                          out, err);
}

static bool take_map(struct translator *translator, const struct plain_event *event,
                     struct buf *out, struct err *err)
{
    struct buf *to = translator_to(translator, out);
    size_t start = view_begin(to, &event->header);

    return row_translator_map(translator->rows, event->body, to, err) &&
           view_end(&translator->writer, to, start, EVENT_TABLE_MAP, err);
}

/* What can not be read here, the translation of the rows refuses. */
static void note_rows(struct translator *translator, const struct plain_event *event)
{
    const struct table_map *map;
    struct rows rows;
    struct err err;

    if (!translator->dependencies ||
        !rows_decode(event->body, event->type, &translator->reader.format, &rows, &err))
        return;
    map = row_translator_table(translator->rows, rows.table_id);
    if (map)
        dependencies_rows(translator->dependencies, &rows, map);
}

static bool take_rows(struct translator *translator, const struct plain_event *event,
                      struct buf *out, struct err *err)
{
    struct buf *to = translator_to(translator, out);
    size_t start = view_begin(to, &event->header);
    uint8_t type;

    note_rows(translator, event);
    return row_translator_rows(translator->rows, event->type, event->body, to, &type, err) &&
           view_end(&translator->writer, to, start, type, err);
}

/* The statement behind row events: each family has an event for it. */
static bool take_rows_query(struct translator *translator, const struct plain_event *event,
                            struct buf *out, struct err *err)
{
    struct event_header header = event->header;
    struct rows_query query = {.length_byte = (uint8_t)event->body.len, .text = event->body};

    if (event->type == EVENT_ROWS_QUERY) {
        header.flags &= (uint16_t)~EVENT_FLAG_IGNORABLE;
        return rows_query_decode(event->body, &query, err) &&
               translator_put(translator, &header, EVENT_MARIADB_ANNOTATE_ROWS, query.text, out,
                              err);
    }
    header.flags |= EVENT_FLAG_IGNORABLE;
    buf_clear(&translator->body);
    rows_query_encode(&translator->body, &query);
    return translator_put(translator, &header, EVENT_ROWS_QUERY, buf_span(&translator->body), out,
                          err);
}

static bool take_xid(struct translator *translator, const struct plain_event *event,
                     struct buf *out, struct err *err)
{
    buf_clear(&translator->body);
    buf_bytes(&translator->body, event->body);
    if (translator->next)
        (void)buf_reserve(&translator->body, event->body.len);
    return translator_put(translator, &event->header, event->type, buf_span(&translator->body), out,
                          err) &&
           transaction_end(translator, END_COMMIT, out, err);
}

static bool take_prepare(struct translator *translator, const struct plain_event *event,
                         struct buf *out, struct err *err)
{
    if (from_mysql(translator))
        return translator_prepare_of_mysql(translator, event, out, err);
    return translator_put(translator, &event->header, event->type, event->body, out, err) &&
           transaction_end(translator, END_PREPARED, out, err);
}

/* What was lost stops every replica; it may have had a GTID. */
static bool take_incident(struct translator *translator, const struct plain_event *event,
                          struct buf *out, struct err *err)
{
    return translator_put(translator, &event->header, event->type, event->body, out, err) &&
           (!translator->open.open || transaction_end(translator, END_STATEMENT, out, err));
}

/* Events of a transaction. */
static bool take_of_transaction(struct translator *translator, const struct plain_event *event,
                                struct buf *out, struct err *err)
{
    if (!ensure_open(translator, event, err))
        return false;
    switch ((enum event_type)event->type) {
    case EVENT_TABLE_MAP:
        return take_map(translator, event, out, err);
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_ANNOTATE_ROWS:
        return take_rows_query(translator, event, out, err);
    case EVENT_USER_VAR:
        return take_variable(translator, event, out, err);
    case EVENT_EXECUTE_LOAD_QUERY:
        return take_load(translator, event, out, err);
    case EVENT_DELETE_FILE:
        return translator_put(translator, &event->header, event->type, event->body, out, err) &&
               end_statement(translator, event, true, out, err);
    case EVENT_XID:
        return take_xid(translator, event, out, err);
    case EVENT_XA_PREPARE:
        return take_prepare(translator, event, out, err);
    default:
        if (event_type_is_rows(event->type))
            return take_rows(translator, event, out, err);
        transaction_bar(translator); /* a part of a statement */
        return translator_put(translator, &event->header, event->type, event->body, out, err);
    }
}

static bool take_other(const struct plain_event *event, struct err *err)
{
    if (event->header.flags & EVENT_FLAG_IGNORABLE)
        return true;
    return err_set(err, E_STATE, 0, "%s event: it can not be translated",
                   event_type_name(event->type));
}

static bool take_plain(struct translator *translator, const struct plain_event *event,
                       struct buf *out, struct err *err)
{
    uint8_t type = event->type;

    translator->open.last_time = event->header.timestamp;
    switch ((enum event_type)type) {
    case EVENT_FORMAT_DESCRIPTION:
    case EVENT_MARIADB_GTID_LIST:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_IGNORABLE:
    case EVENT_TRANSACTION_CONTEXT:
    case EVENT_VIEW_CHANGE:
        return true;
    case EVENT_PREVIOUS_GTIDS:
        return translator_check_previous(translator, event->body, err);
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
        return translator_gtid_of_mysql(translator, event, err);
    case EVENT_MARIADB_GTID:
        return translator_gtid_of_mariadb(translator, event, out, err);
    case EVENT_QUERY:
        return take_query(translator, event, out, err);
    case EVENT_ROTATE:
        return take_rotate(translator, event, out, err);
    case EVENT_STOP:
        transaction_forget(translator);
        return translator_put(translator, &event->header, type, event->body, out, err);
    case EVENT_INCIDENT:
        return take_incident(translator, event, out, err);
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
    case EVENT_EXECUTE_LOAD_QUERY:
    case EVENT_TABLE_MAP:
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_ANNOTATE_ROWS:
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        return take_of_transaction(translator, event, out, err);
    default:
        if (event_type_is_rows(type))
            return take_of_transaction(translator, event, out, err);
        return take_other(event, err);
    }
}

static bool take_all(struct translator *translator, const struct reader_event *event,
                     struct buf *out, struct err *err)
{
    struct plain_event plain;
    bool more;

    unpacker_start(translator->unpacker, event, &translator->reader.format);
    for (;;) {
        if (!unpacker_next(translator->unpacker, &plain, &more, err))
            return false;
        if (!more)
            return true;
        if (plain.type != EVENT_TRANSACTION_PAYLOAD &&
            (!take_plain(translator, &plain, out, err) ||
             !transaction_let_long_go(translator, out, err)))
            return false;
    }
}

bool translator_give_up(struct translator *translator)
{
    struct transaction *open = &translator->open;

    if (!open->open)
        return false;
    buf_clear(&translator->held);
    open->given_up = true;
    open->statements = open->ddl = open->with_rows = open->phase_only = open->xa = false;
    open->xa_end_at = 0;
    return true;
}

/* Of one that is long its first part is out, and nothing follows. */
static bool pass_over(struct translator *translator, const struct reader_event *event,
                      struct buf *out, struct err *err)
{
    struct plain_event plain = {.header = event->header};

    if (translator->reader.transaction != READER_OUTSIDE)
        return true;
    if (!translator->open.straight)
        return translator_end_empty(translator, &plain, out, err);
    transaction_forget(translator);
    return true;
}

static bool ends_file(uint8_t type)
{
    return type == EVENT_ROTATE || type == EVENT_STOP;
}

bool translator_take(struct translator *translator, struct span event, struct buf *buf,
                     struct err *err)
{
    struct reader *reader = &translator->reader;
    struct reader_event parsed;
    size_t start = buf->len;

    translator->left_out = NULL;
    if (!reader->has_format)
        return err_set(err, E_BUG, 0, "an event before its file");
    if (!reader_event_parse(reader, event, true, &parsed, err))
        return false;
    if (!(translator->open.given_up && !ends_file(parsed.header.type)
              ? pass_over(translator, &parsed, buf, err)
              : take_all(translator, &parsed, buf, err)) ||
        !view_place(&translator->writer, buf, start, err)) {
        buf->len = start;
        return false;
    }
    /* The file's own description is before its first event. */
    if (parsed.header.type != EVENT_FORMAT_DESCRIPTION || reader->offset == READER_MAGIC_SIZE)
        reader->offset += event.len;
    return true;
}
