/*
 * The GTID state at the beginning of a file: what its index or its own head (PREVIOUS_GTIDS,
 * GTID_LIST) says, of MySQL both together. Any thread.
 */
#pragma once

#include "log/lookup.h"
#include "log/view.h"

/* Replaces the state; LOG_STATE_UNKNOWN when neither tells. */
MUST_CHECK bool log_view_state(const struct log_view *view, struct log_state *ret_state,
                               struct err *err);
