/*
 * struct spool: pieces of bytes kept in a temporary file, to be written out in reverse order.
 *
 * The file is in $TMPDIR or /tmp, has no name once it is open, and so goes with the process. In
 * memory is a window of it and no index: each piece is followed by its length. Owned by one thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct spool;

/* E_IO. */
MUST_CHECK bool spool_open(struct spool **ret_spool, struct err *err);
void spool_close(struct spool *spool); /* NULL is fine */

MUST_CHECK bool spool_add(struct spool *spool, struct span piece, struct err *err);

/* Writes all pieces to a descriptor, the last one first; the spool is empty then. E_IO. */
MUST_CHECK bool spool_write_reversed(struct spool *spool, int fd, struct err *err);
