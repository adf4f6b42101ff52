/*
 * struct parameter_set: a value for each parameter that groups of one version of Aurora MySQL have:
 * what a cluster shall run with, or runs with; and what that is to its engine.
 *
 * A value on the heap with one owner; no thread of its own.
 */
#pragma once

#include "base/buf.h"
#include "cluster/parameter.h"

struct parameter_set;

struct parameter_set *parameter_set_new(unsigned version); /* all as it is by default */
struct parameter_set *parameter_set_copy(const struct parameter_set *set);
void parameter_set_free(struct parameter_set *set); /* NULL is fine */

/* NULL: it has none of its own, or this version has no such parameter. */
const char *parameter_set_get(const struct parameter_set *set, size_t index);
void parameter_set_put(struct parameter_set *set, size_t index, const char *value);

/* By the parameter's name or that of the engine's variable; NULL as above. */
const char *parameter_set_find(const struct parameter_set *set, const char *name);

bool parameter_set_has_binlog(const struct parameter_set *set);

/* Whether two sets of one version have the same value, and the same for the engine. */
bool parameter_set_is_same(const struct parameter_set *a, const struct parameter_set *b,
                           size_t index);

/* Appends the lines of an option file. */
void parameter_set_render(const struct parameter_set *set, struct buf *buf);

/* Appends SET GLOBAL for one parameter; false: the engine is told nothing of it. */
bool parameter_set_statement(const struct parameter_set *set, size_t index, struct buf *buf);

/* E_USAGE: values that do not go together. */
MUST_CHECK bool parameter_set_check(const struct parameter_set *set, struct err *err);
