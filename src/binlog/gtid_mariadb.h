/*
 * MariaDB's GTID event, which begins a transaction. For lists of GTIDs see gtid_list.h.
 *
 * Layout of GTID: sequence u64, domain u32, flags u8; with GROUP_COMMIT a commit id u64; with
 * PREPARED_XA or COMPLETED_XA format id u32, lengths of gtrid and bqual u8 each, both; then, if the
 * body goes on, extra flags u8 and what they ask for: MULTI_ENGINE a count u8, COMMIT_ALTER and
 * ROLLBACK_ALTER the sequence number of START ALTER u64, THREAD_ID u32. Zeros fill it up to 19
 * bytes. The server id is the header's (source: MariaDB knowledge base, "GTID_EVENT"; MariaDB
 * server, Gtid_log_event). Any thread.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/xid.h"

enum gtid_mariadb_flag {
    GTID_MARIADB_STANDALONE = 0x01, /* no COMMIT after it: DDL, or a table without transactions */
    GTID_MARIADB_GROUP_COMMIT = 0x02,
    GTID_MARIADB_TRANSACTIONAL = 0x04,
    GTID_MARIADB_ALLOW_PARALLEL = 0x08,
    GTID_MARIADB_WAITED = 0x10,
    GTID_MARIADB_DDL = 0x20,
    GTID_MARIADB_PREPARED_XA = 0x40,
    GTID_MARIADB_COMPLETED_XA = 0x80,
};

enum gtid_mariadb_extra_flag {
    GTID_MARIADB_EXTRA_MULTI_ENGINE = 0x01,
    GTID_MARIADB_EXTRA_START_ALTER = 0x02,
    GTID_MARIADB_EXTRA_COMMIT_ALTER = 0x04,
    GTID_MARIADB_EXTRA_ROLLBACK_ALTER = 0x08,
    GTID_MARIADB_EXTRA_THREAD_ID = 0x10,
};

struct gtid_mariadb_event {
    uint64_t sequence;
    uint32_t domain;
    uint8_t flags;           /* enum gtid_mariadb_flag */
    uint64_t commit_id;      /* with GROUP_COMMIT: same number, committed together */
    struct xa_name xa;       /* with PREPARED_XA or COMPLETED_XA */
    bool has_extra;          /* the byte of extra flags is there */
    uint8_t extra_flags;     /* enum gtid_mariadb_extra_flag */
    uint8_t extra_engines;   /* with MULTI_ENGINE: engines in two-phase commit besides the first */
    uint64_t alter_sequence; /* with COMMIT_ALTER or ROLLBACK_ALTER */
    uint32_t thread_id;      /* with THREAD_ID */
    struct span padding;     /* zeros, or what a newer server put there; borrowed */
};

MUST_CHECK bool gtid_mariadb_decode(struct span body, struct gtid_mariadb_event *ret,
                                    struct err *err);
void gtid_mariadb_encode(struct buf *buf, const struct gtid_mariadb_event *event);
