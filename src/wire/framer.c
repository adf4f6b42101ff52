#include "wire/framer.h"

enum framer_at framer_peek(const struct framer *framer, struct span bytes, uint8_t *ret_command,
                           uint32_t *ret_len)
{
    struct packet_header header;

    if (framer->payload_left > 0)
        return FRAMER_INSIDE;
    if (bytes.len < PACKET_HEADER_SIZE)
        return FRAMER_CUT;
    header = packet_header_parse(bytes.data);
    if (header.sequence != 0 || framer->continued || header.payload_len == 0)
        return FRAMER_PACKET;
    if (bytes.len == PACKET_HEADER_SIZE)
        return FRAMER_CUT;
    *ret_command = bytes.data[PACKET_HEADER_SIZE];
    *ret_len = header.payload_len;
    return FRAMER_COMMAND;
}

size_t framer_take(struct framer *framer, struct span bytes)
{
    size_t taken = 0;
    size_t payload;

    if (framer->payload_left == 0) {
        struct packet_header header;

        if (bytes.len < PACKET_HEADER_SIZE)
            return 0;
        header = packet_header_parse(bytes.data);
        framer->payload_left = header.payload_len;
        framer->continued = header.payload_len == PACKET_PAYLOAD_MAX ||
                            (header.sequence == 255 && header.payload_len > 0);
        taken = PACKET_HEADER_SIZE;
    }
    payload = bytes.len - taken;
    if (payload > framer->payload_left)
        payload = framer->payload_left;
    framer->payload_left -= (uint32_t)payload;
    return taken + payload;
}
