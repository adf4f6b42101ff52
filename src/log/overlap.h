/*
 * struct log_overlap: the last events of a mirror, to be compared with what a source sends from
 * there on, before anything is appended: whether the source's binlog is still the one that the
 * mirror is of. A file of the same name may be another one since the source's logs were reset, or
 * the source was restored.
 *
 * It begins where an event does, at most a block of the side index and LOG_OVERLAP_MAX bytes before
 * the end of what is synced, in the last file; further away in a file that is larger than what the
 * source can be asked for. The writer has one and closes it before it appends.
 */
#pragma once

#include "log/mirror.h"

#define LOG_OVERLAP_MAX (UINT64_C(1) << 20)

struct log_overlap;

/*
 * The log must have a file. *ret_from is where the source is to begin, at an offset of at most
 * `most` unless the log itself begins behind that. E_IO, E_STATE, E_PROTO.
 */
MUST_CHECK bool log_overlap_open(struct mirror *mirror, uint64_t most,
                                 struct log_overlap **ret_overlap, struct log_position *ret_from,
                                 struct err *err);
void log_overlap_close(struct log_overlap *overlap); /* NULL is fine */

/* Whether nothing is left to compare. */
bool log_overlap_is_done(const struct log_overlap *overlap);

/*
 * Whether a format description that was sent for the middle of the file is of this very file: the
 * time at which the file was begun, and by which server. E_PROTO: it is not one.
 */
MUST_CHECK bool log_overlap_has_format(const struct log_overlap *overlap, struct span format,
                                       bool *ret_same, struct err *err);

/* Whether the next event is the log's; moves on behind it if so. E_IO. */
MUST_CHECK bool log_overlap_take(struct log_overlap *overlap, const struct event_header *header,
                                 struct span event, bool *ret_same, struct err *err);
