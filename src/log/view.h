/*
 * struct log_view: a file of a log opened for reading, as far as it was synced then, with its
 * index. It stays readable when the file is purged. Owned by one thread; log_view_close().
 */
#pragma once

#include "log/mirror_internal.h"
#include "log/scan.h"

struct log_view {
    struct log_segment segment;
    int fd; /* -1: not open */
    struct index_file index;
    struct reader reader; /* knows the format; stands at the start */
};

/* E_STATE: the file was purged meanwhile; E_IO, E_PROTO. */
MUST_CHECK bool log_view_open(struct mirror *mirror, const struct log_segment *segment,
                              struct log_view *ret_view, struct err *err);
void log_view_close(struct log_view *view); /* one that was zeroed with fd -1 is fine */

/* The scan begins where the transaction did that is open at the record; ends at `limit`. */
void log_view_scan_transaction(const struct log_view *view, const struct index_record *record,
                               uint64_t limit, struct log_scan *scan);

/* The scan begins at the record's offset; ends at `limit`. */
void log_view_scan(const struct log_view *view, const struct index_record *record, uint64_t limit,
                   struct log_scan *scan);

/* The file's name before an error's text. Returns false. */
bool log_view_fail(const struct log_view *view, struct err *err);
