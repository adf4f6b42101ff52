/*
 * struct sql_binlog: rows events as BINLOG '...' statements, which a server of the same family
 * applies as a replica would: exactly, without names of columns, without firing triggers.
 *
 * A statement holds the table map and rows events of one table, up to SQL_BINLOG_GROUP bytes, and
 * is closed as if the logged statement ended there: so neither a long statement nor one with many
 * tables takes memory, and a server's max_allowed_packet is met unless one event is larger. Events
 * go without checksums; the format description that says so must have been run before them.
 * No I/O; owned by one thread.
 */
#pragma once

#include "binlog/rows.h"

#define SQL_BINLOG_GROUP ((size_t)1 << 20)

struct sql_binlog;

struct sql_binlog *sql_binlog_new(void);
void sql_binlog_free(struct sql_binlog *binlog); /* NULL is fine */

/*
 * Appends what must be run, outside a transaction, before rows events of a file with this format.
 * It leaves gtid_next at AUTOMATIC.
 */
void sql_binlog_write_format(struct buf *buf, const struct format *format);

/*
 * Takes a rows event of a plain type (rows.h) by its body; appends BINLOG statements as they get
 * full. The map is the table's. E_LIMIT.
 */
MUST_CHECK bool sql_binlog_add(struct sql_binlog *binlog, struct buf *buf,
                               const struct event_header *header, const struct rows *rows,
                               const struct table_map *map, struct span body, struct err *err);

/* Appends what was not yet; before anything that is no rows event. E_LIMIT. */
MUST_CHECK bool sql_binlog_flush(struct sql_binlog *binlog, struct buf *buf, struct err *err);
