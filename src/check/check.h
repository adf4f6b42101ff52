/*
 * struct check: one row of the tables of checks: what is looked at, what is expected, why, and what
 * to do. A check is of one of three kinds: a system variable that must have one of some values; a
 * condition by which objects are picked out of the information schema; or a function.
 *
 * Rows are constant. Ids are stable: programs that read --json know checks by them.
 */
#pragma once

#include "check/finding.h"
#include "check/subject.h"

enum check_family { /* bits */
                    OF_MYSQL = 1,
                    OF_MARIADB = 2,
                    OF_BOTH = 3,
};

/* Where objects are picked from. One query a source, for all its checks. */
enum object_source {
    SOURCE_NONE,
    SOURCE_SCHEMATA,
    SOURCE_TABLES,
    SOURCE_COLUMNS,
    SOURCE_KEYLESS, /* base tables, by whether a column is part of a key that finds rows */
    SOURCE_STATISTICS,
    SOURCE_CONSTRAINTS,
    SOURCE_FOREIGN_KEYS,
    SOURCE_VIEWS,
    SOURCE_ROUTINES,
    SOURCE_TRIGGERS,
    SOURCE_EVENTS,
    SOURCE_DEFINERS, /* of all of the four, against the accounts */
    SOURCE_PERIODS,
    SOURCE_LIBRARIES,
    SOURCE_DUALITY_VIEWS,
    SOURCE_RESOURCE_GROUPS,
    SOURCE_ACCOUNTS,
};
#define OBJECT_SOURCES 18

struct check {
    const char *id;         /* "binlog.format" */
    const char *title;      /* "Binlog format" */
    unsigned families;      /* that it concerns, enum check_family */
    uint32_t since;         /* major * 10000 + minor * 100 + patch; 0: always */
    uint32_t before;        /* 0: still */
    bool crossing;          /* it is about replicas or targets of the other family only */
    enum severity severity; /* when it is not as expected */
    const char *expected;
    const char *why;    /* one sentence */
    const char *action; /* a statement to run, or what to do; NULL: nothing */

    const char *variable; /* a system variable ... */
    const char *good;     /* ... and its good values, separated by commas */

    enum object_source source;
    const char *predicate; /* SQL over the source's columns: true for what is to be listed */
    const char *detail;    /* SQL: what to say of it; NULL: nothing */

    /* The check itself; or, with a source, what is done with the objects that were found. */
    void (*run)(const struct check *check, struct subject *subject, struct finding *finding);
};

/* All tables of checks, in the order of the report. Each ends with a row without id. */
extern const struct check *const check_tables[]; /* NULL at the end */

extern const struct check server_checks[];
extern const struct check account_checks[];
extern const struct check transport_checks[];
extern const struct check binlog_checks[];
extern const struct check setting_checks[];
extern const struct check object_checks[];
extern const struct check crossing_mysql_checks[];
extern const struct check crossing_mariadb_checks[];

/* Whether a check concerns a server. */
bool check_applies(const struct check *check, enum format_family family, uint32_t version);

/* Judges a check of a system variable. Not for the other kinds. */
void check_variable(const struct check *check, struct subject *subject, struct finding *finding);

/* Whether a value is in a list of values separated by commas, without regard to case. */
bool check_value_is_good(struct span value, const char *good);
