/*
 * What the verbs that speak to a running daemon have in common.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>

/*
 * The daemon's answer to a request, as text (mem_free). E_STATE when none serves the directory, or
 * it does not know the request.
 */
MUST_CHECK bool daemon_request(const char *dir, const char *request, char **ret_answer,
                               struct err *err);

/* The answer as an object (json_decref), whose "error", if it has one, is the failure. */
MUST_CHECK bool daemon_request_json(const char *dir, const char *request, json_t **ret_answer,
                                    struct err *err);

/* Waits until the daemon of the directory has given up its lock, the last thing it does. */
MUST_CHECK bool daemon_wait_gone(const char *dir, struct err *err);
