/*
 * Packets of the MySQL client/server protocol: the frame, and the ERR packet.
 *
 * A packet is a 3-byte little-endian payload length, a sequence number, and the payload; a payload
 * of 16777215 bytes goes on in the next packet (source: MySQL internals, "MySQL Packets").
 * No I/O here: bytes in, bytes out.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define PACKET_HEADER_SIZE 4
#define PACKET_PAYLOAD_MAX 0xffffff

enum command { /* first payload byte of a client's packet with sequence number 0 */
               COM_QUIT = 0x01,
               COM_QUERY = 0x03,
               COM_CHANGE_USER = 0x11,
};

struct packet_header {
    uint32_t payload_len; /* 0..16777215 */
    uint8_t sequence;
};

struct packet_header packet_header_parse(const uint8_t bytes[PACKET_HEADER_SIZE]);

/* Writes header and payload; a payload of 16777215 bytes or more sets buf's `bad`. */
void packet_write(struct buf *buf, uint8_t sequence, struct span payload);

/*
 * Writes an ERR packet. sqlstate has 5 characters; NULL leaves it out, as a server does before it
 * knows the client's capabilities.
 */
void packet_write_err(struct buf *buf, uint8_t sequence, uint16_t code, const char *sqlstate,
                      const char *message);
