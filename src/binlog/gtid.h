/*
 * struct gtid: MySQL's GTID, ANONYMOUS_GTID and GTID_TAGGED events, one of which begins every
 * transaction from 5.6 on.
 *
 * Layout of the first two: flags u8, UUID 16 bytes, number u64 (0 when anonymous); from 5.7: 2 u8,
 * last committed u64, sequence number u64; from 8.0.1: immediate commit time 7 bytes, whose bit 55
 * says that the original commit time, 7 bytes, follows; the transaction's length, length-encoded;
 * from 8.0.14: immediate server version u32, whose bit 31 says that the original one, u32, follows;
 * from 8.0.32, on group members: commit group ticket u64. Times are microseconds since 1970.
 * GTID_TAGGED holds the same as a message of MySQL's serialization library: version 1, size of all,
 * last field that may not be ignored, then field numbers with values (source: mysql::binlog::event,
 * Gtid_event; mysql-server, libs/mysql/serialization/readme.md). Borrows from the body; any thread.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

#define GTID_UUID_SIZE   16
#define GTID_UUID_TEXT   36 /* characters, without a NUL */
#define GTID_TAG_MAX     32
#define GTID_NUMBER_LAST INT64_C(0x7ffffffffffffffe)

#define GTID_FLAG_MAY_HAVE_SBR 0x01 /* the transaction may hold statements */

struct gtid_uuid {
    uint8_t bytes[GTID_UUID_SIZE];
};

/* What is there of the optional parts. The bits of GTID_TAGGED are its fields' numbers. */
enum gtid_part {
    GTID_FLAGS = 1 << 0,
    GTID_UUID = 1 << 1,
    GTID_NUMBER = 1 << 2,
    GTID_TAG = 1 << 3,
    GTID_LAST_COMMITTED = 1 << 4,
    GTID_SEQUENCE = 1 << 5,
    GTID_IMMEDIATE_TIME = 1 << 6,
    GTID_ORIGINAL_TIME = 1 << 7,
    GTID_LENGTH = 1 << 8,
    GTID_IMMEDIATE_VERSION = 1 << 9,
    GTID_ORIGINAL_VERSION = 1 << 10,
    GTID_TICKET = 1 << 11,
};

#define GTID_FIELDS 12

struct gtid {
    uint8_t type;   /* EVENT_GTID, EVENT_ANONYMOUS_GTID or EVENT_GTID_TAGGED */
    uint32_t parts; /* enum gtid_part */
    uint8_t flags;
    struct gtid_uuid uuid;
    int64_t number; /* 1 to GTID_NUMBER_LAST; 0: anonymous */
    struct span tag;
    int64_t last_committed; /* logical clock, relative to the file */
    int64_t sequence_number;
    uint64_t immediate_commit_usec;
    uint64_t original_commit_usec; /* the immediate one where it is not given */
    uint64_t transaction_length;   /* bytes, this event's included */
    uint32_t immediate_version;    /* such as 80036; 999999 when unknown to its writer */
    uint32_t original_version;     /* the immediate one where it is not given */
    uint64_t ticket;
    uint8_t last_required_field; /* GTID_TAGGED: as stored; 0 from all servers so far */
    struct span unknown;         /* what a newer server put after the fields known here */
};

/* `type` is one of the three. E_PROTO; E_STATE for a field that we do not know but must. */
MUST_CHECK bool gtid_decode(struct span body, uint8_t type, struct gtid *ret_gtid, struct err *err);
void gtid_encode(struct buf *buf, const struct gtid *gtid);

/*
 * Sets transaction_length so that it counts the GTID event too, whose size depends on it.
 * `rest` is the size of the transaction's other events, `checksum_size` 0 or 4.
 */
void gtid_set_transaction_length(struct gtid *gtid, uint64_t rest, size_t checksum_size);

/* Lower case with dashes; a NUL after GTID_UUID_TEXT characters. */
void gtid_uuid_print(const struct gtid_uuid *uuid, char text[GTID_UUID_TEXT + 1]);

/* 32 hexadecimal digits, with dashes after 8, 12, 16 and 20 of them or none; perhaps in braces. */
MUST_CHECK bool gtid_uuid_parse(struct span text, struct gtid_uuid *ret_uuid, struct err *err);

/* Whether text is a tag in its stored form: [a-z_][a-z0-9_]{0,31}, or empty. */
bool gtid_tag_valid(struct span text);
