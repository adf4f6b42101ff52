/*
 * A date and time as an option's value, into seconds since 1970. No state, any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/*
 * "2026-11-21", "2026-11-21 02:13:10", with T for the space, then nothing or Z for UTC, or an
 * offset such as +02:00 or -0330. From 1970 to 2106, which is what an event's header can hold.
 * E_USAGE.
 */
MUST_CHECK bool datetime_parse(struct span text, uint64_t *ret_seconds, struct err *err);
