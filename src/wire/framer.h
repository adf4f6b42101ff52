/*
 * struct framer: follows the packets in a client's byte stream while the bytes pass through.
 *
 * The endpoint forwards bytes as they come and holds nothing up; the framer tells where a command
 * begins, so that the few that matter can be looked at first. Owns nothing, does no I/O. Usage:
 * peek at the bytes that are next; take them, packet by packet.
 */
#pragma once

#include "base/span.h"
#include "wire/packet.h"

struct framer {
    uint32_t payload_left; /* bytes of the current packet's payload that are still to come */
    bool continued; /* the packet that comes next, if numbered 0, is not a command: see below */
};

enum framer_at {
    FRAMER_INSIDE,  /* in the middle of a packet */
    FRAMER_PACKET,  /* at the start of a packet that is no command */
    FRAMER_COMMAND, /* at the start of a command; its first payload byte is there */
    FRAMER_CUT,     /* at the start of a packet of which too little is there to tell: get more */
};

/*
 * What begins at bytes[0]. With FRAMER_COMMAND *ret_command is the command byte and *ret_len its
 * packet's payload length.
 *
 * A sequence number of 0 means a command, with two exceptions, after which `continued` is set: the
 * packet before was full, so this one goes on with its payload; or it was number 255 and not empty,
 * so the number has come round within the file of a LOAD DATA LOCAL, which ends with an empty
 * packet. (A server refuses a command numbered otherwise, so neither can hide one.)
 */
enum framer_at framer_peek(const struct framer *framer, struct span bytes, uint8_t *ret_command,
                           uint32_t *ret_len);

/* Moves on; returns how many of the bytes belong to the packet there, 0 when it is cut. */
size_t framer_take(struct framer *framer, struct span bytes);
