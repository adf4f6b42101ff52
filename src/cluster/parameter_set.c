#include "cluster/parameter_set.h"

#include "base/mem.h"

#include <string.h>

#define NEVER_REACHED "1000000" /* a group of so many commits */

struct parameter_set {
    unsigned version;
    char *values[];
};

struct parameter_set *parameter_set_new(unsigned version)
{
    struct parameter_set *set = mem_alloc(sizeof *set + parameters_count * sizeof *set->values);

    set->version = version;
    for (size_t i = 0; i < parameters_count; i++) {
        if (parameters[i].standard && parameter_is_of(&parameters[i], version))
            set->values[i] = mem_strdup(parameters[i].standard);
    }
    return set;
}

struct parameter_set *parameter_set_copy(const struct parameter_set *set)
{
    struct parameter_set *copy = parameter_set_new(set->version);

    for (size_t i = 0; i < parameters_count; i++)
        parameter_set_put(copy, i, set->values[i]);
    return copy;
}

void parameter_set_free(struct parameter_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < parameters_count; i++)
        mem_free(set->values[i]);
    mem_free(set);
}

const char *parameter_set_get(const struct parameter_set *set, size_t index)
{
    return set->values[index];
}

void parameter_set_put(struct parameter_set *set, size_t index, const char *value)
{
    char *copy = value ? mem_strdup(value) : NULL;

    mem_free(set->values[index]);
    set->values[index] = copy;
}

const char *parameter_set_find(const struct parameter_set *set, const char *name)
{
    for (size_t i = 0; i < parameters_count; i++) {
        if (set->values[i] &&
            (strcmp(parameters[i].name, name) == 0 || strcmp(parameters[i].variable, name) == 0))
            return set->values[i];
    }
    return NULL;
}

static bool is_value(const struct parameter_set *set, const char *name, const char *value)
{
    const char *found = parameter_set_find(set, name);

    return found && strcmp(found, value) == 0;
}

bool parameter_set_has_binlog(const struct parameter_set *set)
{
    return !is_value(set, "binlog_format", "OFF");
}

/* ---- What it is to the engine ---- */

/*
 * MySQL waits for the delay, and no longer than until so many transactions wait; MariaDB waits for
 * a number of transactions, and no longer than the delay.
 */
static const char *wait_count(const struct parameter_set *set, const char *value)
{
    if (is_value(set, "binlog_group_commit_sync_delay", "0"))
        return "0";
    return strcmp(value, "0") == 0 ? NEVER_REACHED : value;
}

/* The value of the engine's variable; NULL: it is not told. Borrowed from the set. */
static const char *engine_value(const struct parameter_set *set, size_t index)
{
    const char *variable = parameters[index].variable;
    const char *value = set->values[index];

    if (!value || (parameters[index].effect != PARAMETER_ENGINE &&
                   parameters[index].effect != PARAMETER_PLUGIN))
        return NULL;
    if (strcmp(variable, "slave_parallel_mode") == 0)
        return is_value(set, "binlog_transaction_dependency_tracking", "COMMIT_ORDER")
                   ? "conservative"
                   : "optimistic";
    if (strcmp(variable, "binlog_commit_wait_count") == 0)
        return wait_count(set, value);
    if (strcmp(variable, "read_only") == 0 && *value == '{')
        return "OFF";
    if (strcmp(variable, "binlog_format") == 0 && !parameter_set_has_binlog(set))
        return NULL;
    return value;
}

bool parameter_set_is_same(const struct parameter_set *a, const struct parameter_set *b,
                           size_t index)
{
    const char *given_a = engine_value(a, index);
    const char *given_b = engine_value(b, index);

    if (!a->values[index] || !b->values[index])
        return a->values[index] == b->values[index];
    return strcmp(a->values[index], b->values[index]) == 0 &&
           (given_a && given_b ? strcmp(given_a, given_b) == 0 : given_a == given_b);
}

/* The engine takes an option of these once for each name. */
static bool is_repeated(const struct parameter *parameter)
{
    switch (parameter->type) {
    case PARAMETER_DATABASES:
    case PARAMETER_TABLES:
    case PARAMETER_PATTERNS:
        return true;
    case PARAMETER_SWITCH:
    case PARAMETER_NUMBER:
    case PARAMETER_CHOICE:
    case PARAMETER_ZONE:
    case PARAMETER_ERRORS:
    case PARAMETER_FACT:
        break;
    }
    return false;
}

static void render_line(const struct parameter *parameter, const char *value, size_t len,
                        struct buf *buf)
{
    buf_printf(buf, "%s%s%s = \"%.*s\"\n", parameter->effect == PARAMETER_PLUGIN ? "loose_" : "",
               parameter->type == PARAMETER_ZONE ? "default_" : "", parameter->variable, (int)len,
               value);
}

void parameter_set_render(const struct parameter_set *set, struct buf *buf)
{
    for (size_t i = 0; i < parameters_count; i++) {
        const struct parameter *parameter = &parameters[i];
        const char *value = engine_value(set, i);

        /* The engine's list of errors has no word for none. */
        if (!value || (parameter->type == PARAMETER_ERRORS && strcmp(value, "OFF") == 0))
            continue;
        if (!is_repeated(parameter)) {
            render_line(parameter, value, strlen(value), buf);
            continue;
        }
        while (*value) {
            size_t len = strcspn(value, ",");

            render_line(parameter, value, len, buf);
            value += len + (value[len] == ',');
        }
    }
}

bool parameter_set_statement(const struct parameter_set *set, size_t index, struct buf *buf)
{
    const struct parameter *parameter = &parameters[index];
    const char *value = engine_value(set, index);

    if (!value)
        return false;
    buf_printf(buf, "SET GLOBAL %s = ", parameter->variable);
    if (parameter->type == PARAMETER_NUMBER)
        buf_str(buf, value);
    else if (strcmp(parameter->variable, "replicate_wild_ignore_table") == 0)
        buf_printf(buf, "'%s%s%s'", PARAMETER_ALWAYS_IGNORED, *value ? "," : "", value);
    else
        buf_printf(buf, "'%s'", value);
    return true;
}

bool parameter_set_check(const struct parameter_set *set, struct err *err)
{
    static const char *const companions[] = {"binlog_backup", "binlog_replication_globaldb"};
    bool enhanced = is_value(set, "aurora_enhanced_binlog", "ON");

    if (enhanced && !parameter_set_has_binlog(set))
        return err_set(err, E_USAGE, 0,
                       "parameter aurora_enhanced_binlog: expected 0 with binlog_format OFF, "
                       "found 1");
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        const char *value = parameter_set_find(set, companions[i]);

        if (value && (strcmp(value, "OFF") == 0) != enhanced)
            return err_set(err, E_USAGE, 0,
                           "parameter %s: expected %s with aurora_enhanced_binlog %s, found %s; "
                           "change them together",
                           companions[i], enhanced ? "0" : "1", enhanced ? "1" : "0",
                           enhanced ? "1" : "0");
    }
    return true;
}
