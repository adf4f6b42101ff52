#include "wire/packet.h"

struct packet_header packet_header_parse(const uint8_t bytes[PACKET_HEADER_SIZE])
{
    struct cursor cur = cursor_of(span_of(bytes, PACKET_HEADER_SIZE));
    struct packet_header header;

    header.payload_len = cursor_u24(&cur);
    header.sequence = cursor_u8(&cur);
    return header;
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
