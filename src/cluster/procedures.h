/*
 * The tables, stored procedures and grants in schema mysql that make the engine an Aurora-like
 * cluster: the files under sql/, embedded in the program. Installing them is idempotent and done at
 * every start, so that an upgraded daemon brings its own; it stays out of the binary log.
 */
#pragma once

#include "base/err.h"
#include "engine/sql.h"

/* One embedded file; the build generates the table from sql/, in name order. */
struct procedures_file {
    const char *name;
    const char *text;
};

extern const struct procedures_file procedures_files[];
extern const unsigned procedures_n_files;

/* Makes the account `master_user`@'%' with the password. */
MUST_CHECK bool procedures_create_master(struct sql *sql, const char *master_user,
                                         const char *password, struct err *err);

/* Gives the account another password. */
MUST_CHECK bool procedures_set_password(struct sql *sql, const char *master_user,
                                        const char *password, struct err *err);

/*
 * Runs all files; in them ${master} is the master user's account and ${compatibility} the version
 * of Aurora MySQL, 2 or 3.
 */
MUST_CHECK bool procedures_install(struct sql *sql, const char *master_user, unsigned compatibility,
                                   struct err *err);
