/*
 * struct numbering: the numbers of packets for a server behind an endpoint that takes compression
 * off a client's stream.
 *
 * In compressed frames the frames are numbered, and servers do not look at the numbers of the
 * packets inside; nor do all clients count them well (MariaDB's own library does not where a
 * command spans packets, nor behind a result of several). Without compression the server does
 * look. So the client's packets get the number that the server expects: 0 for a command, else one
 * more than the last packet of either side. No I/O; one thread; zeroed is a new one.
 */
#pragma once

#include "base/span.h"
#include "wire/packet.h"

/* Where a stream stands within its packets. */
struct packet_walk {
    uint8_t header[PACKET_HEADER_SIZE];
    size_t header_len;     /* bytes of it that were seen; below its size: inside of the header */
    uint32_t payload_left; /* behind a whole header */
};

struct numbering {
    struct packet_walk client;
    struct packet_walk server;
    uint8_t last;   /* number of the last packet, of either side */
    bool continued; /* the client's last packet was full: the next goes on with it */
    bool command;   /* the packet that has begun is a command, as far as its frame says */
};

/*
 * The client's next bytes, changed in place. `opens` tells that their frame opens an exchange, as
 * one numbered 0 does that does not follow upon one numbered 255.
 */
void numbering_client(struct numbering *numbering, uint8_t *bytes, size_t n, bool opens);

/* The server's next bytes. */
void numbering_server(struct numbering *numbering, struct span bytes);
