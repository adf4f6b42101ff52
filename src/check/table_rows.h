/*
 * table_rows_add(): how many rows the tables of a finding have, by the engine's own estimate, as
 * the detail of its objects. Of the first TABLE_ROWS_MAX; of none where asking would make InnoDB
 * count them anew (innodb_stats_on_metadata).
 */
#pragma once

#include "check/check.h"

#define TABLE_ROWS_MAX 200

void table_rows_add(const struct check *check, struct subject *subject, struct finding *finding);
