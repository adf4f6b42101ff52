/*
 * SHOW SLAVE STATUS and SHOW REPLICA STATUS of a relay: its receiver, in the columns that MySQL
 * has. A relay applies nothing: its SQL thread does not run, and what is executed is what is
 * synced. No state; any thread.
 */
#pragma once

#include "replication/channel.h"
#include "wire/result.h"

/* One row; the result is new and gets the columns that a server of that version has. */
MUST_CHECK bool receiver_answers_show(struct channel *channel, const char *version, bool new_words,
                                      struct result *result, struct err *err);
