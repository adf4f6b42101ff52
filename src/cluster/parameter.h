/*
 * struct parameter: what may stand in a parameter group: one row of parameters.def, and the check
 * of a value against it. Rows are constants with an index, by which sets of values refer to them.
 *
 * A value is kept in one form: a switch as ON or OFF, a number without leading zeros, a word in the
 * case of its row, a list without spaces. What is kept has neither quotes nor backslashes, line
 * breaks or '#', so that it may stand in an option file and in a statement. Pure; any thread.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define PARAMETER_VALUE_MAX                                                                        \
    2001 /* with the NUL (source: Aurora, limit of the filter parameters)                          \
          */
#define PARAMETER_ALWAYS_IGNORED "mysql.%" /* of a source: it is the cluster's own */

enum parameter_type {
    PARAMETER_SWITCH,
    PARAMETER_NUMBER,
    PARAMETER_CHOICE,
    PARAMETER_ZONE,      /* a time zone */
    PARAMETER_ERRORS,    /* OFF, all, or numbers */
    PARAMETER_DATABASES, /* names */
    PARAMETER_TABLES,    /* database.table */
    PARAMETER_PATTERNS,  /* the same with % and _ */
    PARAMETER_FACT,      /* nobody sets it */
};

enum parameter_apply { PARAMETER_DYNAMIC, PARAMETER_STATIC, PARAMETER_CREATION };

enum parameter_effect {
    PARAMETER_ENGINE,  /* the engine's variable */
    PARAMETER_PLUGIN,  /* of our plugin, which an engine may not have */
    PARAMETER_DAEMON,  /* our own */
    PARAMETER_NOTHING, /* accepted without effect */
    PARAMETER_REFUSED,
};

/* Kinds of groups, as bits of a parameter's levels. */
enum parameter_level { PARAMETER_OF_CLUSTER = 1, PARAMETER_OF_INSTANCE = 2 };

struct parameter {
    const char *name;
    unsigned levels;
    const char *versions; /* of Aurora MySQL: "2", "3" or "2, 3" */
    enum parameter_type type;
    const char *standard; /* the default; NULL: the engine's or the cluster's own */
    const char *allowed;  /* "": the type says it */
    enum parameter_apply apply;
    enum parameter_effect effect;
    const char *variable; /* the engine's; "": none */
    const char *words;    /* what it does here */
};

extern const struct parameter parameters[];
extern const size_t parameters_count;

/* Whether groups of that version of Aurora MySQL have it. */
bool parameter_is_of(const struct parameter *parameter, unsigned version);

/*
 * The index of a name; '-' and '_', upper and lower case are the same. E_USAGE: groups of that
 * version have none of that name, or not at that level.
 */
MUST_CHECK bool parameter_find(const char *name, unsigned version, enum parameter_level level,
                               size_t *ret_index, struct err *err);

/* The value in the form that is kept. E_USAGE, with parameter, expected and found. */
MUST_CHECK bool parameter_check(const struct parameter *parameter, const char *text,
                                char ret_value[PARAMETER_VALUE_MAX], struct err *err);

/* Whether it may change from one value to another without a restart of the engine. */
bool parameter_is_dynamic(const struct parameter *parameter, const char *from, const char *to);

/* As RDS names them. */
const char *parameter_type_name(const struct parameter *parameter);  /* boolean, integer, ... */
const char *parameter_apply_name(const struct parameter *parameter); /* static, dynamic */
const char *parameter_effect_name(const struct parameter *parameter);
