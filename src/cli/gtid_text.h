/*
 * The GTID of an event that begins a transaction, as the servers print it. No state, any thread.
 */
#pragma once

#include "binlog/unpacker.h"

/* Whether the event is a GTID of either family; ANONYMOUS_GTID is. */
bool gtid_text_is_gtid(uint8_t type);

/* Appends "UUID:7", "UUID:tag:7", "0-1-7" or, of ANONYMOUS_GTID, "anonymous". E_PROTO, E_STATE. */
MUST_CHECK bool gtid_text_write(struct buf *buf, const struct plain_event *event, struct err *err);
