/*
 * What belongs to a request of the control socket: the members that its JSON object may have, each
 * of one type. What is not in the table, or of another type, is refused before anything is done: a
 * misspelt setting must not pass for one that was left out.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>

enum argument_type {
    ARGUMENT_TEXT,
    ARGUMENT_NUMBER, /* whole */
    ARGUMENT_FLAG,   /* true or false */
    ARGUMENT_LIST,   /* its elements are the request's to check */
};

struct request_argument {
    const char *name; /* NULL at the end of a table */
    enum argument_type type;
};

/* The object that a request's text is, "" standing for an empty one; json_decref() it. E_USAGE. */
MUST_CHECK bool request_arguments_read(const char *text, const struct request_argument *table,
                                       json_t **ret_arguments, struct err *err);
