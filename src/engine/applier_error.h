/*
 * The transaction with which an engine's applier has stopped. SHOW SLAVE STATUS has the error's
 * text and number; its GTID is in the engine's own log alone, behind the same text:
 *
 *     [ERROR] Slave SQL: TEXT, Gtid 0-1-23, Internal MariaDB error code: 1062
 *
 * without the comma if the text ends with a full stop; a line of more than 1023 bytes is cut, and
 * then has none (source: MariaDB, sql/rpl_reporting.cc, Slave_reporting_capability::report();
 * sql/rpl_rli.cc, gtid_info(); sql/log.cc, vprint_msg_to_log()). No state; any thread.
 */
#pragma once

#include "base/err.h"
#include "binlog/gtid_list.h"

/*
 * The one of the last line with this text in what a log, or its end, holds. False: there is no such
 * line, or no GTID in it. `text` may hold anything, line ends too: it is compared byte by byte.
 */
bool applier_error_find(const char *log, const char *text, unsigned number,
                        struct gtid_mariadb *ret_gtid);

/* The same in the last 256 KiB of a file. *ret_found: whether there is one. E_IO. */
MUST_CHECK bool applier_error_read(const char *path, const char *text, unsigned number,
                                   bool *ret_found, struct gtid_mariadb *ret_gtid, struct err *err);
