/*
 * Rights and roles in GRANT and REVOKE: which words both families have. What one has beside them is
 * of other words, as BACKUP_ADMIN, or of more, as BINLOG ADMIN. Any thread.
 */
#pragma once

#include "translation/sql_walk.h"

/*
 * From the first right to the ON or FROM behind the last; false before a word that only one family
 * has.
 */
MUST_CHECK bool sql_rights_pass(struct sql_walk *walk);

/* Whether a GRANT or REVOKE is of roles; the walk is behind the verb. */
bool sql_rights_are_roles(const struct sql_walk *walk);
