#include "cli/event_walk.h"
#include "cli/gtid_text.h"
#include "cli/row_text.h"

#include "binlog/charset.h"
#include "binlog/load_data.h"
#include "binlog/number.h"
#include "binlog/text.h"

struct changes {
    struct row_text *rows;
    struct buf gtid; /* of the transaction; empty: it has none */
    struct buf head; /* what all rows of an event begin with */
};

/* JSON is UTF-8: other bytes, from sessions with other character sets, are base64. */
static void write_text(struct buf *out, struct span text)
{
    if (utf8_is_valid(text)) {
        text_write_json(out, text);
        return;
    }
    buf_str(out, "{\"base64\": \"");
    text_write_base64(out, text, NULL);
    buf_str(out, "\"}");
}

static void write_head(struct changes *changes, const struct event_source *source,
                       const struct plain_event *event, const char *change)
{
    struct buf *head = &changes->head;

    buf_clear(head);
    buf_str(head, "{\"file\": ");
    write_text(head, span_str(source->path));
    buf_str(head, ", \"offset\": ");
    number_write_u64(head, event->offset);
    buf_str(head, ", \"time\": \"");
    temporal_write_datetime(
        head, timestamp_to_utc((struct timestamp){.seconds = event->header.timestamp}), 0);
    buf_str(head, "\", \"server_id\": ");
    number_write_u64(head, event->header.server_id);
    if (changes->gtid.len > 0) {
        buf_str(head, ", \"gtid\": ");
        text_write_json(head, buf_span(&changes->gtid));
    }
    buf_printf(head, ", \"change\": \"%s\", \"database\": ", change);
}

static bool take_rows(struct changes *changes, const struct event_source *source,
                      const struct plain_event *event, struct buf *out, struct err *err)
{
    static const char *const kinds[] = {"insert", "update", "delete"};
    const struct table_map *map;
    struct rows rows;
    bool more = true;

    if (!row_text_start(changes->rows, event, &source->reader.format, &rows, &map, err))
        return !source->in_range;
    if (!map || !source->in_range)
        return true;
    write_head(changes, source, event, kinds[rows.kind]);
    write_text(&changes->head, map->database);
    buf_str(&changes->head, ", \"table\": ");
    write_text(&changes->head, map->table);
    for (;;) {
        size_t start = out->len;

        if (!row_text_next(changes->rows, &more, err))
            return false;
        if (!more)
            return true;
        buf_bytes(out, buf_span(&changes->head));
        if (!row_text_write_json(changes->rows, out, err)) {
            out->len = start;
            return false;
        }
        buf_str(out, "}\n");
    }
}

/* What only frames a transaction is no change. */
static bool is_frame(struct span text)
{
    static const char *const frames[] = {"BEGIN", "COMMIT", "ROLLBACK"};

    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        if (span_eq(text, span_str(frames[i])))
            return true;
    }
    return false;
}

static bool take_statement(struct changes *changes, const struct event_source *source,
                           const struct plain_event *event, struct buf *out, struct err *err)
{
    const struct format *format = &source->reader.format;
    struct load_execute execute;
    struct query query;

    if (event->type == EVENT_EXECUTE_LOAD_QUERY) {
        if (!load_execute_decode(event->body, format, &execute, err))
            return false;
        query = execute.query;
    } else if (!query_decode(event->body, event->type, format, &query, err)) {
        return false;
    }
    if (is_frame(query.text))
        return true;
    write_head(changes, source, event, "statement");
    buf_bytes(out, buf_span(&changes->head));
    write_text(out, query.database);
    buf_str(out, ", \"sql\": ");
    write_text(out, query.text);
    buf_str(out, "}\n");
    return true;
}

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    const struct format *format = &source->reader.format;
    struct changes *changes = context;
    const struct table_map *map;

    if (event->type == EVENT_TABLE_MAP)
        return row_text_take_map(changes->rows, event, format, &map, err);
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return take_rows(changes, source, event, out, err);
    if (gtid_text_is_gtid(event->type)) {
        buf_clear(&changes->gtid);
        return event->type == EVENT_ANONYMOUS_GTID || gtid_text_write(&changes->gtid, event, err);
    }
    if (event->type == EVENT_FORMAT_DESCRIPTION)
        buf_clear(&changes->gtid);
    if (source->in_range && (event->type == EVENT_QUERY || event->type == EVENT_EXECUTE_LOAD_QUERY))
        return take_statement(changes, source, event, out, err);
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct binlog_options options;
    struct changes changes = {0};
    int exit_status;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    changes.rows = row_text_new();
    buf_init(&changes.gtid, 256);
    buf_init(&changes.head, 65536);
    exit_status = event_walk_run(verb, &options, argc, argv, take, &changes);
    row_text_free(changes.rows);
    buf_done(&changes.gtid);
    buf_done(&changes.head);
    return exit_status;
}

const struct verb verb_binlog_json = {
    .name = "binlog json",
    .arguments = "FILE...",
    .summary = "Print the changes in binlog files as JSON, one a line",
    .details =
        "A line is an object with file, offset, time (UTC), server_id, gtid where there is one,\n"
        "change and database. Of insert, update and delete it has table, before and after, with\n"
        "the columns that the log has; of statement it has sql. DECIMAL is a string, so that no\n"
        "reader rounds it; geometries are well-known text; bytes that are no text are\n"
        "{\"base64\": ...}. Columns are @1, @2 where the log has no names. It ends with status 1\n"
        "at the first row that can not be decoded." BINLOG_FILTER_DETAILS,
    .options = {BINLOG_RANGE_OPTIONS, BINLOG_FILTER_OPTIONS},
    .run = run,
};
