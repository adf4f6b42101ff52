/*
 * struct table_filter: databases and tables by name. Names are compared byte by byte. Owned by one
 * thread; table_filter_done() ends it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct table_filter {
    struct table_name *names;
    size_t count;
};

void table_filter_init(struct table_filter *filter);
void table_filter_done(struct table_filter *filter); /* NULL is fine */

/*
 * Adds "DATABASE,..." and "DATABASE.TABLE,...". A name with a comma, a dot or a backtick in it is
 * written as in SQL: `a.b`, `a``b`. E_USAGE; the filter is untouched.
 */
MUST_CHECK bool table_filter_add_databases(struct table_filter *filter, struct span text,
                                           struct err *err);
MUST_CHECK bool table_filter_add_tables(struct table_filter *filter, struct span text,
                                        struct err *err);

/* Whether the table is listed, or its database is. */
bool table_filter_has_table(const struct table_filter *filter, struct span database,
                            struct span table);

/* Whether the database is listed, or one of its tables is. */
bool table_filter_has_database(const struct table_filter *filter, struct span database);
