#include "cli/event_text.h"
#include "cli/event_walk.h"
#include "cli/row_text.h"

#include "binlog/number.h"

#define TIME_AT   12
#define TYPE_AT   33
#define DETAIL_AT 50
#define SPACES    "                                                  "

struct print {
    struct row_text *rows;
    const char *path; /* of the last line */
    uint32_t seconds; /* whose text is in `time` */
    struct buf time;
    uint64_t unread;   /* rows events that could not be decoded */
    struct err reason; /* of the first of them */
};

static void pad(struct buf *out, size_t start, size_t column)
{
    size_t used = out->len - start;

    buf_bytes(out, span_of(SPACES, used < column ? column - used : 1));
}

/* "       256  2026-11-21 02:13:10  Query            " */
static void write_head(struct print *print, const struct plain_event *event, struct buf *out)
{
    size_t start = out->len;

    buf_str(out, event->packed ? "         >" : "");
    if (!event->packed) {
        for (uint64_t bound = 1000000000; bound >= 10 && event->offset < bound; bound /= 10)
            buf_u8(out, ' ');
        number_write_u64(out, event->offset);
    }
    pad(out, start, TIME_AT);
    if (event->header.timestamp != print->seconds || print->time.len == 0) {
        print->seconds = event->header.timestamp;
        buf_clear(&print->time);
        temporal_write_datetime(&print->time,
                                timestamp_to_utc((struct timestamp){.seconds = print->seconds}), 0);
    }
    buf_bytes(out, buf_span(&print->time));
    pad(out, start, TYPE_AT);
    buf_str(out, event_type_name(event->header.type));
    pad(out, start, DETAIL_AT);
}

static void write_table(struct buf *out, const struct table_map *map)
{
    event_text_write_statement(out, map->database);
    buf_u8(out, '.');
    event_text_write_statement(out, map->table);
}

static bool write_rows(struct print *print, const struct table_map *map, struct buf *out,
                       struct err *err)
{
    bool more = map != NULL;

    while (more) {
        size_t start = out->len;

        if (!row_text_next(print->rows, &more, err))
            return false;
        if (more && !row_text_write(print->rows, out, err)) {
            out->len = start;
            return false;
        }
    }
    return true;
}

/* Rows that can not be decoded are named, and the rest of the file is still printed. */
static bool take_rows(struct print *print, const struct event_source *source,
                      const struct plain_event *event, struct buf *out, struct err *err)
{
    const struct table_map *map;
    struct rows rows;

    if (!row_text_start(print->rows, event, &source->reader.format, &rows, &map, err)) {
        if (source->in_range)
            return false;
        return true;
    }
    if (!source->in_range)
        return true;
    write_head(print, event, out);
    if (map)
        write_table(out, map);
    buf_str(out, rows.flags & ROWS_FLAG_STMT_END ? ", end of statement\n" : "\n");
    if (write_rows(print, map, out, err))
        return true;
    buf_str(out, "    ! ");
    event_text_write_statement(out, span_str(err->text));
    buf_u8(out, '\n');
    if (print->unread++ == 0) {
        print->reason = *err;
        (void)err_prefix(&print->reason, "%s: offset %llu", source->path,
                         (unsigned long long)event->offset);
    }
    return true;
}

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    const struct format *format = &source->reader.format;
    struct print *print = context;
    const struct table_map *map;

    if (source->in_range && print->path != source->path) {
        buf_printf(out, "# %s\n", source->path);
        print->path = source->path;
    }
    if (event->type == EVENT_TABLE_MAP) {
        if (!row_text_take_map(print->rows, event, format, &map, err))
            return false;
        if (!source->in_range)
            return true;
        write_head(print, event, out);
        write_table(out, map);
        buf_printf(out, ", id %llu, %u columns\n", (unsigned long long)map->table_id,
                   map->column_count);
        return true;
    }
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return take_rows(print, source, event, out, err);
    if (!source->in_range)
        return true;
    write_head(print, event, out);
    if (!event_text_write(out, event, format, err))
        return false;
    buf_u8(out, '\n');
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct binlog_options options;
    struct print print = {0};
    int exit_status;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    print.rows = row_text_new();
    buf_init(&print.time, 64);
    exit_status = event_walk_run(verb, &options, argc, argv, take, &print);
    if (exit_status == EXIT_OK && print.unread > 0) {
        (void)err_prefix(&print.reason, "%llu rows events not decoded, the first",
                         (unsigned long long)print.unread);
        exit_status = binlog_failed(verb, &print.reason);
    }
    row_text_free(print.rows);
    buf_done(&print.time);
    return exit_status;
}

const struct verb verb_binlog_print = {
    .name = "binlog print",
    .arguments = "FILE...",
    .summary = "Print binlog files for reading: an event a line, rows below it",
    .details =
        "A line has the event's offset, its time in UTC, its type and what it says; > stands for\n"
        "the offset of events in a compressed transaction. Rows follow their event: + is a row\n"
        "after the change, - one before it. Columns are @1, @2 where the log has no names (it has\n"
        "with binlog_row_metadata=FULL)." BINLOG_FILTER_DETAILS,
    .options = {BINLOG_RANGE_OPTIONS, BINLOG_FILTER_OPTIONS},
    .run = run,
};
