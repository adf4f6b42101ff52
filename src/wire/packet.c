#include "wire/packet.h"

struct packet_header packet_header_parse(const uint8_t bytes[PACKET_HEADER_SIZE])
{
    struct cursor cur = cursor_of(span_of(bytes, PACKET_HEADER_SIZE));
    struct packet_header header;

    header.payload_len = cursor_u24(&cur);
    header.sequence = cursor_u8(&cur);
    return header;
}

void packet_write(struct buf *buf, uint8_t sequence, struct span payload)
{
    if (payload.len >= PACKET_PAYLOAD_MAX) {
        buf->bad = true;
        return;
    }
    buf_u24(buf, (uint32_t)payload.len);
    buf_u8(buf, sequence);
    buf_bytes(buf, payload);
}

/* Takes up to n bytes off the front of a span. */
static struct span take(struct span *bytes, size_t n)
{
    struct cursor cur = cursor_of(*bytes);
    struct span taken = cursor_bytes(&cur, n < bytes->len ? n : bytes->len);

    *bytes = cur.rest;
    return taken;
}

void packet_write_payload(struct buf *buf, uint8_t *sequence, struct span head, struct span tail)
{
    size_t len;

    do {
        struct span first = take(&head, PACKET_PAYLOAD_MAX);
        struct span second = take(&tail, PACKET_PAYLOAD_MAX - first.len);

        len = first.len + second.len;
        buf_u24(buf, (uint32_t)len);
        buf_u8(buf, (*sequence)++);
        buf_bytes(buf, first);
        buf_bytes(buf, second);
    } while (len == PACKET_PAYLOAD_MAX);
}

void packet_write_err(struct buf *buf, uint8_t sequence, uint16_t code, const char *sqlstate,
                      const char *message)
{
    size_t header = buf_reserve(buf, 3);
    size_t start;

    buf_u8(buf, sequence);
    start = buf->len;
    buf_u8(buf, 0xff);
    buf_u16(buf, code);
    if (sqlstate) {
        buf_u8(buf, '#');
        buf_str(buf, sqlstate);
    }
    buf_str(buf, message);
    buf_patch_u24(buf, header, (uint32_t)(buf->len - start));
}
