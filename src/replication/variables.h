/*
 * struct variables: a server's system variables by name, as SHOW GLOBAL VARIABLES gave them: what
 * the relay's receiver saw at the source, kept in a file so that replicas are answered as the
 * source would while it is away.
 *
 * Names are lower case, sorted; values text. One thread fills it; after that it may be read by any,
 * and is freed when the last of its owners lets go of it.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define VARIABLES_MAX 4096 /* in one set; servers have about 1,000 */

struct variables;

struct variables *variables_new(void);
struct variables *variables_share(struct variables *variables); /* one more owner; any thread */
void variables_free(struct variables *variables); /* one owner less; NULL is fine; any thread */

/* Sets or replaces one; both are copied. E_LIMIT. */
MUST_CHECK bool variables_set(struct variables *variables, struct span name, struct span value,
                              struct err *err);

/* Takes one away, if it is there. */
void variables_remove(struct variables *variables, struct span name);

size_t variables_count(const struct variables *variables);
void variables_at(const struct variables *variables, size_t i, struct span *ret_name,
                  struct span *ret_value); /* in the order of their names */

/* Without regard to case; false when there is none of that name. Borrowed from the set. */
bool variables_find(const struct variables *variables, struct span name, struct span *ret_value);

/* As a JSON object, and back. E_PROTO for what is no such object. */
void variables_write_json(const struct variables *variables, struct buf *buf);
MUST_CHECK bool variables_parse_json(struct span text, struct variables **ret_variables,
                                     struct err *err);
