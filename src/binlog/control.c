#include "binlog/control.h"

/* Types of HEARTBEAT_V2's fields. */
enum heartbeat_field { HEARTBEAT_END = 0, HEARTBEAT_NAME = 1, HEARTBEAT_POSITION = 2 };

bool rotate_decode(struct span body, struct rotate *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct rotate rotate;

    rotate.position = cursor_u64(&cur);
    rotate.name = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_ROTATE, body, err))
        return false;
    if (rotate.name.len == 0)
        return err_set(err, E_PROTO, 0, "Rotate event: no file name");
    *ret = rotate;
    return true;
}

void rotate_encode(struct buf *buf, const struct rotate *rotate)
{
    buf_u64(buf, rotate->position);
    buf_bytes(buf, rotate->name);
}

bool stop_decode(struct span body, struct err *err)
{
    struct cursor cur = cursor_of(body);

    return event_body_end(&cur, EVENT_STOP, body, err);
}

bool incident_decode(struct span body, struct incident *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct incident incident;

    incident.number = cursor_u16(&cur);
    incident.message = cursor_bytes(&cur, cursor_u8(&cur));
    if (!event_body_end(&cur, EVENT_INCIDENT, body, err))
        return false;
    *ret = incident;
    return true;
}

void incident_encode(struct buf *buf, const struct incident *incident)
{
    if (incident->message.len > UINT8_MAX)
        buf->bad = true;
    buf_u16(buf, incident->number);
    buf_u8(buf, (uint8_t)incident->message.len);
    buf_bytes(buf, incident->message);
}

bool heartbeat_decode(struct span body, const struct event_header *header, struct heartbeat *ret,
                      struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct heartbeat heartbeat;

    heartbeat.position = header->log_pos ? header->log_pos : cursor_u64(&cur);
    heartbeat.name = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_HEARTBEAT, body, err))
        return false;
    *ret = heartbeat;
    return true;
}

void heartbeat_encode(struct buf *buf, const struct heartbeat *heartbeat, uint32_t log_pos)
{
    if (log_pos == 0)
        buf_u64(buf, heartbeat->position);
    buf_bytes(buf, heartbeat->name);
}

bool heartbeat_v2_decode(struct span body, struct heartbeat *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct heartbeat heartbeat = {0};

    for (;;) {
        uint64_t type = cursor_lenenc(&cur);
        struct cursor value;

        if (type == HEARTBEAT_END || !cursor_ok(&cur))
            break;
        value = cursor_of(cursor_lenenc_bytes(&cur));
        if (type == HEARTBEAT_NAME)
            heartbeat.name = cursor_rest(&value);
        else if (type == HEARTBEAT_POSITION)
            heartbeat.position = cursor_lenenc(&value);
        else
            (void)cursor_rest(&value);
        if (!event_body_end(&value, EVENT_HEARTBEAT_V2, body, err))
            return false;
    }
    if (!event_body_end(&cur, EVENT_HEARTBEAT_V2, body, err))
        return false;
    *ret = heartbeat;
    return true;
}

void heartbeat_v2_encode(struct buf *buf, const struct heartbeat *heartbeat)
{
    size_t length_at;

    buf_lenenc(buf, HEARTBEAT_NAME);
    buf_lenenc_bytes(buf, heartbeat->name);
    buf_lenenc(buf, HEARTBEAT_POSITION);
    length_at = buf_reserve(buf, 1);
    buf_lenenc(buf, heartbeat->position);
    buf_patch_le(buf, length_at, buf->len - length_at - 1, 1);
    buf_lenenc(buf, HEARTBEAT_END);
}

bool rows_query_decode(struct span body, struct rows_query *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct rows_query query;

    query.length_byte = cursor_u8(&cur);
    query.text = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_ROWS_QUERY, body, err))
        return false;
    *ret = query;
    return true;
}

void rows_query_encode(struct buf *buf, const struct rows_query *query)
{
    buf_u8(buf, query->length_byte);
    buf_bytes(buf, query->text);
}

bool binlog_checkpoint_decode(struct span body, struct span *ret_name, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct span name = cursor_bytes(&cur, cursor_u32(&cur));

    if (!event_body_end(&cur, EVENT_MARIADB_BINLOG_CHECKPOINT, body, err))
        return false;
    *ret_name = name;
    return true;
}

void binlog_checkpoint_encode(struct buf *buf, struct span name)
{
    buf_u32(buf, (uint32_t)name.len);
    buf_bytes(buf, name);
}

bool start_encryption_decode(struct span body, struct start_encryption *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct start_encryption start;
    struct span nonce;

    start.scheme = cursor_u8(&cur);
    start.key_version = cursor_u32(&cur);
    nonce = cursor_bytes(&cur, START_ENCRYPTION_NONCE);
    if (!event_body_end(&cur, EVENT_MARIADB_START_ENCRYPTION, body, err))
        return false;
    memcpy(start.nonce, nonce.data, sizeof start.nonce);
    *ret = start;
    return true;
}

void start_encryption_encode(struct buf *buf, const struct start_encryption *start)
{
    buf_u8(buf, start->scheme);
    buf_u32(buf, start->key_version);
    buf_bytes(buf, span_of(start->nonce, sizeof start->nonce));
}

bool partial_rows_decode(struct span body, struct partial_rows *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct partial_rows partial = {0};

    partial.count = cursor_u32(&cur);
    partial.number = cursor_u32(&cur);
    partial.flags = cursor_u8(&cur);
    if (partial.flags & PARTIAL_ROWS_FLAG_SIZE)
        partial.whole_size = cursor_u64(&cur);
    partial.piece = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_MARIADB_PARTIAL_ROW_DATA, body, err))
        return false;
    if (partial.number == 0 || partial.number > partial.count)
        return err_set(err, E_PROTO, 0, "Partial_rows event: piece %u of %u", partial.number,
                       partial.count);
    *ret = partial;
    return true;
}

void partial_rows_encode(struct buf *buf, const struct partial_rows *partial)
{
    buf_u32(buf, partial->count);
    buf_u32(buf, partial->number);
    buf_u8(buf, partial->flags);
    if (partial->flags & PARTIAL_ROWS_FLAG_SIZE)
        buf_u64(buf, partial->whole_size);
    buf_bytes(buf, partial->piece);
}
