/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One call of the daemon from inside the engine: "wake\n" over its unix socket, and "done\n" back
 * when it has done what the table mysql.rds_request asks for (src/cluster/requests.h). What belongs
 * to a request and is a secret goes with the call: "take N\n" and N bytes. Any login may call: what
 * is asked, and of which secret, stands where only the procedures can write.
 *
 * Keeps nothing; any thread; blocks for no longer than the timeout. Only the C library is used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_PROBLEM_MAX 255   /* bytes, what a function of the engine may return */
#define CONTROL_SECRET_MAX  70000 /* bytes */

/*
 * False: *problem is a sentence of at most CONTROL_PROBLEM_MAX bytes and its NUL that says why not.
 * A relative path is seen from the engine's data directory, which is its current one. `secret`: of
 * secret_len bytes, or NULL.
 */
bool control_call(const char *socket_path, const char *secret, size_t secret_len, int timeout_ms,
                  char problem[CONTROL_PROBLEM_MAX + 1]);
