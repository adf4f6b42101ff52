/*
 * Whether an event may change what tables are: their columns and keys.
 *
 * So may each statement but those that only begin and end transactions, change rows, or are about
 * temporary tables; what can not be told is taken for a change. An INCIDENT is one, too: of what
 * was lost nothing is known; and so is the format description of a server that was started, which
 * may have run with its binlog off. Rows and MySQL's compressed payloads, which hold rows alone,
 * are none (source: MySQL reference manual, "Binary Log Transaction Compression"). No state, any
 * thread.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

/* A whole event of a source's file, in the format that it stands under. */
bool table_change_is_event(const struct event_header *header, struct span event,
                           const struct format *format);

/* The text of a QUERY event. */
bool table_change_is_statement(struct span text);
