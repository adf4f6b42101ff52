/*
 * Packets of the MySQL client/server protocol: the frame, payloads that span several, the command
 * bytes, and the framed ERR packet of the endpoint.
 *
 * A packet is a 3-byte little-endian payload length, a sequence number, and the payload; a payload
 * of 16777215 bytes goes on in the next packet, so one of an exact multiple ends with an empty
 * packet (source: MySQL internals, "MySQL Packets").
 * No I/O here: bytes in, bytes out.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define PACKET_HEADER_SIZE 4
#define PACKET_PAYLOAD_MAX 0xffffff

enum command { /* first payload byte of a client's packet with sequence number 0 */
               COM_QUIT = 0x01,
               COM_INIT_DB = 0x02,
               COM_QUERY = 0x03,
               COM_FIELD_LIST = 0x04,
               COM_REFRESH = 0x07,
               COM_SHUTDOWN = 0x08,
               COM_STATISTICS = 0x09,
               COM_PROCESS_INFO = 0x0a,
               COM_PROCESS_KILL = 0x0c,
               COM_PING = 0x0e,
               COM_CHANGE_USER = 0x11,
               COM_BINLOG_DUMP = 0x12,
               COM_REGISTER_SLAVE = 0x15,
               COM_STMT_PREPARE = 0x16,
               COM_STMT_EXECUTE = 0x17,
               COM_STMT_SEND_LONG_DATA = 0x18,
               COM_STMT_CLOSE = 0x19,
               COM_STMT_RESET = 0x1a,
               COM_SET_OPTION = 0x1b,
               COM_STMT_FETCH = 0x1c,
               COM_BINLOG_DUMP_GTID = 0x1e,
               COM_RESET_CONNECTION = 0x1f,
};

struct packet_header {
    uint32_t payload_len; /* 0..16777215 */
    uint8_t sequence;
};

struct packet_header packet_header_parse(const uint8_t bytes[PACKET_HEADER_SIZE]);

/*
 * Writes an ERR packet. sqlstate has 5 characters; NULL leaves it out, as a server does before it
 * knows the client's capabilities.
 */
void packet_write_err(struct buf *buf, uint8_t sequence, uint16_t code, const char *sqlstate,
                      const char *message);
