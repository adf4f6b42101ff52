#include "replication/dump_out.h"

#include "base/clock.h"
#include "binlog/control.h"
#include "binlog/rows.h"
#include "log/log_reader.h"
#include "wire/command.h"
#include "wire/reply.h"
#include "wire/semisync.h"

#include <inttypes.h>

#define MADE_MAX      ((size_t)64 << 20) /* bytes of an event that is made here: a list of GTIDs */
#define TABLE_ID_SIZE 6
#define UNKNOWN_TABLE UINT64_C(0xfffffffffffe) /* servers count from 0 or 1 on */

void dump_out_init(struct dump_out *out)
{
    out->checksum = CHECKSUM_UNDEFINED;
    buf_init(&out->body, MADE_MAX);
    buf_init(&out->made, MADE_MAX);
    buf_init(&out->format, MADE_MAX);
}

void dump_out_done(struct dump_out *out)
{
    buf_done(&out->body);
    buf_done(&out->made);
    buf_done(&out->format);
}

size_t dump_out_checksum_size(const struct dump_out *out)
{
    return out->checksum == CHECKSUM_CRC32 ? EVENT_CHECKSUM_SIZE : 0;
}

static int64_t write_deadline(const struct dump_out *out)
{
    return clock_deadline_usec(out->silence_usec);
}

/* ---- Out ---- */

/* After the OK byte: two bytes for a semi-synchronous replica, the event. */
bool dump_out_event(struct dump_out *out, struct span event, bool wants_ack, struct err *err)
{
    uint8_t bytes[1 + SEMISYNC_HEADER_SIZE] = {0, SEMISYNC_MAGIC,
                                               wants_ack ? SEMISYNC_WANTS_ACK : 0};
    struct span head = span_of(bytes, out->semisync ? sizeof bytes : 1);

    out->sent_bytes += event.len;
    out->sent_events++;
    if (!link_put(out->link, head, event) &&
        !link_write(out->link, head, event, write_deadline(out), err))
        return false;
    if (!out->semisync || !wants_ack)
        return true;
    if (!link_flush(out->link, write_deadline(out), err))
        return false;
    link_renumber(out->link, SEMISYNC_NEXT_SEQUENCE);
    return true;
}

bool dump_out_events(struct dump_out *out, struct span events, size_t *ret_size, struct err *err)
{
    static const bool at_rotate[UINT8_MAX + 1] = {[EVENT_ROTATE] = true};
    static const bool at_statements[UINT8_MAX + 1] = {
        [EVENT_ROTATE] = true, [EVENT_QUERY] = true, [EVENT_MARIADB_QUERY_COMPRESSED] = true};
    struct link_events taken = {
        .left = events,
        .offset = out->at.offset,
        .stops = out->stops_at_statements ? at_statements : at_rotate,
    };

    *ret_size = 0;
    if (out->semisync)
        return true;
    if (!link_write_events(out->link, &taken, write_deadline(out), err))
        return false;
    *ret_size = events.len - taken.left.len;
    out->at.offset = taken.offset;
    out->bare = out->bare && taken.count == 0;
    out->sent_bytes += *ret_size;
    out->sent_events += taken.count;
    return true;
}

bool dump_out_made(struct dump_out *out, struct event_header header, bool checksum, struct err *err)
{
    size_t length = EVENT_HEADER_SIZE + out->body.len + (checksum ? EVENT_CHECKSUM_SIZE : 0);

    if (!buf_ok(&out->body) || length > MADE_MAX)
        return err_set(err, E_LIMIT, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                       "%s event: more than %zu bytes", event_type_name(header.type), MADE_MAX);
    header.server_id = out->server_id;
    header.length = (uint32_t)length;
    buf_clear(&out->made);
    event_header_encode(&out->made, &header);
    buf_bytes(&out->made, buf_span(&out->body));
    if (checksum)
        checksum_append(&out->made, 0);
    return dump_out_event(out, buf_span(&out->made), false, err);
}

/* The first one's checksum is what the replica asked for, the others' that of the file before. */
bool dump_out_rotate(struct dump_out *out, const char *name, uint64_t position, struct err *err)
{
    struct rotate rotate = {.position = position, .name = span_str(name)};
    bool checksum = (out->announced ? out->checksum : out->asked_checksum) == CHECKSUM_CRC32;
    struct event_header header = {.type = EVENT_ROTATE, .flags = EVENT_FLAG_ARTIFICIAL};

    out->at = (struct log_position){.offset = position};
    memcpy(out->at.name, name, strlen(name) + 1);
    buf_clear(&out->body);
    rotate_encode(&out->body, &rotate);
    out->announced = true;
    out->bare = true;
    return dump_out_made(out, header, checksum, err);
}

bool dump_out_statement_end(struct dump_out *out, struct err *err)
{
    static const uint8_t column[] = {1};
    struct event_header header = {.type = EVENT_WRITE_ROWS_V1, .flags = EVENT_FLAG_ARTIFICIAL};
    struct rows rows = {
        .type = header.type,
        .kind = ROWS_WRITE,
        .version = 1,
        .id_size = TABLE_ID_SIZE,
        .table_id = UNKNOWN_TABLE,
        .flags = ROWS_FLAG_STMT_END,
        .column_count = 1,
        .after_columns = span_of(column, sizeof column),
    };

    buf_clear(&out->body);
    rows_encode_header(&out->body, &rows);
    buf_bytes(&out->body, span_of(column, sizeof column)); /* a row: NULL */
    return dump_out_made(out, header, out->asked_checksum == CHECKSUM_CRC32, err);
}

static bool send_format(struct dump_out *out, struct span event, enum dump_format how,
                        struct err *err)
{
    size_t checksum_size = format_checksum_size(event);
    struct event_header header;
    struct format format;
    struct cursor cur = cursor_of(event);

    if (!event_header_decode(event, &header, err))
        return false;
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    if (!format_decode(cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size), &format,
                       err))
        return false;
    if (format.checksum == CHECKSUM_CRC32 && out->asked_checksum == CHECKSUM_UNDEFINED)
        return err_set(err, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                       "Slave can not handle replication events with the checksum that master is "
                       "configured to log");
    out->checksum = format.checksum;
    if (how == DUMP_FORMAT_FOLLOWS)
        return true;
    format.created = how == DUMP_FORMAT_RESTARTED ? header.timestamp | 1 : 0;
    if (how == DUMP_FORMAT_BEHIND)
        header.log_pos = 0;
    if (how == DUMP_FORMAT_RESTARTED)
        header.log_pos = (uint32_t)(out->at.offset + event.len);
    buf_clear(&out->made);
    event_header_encode(&out->made, &header);
    format_encode(&out->made, &format);
    if (checksum_size > 0)
        checksum_append(&out->made, 0);
    out->bare = false;
    return dump_out_event(out, buf_span(&out->made), false, err);
}

bool dump_out_format(struct dump_out *out, struct span event, enum dump_format how, struct err *err)
{
    buf_clear(&out->format);
    buf_bytes(&out->format, event);
    return send_format(out, event, how, err);
}

bool dump_out_renew(struct dump_out *out, uint64_t position, struct err *err)
{
    struct log_position at = out->at;

    return dump_out_rotate(out, at.name, position, err) &&
           send_format(out, buf_span(&out->format), DUMP_FORMAT_BEHIND, err);
}

bool dump_out_heartbeat(struct dump_out *out, uint64_t behind, struct err *err)
{
    struct heartbeat heartbeat = {.name = span_str(out->at.name),
                                  .position = out->at.offset - behind};
    bool long_form = out->mariadb && heartbeat.position > UINT32_MAX;
    struct event_header header = {
        .type = out->heartbeat_v2 ? EVENT_HEARTBEAT_V2 : EVENT_HEARTBEAT,
        .log_pos = long_form ? 0 : (uint32_t)heartbeat.position,
    };

    if (out->bare && !out->heartbeat_v2 &&
        !send_format(out, buf_span(&out->format), DUMP_FORMAT_BEHIND, err))
        return false;
    buf_clear(&out->body);
    if (out->heartbeat_v2)
        heartbeat_v2_encode(&out->body, &heartbeat);
    else
        heartbeat_encode(&out->body, &heartbeat, header.log_pos);
    return dump_out_made(out, header, out->checksum == CHECKSUM_CRC32, err);
}

void dump_out_note(struct dump_out *out)
{
    replica_note_sent(out->replica, &out->at, &out->place, out->sent_bytes, out->sent_events);
    out->sent_bytes = 0;
    out->sent_events = 0;
}

bool dump_out_flush(struct dump_out *out, struct err *err)
{
    dump_out_note(out);
    return link_flush(out->link, write_deadline(out), err);
}

/* ---- In ---- */

static bool is_sent(const struct dump_out *out, const struct log_position *position)
{
    if (strcmp(position->name, out->at.name) == 0)
        return position->offset <= out->at.offset;
    return log_name_number(position->name) < log_name_number(out->at.name);
}

static bool take_ack(struct dump_out *out, struct span payload, struct err *err)
{
    struct log_position position;
    struct semisync_ack ack;

    if (!semisync_ack_parse(payload, &ack, err) || !log_name_check(ack.file, position.name, err))
        return err_prefix(err, "%s", link_peer(out->link));
    position.offset = ack.position;
    if (!is_sent(out, &position))
        return err_set(err, E_PROTO, 0,
                       "%s: acknowledges %s:%" PRIu64 ", but was sent no more than %s:%" PRIu64,
                       link_peer(out->link), position.name, position.offset, out->at.name,
                       out->at.offset);
    replica_note_acked(out->replica, &position);
    return true;
}

bool dump_out_hear(struct dump_out *out, struct err *err)
{
    for (;;) {
        struct span payload;
        bool there;

        if (!link_read_aside(out->link, &there, &payload, err))
            return false;
        if (!there)
            return true;
        if (payload.len > 0 && payload.data[0] == COM_QUIT)
            return err_set(err, E_IO, 0, "%s: the replica has left", link_peer(out->link));
        if (!out->semisync || payload.len == 0 || payload.data[0] != SEMISYNC_MAGIC)
            return err_set(err, E_PROTO, 0,
                           "%s: expected nothing but acknowledgements during a dump, found %zu "
                           "bytes",
                           link_peer(out->link), payload.len);
        if (!take_ack(out, payload, err))
            return false;
    }
}
