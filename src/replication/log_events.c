#include "replication/log_events.h"

#include "base/mem.h"
#include "binlog/event_info.h"
#include "binlog/inflate.h"
#include "binlog/number.h"
#include "binlog/payload.h"
#include "log/log_reader.h"

#include <inttypes.h>

#define INFO_MAX     ((size_t)64 << 20)
#define EVENT_MAX    ((size_t)1 << 30)
#define PLAIN_MAX    ((uint64_t)1 << 40) /* of one transaction; it is walked in small pieces */
#define READ_BUFFER  ((size_t)1 << 20)
#define ROW_TEXT_MAX (INFO_MAX + 256)
#define STATEMENT    "SHOW BINLOG EVENTS"
#define MYSQL_8      80000

struct log_events {
    struct log_events_spec spec;
    struct log_reader *reader;
    uint64_t end;     /* of the file, when it was asked for */
    uint64_t skipped; /* rows */
    uint64_t given;
    char name[LOG_NAME_MAX + 1];
    bool begun; /* the reader has told of the file */
    struct format format;
    struct cursor rest; /* of the batch */
    uint64_t offset;    /* of the next event */
    struct inflater *inflater;
    struct payload_stream *payload; /* NULL: there was none yet */
    bool inside;                    /* a payload, which ends at `offset` */
    struct buf text;
};

static bool fail(struct err *err, const char *why)
{
    return err_set(err, E_STATE, ER_ERROR_WHEN_EXECUTING_COMMAND,
                   "Error when executing command " STATEMENT ": %s", why);
}

/* Of reading: what is wrong with the log. */
static bool fail_reading(struct err *err)
{
    (void)err_prefix(err, "Error when executing command " STATEMENT);
    err->code = ER_ERROR_WHEN_EXECUTING_COMMAND;
    return false;
}

/* ---- Beginning ---- */

static bool find_file(struct mirror *mirror, struct span name, struct log_file *ret_file,
                      struct err *err)
{
    char text[LOG_NAME_MAX + 1] = {0};
    struct log_file *files;
    struct err unknown;
    size_t count;

    if (name.len > LOG_NAME_MAX)
        return fail(err, "Could not find target log");
    if (name.len > 0) {
        memcpy(text, name.data, name.len);
        return mirror_find(mirror, text, ret_file, &unknown) ||
               fail(err, "Could not find target log");
    }
    mirror_list(mirror, &files, &count);
    if (count > 0)
        *ret_file = files[0];
    mem_free(files);
    return count > 0 || fail(err, "Could not find target log");
}

/* MySQL 8 begins with the first event that stands behind a wrong offset; the others refuse it. */
static bool skips_to_event(const struct mirror *mirror)
{
    enum format_family family;
    uint32_t version;

    format_parse_version(mirror_identity(mirror)->server_version, &family, &version);
    return family == FORMAT_MYSQL && version >= MYSQL_8;
}

/* The reader stays NULL where MySQL shows nothing: past the end. */
static bool open_reader(struct mirror *mirror, const struct log_file *file, uint64_t offset,
                        struct log_reader **ret_reader, struct err *err)
{
    struct log_position from = {.offset = offset};
    struct err why;

    memcpy(from.name, file->name, sizeof from.name);
    if (offset > file->end && mirror_identity(mirror)->family == FORMAT_MYSQL)
        return true;
    if (offset > file->end)
        return err_set(err, E_STATE, ER_ERROR_WHEN_EXECUTING_COMMAND,
                       "Error when executing command " STATEMENT
                       ": Invalid pos specified. Requested from pos:%" PRIu64
                       " is greater than actual file size:%" PRIu64,
                       offset, file->end);
    if (log_reader_open(mirror, &from, READ_BUFFER, ret_reader, &why))
        return true;
    from.offset = file->start;
    if (why.class == E_USAGE && skips_to_event(mirror) &&
        log_reader_open(mirror, &from, READ_BUFFER, ret_reader, &why))
        return true;
    return fail(err, why.class == E_IO ? why.text : "Wrong offset or I/O error");
}

bool log_events_open(struct mirror *mirror, const struct log_events_spec *spec,
                     struct log_events **ret_events, struct err *err)
{
    struct log_reader *reader = NULL;
    struct log_events *events;
    struct log_file file;

    if (!mirror)
        return fail(err, "Could not find target log");
    if (!find_file(mirror, spec->file, &file, err) ||
        !open_reader(mirror, &file, spec->from > LOG_FIRST_OFFSET ? spec->from : file.start,
                     &reader, err))
        return false;
    events = mem_alloc(sizeof *events);
    events->spec = *spec;
    events->spec.file = (struct span){0};
    events->reader = reader;
    events->end = file.end;
    events->inflater = inflater_new();
    memcpy(events->name, file.name, sizeof events->name);
    buf_init(&events->text, ROW_TEXT_MAX);
    *ret_events = events;
    return true;
}

void log_events_close(struct log_events *events)
{
    if (!events)
        return;
    log_reader_close(events->reader);
    inflater_free(events->inflater);
    payload_stream_free(events->payload);
    buf_done(&events->text);
    mem_free(events);
}

bool log_events_add_columns(struct result *result, struct err *err)
{
    return result_add_column(result, "Log_name", RESULT_VARCHAR, err) &&
           result_add_column(result, "Pos", RESULT_ULONGLONG, err) &&
           result_add_column(result, "Event_type", RESULT_VARCHAR, err) &&
           result_add_column(result, "Server_id", RESULT_ULONG, err) &&
           result_add_column(result, "End_log_pos", RESULT_ULONGLONG, err) &&
           result_add_column(result, "Info", RESULT_VARCHAR, err);
}

/* ---- Walking ---- */

static bool decode_format(struct log_events *events, struct span event, struct err *err)
{
    struct cursor cur = cursor_of(event);

    if (event.len < EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE)
        return err_set(err, E_PROTO, 0, "%s: a format description of %zu bytes", events->name,
                       event.len);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    return format_decode(
        cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - format_checksum_size(event)),
        &events->format, err);
}

/* More events into `rest`; none when the file has ended. */
static bool read_batch(struct log_events *events, struct err *err)
{
    struct log_batch batch;

    while (cursor_left(&events->rest) == 0 && (!events->begun || events->offset < events->end)) {
        if (!log_reader_next(events->reader, &batch, err))
            return false;
        switch (batch.kind) {
        case LOG_BATCH_NONE:
            return true;
        case LOG_BATCH_FILE:
            if (events->begun)
                return true;
            events->begun = true;
            events->offset = batch.offset;
            if (!decode_format(events, batch.format, err))
                return false;
            break;
        case LOG_BATCH_EVENTS:
            events->rest = cursor_of(batch.events);
            events->offset = batch.offset;
            break;
        }
    }
    return true;
}

/* An event, with the offsets that its row shows. */
struct shown {
    struct event_header header;
    struct span body;
    uint64_t offset;
    uint64_t end;
};

static bool cut_event(const struct log_events *events, struct span bytes, size_t checksum_size,
                      struct shown *ret_shown, struct err *err)
{
    struct cursor cur = cursor_of(bytes);

    if (!event_header_decode(bytes, &ret_shown->header, err))
        return false;
    if (bytes.len != ret_shown->header.length || bytes.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, 0, "%s:%" PRIu64 ": a %s event of %zu bytes", events->name,
                       events->offset, event_type_name(ret_shown->header.type), bytes.len);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    ret_shown->body = cursor_bytes(&cur, bytes.len - EVENT_HEADER_SIZE - checksum_size);
    return true;
}

/* Of the compressed transaction that was begun; *ret_there is false after its last event. */
static bool next_inside(struct log_events *events, struct shown *ret_shown, bool *ret_there,
                        struct err *err)
{
    struct span bytes;

    if (!payload_stream_next(events->payload, &bytes, err))
        return false;
    *ret_there = bytes.len > 0;
    events->inside = *ret_there;
    if (!*ret_there)
        return true;
    ret_shown->offset = ret_shown->end = events->offset;
    return cut_event(events, bytes, 0, ret_shown, err);
}

static bool begin_payload(struct log_events *events, struct span body, struct err *err)
{
    struct payload payload;

    if (!payload_decode(body, &payload, err))
        return false;
    if (!events->payload)
        events->payload = payload_stream_new(EVENT_MAX);
    if (!payload_stream_open(events->payload, &payload, PLAIN_MAX, err))
        return false;
    events->inside = true;
    return true;
}

static bool next_stored(struct log_events *events, struct shown *ret_shown, bool *ret_there,
                        struct err *err)
{
    struct event_header header;
    struct span bytes;

    if (!read_batch(events, err))
        return false;
    *ret_there = cursor_left(&events->rest) > 0 && events->offset < events->end;
    if (!*ret_there)
        return true;
    if (!event_header_decode(events->rest.rest, &header, err))
        return false;
    bytes = cursor_bytes(&events->rest, header.length);
    if (!cut_event(events, bytes,
                   header.type == EVENT_FORMAT_DESCRIPTION
                       ? format_checksum_size(bytes)
                       : format_event_checksum_size(&events->format),
                   ret_shown, err))
        return false;
    ret_shown->offset = events->offset;
    ret_shown->end = header.log_pos;
    events->offset += bytes.len;
    return header.type != EVENT_TRANSACTION_PAYLOAD || begin_payload(events, ret_shown->body, err);
}

/* ---- Rows ---- */

/* Appends a cell's text; its place is kept as lengths, since the buffer may move. */
static size_t cell_number(struct buf *text, uint64_t number)
{
    size_t before = text->len;

    number_write_u64(text, number);
    return text->len - before;
}

static bool write_row(struct log_events *events, const struct shown *shown,
                      struct span ret_row[static LOG_EVENTS_COLUMNS], struct err *err)
{
    struct buf *text = &events->text;
    struct cursor cur;
    size_t lengths[4];

    buf_clear(text);
    lengths[0] = cell_number(text, shown->offset);
    lengths[1] = cell_number(text, shown->header.server_id);
    lengths[2] = cell_number(text, shown->end);
    lengths[3] = text->len;
    if (!event_info_write(text, &shown->header, shown->body, &events->format, events->inflater,
                          INFO_MAX, err))
        return false;
    if (!buf_ok(text))
        return err_set(err, E_LIMIT, 0, "%s:%" PRIu64 ": the text of a %s event is over %zu bytes",
                       events->name, shown->offset, event_type_name(shown->header.type), INFO_MAX);
    cur = cursor_of(buf_span(text));
    ret_row[0] = span_str(events->name);
    ret_row[1] = cursor_bytes(&cur, lengths[0]);
    ret_row[2] = span_str(event_type_name(shown->header.type));
    ret_row[3] = cursor_bytes(&cur, lengths[1]);
    ret_row[4] = cursor_bytes(&cur, lengths[2]);
    ret_row[5] = cursor_left(&cur) > 0 ? cursor_rest(&cur) : span_str("");
    return true;
}

static bool next(struct log_events *events, struct shown *ret_shown, bool *ret_there,
                 struct err *err)
{
    bool there = false;

    if (events->inside && !next_inside(events, ret_shown, &there, err))
        return false;
    if (!there && !next_stored(events, ret_shown, &there, err))
        return false;
    *ret_there = there;
    return true;
}

/* Whether a row stands before the first one that was asked for; counts it. */
static bool is_before(struct log_events *events, const struct shown *shown)
{
    if (shown->offset < events->spec.from)
        return true;
    if (events->skipped == events->spec.offset)
        return false;
    events->skipped++;
    return true;
}

bool log_events_next(struct log_events *events, struct span ret_row[static LOG_EVENTS_COLUMNS],
                     bool *ret_more, struct err *err)
{
    bool there = events->reader && events->given < events->spec.limit;
    struct shown shown;

    while (there) {
        if (!next(events, &shown, &there, err))
            return fail_reading(err);
        if (!there || !is_before(events, &shown))
            break;
    }
    *ret_more = there;
    if (!there)
        return true;
    events->given++;
    return write_row(events, &shown, ret_row, err) || fail_reading(err);
}
