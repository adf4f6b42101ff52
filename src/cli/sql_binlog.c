#include "cli/sql_binlog.h"

#include "base/mem.h"
#include "binlog/text.h"
#include "cli/sql_text.h"

#define EVENTS_MAX ((size_t)EVENT_LENGTH_MAX + SQL_BINLOG_GROUP)

struct sql_binlog {
    struct buf events; /* a table map and rows events after it; empty: none */
    uint64_t table_id;
    size_t flags_at; /* in events: of the last rows event's flags */
};

struct sql_binlog *sql_binlog_new(void)
{
    struct sql_binlog *binlog = mem_alloc(sizeof *binlog);

    buf_init(&binlog->events, EVENTS_MAX);
    return binlog;
}

void sql_binlog_free(struct sql_binlog *binlog)
{
    if (!binlog)
        return;
    buf_done(&binlog->events);
    mem_free(binlog);
}

/* A header with the length still to come; returns where the event begins. */
static size_t begin_event(struct buf *buf, const struct event_header *like, uint8_t type)
{
    struct event_header header = *like;
    size_t start = buf->len;

    header.type = type;
    header.log_pos = 0;
    event_header_encode(buf, &header);
    return start;
}

static void end_event(struct buf *buf, size_t start)
{
    buf_patch_le(buf, start + 9, buf->len - start, 4);
}

static void write_statement(struct buf *buf, struct span events)
{
    buf_str(buf, "BINLOG '\n");
    text_write_base64(buf, events, "\n");
    buf_str(buf, "\n'" SQL_END);
}

void sql_binlog_write_format(struct buf *buf, const struct format *format)
{
    struct event_header header = {0};
    struct format plain = *format;
    struct buf event;
    size_t start;

    buf_init(&event, EVENT_LENGTH_MAX);
    plain.checksum = CHECKSUM_NONE;
    plain.created = 0; /* or the session's temporary tables would be dropped */
    start = begin_event(&event, &header, EVENT_FORMAT_DESCRIPTION);
    format_encode(&event, &plain);
    if (format_version_has_checksum(plain.family, plain.version)) {
        buf_patch_le(&event, start + 9, event.len - start + EVENT_CHECKSUM_SIZE, 4);
        checksum_append(&event, start);
    } else {
        end_event(&event, start);
    }
    write_statement(buf, buf_span(&event));
    /* MySQL takes the next transaction for an anonymous one of a source without GTIDs. */
    buf_str(buf, "/*!50700 SET @@session.gtid_next='AUTOMATIC'*/" SQL_END);
    buf_done(&event);
}

bool sql_binlog_flush(struct sql_binlog *binlog, struct buf *buf, struct err *err)
{
    struct buf *events = &binlog->events;
    struct cursor cur;

    if (!buf_ok(events))
        return err_set(err, E_LIMIT, 0, "rows of more than %zu bytes for a BINLOG statement",
                       EVENTS_MAX);
    if (events->len == 0)
        return true;
    cur = cursor_of(buf_span(events));
    cursor_skip(&cur, binlog->flags_at);
    buf_patch_le(events, binlog->flags_at, cursor_u16(&cur) | ROWS_FLAG_STMT_END, 2);
    write_statement(buf, buf_span(events));
    buf_clear(events);
    return true;
}

bool sql_binlog_add(struct sql_binlog *binlog, struct buf *buf, const struct event_header *header,
                    const struct rows *rows, const struct table_map *map, struct span body,
                    struct err *err)
{
    struct buf *events = &binlog->events;
    size_t start;

    if (events->len > 0 && (rows->table_id != binlog->table_id || events->len > SQL_BINLOG_GROUP) &&
        !sql_binlog_flush(binlog, buf, err))
        return false;
    if (events->len == 0) {
        start = begin_event(events, header, EVENT_TABLE_MAP);
        table_map_encode(events, map);
        end_event(events, start);
        binlog->table_id = rows->table_id;
    }
    start = begin_event(events, header, rows->type);
    binlog->flags_at = events->len + rows->id_size;
    buf_bytes(events, body);
    end_event(events, start);
    return !(rows->flags & ROWS_FLAG_STMT_END) || sql_binlog_flush(binlog, buf, err);
}
