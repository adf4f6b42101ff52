#include "wire/numbering.h"

#define NUMBER_AT (PACKET_HEADER_SIZE - 1) /* in a packet's header */

/* Takes as much of the payload as there is; returns how much. */
static size_t walk_payload(struct packet_walk *walk, size_t n)
{
    size_t taken = n < walk->payload_left ? n : walk->payload_left;

    walk->payload_left -= (uint32_t)taken;
    if (walk->payload_left == 0)
        walk->header_len = 0;
    return taken;
}

/* Takes one byte of a header; true when that was its last. */
static bool walk_header(struct packet_walk *walk, uint8_t byte)
{
    walk->header[walk->header_len++] = byte;
    if (walk->header_len < PACKET_HEADER_SIZE)
        return false;
    walk->payload_left = packet_header_parse(walk->header).payload_len;
    if (walk->payload_left == 0)
        walk->header_len = 0;
    return true;
}

void numbering_client(struct numbering *numbering, uint8_t *bytes, size_t n, bool opens)
{
    struct packet_walk *walk = &numbering->client;

    for (size_t at = 0; at < n;) {
        struct packet_header header;

        if (walk->header_len == PACKET_HEADER_SIZE) {
            at += walk_payload(walk, n - at);
            continue;
        }
        if (walk->header_len == 0)
            numbering->command = opens && !numbering->continued;
        if (!walk_header(walk, bytes[at++]))
            continue;
        header = packet_header_parse(walk->header);
        numbering->last =
            numbering->command && header.sequence == 0 ? 0 : (uint8_t)(numbering->last + 1);
        bytes[at - 1] = numbering->last; /* the header ends with it */
        numbering->continued = header.payload_len == PACKET_PAYLOAD_MAX;
    }
}

void numbering_server(struct numbering *numbering, struct span bytes)
{
    struct packet_walk *walk = &numbering->server;

    for (size_t at = 0; at < bytes.len;) {
        if (walk->header_len == PACKET_HEADER_SIZE)
            at += walk_payload(walk, bytes.len - at);
        else if (walk_header(walk, bytes.data[at++]))
            numbering->last = walk->header[NUMBER_AT];
    }
}
