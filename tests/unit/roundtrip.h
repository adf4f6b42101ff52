/*
 * Decodes the body of an event by its type and encodes it again: what the corpus tests and the fuzz
 * targets do with every event. Row events and table maps have tests of their own and are copied.
 */
#pragma once

#include "binlog/reader.h"

/* Appends the re-encoded body to out. False with an error when it can not be decoded. */
MUST_CHECK bool roundtrip_body(const struct reader_event *event, const struct format *format,
                               struct buf *out, struct err *err);

/* Walks the events inside a TRANSACTION_PAYLOAD, round trips each; E_BUG when bytes differ. */
MUST_CHECK bool roundtrip_payload(struct span body, const struct format *format, size_t *ret_events,
                                  struct err *err);
