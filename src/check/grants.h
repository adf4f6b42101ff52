/*
 * struct grants: what SHOW GRANTS says of an account: its privileges on everything (ON *.*), and
 * whether it must use TLS. Privileges on single databases and roles that are not active are left
 * out. A value: freely copied.
 */
#pragma once

#include "base/span.h"

#define GRANTS_MAX 4096

struct grants {
    bool all;                 /* ALL PRIVILEGES */
    bool requires_tls;        /* where SHOW GRANTS says it: MariaDB, MySQL before 5.7 */
    char globals[GRANTS_MAX]; /* ",SELECT,REPLICATION SLAVE," */
};

/* Takes one line of SHOW GRANTS, of either family and any version. */
void grants_take(struct grants *grants, struct span line);

/* Whether it has one of the privileges, separated by '|': "BINLOG MONITOR|REPLICATION CLIENT". */
bool grants_has(const struct grants *grants, const char *privileges);
