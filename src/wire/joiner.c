#include "wire/joiner.h"

void joiner_init(struct joiner *joiner, size_t payload_max)
{
    *joiner = (struct joiner){.payload_max = payload_max};
}

/* Checks a header; false and err when the stream is out of step or the payload too large. */
static bool check(const struct joiner *joiner, const struct packet_header *header, struct err *err)
{
    if (!joiner->any_sequence && header->sequence != joiner->sequence)
        return err_set(err, E_PROTO, 0, "packet: expected number %u, found %u", joiner->sequence,
                       header->sequence);
    if (header->payload_len > joiner->payload_max - joiner->joined)
        return err_set(
            err, E_LIMIT, 0, "packet: expected a payload of at most %zu bytes, found %s%zu",
            joiner->payload_max, header->payload_len == PACKET_PAYLOAD_MAX ? "at least " : "",
            joiner->joined + header->payload_len);
    return true;
}

enum joiner_step joiner_step(struct joiner *joiner, uint8_t *bytes, size_t *len, size_t *ret_need,
                             struct span *ret_payload, struct err *err)
{
    for (;;) {
        /* The next header: the first, or the one right behind what is joined. */
        size_t at = joiner->joined ? PACKET_HEADER_SIZE + joiner->joined : 0;
        struct packet_header header;
        size_t end;

        if (*len < at + PACKET_HEADER_SIZE) {
            *ret_need = at + PACKET_HEADER_SIZE;
            return JOINER_NEED;
        }
        header = packet_header_parse(bytes + at);
        if (!check(joiner, &header, err))
            return JOINER_BAD;
        end = at + PACKET_HEADER_SIZE + header.payload_len;
        if (*len < end) {
            *ret_need = end;
            return JOINER_NEED;
        }
        joiner->sequence = (uint8_t)(header.sequence + 1);
        if (at > 0) {
            memmove(bytes + at, bytes + at + PACKET_HEADER_SIZE, *len - at - PACKET_HEADER_SIZE);
            *len -= PACKET_HEADER_SIZE;
        }
        joiner->joined += header.payload_len;
        if (header.payload_len < PACKET_PAYLOAD_MAX)
            break;
    }
    *ret_payload = span_of(bytes + PACKET_HEADER_SIZE, joiner->joined);
    *ret_need = PACKET_HEADER_SIZE + joiner->joined;
    joiner->joined = 0;
    return JOINER_WHOLE;
}
