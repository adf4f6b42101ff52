#include "replication/dump_filter.h"

#include "base/mem.h"
#include "binlog/changed_tables.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/load_data.h"
#include "binlog/rows.h"
#include "binlog/table_map.h"
#include "binlog/unpacker.h"
#include "binlog/xid.h"

#include <inttypes.h>

#define GTID_MARIADB_FLAGS_AT 12  /* in the body */
#define STATEMENT_SHOWN       100 /* bytes of one in a message */

struct mapped {
    uint64_t id;
    bool keep;
};

struct dump_filter {
    const struct replicate_rules *rules;
    struct format format;
    struct unpacker *unpacker;
    struct changed_tables changed;

    struct buf held;  /* whole events that wait for what is decided of a later one */
    struct buf made;  /* whole events of our own */
    size_t held_gtid; /* of them, at their beginning: a GTID */
    size_t held_rows; /* where rows begin that may have to end the statement; 0: nowhere */
    bool release;     /* what is held went out */

    bool alone;        /* after a GTID: what comes has no BEGIN */
    bool alter_in_two; /* MariaDB: half of an ALTER */
    bool xa;

    struct { /* of rows: from its first table map to STMT_END */
        struct mapped *maps;
        size_t count;
        size_t cap;
        bool dropped; /* a table of it is not wanted */
        bool sent;    /* rows of it went out or wait */
    } statement;
};

struct dump_filter *dump_filter_new(const struct replicate_rules *rules)
{
    struct dump_filter *filter = mem_alloc(sizeof *filter);

    filter->rules = rules;
    filter->unpacker = unpacker_new();
    changed_tables_init(&filter->changed);
    buf_init(&filter->held, DUMP_FILTER_HELD_MAX);
    buf_init(&filter->made, 2 * DUMP_FILTER_HELD_MAX);
    return filter;
}

void dump_filter_free(struct dump_filter *filter)
{
    if (!filter)
        return;
    unpacker_free(filter->unpacker);
    changed_tables_done(&filter->changed);
    buf_done(&filter->held);
    buf_done(&filter->made);
    mem_free(filter->statement.maps);
    mem_free(filter);
}

static void end_statement(struct dump_filter *filter)
{
    filter->statement.count = 0;
    filter->statement.dropped = false;
    filter->statement.sent = false;
    filter->held_rows = 0;
}

bool dump_filter_file(struct dump_filter *filter, struct span event, struct err *err)
{
    size_t checksum_size = format_checksum_size(event);
    struct cursor cur = cursor_of(event);

    cursor_skip(&cur, EVENT_HEADER_SIZE);
    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, 0, "a format description of %zu bytes", event.len);
    end_statement(filter);
    buf_clear(&filter->held);
    filter->held_gtid = 0;
    filter->alone = false;
    filter->xa = false;
    return format_decode(cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size),
                         &filter->format, err);
}

/* ---- What is held ---- */

static bool hold(struct dump_filter *filter, struct span event, struct err *err)
{
    buf_bytes(&filter->held, event);
    return buf_ok(&filter->held) ||
           err_set(err, E_LIMIT, 0,
                   "a filtered dump holds at most %zu bytes of a statement until it is known "
                   "whether it is wanted, found more: use binlog_format = ROW",
                   DUMP_FILTER_HELD_MAX);
}

/* What is held goes out, before whatever else the verdict says. */
static void release(struct dump_filter *filter, struct dump_filter_verdict *verdict)
{
    verdict->first = buf_span(&filter->held);
    filter->release = true;
    filter->alone = false;
    filter->held_gtid = 0;
    filter->held_rows = 0;
}

/* What is held is unwanted, but for a GTID. */
static void forget(struct dump_filter *filter)
{
    filter->held.len = filter->held_gtid;
    filter->held_rows = 0;
}

static void keep(struct dump_filter *filter, struct dump_filter_verdict *verdict)
{
    release(filter, verdict);
    verdict->keep = true;
}

/* ---- Events in the place of others ---- */

static void end_event(struct dump_filter *filter, size_t start)
{
    size_t checksum_size = format_event_checksum_size(&filter->format);

    buf_patch_le(&filter->made, start + EVENT_LENGTH_AT, filter->made.len - start + checksum_size,
                 4);
    if (checksum_size > 0)
        checksum_append(&filter->made, start);
}

static size_t begin_event(struct dump_filter *filter, const struct event_header *at, uint8_t type)
{
    struct event_header header = *at;
    size_t start = filter->made.len;

    header.type = type;
    header.flags = 0;
    event_header_encode(&filter->made, &header);
    return start;
}

/* A copy of a whole event with other bytes from `at` on. */
static void copy_patched(struct dump_filter *filter, struct span event, size_t at, uint64_t value,
                         size_t n)
{
    size_t start = filter->made.len;

    buf_bytes(&filter->made,
              span_of(event.data, event.len - format_event_checksum_size(&filter->format)));
    buf_patch_le(&filter->made, start + at, value, n);
    end_event(filter, start);
}

static void make_begin(struct dump_filter *filter, const struct event_header *at)
{
    struct query query = {.text = span_str("BEGIN")};
    size_t start = begin_event(filter, at, EVENT_QUERY);

    query_encode(&filter->made, &query);
    end_event(filter, start);
}

static void make_xid(struct dump_filter *filter, const struct event_header *at)
{
    size_t start = begin_event(filter, at, EVENT_XID);

    xid_encode(&filter->made, 0);
    end_event(filter, start);
}

/* An empty transaction in the place of an event, and of the GTID that is held. */
static bool make_empty(struct dump_filter *filter, const struct event_header *header,
                       struct dump_filter_verdict *verdict, struct err *err)
{
    size_t before = filter->held.len + header->length;

    forget(filter);
    buf_clear(&filter->made);
    if (filter->format.family == FORMAT_MARIADB && filter->held_gtid > 0) {
        struct span gtid = buf_span(&filter->held);
        uint8_t flags = gtid.data[EVENT_HEADER_SIZE + GTID_MARIADB_FLAGS_AT];

        copy_patched(filter, gtid, EVENT_HEADER_SIZE + GTID_MARIADB_FLAGS_AT,
                     flags & (uint8_t) ~(GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL), 1);
    } else {
        buf_bytes(&filter->made, buf_span(&filter->held));
        make_begin(filter, header);
    }
    make_xid(filter, header);
    if (!buf_ok(&filter->made) || filter->made.len > before)
        return err_set(err, E_STATE, 0,
                       "a %s event of %zu bytes is too short to be replaced by an empty "
                       "transaction",
                       event_type_name(header->type), before);
    release(filter, verdict);
    verdict->first = buf_span(&filter->made);
    return true;
}

/* ---- Statements ---- */

static bool is_wanted_statement(struct dump_filter *filter, const struct query *query,
                                bool *ret_wanted, struct err *err)
{
    struct changed_tables *changed = &filter->changed;
    struct query_status status;
    uint64_t sql_mode;

    if (!query_status_decode(query->status, &status, err))
        return false;
    sql_mode = query_status_has(&status, QUERY_SQL_MODE) ? status.sql_mode : 0;
    changed_tables_read(changed, sql_tokens_under(query->text, sql_mode), query->database);
    if (changed->changes == CHANGES_TRANSACTION || changed->changes == CHANGES_XA) {
        *ret_wanted = true;
        return true;
    }
    if (changed->changes == CHANGES_DATABASE) {
        *ret_wanted = replicate_rules_pass_schema(filter->rules, changed->database);
        return true;
    }
    *ret_wanted = replicate_rules_pass_database(filter->rules, query->database);
    if (!*ret_wanted || !replicate_rules_by_table(filter->rules))
        return true;
    if (changed->changes == CHANGES_UNKNOWN)
        return err_set(err, E_STATE, 0,
                       "the filter of the account has rules of tables, and which tables this "
                       "statement changes can not be told: '%.*s'",
                       (int)(query->text.len < STATEMENT_SHOWN ? query->text.len : STATEMENT_SHOWN),
                       (const char *)query->text.data);
    if (changed->changes == CHANGES_TABLES)
        *ret_wanted = replicate_rules_pass_tables(filter->rules, changed->tables, changed->count);
    return true;
}

static bool refuse_xa(struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "an XA transaction has changes that the account's filter leaves out, and "
                   "replicas can not follow XA transactions that are not whole");
}

/* A statement that is unwanted, whatever was held for it too. */
static bool drop_statement(struct dump_filter *filter, const struct event_header *header,
                           struct dump_filter_verdict *verdict, struct err *err)
{
    if (filter->xa)
        return refuse_xa(err);
    if (filter->alter_in_two)
        return err_set(err, E_STATE, 0,
                       "an ALTER TABLE that the account's filter leaves out is logged in two "
                       "halves: turn binlog_alter_two_phase off at the source");
    if (filter->alone)
        return make_empty(filter, header, verdict, err);
    forget(filter);
    return true;
}

static bool take_statement(struct dump_filter *filter, const struct event_header *header,
                           const struct query *query, struct dump_filter_verdict *verdict,
                           struct err *err)
{
    enum changes changes;
    bool wanted = false;

    if (!is_wanted_statement(filter, query, &wanted, err))
        return false;
    changes = filter->changed.changes;
    if (!wanted)
        return drop_statement(filter, header, verdict, err);
    if (changes == CHANGES_XA)
        filter->xa = true;
    if (changes == CHANGES_XA || changes == CHANGES_TRANSACTION)
        filter->alone = false;
    keep(filter, verdict);
    return true;
}

static bool take_query(struct dump_filter *filter, const struct reader_event *event,
                       struct dump_filter_verdict *verdict, struct err *err)
{
    struct plain_event plain;
    struct query query;
    bool more;

    unpacker_start(filter->unpacker, event, &filter->format);
    return unpacker_next(filter->unpacker, &plain, &more, err) &&
           query_decode(plain.body, plain.type, &filter->format, &query, err) &&
           take_statement(filter, &event->header, &query, verdict, err);
}

static bool take_load(struct dump_filter *filter, const struct reader_event *event,
                      struct dump_filter_verdict *verdict, struct err *err)
{
    struct load_execute load;

    return load_execute_decode(event->body, &filter->format, &load, err) &&
           take_statement(filter, &event->header, &load.query, verdict, err);
}

/* ---- Rows ---- */

static size_t id_size(const struct dump_filter *filter, uint8_t type)
{
    return format_post_header_length(&filter->format, type) == 6 ? 4 : 6;
}

static struct span counted_name(struct cursor *cur)
{
    struct span name = cursor_bytes(cur, cursor_u8(cur));

    cursor_skip(cur, 1);
    return name;
}

static bool judge_table(const struct dump_filter *filter, struct span body, struct mapped *ret,
                        struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint64_t id = cursor_le(&cur, id_size(filter, EVENT_TABLE_MAP));
    struct span database;
    struct span table;

    cursor_skip(&cur, 2);
    database = counted_name(&cur);
    table = counted_name(&cur);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "table map: cut off in its names, %zu bytes", body.len);
    *ret = (struct mapped){id, replicate_rules_pass_rows(filter->rules, database, table)};
    return true;
}

static bool take_table_map(struct dump_filter *filter, const struct reader_event *event,
                           struct err *err)
{
    struct mapped mapped;

    if (!judge_table(filter, event->body, &mapped, err))
        return false;
    if (!mapped.keep && filter->xa)
        return refuse_xa(err);
    if (filter->statement.count == filter->statement.cap) {
        filter->statement.cap = filter->statement.cap > 0 ? 2 * filter->statement.cap : 16;
        filter->statement.maps = mem_realloc(
            filter->statement.maps, filter->statement.cap * sizeof *filter->statement.maps);
    }
    filter->statement.maps[filter->statement.count++] = mapped;
    if (mapped.keep)
        return hold(filter, event->bytes, err);
    filter->statement.dropped = true;
    return true;
}

/* By the statement's latest table map of that id. */
static bool is_wanted_table(const struct dump_filter *filter, uint64_t id, bool *ret_wanted,
                            struct err *err)
{
    if (id == TABLE_MAP_DUMMY_ID) {
        *ret_wanted = filter->statement.sent;
        return true;
    }
    for (size_t i = filter->statement.count; i > 0; i--) {
        if (filter->statement.maps[i - 1].id == id) {
            *ret_wanted = filter->statement.maps[i - 1].keep;
            return true;
        }
    }
    return err_set(err, E_PROTO, 0, "rows of table id %" PRIu64 ", which has no table map", id);
}

/* The statement's end was dropped: the rows that are held become its last. */
static bool end_held_rows(struct dump_filter *filter, struct dump_filter_verdict *verdict,
                          struct err *err)
{
    struct span all = buf_span(&filter->held);
    struct span rows = span_of(all.data + filter->held_rows - 1, all.len - filter->held_rows + 1);
    size_t at = EVENT_HEADER_SIZE + id_size(filter, rows.data[EVENT_TYPE_AT]);

    buf_clear(&filter->made);
    buf_bytes(&filter->made, span_of(all.data, filter->held_rows - 1));
    copy_patched(filter, rows, at, rows.data[at] | ROWS_FLAG_STMT_END, 1);
    if (!buf_ok(&filter->made))
        return err_set(err, E_LIMIT, 0, "rows of more than %zu bytes", DUMP_FILTER_HELD_MAX);
    release(filter, verdict);
    verdict->first = buf_span(&filter->made);
    return true;
}

static bool take_unwanted_rows(struct dump_filter *filter, bool ends,
                               struct dump_filter_verdict *verdict, struct err *err)
{
    if (!ends)
        return true;
    if (filter->held_rows > 0) {
        if (!end_held_rows(filter, verdict, err))
            return false;
    } else {
        forget(filter);
    }
    end_statement(filter);
    return true;
}

static bool take_rows(struct dump_filter *filter, const struct reader_event *event,
                      struct dump_filter_verdict *verdict, struct err *err)
{
    struct cursor cur = cursor_of(event->body);
    uint64_t id = cursor_le(&cur, id_size(filter, event->header.type));
    bool ends = cursor_u16(&cur) & ROWS_FLAG_STMT_END;
    bool wanted = false;

    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "rows of %zu bytes", event->body.len);
    if (!is_wanted_table(filter, id, &wanted, err))
        return false;
    if (!wanted)
        return take_unwanted_rows(filter, ends, verdict, err);
    if (ends || !filter->statement.dropped) {
        filter->statement.sent = true;
        keep(filter, verdict);
        if (ends)
            end_statement(filter);
        return true;
    }
    /* An unwanted event may follow that ends the statement: these wait, and those before go. */
    if (filter->held_rows > 0) {
        buf_clear(&filter->made);
        buf_bytes(&filter->made, buf_span(&filter->held));
        verdict->first = buf_span(&filter->made);
        buf_clear(&filter->held);
        filter->held_gtid = 0;
    }
    filter->held_rows = filter->held.len + 1;
    filter->statement.sent = true;
    return hold(filter, event->bytes, err);
}

/* ---- Transactions ---- */

/*
 * Goes out with the first event that does, so that a replica is not left inside a transaction whose
 * first event is refused.
 */
static bool hold_gtid(struct dump_filter *filter, const struct reader_event *event, struct err *err)
{
    end_statement(filter);
    buf_clear(&filter->held);
    filter->held_gtid = event->bytes.len;
    return hold(filter, event->bytes, err);
}

static bool take_gtid_mariadb(struct dump_filter *filter, const struct reader_event *event,
                              struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    filter->alone = gtid.flags & GTID_MARIADB_STANDALONE;
    filter->xa = gtid.flags & GTID_MARIADB_PREPARED_XA;
    filter->alter_in_two =
        gtid.extra_flags & (GTID_MARIADB_EXTRA_START_ALTER | GTID_MARIADB_EXTRA_COMMIT_ALTER |
                            GTID_MARIADB_EXTRA_ROLLBACK_ALTER);
    return hold_gtid(filter, event, err);
}

struct found {
    bool wanted;
    bool unwanted;
};

static bool judge_packed(struct dump_filter *filter, const struct plain_event *event,
                         struct found *found, struct err *err)
{
    struct mapped mapped;
    struct query query;
    bool wanted = true;

    if (event->type == EVENT_TABLE_MAP) {
        if (!judge_table(filter, event->body, &mapped, err))
            return false;
        wanted = mapped.keep;
    } else if (event->type == EVENT_QUERY) {
        if (!query_decode(event->body, event->type, &filter->format, &query, err) ||
            !is_wanted_statement(filter, &query, &wanted, err))
            return false;
        if (filter->changed.changes == CHANGES_TRANSACTION)
            return true;
        filter->xa = filter->xa || filter->changed.changes == CHANGES_XA;
    } else {
        return true;
    }
    found->wanted = found->wanted || wanted;
    found->unwanted = found->unwanted || !wanted;
    return true;
}

/* A compressed transaction: goes out whole, or becomes an empty one. */
static bool take_payload(struct dump_filter *filter, const struct reader_event *event,
                         struct dump_filter_verdict *verdict, struct err *err)
{
    struct found found = {false, false};
    struct plain_event plain;
    bool more = true;

    unpacker_start(filter->unpacker, event, &filter->format);
    while (more) {
        if (!unpacker_next(filter->unpacker, &plain, &more, err) ||
            (more && plain.packed && !judge_packed(filter, &plain, &found, err)))
            return false;
    }
    if (!found.unwanted) {
        keep(filter, verdict);
        return true;
    }
    if (filter->xa)
        return refuse_xa(err);
    if (found.wanted)
        return err_set(err, E_STATE, 0,
                       "a compressed transaction has changes that the account's filter leaves out "
                       "and others that it does not: turn binlog_transaction_compression off at "
                       "the source");
    return make_empty(filter, &event->header, verdict, err);
}

static bool refuse_type(uint8_t type, struct err *err)
{
    return err_set(err, E_STATE, 0, "the account's filter can not decide about %s events",
                   event_type_name(type));
}

static bool take_event(struct dump_filter *filter, const struct reader_event *event,
                       struct dump_filter_verdict *verdict, struct err *err)
{
    uint8_t type = event->header.type;

    if (event_type_is_rows(type))
        return take_rows(filter, event, verdict, err);
    switch (type) {
    case EVENT_GTID:
    case EVENT_GTID_TAGGED:
        filter->alone = true;
        filter->xa = false;
        return hold_gtid(filter, event, err);
    case EVENT_MARIADB_GTID:
        return take_gtid_mariadb(filter, event, err);
    case EVENT_QUERY:
    case EVENT_MARIADB_QUERY_COMPRESSED:
        return take_query(filter, event, verdict, err);
    case EVENT_EXECUTE_LOAD_QUERY:
        return take_load(filter, event, verdict, err);
    case EVENT_TABLE_MAP:
        return take_table_map(filter, event, err);
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_ANNOTATE_ROWS:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
        return hold(filter, event->bytes, err);
    case EVENT_DELETE_FILE: /* with the file's content, which no statement used */
        forget(filter);
        return true;
    case EVENT_TRANSACTION_PAYLOAD:
        return take_payload(filter, event, verdict, err);
    case EVENT_ANONYMOUS_GTID: /* a replica by GTID can not have it */
    case EVENT_LOAD:
    case EVENT_CREATE_FILE:
    case EVENT_EXEC_LOAD:
    case EVENT_NEW_LOAD:
    case EVENT_MARIADB_PARTIAL_ROW_DATA:
        return refuse_type(type, err);
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        forget(filter);
        keep(filter, verdict);
        return true;
    default: /* what is about the log, and has no changes */
        keep(filter, verdict);
        return true;
    }
}

bool dump_filter_take(struct dump_filter *filter, const struct event_header *header,
                      struct span event, struct dump_filter_verdict *ret_verdict, struct err *err)
{
    size_t checksum_size = format_event_checksum_size(&filter->format);
    struct dump_filter_verdict verdict = {.keep = false};
    struct reader_event whole = {.header = *header, .bytes = event};
    struct cursor cur = cursor_of(event);

    if (filter->release)
        buf_clear(&filter->held);
    filter->release = false;
    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, 0, "a %s event of %zu bytes", event_type_name(header->type),
                       event.len);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    whole.body = cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size);
    if (!take_event(filter, &whole, &verdict, err))
        return false;
    *ret_verdict = verdict;
    return true;
}
