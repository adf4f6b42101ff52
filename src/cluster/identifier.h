/*
 * Names of clusters: 1 to 63 letters, digits and hyphens; a letter first, no hyphen at the end, no
 * two in a row. Upper and lower case are the same; kept in lower case (source: RDS API, identifiers
 * of DB clusters). So a name is safe as the name of a directory.
 */
#pragma once

#include "base/err.h"

#define IDENTIFIER_MAX 63

/* E_USAGE. */
MUST_CHECK bool identifier_parse(const char *text, char ret_name[IDENTIFIER_MAX + 1],
                                 struct err *err);

/* "NAME-1", "NAME-2", ...: the name of a cluster's instance, with NAME cut where it is too long. */
void identifier_number(const char *cluster, unsigned number, char name[IDENTIFIER_MAX + 1]);
