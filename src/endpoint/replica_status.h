/*
 * SHOW SLAVE STATUS and its like, as clients are answered: the engine's own answer, in which the
 * values that tell of its relay are replaced by those that tell of the source. So privileges,
 * columns and errors stay the engine's.
 *
 * Only rows of text results are made anew (source: MySQL internals, "Text Resultset"); one that
 * comes in the binary protocol passes as it is. No state, no I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "cluster/source_status.h"

#define REPLICA_STATUS_STATEMENT_MAX 512 /* a longer one is none */

/* What the values are to be; count 0: as they are. */
typedef void replica_status_describe(void *context, const struct source_engine_row *row,
                                     struct arena *arena, struct source_fields *ret_fields);

/*
 * Whether a statement may be one. It may say so of others: their answers are told apart by their
 * columns.
 */
bool replica_status_may_be(struct span text);

enum replica_status_answer {
    REPLICA_STATUS_PART,  /* more of it is needed to tell */
    REPLICA_STATUS_OTHER, /* it is to stay as it is */
    REPLICA_STATUS_WHOLE, /* *ret_taken bytes of it are to be replaced by what was appended */
};

/* An answer from its first packet on, packet headers included. */
enum replica_status_answer replica_status_rewrite(struct span bytes,
                                                  replica_status_describe *describe, void *context,
                                                  struct buf *buf, size_t *ret_taken);
