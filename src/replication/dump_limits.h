/*
 * struct dump_limits: what a replica is not to get of a log, told not by the replica but by who
 * serves it, in the source's own words: transactions that it has or shall never have, by their
 * GTIDs there, and the place at which it is to stop.
 *
 * A dump reads it as it was when the dump began, in its own thread; nobody changes it meanwhile.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "log/position.h"

#include <stdatomic.h>

enum dump_stop {
    DUMP_STOP_NEVER,
    DUMP_STOP_PLACE, /* before the first transaction that begins at `place` or behind it */
    DUMP_STOP_GTIDS, /* once the source had executed all of `stop_set`, or `stop_list` */
};

struct dump_limits {
    struct gtid_set has;       /* of a MySQL source */
    struct gtid_list has_list; /* of a MariaDB source: one by one */
    enum dump_stop stop;
    struct log_position place;
    struct gtid_set stop_set;
    struct gtid_list stop_list; /* a GTID per domain; other domains get nothing */
    atomic_bool *told; /* set once the replica is told that it is there; NULL: nothing is */
};

void dump_limits_init(struct dump_limits *limits); /* none */
void dump_limits_done(struct dump_limits *limits);
void dump_limits_copy(struct dump_limits *into, const struct dump_limits *from);

bool dump_limits_are_none(const struct dump_limits *limits);

/* Whether a MariaDB transaction is one of has_list. */
bool dump_limits_have(const struct dump_limits *limits, struct gtid_mariadb gtid);

/* Whether the stop is a place, and a transaction that begins at `at` is behind it. */
bool dump_limits_reached_place(const struct dump_limits *limits, const struct log_position *at);

/* Whether the stop is a set of GTIDs, and all of it is executed. */
bool dump_limits_reached_set(const struct dump_limits *limits, const struct gtid_set *executed);

/*
 * Takes GTIDs that may be of either family for the set or the list that is theirs; the other is
 * emptied. Both point into the same limits. E_USAGE: neither.
 */
MUST_CHECK bool dump_limits_parse(struct span text, struct gtid_set *set, struct gtid_list *list,
                                  struct err *err);
