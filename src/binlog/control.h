/*
 * Events that are about the log itself, or for people: ROTATE, STOP, INCIDENT, HEARTBEAT of both
 * forms, IGNORABLE, ROWS_QUERY; MariaDB's ANNOTATE_ROWS, BINLOG_CHECKPOINT, START_ENCRYPTION and
 * PARTIAL_ROW_DATA. The whole body of ANNOTATE_ROWS is the statement's text, and that of IGNORABLE
 * whatever its writer liked: they need no decoder.
 *
 * Sources: MySQL internals manual, titles as the events; MariaDB knowledge base, titles as the
 * events; mysql::binlog::event, codecs of HEARTBEAT_V2. Each layout is at its struct. They borrow
 * from the body; any thread.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

/* position u64; name of the next file to the end. */
struct rotate {
    uint64_t position;
    struct span name;
};

MUST_CHECK bool rotate_decode(struct span body, struct rotate *ret, struct err *err);
void rotate_encode(struct buf *buf, const struct rotate *rotate);

/* No body. */
MUST_CHECK bool stop_decode(struct span body, struct err *err);

/* number u16; length u8; message. */
struct incident {
    uint16_t number; /* 1: events were lost */
    struct span message;
};

MUST_CHECK bool incident_decode(struct span body, struct incident *ret, struct err *err);
void incident_encode(struct buf *buf, const struct incident *incident);

/*
 * HEARTBEAT: the source is alive and has sent all up to a position. The file's name is the body and
 * the position the header's log_pos; MariaDB past 4 GiB has log_pos 0 and the position as u64
 * before the name. HEARTBEAT_V2 has fields of a type, a length and a value, the integers
 * length-encoded: 1 the name, 2 the position, itself length-encoded; type 0 ends them. Unknown
 * fields are skipped.
 */
struct heartbeat {
    struct span name;
    uint64_t position;
};

MUST_CHECK bool heartbeat_decode(struct span body, const struct event_header *header,
                                 struct heartbeat *ret, struct err *err);

/* The body for a header with log_pos 0 (MariaDB's long form) or else the position's lower 32. */
void heartbeat_encode(struct buf *buf, const struct heartbeat *heartbeat, uint32_t log_pos);

MUST_CHECK bool heartbeat_v2_decode(struct span body, struct heartbeat *ret, struct err *err);
void heartbeat_v2_encode(struct buf *buf, const struct heartbeat *heartbeat);

/* ROWS_QUERY: a byte that readers ignore, the text's length modulo 256; the text to the end. */
struct rows_query {
    uint8_t length_byte;
    struct span text;
};

MUST_CHECK bool rows_query_decode(struct span body, struct rows_query *ret, struct err *err);
void rows_query_encode(struct buf *buf, const struct rows_query *query);

/* BINLOG_CHECKPOINT: length u32; name of the oldest file that crash recovery needs. */
MUST_CHECK bool binlog_checkpoint_decode(struct span body, struct span *ret_name, struct err *err);
void binlog_checkpoint_encode(struct buf *buf, struct span name);

/* START_ENCRYPTION: scheme u8 (1), key version u32, nonce 12 bytes. */
#define START_ENCRYPTION_NONCE 12

struct start_encryption {
    uint8_t scheme;
    uint32_t key_version;
    uint8_t nonce[START_ENCRYPTION_NONCE];
};

MUST_CHECK bool start_encryption_decode(struct span body, struct start_encryption *ret,
                                        struct err *err);
void start_encryption_encode(struct buf *buf, const struct start_encryption *start);

/*
 * PARTIAL_ROW_DATA: one of several pieces of a rows event that was too large: count u32, number u32
 * from 1 on, flags u8; in the first, with flag 1, the size u64 of the whole; a piece to the end.
 */
struct partial_rows {
    uint32_t count;
    uint32_t number;
    uint8_t flags;
    uint64_t whole_size; /* 0 without its flag */
    struct span piece;
};

#define PARTIAL_ROWS_FLAG_SIZE 0x01

MUST_CHECK bool partial_rows_decode(struct span body, struct partial_rows *ret, struct err *err);
void partial_rows_encode(struct buf *buf, const struct partial_rows *partial);
