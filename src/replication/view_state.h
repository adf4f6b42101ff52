/*
 * What a log's GTID state is to replicas of the other family, see binlog/gtid_exchange.h. No state
 * of its own; any thread.
 */
#pragma once

#include "log/mirror.h"
#include "translation/translator.h"

/*
 * A state of the source's, at a place of its log, as replicas of a view have it: MySQL's set as one
 * GTID of the channel's domain, besides what came from MariaDB; MariaDB's list as a set that has
 * all numbers up to each, or, of domains that the options' resolver knows, what was executed there.
 * What is not known is taken for a MySQL source without GTIDs; of MariaDB it stays so. `ret_state`,
 * which may be the state itself, is replaced; log_state_done(). E_LIMIT for a number that is none
 * in MySQL; the resolver's.
 */
MUST_CHECK bool view_state_exchange(const struct log_state *state, const struct log_position *at,
                                    const struct translator_options *options,
                                    struct log_state *ret_state, struct err *err);
