/*
 * What the text of a QUERY event does to its transaction: the few texts that servers write around
 * statements, and all others. No state, any thread.
 */
#pragma once

#include "binlog/xid.h"

enum query_kind {
    KIND_STATEMENT,
    KIND_BEGIN,
    KIND_COMMIT,
    KIND_ROLLBACK, /* of all: ROLLBACK TO is a statement */
    KIND_XA_START,
    KIND_XA_END,
    KIND_XA_COMMIT,
    KIND_XA_ROLLBACK,
};

enum query_kind query_kind_of(struct span text);

#define QUERY_EXCERPT 64 /* bytes with a NUL */

/*
 * The beginning of a statement on one line, for messages, up to what may be a value: no passwords,
 * no data. Returns `excerpt`.
 */
const char *query_excerpt(struct span text, char excerpt[QUERY_EXCERPT]);

/* The name of an XA transaction with the bytes of its parts. */
struct query_xa {
    uint32_t format_id;
    uint8_t gtrid_length;
    uint8_t bqual_length;
    uint8_t bytes[2 * XID_PART_MAX]; /* gtrid, bqual */
};

/* Borrows from it. */
struct xa_name query_xa_name(const struct query_xa *xa);
void query_xa_set(struct query_xa *xa, const struct xa_name *name);

/*
 * The name in a text of one of the XA kinds, in the form that servers write: X'6162',X'',1.
 * E_PROTO.
 */
MUST_CHECK bool query_xa_parse(struct span text, struct query_xa *ret_xa, struct err *err);

/* The name in that form. */
void query_xa_print(struct buf *buf, const struct query_xa *xa);
