#include "binlog/xid.h"

bool xid_decode(struct span body, uint64_t *ret_number, struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint64_t number = cursor_u64(&cur);

    if (!event_body_end(&cur, EVENT_XID, body, err))
        return false;
    *ret_number = number;
    return true;
}

void xid_encode(struct buf *buf, uint64_t number)
{
    buf_u64(buf, number);
}

bool xa_name_check(const struct xa_name *name, uint8_t type, struct err *err)
{
    if (name->gtrid.len > XID_PART_MAX || name->bqual.len > XID_PART_MAX)
        return err_set(err, E_PROTO, 0, "%s event: XA name of %zu and %zu bytes, expected up to %d",
                       event_type_name(type), name->gtrid.len, name->bqual.len, XID_PART_MAX);
    return true;
}

bool xa_prepare_decode(struct span body, struct xa_prepare *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct xa_prepare prepare;
    uint8_t one_phase = cursor_u8(&cur);
    uint32_t gtrid_length;
    uint32_t bqual_length;

    if (one_phase > 1)
        return err_set(err, E_PROTO, 0, "XA_prepare event: one-phase byte %u, expected 0 or 1",
                       one_phase);
    prepare.one_phase = one_phase;
    prepare.name.format_id = cursor_u32(&cur);
    gtrid_length = cursor_u32(&cur);
    bqual_length = cursor_u32(&cur);
    prepare.name.gtrid = cursor_bytes(&cur, gtrid_length);
    prepare.name.bqual = cursor_bytes(&cur, bqual_length);
    if (!event_body_end(&cur, EVENT_XA_PREPARE, body, err) ||
        !xa_name_check(&prepare.name, EVENT_XA_PREPARE, err))
        return false;
    *ret = prepare;
    return true;
}

void xa_prepare_encode(struct buf *buf, const struct xa_prepare *prepare)
{
    buf_u8(buf, prepare->one_phase);
    buf_u32(buf, prepare->name.format_id);
    buf_u32(buf, (uint32_t)prepare->name.gtrid.len);
    buf_u32(buf, (uint32_t)prepare->name.bqual.len);
    buf_bytes(buf, prepare->name.gtrid);
    buf_bytes(buf, prepare->name.bqual);
}
