#include "binlog/gtid_mariadb.h"

#define XA_FLAGS   (GTID_MARIADB_PREPARED_XA | GTID_MARIADB_COMPLETED_XA)
#define ALTER_ENDS (GTID_MARIADB_EXTRA_COMMIT_ALTER | GTID_MARIADB_EXTRA_ROLLBACK_ALTER)

static void decode_xa(struct cursor *cur, struct xa_name *name)
{
    uint8_t gtrid_length;
    uint8_t bqual_length;

    name->format_id = cursor_u32(cur);
    gtrid_length = cursor_u8(cur);
    bqual_length = cursor_u8(cur);
    name->gtrid = cursor_bytes(cur, gtrid_length);
    name->bqual = cursor_bytes(cur, bqual_length);
}

bool gtid_mariadb_decode(struct span body, struct gtid_mariadb_event *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct gtid_mariadb_event event = {0};

    event.sequence = cursor_u64(&cur);
    event.domain = cursor_u32(&cur);
    event.flags = cursor_u8(&cur);
    if (event.flags & GTID_MARIADB_GROUP_COMMIT)
        event.commit_id = cursor_u64(&cur);
    if (event.flags & XA_FLAGS)
        decode_xa(&cur, &event.xa);
    event.has_extra = cursor_left(&cur) > 0;
    if (event.has_extra)
        event.extra_flags = cursor_u8(&cur);
    if (event.extra_flags & GTID_MARIADB_EXTRA_MULTI_ENGINE)
        event.extra_engines = cursor_u8(&cur);
    if (event.extra_flags & ALTER_ENDS)
        event.alter_sequence = cursor_u64(&cur);
    if (event.extra_flags & GTID_MARIADB_EXTRA_THREAD_ID)
        event.thread_id = cursor_u32(&cur);
    event.padding = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_MARIADB_GTID, body, err) ||
        !xa_name_check(&event.xa, EVENT_MARIADB_GTID, err))
        return false;
    *ret = event;
    return true;
}

void gtid_mariadb_encode(struct buf *buf, const struct gtid_mariadb_event *event)
{
    buf_u64(buf, event->sequence);
    buf_u32(buf, event->domain);
    buf_u8(buf, event->flags);
    if (event->flags & GTID_MARIADB_GROUP_COMMIT)
        buf_u64(buf, event->commit_id);
    if (event->flags & XA_FLAGS) {
        buf_u32(buf, event->xa.format_id);
        buf_u8(buf, (uint8_t)event->xa.gtrid.len);
        buf_u8(buf, (uint8_t)event->xa.bqual.len);
        buf_bytes(buf, event->xa.gtrid);
        buf_bytes(buf, event->xa.bqual);
    }
    if (event->has_extra)
        buf_u8(buf, event->extra_flags);
    if (event->extra_flags & GTID_MARIADB_EXTRA_MULTI_ENGINE)
        buf_u8(buf, event->extra_engines);
    if (event->extra_flags & ALTER_ENDS)
        buf_u64(buf, event->alter_sequence);
    if (event->extra_flags & GTID_MARIADB_EXTRA_THREAD_ID)
        buf_u32(buf, event->thread_id);
    buf_bytes(buf, event->padding);
}
