/*
 * Brings one file of a log, and its side index, to a state that can be vouched for.
 *
 * A file whose index ends with an END record is taken as that says, in O(1). Of another one, the
 * last BLOCK record of the index is looked for whose bytes are in the file, and what follows is
 * read event by event, with checksums and positions; what is no event ends it. The last file of a
 * log is cut to its last whole transaction; one before it must end with a whole event, and is
 * closed. Without an index all of the file is read and the index made anew. Any thread.
 */
#pragma once

#include "log/mirror_internal.h"

struct recovered_segment {
    struct log_segment segment;
    uint64_t cut_bytes;
    uint64_t scanned_bytes;

    /* Unless the segment is closed: what it is written by. */
    int fd;
    struct index_file index;
    struct index_builder builder;
};

/*
 * `ordinal` is for an index made anew. E_IO; E_STATE: bytes that were synced are missing, or the
 * file begins with a hole and has no index; E_PROTO: not a binlog file, or damaged before the log's
 * end.
 */
MUST_CHECK bool recover_segment(struct mirror *mirror, const char *name, uint64_t ordinal,
                                bool has_index, bool last, struct recovered_segment *ret,
                                struct err *err);

/* Frees what was not taken over: fd is -1 then. */
void recovered_segment_done(struct recovered_segment *recovered);
