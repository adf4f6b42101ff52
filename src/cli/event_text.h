/*
 * What an event says, as one line for people; rows and table maps are row_text's. No I/O, no
 * state, any thread.
 */
#pragma once

#include "binlog/unpacker.h"

/*
 * Appends the event's content without a line break. Statements keep their lines: those after the
 * first begin with "    | "; control characters become \x1b. E_PROTO, E_STATE.
 */
MUST_CHECK bool event_text_write(struct buf *buf, const struct plain_event *event,
                                 const struct format *format, struct err *err);

/* Appends a statement's text in that way. */
void event_text_write_statement(struct buf *buf, struct span text);
