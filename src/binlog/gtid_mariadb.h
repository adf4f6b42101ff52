/*
 * MariaDB's GTIDs, domain-server-sequence: the GTID event that begins a transaction, the GTID_LIST
 * event at the head of a file, and lists of GTIDs.
 *
 * Layout of GTID: sequence u64, domain u32, flags u8; with GROUP_COMMIT a commit id u64; with
 * PREPARED_XA or COMPLETED_XA format id u32, lengths of gtrid and bqual u8 each, both; then, if the
 * body goes on, extra flags u8 and what they ask for: MULTI_ENGINE a count u8, COMMIT_ALTER and
 * ROLLBACK_ALTER the sequence number of START ALTER u64, THREAD_ID u32. Zeros fill it up to 19
 * bytes. The server id is the header's. GTID_LIST: u32 with the count in the lower 28 bits and
 * flags above, then domain u32, server id u32, sequence u64 each; an empty one has two zero bytes
 * more, since the server wants room for a dummy event in its place (source: MariaDB knowledge base,
 * "GTID_EVENT", "GTID_LIST_EVENT"; MariaDB server, Gtid_log_event). Any thread.
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

struct gtid_mariadb {
    uint64_t sequence;
    uint32_t domain;
    uint32_t server_id;
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

#define GTID_LIST_FLAG_UNTIL_REACHED (UINT32_C(1) << 28)
#define GTID_LIST_FLAG_IGNORE_GTIDS  (UINT32_C(1) << 29)
#define GTID_LIST_COUNT_MASK         ((UINT32_C(1) << 28) - 1)

/*
 * A list of MariaDB GTIDs in the order given. A *position* (gtid_slave_pos) has one per domain; a
 * *state* (gtid_binlog_state, GTID_LIST) one per domain and server, a domain's latest last.
 * Owned by one thread; gtid_list_done() frees it.
 */
struct gtid_list {
    struct gtid_mariadb *items;
    size_t count;
    size_t cap;
    uint32_t flags; /* of a GTID_LIST event */
};

void gtid_list_init(struct gtid_list *list);
void gtid_list_done(struct gtid_list *list);
void gtid_list_append(struct gtid_list *list, struct gtid_mariadb gtid);

/* "0-1-2,1-5-6"; white space around GTIDs is ignored. E_USAGE; the list is untouched. */
MUST_CHECK bool gtid_list_parse(struct span text, struct gtid_list *list, struct err *err);
void gtid_list_print(struct buf *buf, const struct gtid_list *list);

/* The body of a GTID_LIST event. E_PROTO; the list is untouched. */
MUST_CHECK bool gtid_list_decode(struct span body, struct gtid_list *list, struct err *err);
void gtid_list_encode(struct buf *buf, const struct gtid_list *list);

/* The last entry of a domain, which is its latest; NULL when there is none. */
const struct gtid_mariadb *gtid_list_find(const struct gtid_list *list, uint32_t domain);

/* Of a position: replaces the domain's entry. */
void gtid_list_set_position(struct gtid_list *list, struct gtid_mariadb gtid);

/* Of a state: replaces the entry of domain and server and makes it the domain's latest. */
void gtid_list_set_state(struct gtid_list *list, struct gtid_mariadb gtid);

/* Whether a position has reached a GTID: its domain's sequence is that or more. */
bool gtid_list_reached(const struct gtid_list *position, struct gtid_mariadb gtid);

/* Of positions: whether one has reached all of another; the greater of each domain. */
bool gtid_list_contains(const struct gtid_list *position, const struct gtid_list *other);
void gtid_list_union(struct gtid_list *position, const struct gtid_list *other);

/* Same entries in the same order of each domain; the order of domains does not count. */
bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b);
