/*
 * struct event_check: decodes every part of events and keeps nothing: whether a file's structure
 * holds, beyond lengths and checksums. No I/O; owned by one thread.
 */
#pragma once

#include "binlog/unpacker.h"

struct event_check;

struct event_check *event_check_new(void);
void event_check_free(struct event_check *check); /* NULL is fine */

/*
 * Decodes a plain event. The values in rows are walked only with `walk_rows`: where a checksum
 * vouches for them that would find nothing more. E_PROTO, E_LIMIT.
 */
MUST_CHECK bool event_check_take(struct event_check *check, const struct plain_event *event,
                                 const struct format *format, bool walk_rows, struct err *err);

/* Rows seen so far, when they are walked. */
uint64_t event_check_rows(const struct event_check *check);
