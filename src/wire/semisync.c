#include "wire/semisync.h"

#include "base/cursor.h"

bool semisync_header_parse(struct span bytes, bool *ret_wants_ack, struct span *ret_event,
                           struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    uint8_t magic = cursor_u8(&cur);
    uint8_t flags = cursor_u8(&cur);

    if (!cursor_ok(&cur) || magic != SEMISYNC_MAGIC)
        return err_set(err, E_PROTO, 0,
                       "semi-sync: expected 0x%02x before the event, found 0x%02x and %zu bytes",
                       SEMISYNC_MAGIC, magic, bytes.len);
    *ret_wants_ack = flags & SEMISYNC_WANTS_ACK;
    *ret_event = cursor_rest(&cur);
    return true;
}

void semisync_header_write(struct buf *buf, bool wants_ack)
{
    buf_u8(buf, SEMISYNC_MAGIC);
    buf_u8(buf, wants_ack ? SEMISYNC_WANTS_ACK : 0);
}

bool semisync_ack_parse(struct span payload, struct semisync_ack *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    uint8_t magic = cursor_u8(&cur);
    struct semisync_ack ack = {.position = cursor_u64(&cur)};

    ack.file = cursor_rest(&cur);
    if (!cursor_ok(&cur) || magic != SEMISYNC_MAGIC || ack.file.len == 0)
        return err_set(err, E_PROTO, 0,
                       "semi-sync: expected 0x%02x, a position and a file name, found 0x%02x and "
                       "%zu bytes",
                       SEMISYNC_MAGIC, magic, payload.len);
    /* A replica may end the name with a NUL. */
    if (ack.file.data[ack.file.len - 1] == 0)
        ack.file.len--;
    *ret = ack;
    return true;
}

void semisync_ack_write(struct buf *buf, const struct semisync_ack *ack)
{
    buf_u8(buf, SEMISYNC_MAGIC);
    buf_u64(buf, ack->position);
    buf_bytes(buf, ack->file);
}
