#include "cli/event_filter.h"

#include "base/mem.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/load_data.h"
#include "binlog/rows.h"
#include "binlog/table_filter.h"
#include "binlog/table_maps.h"
#include "cli/gtid_filter.h"
#include "cli/gtid_text.h"

#include <errno.h>
#include <stdlib.h>

/* What an event is to the choice by table. */
enum role {
    ROLE_LOG,       /* no part of a transaction */
    ROLE_FRAME,     /* of the transaction */
    ROLE_STATEMENT, /* a part of the next statement */
    ROLE_CHANGE,
    ROLE_END, /* of the transaction */
};

struct held {
    struct plain_event event; /* body: see `at` */
    size_t at;                /* of its body in bytes */
    bool in_range;
    bool of_statement;
    bool decided;
    bool wanted;
};

struct event_filter {
    struct gtid_filter include;
    struct gtid_filter exclude;
    bool by_include;
    bool by_exclude;
    struct table_filter names;
    bool by_name;
    uint32_t server_id;
    bool by_server;
    struct table_maps *maps;

    bool gtid_wanted;       /* of the transaction */
    bool after_gtid;        /* the last event was one */
    bool begun;             /* its GTID came, but no BEGIN or change */
    bool in_xa;             /* XA START was in it */
    bool matched;           /* one of its changes is wanted */
    bool statement_matched; /* one of its statement's */

    struct held *held;
    size_t held_count;
    size_t held_cap;
    size_t next;
    struct buf bytes;
    struct plain_event current;
    bool has_current;
    bool current_wanted;
};

static bool parse_server_id(const char *text, uint32_t *ret_id, struct err *err)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX)
        return err_set(err, E_USAGE, 0, "expected a number up to %u, found '%s'", UINT32_MAX, text);
    *ret_id = (uint32_t)value;
    return true;
}

static bool parse(struct event_filter *filter, const struct event_criteria *criteria,
                  struct err *err)
{
    filter->by_include = criteria->include_gtids != NULL;
    filter->by_exclude = criteria->exclude_gtids != NULL;
    filter->by_name = criteria->databases || criteria->tables;
    filter->by_server = criteria->server_id != NULL;
    if (criteria->include_gtids &&
        !gtid_filter_parse(&filter->include, span_str(criteria->include_gtids), err))
        return err_prefix(err, "--include-gtids");
    if (criteria->exclude_gtids &&
        !gtid_filter_parse(&filter->exclude, span_str(criteria->exclude_gtids), err))
        return err_prefix(err, "--exclude-gtids");
    if (criteria->databases &&
        !table_filter_add_databases(&filter->names, span_str(criteria->databases), err))
        return err_prefix(err, "--database");
    if (criteria->tables &&
        !table_filter_add_tables(&filter->names, span_str(criteria->tables), err))
        return err_prefix(err, "--table");
    if (criteria->server_id && !parse_server_id(criteria->server_id, &filter->server_id, err))
        return err_prefix(err, "--server-id");
    return true;
}

bool event_filter_new(const struct event_criteria *criteria, struct event_filter **ret_filter,
                      struct err *err)
{
    struct event_filter *filter = mem_alloc(sizeof *filter);

    table_filter_init(&filter->names);
    buf_init(&filter->bytes, EVENT_FILTER_HELD_MAX);
    filter->maps = table_maps_new();
    if (!parse(filter, criteria, err)) {
        event_filter_free(filter);
        return false;
    }
    event_filter_end_file(filter);
    *ret_filter = filter;
    return true;
}

void event_filter_free(struct event_filter *filter)
{
    if (!filter)
        return;
    gtid_filter_done(&filter->include);
    gtid_filter_done(&filter->exclude);
    table_filter_done(&filter->names);
    table_maps_free(filter->maps);
    buf_done(&filter->bytes);
    mem_free(filter->held);
    mem_free(filter);
}

bool event_filter_wants_all(const struct event_filter *filter)
{
    return !filter->by_include && !filter->by_exclude && !filter->by_name && !filter->by_server;
}

/* Decides on what is held: all of it, or only what belongs to the statement. */
static void decide(struct event_filter *filter, bool only_statement, bool wanted)
{
    for (size_t i = 0; i < filter->held_count; i++) {
        struct held *held = &filter->held[i];

        if (held->decided || (only_statement && !held->of_statement))
            continue;
        held->decided = true;
        held->wanted = wanted;
    }
}

/* Takes out what was decided and fetched. */
static void drop_decided(struct event_filter *filter)
{
    size_t kept = 0;
    size_t end = 0;

    for (size_t i = 0; i < filter->held_count; i++) {
        if (filter->held[i].decided)
            continue;
        filter->held[kept++] = filter->held[i];
        end = filter->held[i].at + filter->held[i].event.body.len;
    }
    filter->held_count = kept;
    filter->bytes.len = end;
    filter->next = 0;
}

static bool hold(struct event_filter *filter, const struct plain_event *event, bool in_range,
                 bool of_statement, struct err *err)
{
    struct held held = {
        .event = *event,
        .at = filter->bytes.len,
        .in_range = in_range,
        .of_statement = of_statement,
    };

    buf_bytes(&filter->bytes, event->body);
    if (!buf_ok(&filter->bytes))
        return err_set(err, E_LIMIT, 0,
                       "more than %zu bytes before the first change that tells whether they are "
                       "wanted",
                       EVENT_FILTER_HELD_MAX);
    if (filter->held_count == filter->held_cap) {
        filter->held_cap = filter->held_cap ? filter->held_cap * 2 : 8;
        filter->held = mem_realloc(filter->held, filter->held_cap * sizeof held);
    }
    filter->held[filter->held_count++] = held;
    return true;
}

static void begin_transaction(struct event_filter *filter)
{
    decide(filter, false, false);
    filter->gtid_wanted = !filter->by_include;
    filter->begun = false;
    filter->in_xa = false;
    filter->matched = false;
    filter->statement_matched = false;
}

void event_filter_end_file(struct event_filter *filter)
{
    begin_transaction(filter);
    drop_decided(filter);
}

static bool fail_family(const struct gtid_filter *asked, const char *option, struct err *err)
{
    return err_set(err, E_USAGE, 0, "%s has GTIDs of %s, but the file has those of %s", option,
                   asked->mariadb ? "MariaDB" : "MySQL", asked->mariadb ? "MySQL" : "MariaDB");
}

static bool check_family(const struct event_filter *filter, bool mariadb, struct err *err)
{
    if (filter->by_include && filter->include.mariadb != mariadb)
        return fail_family(&filter->include, "--include-gtids", err);
    if (filter->by_exclude && filter->exclude.mariadb != mariadb)
        return fail_family(&filter->exclude, "--exclude-gtids", err);
    return true;
}

static bool take_gtid_mariadb(struct event_filter *filter, const struct plain_event *event,
                              struct err *err)
{
    struct gtid_mariadb_event decoded;
    struct gtid_mariadb gtid;

    if (!gtid_mariadb_decode(event->body, &decoded, err) || !check_family(filter, true, err))
        return false;
    gtid = (struct gtid_mariadb){decoded.sequence, decoded.domain, event->header.server_id};
    if (filter->by_include)
        filter->gtid_wanted = gtid_filter_has_mariadb(&filter->include, gtid);
    if (filter->by_exclude && gtid_filter_has_mariadb(&filter->exclude, gtid))
        filter->gtid_wanted = false;
    return true;
}

/* An anonymous transaction is in no set. */
static bool take_gtid(struct event_filter *filter, const struct plain_event *event, struct err *err)
{
    struct gtid gtid;

    begin_transaction(filter);
    filter->begun = true;
    if (!filter->by_include && !filter->by_exclude)
        return true;
    if (event->type == EVENT_MARIADB_GTID)
        return take_gtid_mariadb(filter, event, err);
    if (!gtid_decode(event->body, event->type, &gtid, err))
        return false;
    if (event->type != EVENT_ANONYMOUS_GTID && !check_family(filter, false, err))
        return false;
    if (filter->by_include)
        filter->gtid_wanted = gtid_filter_has_mysql(&filter->include, &gtid);
    if (filter->by_exclude && gtid_filter_has_mysql(&filter->exclude, &gtid))
        filter->gtid_wanted = false;
    return true;
}

static bool is_text(struct span text, const char *whole)
{
    return span_eq(text, span_str(whole));
}

static bool text_begins(struct span text, const char *words)
{
    size_t length = strlen(words);

    return text.len >= length && memcmp(text.data, words, length) == 0;
}

/* By the default database, or by one of those that the statement changes, where they are listed. */
static bool has_database(const struct event_filter *filter, const struct query *query,
                         bool *ret_wanted, struct err *err)
{
    struct query_status status;
    struct cursor cur;

    *ret_wanted = table_filter_has_database(&filter->names, query->database);
    if (!query_status_decode(query->status, &status, err))
        return false;
    if (!query_status_has(&status, QUERY_UPDATED_DATABASES))
        return true;
    if (status.database_count == QUERY_DATABASES_OVER_MAX)
        *ret_wanted = true;
    cur = cursor_of(status.databases);
    while (cursor_left(&cur) > 0 && !*ret_wanted)
        *ret_wanted = table_filter_has_database(&filter->names, cursor_cstr(&cur));
    return true;
}

static bool judge_query(struct event_filter *filter, const struct query *query, enum role *ret_role,
                        bool *ret_wanted, struct err *err)
{
    struct span text = query->text;
    bool xa_begins = text_begins(text, "XA START");

    *ret_role = ROLE_FRAME;
    if (is_text(text, "BEGIN") || xa_begins) {
        if (!filter->begun)
            begin_transaction(filter);
        filter->begun = false;
        filter->in_xa = xa_begins;
        return true;
    }
    if (text_begins(text, "XA END") || text_begins(text, "SAVEPOINT ") ||
        text_begins(text, "ROLLBACK TO ") || text_begins(text, "RELEASE SAVEPOINT "))
        return true;
    *ret_role = ROLE_END;
    if (is_text(text, "COMMIT") || is_text(text, "ROLLBACK"))
        return true;
    if (text_begins(text, "XA COMMIT") || text_begins(text, "XA ROLLBACK")) {
        *ret_wanted = !filter->in_xa;
        return true;
    }
    *ret_role = ROLE_CHANGE;
    return has_database(filter, query, ret_wanted, err);
}

static bool judge_rows(struct event_filter *filter, const struct plain_event *event,
                       const struct format *format, bool *ret_wanted, struct err *err)
{
    const struct table_map *map;
    struct rows rows;

    if (event_type_info(event->type)->support != EVENT_DECODED) {
        *ret_wanted = filter->statement_matched;
        return true;
    }
    if (!rows_decode(event->body, event->type, format, &rows, err))
        return false;
    map = table_maps_find(filter->maps, rows.table_id);
    *ret_wanted = map ? table_filter_has_table(&filter->names, map->database, map->table)
                      : filter->statement_matched;
    if (rows.flags & ROWS_FLAG_STMT_END) {
        table_maps_end_statement(filter->maps);
        filter->statement_matched = false;
        if (!*ret_wanted)
            decide(filter, true, false);
    }
    return true;
}

static bool judge_map(struct event_filter *filter, const struct plain_event *event,
                      const struct format *format, bool *ret_wanted, struct err *err)
{
    const struct table_map *map;

    if (!table_maps_take(filter->maps, event->body, format, &map, err))
        return false;
    *ret_wanted = table_filter_has_table(&filter->names, map->database, map->table);
    filter->statement_matched |= *ret_wanted;
    return true;
}

static bool judge_statement(struct event_filter *filter, const struct plain_event *event,
                            const struct format *format, enum role *ret_role, bool *ret_wanted,
                            struct err *err)
{
    struct load_execute execute;
    struct query query;

    if (event->type == EVENT_EXECUTE_LOAD_QUERY) {
        if (!load_execute_decode(event->body, format, &execute, err) ||
            !has_database(filter, &execute.query, ret_wanted, err))
            return false;
        *ret_role = ROLE_CHANGE;
    } else if (!query_decode(event->body, event->type, format, &query, err) ||
               !judge_query(filter, &query, ret_role, ret_wanted, err)) {
        return false;
    }
    if (*ret_role == ROLE_CHANGE && !*ret_wanted)
        decide(filter, true, false);
    return true;
}

/* Whether names want the event; of a frame that is not known yet. */
static bool judge(struct event_filter *filter, const struct plain_event *event,
                  const struct format *format, enum role *ret_role, bool *ret_wanted,
                  struct err *err)
{
    *ret_role = ROLE_CHANGE;
    if (event_type_is_rows(event->type))
        return judge_rows(filter, event, format, ret_wanted, err);
    switch ((enum event_type)event->type) {
    case EVENT_QUERY:
    case EVENT_EXECUTE_LOAD_QUERY:
        return judge_statement(filter, event, format, ret_role, ret_wanted, err);
    case EVENT_TABLE_MAP:
        return judge_map(filter, event, format, ret_wanted, err);
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
    case EVENT_TRANSACTION_PAYLOAD:
        *ret_role = ROLE_FRAME;
        return true;
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_ANNOTATE_ROWS:
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
        *ret_role = ROLE_STATEMENT;
        return true;
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        *ret_role = ROLE_END;
        return true;
    default:
        *ret_wanted = filter->matched;
        return true;
    }
}

static bool is_of_log(uint8_t type)
{
    switch ((enum event_type)type) {
    case EVENT_FORMAT_DESCRIPTION:
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_ROTATE:
    case EVENT_STOP:
    case EVENT_INCIDENT:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_MARIADB_GTID_LIST:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_MARIADB_START_ENCRYPTION:
        return true;
    default:
        return false;
    }
}

static void give(struct event_filter *filter, const struct plain_event *event, bool wanted)
{
    filter->current = *event;
    filter->has_current = true;
    filter->current_wanted = wanted;
}

static bool take_by_name(struct event_filter *filter, const struct plain_event *event,
                         const struct format *format, bool in_range, struct err *err)
{
    enum role role = ROLE_LOG;
    bool wanted = false;

    if (!judge(filter, event, format, &role, &wanted, err))
        return false;
    wanted &= in_range;
    if (role == ROLE_CHANGE || role == ROLE_END)
        filter->begun = false;
    if (role == ROLE_STATEMENT || (role == ROLE_FRAME && !filter->matched))
        return hold(filter, event, in_range, role == ROLE_STATEMENT, err);
    if (role != ROLE_CHANGE)
        wanted |= filter->matched && in_range;
    if (wanted) {
        filter->matched = true;
        decide(filter, false, true);
    }
    give(filter, event, wanted);
    if (role == ROLE_END)
        begin_transaction(filter);
    return true;
}

/* An incident may have a GTID, alone before it, and goes with that. */
static void take_incident(struct event_filter *filter, bool *in_range)
{
    if (filter->after_gtid && !filter->gtid_wanted)
        *in_range = false;
    decide(filter, false, true);
}

bool event_filter_take(struct event_filter *filter, const struct plain_event *event,
                       const struct format *format, bool in_range, struct err *err)
{
    bool is_gtid = gtid_text_is_gtid(event->type);

    drop_decided(filter);
    filter->has_current = false;
    if (is_gtid && !take_gtid(filter, event, err))
        return false;
    if (event->type == EVENT_INCIDENT)
        take_incident(filter, &in_range);
    filter->after_gtid = is_gtid;
    if (is_of_log(event->type)) {
        give(filter, event, in_range);
        return true;
    }
    if (!filter->gtid_wanted || (filter->by_server && event->header.server_id != filter->server_id))
        in_range = false;
    if (filter->by_name)
        return take_by_name(filter, event, format, in_range, err);
    give(filter, event, in_range);
    return true;
}

bool event_filter_next(struct event_filter *filter, struct plain_event *ret_event, bool *ret_wanted)
{
    for (; filter->next < filter->held_count; filter->next++) {
        struct held *held = &filter->held[filter->next];

        if (!held->decided)
            continue;
        *ret_event = held->event;
        ret_event->body = span_of(filter->bytes.data + held->at, held->event.body.len);
        *ret_wanted = held->wanted && held->in_range;
        filter->next++;
        return true;
    }
    if (!filter->has_current)
        return false;
    filter->has_current = false;
    *ret_event = filter->current;
    *ret_wanted = filter->current_wanted;
    return true;
}
