/*
 * The side index NAME.idx of a file: a head, then records of INDEX_RECORD_SIZE bytes, all
 * checksummed. doc/log-format.md has the layout.
 *
 * A BLOCK record ends a block of whole events, of INDEX_BLOCK bytes or a little more, and says how
 * things stand there. The RUN records before it tell the GTIDs of the transactions that ended in
 * the block, each a run of one source (MySQL: UUID and tag; MariaDB: domain and server). An END
 * record is a last BLOCK: the file gets no more. No I/O here; any thread; values, which borrow from
 * the bytes they were decoded from.
 */
#pragma once

#include "binlog/reader.h"
#include "log/mirror.h"

#define INDEX_VERSION     1
#define INDEX_RECORD_SIZE 96
#define INDEX_BLOCK       65536
#define INDEX_RUNS_MAX    16 /* in one block; with more it is MIXED */
#define INDEX_PREFIX_SIZE 16 /* of the head: enough to know its size */
#define INDEX_HEAD_MAX    (UINT32_C(64) << 20)
#define INDEX_CHECK_MAX   64 /* bytes before a block's end that its record vouches for */

struct index_head {
    uint64_t ordinal; /* the file's number in the log, one more than that of the file before */
    uint64_t start;
    uint32_t salt; /* random: records of another index are not taken for this one's */
    char name[LOG_NAME_MAX + 1];
    struct span format;             /* the format description event, whole */
    enum log_state_kind state_kind; /* at `start`; UNKNOWN: see the file's head */
    struct span state;              /* as in PREVIOUS_GTIDS or GTID_LIST */
};

void index_head_encode(struct buf *buf, const struct index_head *head);

/* The size of the head from its first INDEX_PREFIX_SIZE bytes, of any version. E_PROTO. */
MUST_CHECK bool index_head_size(struct span prefix, size_t *ret_size, struct err *err);

/* `bytes` are all of the head. E_PROTO: damaged; E_STATE: whole, but of another version. */
MUST_CHECK bool index_head_decode(struct span bytes, struct index_head *ret_head, struct err *err);

enum index_kind { INDEX_BLOCK_RECORD = 1, INDEX_RUN_RECORD = 2, INDEX_END_RECORD = 3 };

enum index_flag {
    INDEX_MIXED = 1,    /* the runs do not tell all GTIDs of the block: its events must be read */
    INDEX_CLOSED = 2,   /* the event before was ROTATE or STOP */
    INDEX_STRAIGHT = 4, /* MySQL: the runs stand in the order of their transactions */
};

struct index_record {
    uint8_t kind;            /* enum index_kind */
    uint64_t offset;         /* where the block ends and the next event begins */
    uint32_t last_timestamp; /* the latest so far in the file */

    /* BLOCK and END. */
    uint8_t transaction_state;   /* enum reader_transaction, at `offset` */
    uint8_t flags;               /* enum index_flag */
    uint32_t runs;               /* RUN records before this one that belong to it */
    uint64_t transaction_offset; /* where the open transaction began; `offset` outside */
    uint32_t first_timestamp;    /* of the file */
    uint64_t transactions;       /* of more than one event that ended in the file so far */
    int64_t closed_usec;         /* END: by our clock, since 1970 */
    uint8_t check_size;          /* bytes before `offset` that `check` is of; 0: no event yet */
    uint32_t check;              /* their CRC-32 */

    /* RUN: sequence numbers first to last, without a gap for MySQL. */
    enum format_family family;
    struct gtid_uuid uuid;
    uint8_t tag_length;
    char tag[GTID_TAG_MAX];
    uint32_t domain;
    uint32_t server_id;
    uint64_t first;
    uint64_t last;
};

/* `number` counts the index's records from 0. */
void index_record_encode(struct buf *buf, const struct index_record *record, uint32_t salt,
                         uint64_t number);

/* False for what is no record with that salt and number. */
bool index_record_decode(struct span bytes, uint32_t salt, uint64_t number,
                         struct index_record *ret_record);
