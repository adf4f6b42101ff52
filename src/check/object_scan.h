/*
 * object_scan: finds the objects that checks pick out, with one query of the information schema a
 * source, however many checks look there: older servers open every table's file for each of them.
 *
 * None of the columns asked for makes a server count rows or write statistics. Databases of the
 * server itself are left out.
 */
#pragma once

#include "base/buf.h"
#include "check/check.h"

/*
 * Makes the query of a source for those of the checks that are of it and apply: database, name,
 * and for each check a column that is NULL when the row is not its own, else the detail. Returns
 * how many checks it has; 0: nothing to ask.
 */
size_t object_scan_write_query(enum object_source source, const struct check *const *checks,
                               size_t count, enum format_family family, uint32_t version,
                               struct buf *sql);

/* Judges checks[i] into findings[i], all of which are of objects and apply. */
void object_scan_run(struct subject *subject, const struct check *const *checks,
                     struct finding *const *findings, size_t count);
