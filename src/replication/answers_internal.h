/*
 * What the files answers*.c share. For them alone.
 */
#pragma once

#include "replication/answers.h"
#include "replication/statement.h"
#include "replication/variables.h"

#define ANSWERS_VALUE_MAX ((size_t)16 << 20)
#define ANSWERS_SET_MAX   64 /* variables of each kind that a session may set */

struct answers {
    struct answers_context context;
    struct variables *source; /* NULL: none seen yet */
    struct variables *users;  /* those that are not NULL */
    struct variables *system; /* what the session has set of its own */
    char *database;           /* NULL: none */
    uint64_t questions;
};

/* A value of SQL: text, or NULL; and what type a column of it has. */
struct text_value {
    struct buf text;
    bool null;
    enum result_type type;
};

void text_value_init(struct text_value *value);
void text_value_done(struct text_value *value);

static inline bool answers_is(struct span name, const char *other)
{
    return span_eq(name, span_str(other));
}

/* ---- answers_variable.c ---- */

/* As SHOW VARIABLES has it; appended to value->text. 1193 for what the source does not have. */
MUST_CHECK bool answers_find_variable(struct answers *answers, struct span name,
                                      enum variable_scope scope, struct text_value *value,
                                      struct err *err);

/* As SELECT has it: switches are 1 and 0. */
MUST_CHECK bool answers_select_variable(struct answers *answers, struct span name,
                                        enum variable_scope scope, struct text_value *value,
                                        struct err *err);

/* SET, all assignments or those before the one that is refused. */
MUST_CHECK bool answers_set(struct answers *answers, const struct statement *statement,
                            struct err *err);

/* ---- answers_select.c ---- */

MUST_CHECK bool answers_evaluate(struct answers *answers, const struct expression *expression,
                                 struct text_value *value, struct err *err);
MUST_CHECK bool answers_select(struct answers *answers, const struct statement *statement,
                               struct result *result, struct err *err);

/* ---- answers_show.c ---- */

MUST_CHECK bool answers_show_variables(struct answers *answers, const struct statement *statement,
                                       struct result *result, struct err *err);
MUST_CHECK bool answers_show_status(struct answers *answers, const struct statement *statement,
                                    struct result *result, struct err *err);
MUST_CHECK bool answers_show_warnings(struct result *result, struct err *err);
MUST_CHECK bool answers_show_grants(const struct answers *answers, struct result *result,
                                    struct err *err);
MUST_CHECK bool answers_show_databases(const struct answers *answers,
                                       const struct statement *statement, struct result *result,
                                       struct err *err);

/* `sql` is the statement, which the list shows of the session itself. */
MUST_CHECK bool answers_show_processes(struct answers *answers, struct span sql,
                                       struct result *result, struct err *err);

/* ---- answers_call.c ---- */

/* ret_answer as of answers_take(). */
MUST_CHECK bool answers_call(struct answers *answers, const struct statement *statement,
                             struct answer *ret_answer, struct err *err);
MUST_CHECK bool answers_purge(struct answers *answers, const struct statement *statement,
                              struct err *err);
