/*
 * struct table_report: tables of a cluster that are not InnoDB, told once each: what a dump or a
 * source has brought, or somebody has made. Their rows are not committed with the place in the
 * source's log, so a crash may lose them or bring them twice.
 *
 * The dictionary is read only when the engine has made or altered tables since the last time. The
 * memory of what was told is bounded; past that only a number is told. Owned by one thread.
 */
#pragma once

#include "engine/sql.h"

struct table_report;

struct table_report *table_report_new(void);
void table_report_free(struct table_report *report); /* NULL is fine */

/* Another engine process counts its changes from 0. */
void table_report_restart(struct table_report *report);

/* Calls `tell` with a sentence of each table that was not told before. */
MUST_CHECK bool table_report_look(struct table_report *report, struct sql *sql,
                                  void (*tell)(void *context, const char *text), void *context,
                                  struct err *err);
