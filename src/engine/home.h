/*
 * struct engine_home: where the programs and files of one database server version are.
 *
 * Borealis never installs a server. A home is a directory that tools/fetch-server unpacked into the
 * cache, or any prefix with the usual layout (/usr of a machine that has MariaDB, or a binary
 * tarball): only its programs are run. Immutable once opened; any thread may read it.
 */
#pragma once

#include "base/err.h"

struct engine_home {
    char *dir;
    char *server;            /* the mariadbd program */
    char *client;            /* the mariadb program, or NULL */
    char *tzinfo;            /* mariadb-tzinfo-to-sql, or NULL */
    char *zoneinfo;          /* directory of compiled time zones, or NULL */
    char *share;             /* directory of errmsg.sys, charsets and the system tables' SQL */
    char *plugins;           /* directory of loadable plugins, or NULL */
    char *version;           /* "10.11.19-MariaDB" */
    unsigned version_number; /* 101119 */
};

/*
 * Opens a home given as a path (it contains a slash) or as the name of a fetched server, such as
 * "mariadb-10.11", which is looked for in $BOREALIS_CACHE, else $XDG_CACHE_HOME/borealis, else
 * $HOME/.cache/borealis. E_STATE with what to do when it is not there or is not MariaDB >= 10.11.
 */
MUST_CHECK bool engine_home_open(const char *name_or_path, struct engine_home **ret_home,
                                 struct err *err);
void engine_home_free(struct engine_home *home);
