/*
 * struct manifest: the file "manifest" of a log's directory: the format's version, whose binlog it
 * is, and the oldest file that is kept. Rewritten as a whole, atomically. No I/O here; any thread;
 * a value.
 */
#pragma once

#include "base/buf.h"
#include "log/mirror.h"

#define LOG_FORMAT_VERSION 1

struct manifest {
    struct log_identity identity;
    uint64_t first; /* ordinal of the oldest file that is kept: what is below it is a left-over */
};

void manifest_encode(struct buf *buf, const struct manifest *manifest);

/* E_PROTO; E_STATE for another version of the format. */
MUST_CHECK bool manifest_decode(struct span text, struct manifest *ret_manifest, struct err *err);
