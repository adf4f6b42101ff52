/*
 * struct gtid_until: where a MariaDB replica wants its dump to end: START SLAVE UNTIL
 * master_gtid_pos, a GTID per domain. Each domain ends with its GTID, or before the first that
 * comes after it; domains without one get nothing; the dump ends when all have ended (source:
 * MariaDB, sql/sql_repl.cc, send_event_to_slave()). Owned by one thread.
 */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"

struct gtid_until {
    bool active;            /* there is a condition */
    struct gtid_list stops; /* of the domains that have not ended */
    struct gtid_list state; /* the log's, with the transactions met since */
    bool leaves_out;        /* the transaction at hand */
};

void gtid_until_init(struct gtid_until *until); /* never ends */
void gtid_until_done(struct gtid_until *until);

/* @slave_until_gtid; empty: ends at once. E_USAGE. */
MUST_CHECK bool gtid_until_parse(struct gtid_until *until, struct span text, struct err *err);

/* The same of a list that is there. */
void gtid_until_set(struct gtid_until *until, const struct gtid_list *stops);

/* `state` is what the log has where the dump begins: domains may have ended there. */
void gtid_until_start(struct gtid_until *until, const struct gtid_list *state);

/* A transaction's GTID event. E_PROTO. */
MUST_CHECK bool gtid_until_take(struct gtid_until *until, const struct event_header *header,
                                struct span body, struct err *err);

/* Whether nothing is to come after the transaction at hand. */
bool gtid_until_ends(const struct gtid_until *until);
