/*
 * Semi-synchronous replication on the wire: two bytes before each event once a replica has asked
 * for it, and the replica's acknowledgement, a packet of its own with sequence number 0 (source:
 * MySQL, plugin/semisync/semisync.h, semisync_source_ack_receiver.cc). No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define SEMISYNC_HEADER_SIZE 2
#define SEMISYNC_MAGIC       0xef
#define SEMISYNC_WANTS_ACK   0x01

/* The number that a source gives to the packet after an event that wants an acknowledgement. */
#define SEMISYNC_NEXT_SEQUENCE 1

/* Takes the two bytes off an event (after its OK byte). E_PROTO. */
MUST_CHECK bool semisync_header_parse(struct span bytes, bool *ret_wants_ack,
                                      struct span *ret_event, struct err *err);
void semisync_header_write(struct buf *buf, bool wants_ack);

struct semisync_ack {
    uint64_t position; /* the source's, of the next byte */
    struct span file;  /* the source's name of it */
};

MUST_CHECK bool semisync_ack_parse(struct span payload, struct semisync_ack *ret, struct err *err);
void semisync_ack_write(struct buf *buf, const struct semisync_ack *ack);
