/*
 * struct unpacker: gives the plain events that an event of a file stands for: itself; its inflated
 * form for MariaDB's compressed queries and rows; and after a TRANSACTION_PAYLOAD the events
 * inside.
 *
 * No I/O. Owned by one thread, reused for any number of events; memory is bounded by the largest
 * event, up to UNPACKER_PLAIN_MAX bytes.
 */
#pragma once

#include "binlog/reader.h"

#define UNPACKER_PLAIN_MAX ((size_t)1 << 32) /* plain bytes of one packed event or payload */

struct plain_event {
    struct event_header header; /* as stored */
    uint8_t type;               /* the plain type: header.type, or what it was before deflating */
    struct span body;           /* of the plain type; borrowed until the next call */
    uint64_t offset;            /* in the file; of the payload for an event inside one */
    bool packed;                /* inside a payload */
};

struct unpacker;

struct unpacker *unpacker_new(void);
void unpacker_free(struct unpacker *unpacker); /* NULL is fine */

/* Begins with an event, which must stay until the last plain event was taken. */
void unpacker_start(struct unpacker *unpacker, const struct reader_event *event,
                    const struct format *format);

/* ret_more is false after the last. E_PROTO, E_LIMIT, E_STATE. */
MUST_CHECK bool unpacker_next(struct unpacker *unpacker, struct plain_event *ret_event,
                              bool *ret_more, struct err *err);
