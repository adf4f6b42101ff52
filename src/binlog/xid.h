/*
 * XID and XA_PREPARE: how a transaction ends when it is not by a QUERY event.
 *
 * Layouts: XID is the number u64; XA_PREPARE is one-phase u8, format id u32, the lengths of gtrid
 * and bqual u32 each, gtrid, bqual (source: MySQL internals manual, "XID_EVENT"; MySQL 5.7 manual,
 * "XA transaction SQL statements"; MariaDB knowledge base, "XA_PREPARE_LOG_EVENT"). They borrow
 * from the body; any thread.
 */
#pragma once

#include "binlog/event.h"

#define XID_PART_MAX 64 /* bytes of gtrid, and of bqual */

MUST_CHECK bool xid_decode(struct span body, uint64_t *ret_number, struct err *err);
void xid_encode(struct buf *buf, uint64_t number);

/* The name of an XA transaction. */
struct xa_name {
    uint32_t format_id;
    struct span gtrid;
    struct span bqual;
};

struct xa_prepare {
    bool one_phase; /* XA COMMIT ... ONE PHASE: the transaction is committed */
    struct xa_name name;
};

MUST_CHECK bool xa_prepare_decode(struct span body, struct xa_prepare *ret, struct err *err);
void xa_prepare_encode(struct buf *buf, const struct xa_prepare *prepare);

/* E_PROTO when a part is longer than XID_PART_MAX; `type` is for the message. */
MUST_CHECK bool xa_name_check(const struct xa_name *name, uint8_t type, struct err *err);
