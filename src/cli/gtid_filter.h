/*
 * struct gtid_filter: GTIDs of either family as an option's value: a MySQL set, or a MariaDB list.
 *
 * MySQL: "UUID:1-5:7:tag:1-3,UUID2:9", as the server writes sets. MariaDB: "0-1-5", "0-1-5..9" for
 * sequence numbers 5 to 9, "0-1-5.." from 5 on, "0-*-5..9" whatever the server id; with commas.
 * Owned by one thread; gtid_filter_done() ends it.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"

struct gtid_filter {
    bool mariadb;
    struct gtid_set set;              /* of MySQL */
    struct gtid_filter_range *ranges; /* of MariaDB */
    size_t count;
};

/* Into an empty or a used filter. A colon tells MySQL's form. E_USAGE; the filter is untouched. */
MUST_CHECK bool gtid_filter_parse(struct gtid_filter *filter, struct span text, struct err *err);
void gtid_filter_done(struct gtid_filter *filter); /* NULL is fine */

bool gtid_filter_has_mysql(const struct gtid_filter *filter, const struct gtid *gtid);
bool gtid_filter_has_mariadb(const struct gtid_filter *filter, struct gtid_mariadb gtid);
