/*
 * The Info column of SHOW BINLOG EVENTS: an event in the words of the server that wrote it, for
 * people and for the programs that read that statement's rows. No state, any thread.
 *
 * The texts are those of MySQL 5.6 to 9 and MariaDB 10 to 12, family by family (source: their
 * answers). One differs: a server names the collation of a user variable's text, which only that
 * server knows by its number, so COLLATE and what follows it are left out here. Types that are only
 * carried have no text.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

struct inflater;

/*
 * Appends the text. `body` is as stored; `inflater` takes the compression off a query. A text may
 * be as long as the event, a compressed query's up to `max` bytes. E_PROTO, E_LIMIT, E_STATE.
 */
MUST_CHECK bool event_info_write(struct buf *buf, const struct event_header *header,
                                 struct span body, const struct format *format,
                                 struct inflater *inflater, size_t max, struct err *err);
