/*
 * The names of collations by id, of both families. Those of one charset's uca1400 are at the index
 * of their id: language, then NOPAD 4, AS 2, CS 1. Sorted by id; names of utf8 begin with utf8mb3_.
 * Source: information_schema.collations of the servers, recorded in tests/data as collations.txt.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define COLLATION_UCA1400_FIRST     2048
#define COLLATION_UCA1400_STEP      256 /* from a character set to the next */
#define COLLATION_UCA1400_CHARSETS  5
#define COLLATION_UCA1400_LANGUAGES 25 /* numbers 21 and 22 are none */

struct collation_name {
    uint16_t id;
    const char *name;
};

struct collation_names {
    const struct collation_name *names;
    size_t count;
};

extern const struct collation_names collations_shared;  /* the same in both families */
extern const struct collation_names collations_mysql;   /* MySQL's alone, or with its own name */
extern const struct collation_names collations_mariadb; /* MariaDB's, but for uca1400 */
extern const struct collation_names collations_0900; /* MySQL's from 8.0 on; MariaDB's from 11.4 */

/* MariaDB's, by id - COLLATION_UCA1400_FIRST; NULL for what is none. */
extern const char *const collations_uca1400[COLLATION_UCA1400_CHARSETS * COLLATION_UCA1400_STEP];
