/*
 * enum dialect: what the readers of a translated binlog understand. One for each group of servers
 * that can read the same bytes, so that a translation is the same for all of them.
 *
 * Constant tables, any thread. Source: what the servers themselves take, see doc/compatibility.md.
 */
#pragma once

#include "binlog/format.h"

enum dialect {
    DIALECT_MYSQL_5, /* MySQL 5.6 and 5.7 */
    DIALECT_MYSQL_8, /* MySQL 8.0.23 and later, 9.x */
    DIALECT_MARIADB, /* MariaDB 10.11 and later */
    DIALECTS,
};

/* The family whose events these are. */
enum format_family dialect_family(enum dialect dialect);

/* "mysql5", "mysql8", "mariadb": in the names of a view's files, in settings and messages. */
const char *dialect_name(enum dialect dialect);

/* The server version that its format description and its listener show. */
const char *dialect_version(enum dialect dialect);

/* "MySQL 5.6", "MySQL 8", "MariaDB": in messages. */
const char *dialect_title(enum dialect dialect);
