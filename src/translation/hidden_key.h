/*
 * The key that MySQL 8.0.30 and later makes for a table without one, and hides: `my_row_id`. From a
 * source whose table maps do not have its flag, a MySQL replica whose table has it takes rows for
 * such without it: each value goes into the next column, without an error where the types agree.
 * And the other way round. MariaDB's table maps have neither the flag nor which columns are
 * invisible.
 *
 * (Source: MySQL, sql/changestreams/misc/, column_filter_inbound_gipk and
 * replicated_columns_view_with_gipk_on_source; seen with 9.7.)
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct table_map;

/*
 * Who knows whether a MariaDB's table has an invisible column of that name. The answer for a table
 * that is gone is yes, as MySQL makes it. E_TIMEOUT: later, with a code that replicas come back
 * after. `ask` NULL: nobody.
 *
 * And who sees to it that the table of the MariaDB which gets a MySQL's rows has a column of that
 * name: in one that was loaded from a dump without it, values would go into the columns before
 * theirs. A table that is not there may be still to come, and so may be the statement that makes
 * the column: E_TIMEOUT, as above; E_STATE: it is not on its way. `check` NULL: nobody.
 */
struct hidden_key_source {
    bool (*ask)(void *userdata, struct span database, struct span table, bool *ret_hidden,
                struct err *err);
    bool (*check)(void *userdata, struct span database, struct span table, struct err *err);
    void *userdata;
};

/* Whether its primary key would be such a one if its column were invisible: by name and type. */
bool hidden_key_may_be(const struct table_map *map);

/*
 * Whether it is. E_STATE: nobody knows; or it is, and is not the first column, where MySQL keeps it
 * whatever a statement says.
 */
MUST_CHECK bool hidden_key_ask(const struct hidden_key_source *source, const struct table_map *map,
                               bool *ret_hidden, struct err *err);
