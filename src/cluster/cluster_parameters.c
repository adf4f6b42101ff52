/*
 * What a cluster's engine runs with, what its parameter groups want, and how the one becomes the
 * other; see cluster.h.
 *
 * In force is what the engine was started with, and what it has taken since: dynamic parameters
 * come to it at once, as long as it runs with the groups that the cluster has. All else, another
 * group too, waits for the next start (source: RDS, "Working with parameter groups").
 */
#include "cluster/cluster_internal.h"

#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/parameter_group.h"
#include "cluster/parameter_names.h"

#include <stdio.h>
#include <string.h>

#define LIST_CAP            (1u << 20)
#define OPTIONS_MAX         (1u << 20)
#define STATEMENT_MAX       8192
#define DETAIL_MAX          200
#define SHOWN_MAX           64
#define ER_UNKNOWN_VARIABLE 1193
#define ER_SLAVE_MUST_STOP  1198

/* ---- In force ---- */

/* An older store has nothing: such an engine runs with the defaults. */
static bool read_in_force(struct cluster *cluster, unsigned version, struct parameter_set **ret_set,
                          struct err *err)
{
    struct parameter_set *set = parameter_set_new(version);
    struct arena *arena = arena_new(LIST_CAP);
    struct store_parameter *list = NULL;
    size_t count = 0;
    bool ok = store_list_in_force(cluster->store, cluster->record.name, 2 * parameters_count, arena,
                                  &list, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        for (size_t index = 0; index < parameters_count; index++) {
            if (parameter_is_of(&parameters[index], version) &&
                strcmp(parameters[index].name, list[i].name) == 0)
                parameter_set_put(set, index, list[i].value);
        }
    }
    arena_free(arena);
    if (!ok) {
        parameter_set_free(set);
        return false;
    }
    *ret_set = set;
    return true;
}

/* Takes over the set, and that it is of the record's groups. */
static void set_in_force(struct cluster *cluster, struct parameter_set *set)
{
    struct parameter_set *old;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    old = cluster->shared.in_force;
    cluster->shared.in_force = set;
    (void)snprintf(cluster->shared.groups_in_force[STORE_GROUP_CLUSTER], STORE_GROUP_MAX, "%s",
                   cluster->record.parameter_group);
    (void)snprintf(cluster->shared.groups_in_force[STORE_GROUP_INSTANCE], STORE_GROUP_MAX, "%s",
                   cluster->record.instance_parameter_group);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    parameter_set_free(old);
}

/* A copy, or NULL: not known yet. */
static struct parameter_set *copy_in_force(struct cluster *cluster)
{
    struct parameter_set *copy;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    copy = cluster->shared.in_force ? parameter_set_copy(cluster->shared.in_force) : NULL;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return copy;
}

bool cluster_load_parameters(struct cluster *cluster, struct err *err)
{
    struct parameter_set *set = NULL;

    if (cluster->shared.in_force)
        return true;
    if (!read_in_force(cluster, cluster->shared.settings.compatibility, &set, err))
        return false;
    set_in_force(cluster, set);
    return true;
}

void cluster_put_in_force(const struct parameter_set *set, struct arena *arena,
                          struct store_change *change)
{
    struct store_parameter *list = arena_alloc(arena, (parameters_count + 1) * sizeof *list);

    change->in_force = list;
    for (size_t i = 0; i < parameters_count; i++) {
        if (parameter_set_get(set, i))
            list[change->n_in_force++] = (struct store_parameter){
                .name = parameters[i].name, .value = parameter_set_get(set, i)};
    }
}

bool cluster_get_parameter(struct cluster *cluster, const char *name,
                           char ret_value[PARAMETER_VALUE_MAX])
{
    const char *value;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    value = cluster->shared.in_force ? parameter_set_find(cluster->shared.in_force, name) : NULL;
    if (value)
        (void)snprintf(ret_value, PARAMETER_VALUE_MAX, "%s", value);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return value != NULL;
}

/* ---- A start ---- */

static void give(struct cluster *cluster, const struct parameter_set *set)
{
    struct buf options;

    buf_init(&options, OPTIONS_MAX);
    parameter_set_render(set, &options);
    instance_set_options(cluster->writer, parameter_set_has_binlog(set), buf_borrow_cstr(&options));
    buf_done(&options);
}

bool cluster_give_parameters(struct cluster *cluster, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;

    if (!parameter_group_effective(cluster->store, &settings, &set, &origins, err))
        return false;
    mem_free(origins);
    give(cluster, set);
    parameter_set_free(cluster->starting);
    cluster->starting = set;
    (void)snprintf(cluster->record.parameter_group, STORE_GROUP_MAX, "%s",
                   settings.parameter_group);
    (void)snprintf(cluster->record.instance_parameter_group, STORE_GROUP_MAX, "%s",
                   settings.instance_parameter_group);
    return true;
}

void cluster_take_parameters(struct cluster *cluster)
{
    if (cluster->starting)
        set_in_force(cluster, cluster->starting);
    cluster->starting = NULL;
}

/* What the starting engine was given that is another than before; "" when nothing is. */
static void list_changed(const struct parameter_set *before, const struct parameter_set *after,
                         char detail[DETAIL_MAX])
{
    detail[0] = '\0';
    for (size_t i = 0; i < parameters_count; i++) {
        const char *value = parameter_set_get(after, i);
        size_t len = strlen(detail);

        if (!parameter_set_is_same(before, after, i))
            (void)snprintf(detail + len, DETAIL_MAX - len, "%s%s = '%.*s'", len > 0 ? ", " : "",
                           parameters[i].name, SHOWN_MAX, value ? value : "");
    }
}

bool cluster_blame_parameters(struct cluster *cluster, struct err *err)
{
    struct parameter_set *before = copy_in_force(cluster);
    struct parameter_set *standard;
    char detail[DETAIL_MAX] = "";

    if (before && cluster->starting)
        list_changed(before, cluster->starting, detail);
    parameter_set_free(before);
    if (*detail)
        return err_prefix(err, "with parameters that it did not run with before: %s", detail);
    if (!cluster->starting)
        return false;
    standard = parameter_set_new(cluster_settings(cluster).compatibility);
    list_changed(standard, cluster->starting, detail);
    parameter_set_free(standard);
    return *detail ? err_prefix(err, "with parameters %s", detail) : false;
}

/* ---- While it runs ---- */

/*
 * The applier has to stand still for some: what is set is the same when it goes on. One statement,
 * which the engine runs to its end even when the daemon dies meanwhile: or the applier would stay
 * as a stopped one that nobody has stopped.
 */
static bool run_with_applier_paused(struct sql *sql, const char *statement, struct err *err)
{
    char *text = mem_printf("BEGIN NOT ATOMIC "
                            "DECLARE EXIT HANDLER FOR SQLEXCEPTION "
                            "BEGIN START SLAVE '' SQL_THREAD; RESIGNAL; END; "
                            "STOP SLAVE '' SQL_THREAD; %s; START SLAVE '' SQL_THREAD; END",
                            statement);
    bool ok = sql_run(sql, text, err);

    (void)INJECT("cluster/applier");
    mem_free(text);
    return ok;
}

/* Tells the engine one parameter of the set. */
static bool tell(struct sql *sql, const struct parameter_set *set, size_t index, struct err *err)
{
    struct buf statement;
    bool ok = true;

    buf_init(&statement, STATEMENT_MAX);
    if (parameter_set_statement(set, index, &statement)) {
        const char *text = buf_borrow_cstr(&statement);

        ok = sql_run(sql, text, err);
        if (!ok && err->code == ER_SLAVE_MUST_STOP)
            ok = run_with_applier_paused(sql, text, err);
        /* An engine without the plugin has none of its variables. */
        if (!ok && err->code == ER_UNKNOWN_VARIABLE && parameters[index].effect == PARAMETER_PLUGIN)
            ok = true;
    }
    buf_done(&statement);
    return ok;
}

/* What is in force with those changes that need no restart. */
static struct parameter_set *next_set(const struct parameter_set *now,
                                      const struct parameter_set *wanted,
                                      const struct parameter_origin *origins)
{
    struct parameter_set *next = parameter_set_copy(now);

    for (size_t i = 0; i < parameters_count; i++) {
        const char *from = parameter_set_get(now, i);
        const char *to = parameter_set_get(wanted, i);

        if (from && to && origins[i].immediate && parameter_is_dynamic(&parameters[i], from, to))
            parameter_set_put(next, i, to);
    }
    return next;
}

/*
 * Tells the engine what is another in `next`; what it refuses is put back there, and the first such
 * is in *refused. False: the engine is gone.
 */
static bool tell_all(struct cluster *cluster, struct sql *sql, const struct parameter_set *now,
                     struct parameter_set *next, size_t *ret_changed, struct err *refused,
                     struct err *err)
{
    for (size_t i = 0; i < parameters_count; i++) {
        struct err why;

        if (parameter_set_is_same(now, next, i))
            continue;
        if (tell(sql, next, i, &why)) {
            (*ret_changed)++;
            continue;
        }
        if (why.class == E_IO || why.class == E_TIMEOUT) {
            *err = why;
            return false;
        }
        (void)err_prefix(&why, "parameter %s: the engine does not take '%.*s'", parameters[i].name,
                         SHOWN_MAX, parameter_set_get(next, i));
        log_error(cluster->subject, "%s", why.text);
        if (refused->class == E_NONE)
            *refused = why;
        parameter_set_put(next, i, parameter_set_get(now, i));
    }
    return true;
}

/* What the engine has taken is in the option file, in the store, and known to others. */
static bool note(struct cluster *cluster, struct parameter_set *next, struct err *err)
{
    struct store_change change = {.instance = &cluster->record};
    struct arena *arena = arena_new(LIST_CAP);
    bool ok;

    cluster_put_in_force(next, arena, &change);
    ok = store_apply(cluster->store, &change, err);
    arena_free(arena);
    if (!ok)
        return false;
    give(cluster, next);
    set_in_force(cluster, parameter_set_copy(next));
    return instance_rewrite_config(cluster->writer, err);
}

bool cluster_show_names(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct parameter_set *set = copy_in_force(cluster);
    struct buf statement;
    bool ok = true;

    buf_init(&statement, STATEMENT_MAX);
    if (set) {
        parameter_names_statement(set, &statement);
        /* An engine without the plugin, or one that has run since before it had them, has none. */
        ok = sql_run(sql, buf_borrow_cstr(&statement), err) || err->code == ER_UNKNOWN_VARIABLE;
    }
    buf_done(&statement);
    parameter_set_free(set);
    return ok;
}

static bool apply_wanted(struct cluster *cluster, struct sql *sql,
                         const struct parameter_set *wanted, const struct parameter_origin *origins,
                         struct err *err)
{
    struct parameter_set *now = copy_in_force(cluster);
    struct parameter_set *next = next_set(now, wanted, origins);
    struct err refused = {0};
    size_t changed = 0;
    bool ok = tell_all(cluster, sql, now, next, &changed, &refused, err) &&
              (changed == 0 || (note(cluster, next, err) && cluster_show_names(cluster, sql, err)));

    /* It stays pending, and must not keep the cluster down. */
    if (ok && refused.class != E_NONE)
        cluster_set_failure(cluster, refused.text);
    parameter_set_free(next);
    parameter_set_free(now);
    return ok;
}

bool cluster_apply_parameters(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);
    struct parameter_origin *origins = NULL;
    struct parameter_set *wanted = NULL;
    bool ok = true;

    if (strcmp(settings.parameter_group, cluster->record.parameter_group) != 0 ||
        strcmp(settings.instance_parameter_group, cluster->record.instance_parameter_group) != 0)
        return true;
    if (!parameter_group_effective(cluster->store, &settings, &wanted, &origins, err))
        return false;
    ok = apply_wanted(cluster, sql, wanted, origins, err);
    parameter_set_free(wanted);
    mem_free(origins);
    return ok;
}

/* ---- To look at ---- */

static void describe_group(const char *wanted, const char *in_force, unsigned version,
                           struct cluster_group *group)
{
    group->pending = strcmp(wanted, in_force) != 0;
    if (*wanted)
        (void)snprintf(group->name, sizeof group->name, "%s", wanted);
    else
        parameter_group_default(version, group->name);
}

bool cluster_list_parameters(struct cluster *cluster, struct cluster_parameters *ret_list,
                             struct err *err)
{
    struct cluster_parameters list = {0};
    struct cluster_snapshot now;
    char groups[2][STORE_GROUP_MAX];

    cluster_snapshot(cluster, &now);
    if (!parameter_group_effective(cluster->store, &now.settings, &list.wanted, &list.origins, err))
        return false;
    (void)pthread_mutex_lock(&cluster->shared.lock);
    if (cluster->shared.in_force)
        list.in_force = parameter_set_copy(cluster->shared.in_force);
    memcpy(groups, cluster->shared.groups_in_force, sizeof groups);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (!list.in_force || now.settings.lifecycle != LIFECYCLE_MADE) {
        /* Nothing runs yet that could be otherwise. */
        parameter_set_free(list.in_force);
        list.in_force = parameter_set_copy(list.wanted);
        memcpy(groups[STORE_GROUP_CLUSTER], now.settings.parameter_group, STORE_GROUP_MAX);
        memcpy(groups[STORE_GROUP_INSTANCE], now.settings.instance_parameter_group,
               STORE_GROUP_MAX);
    }
    list.version = now.settings.compatibility;
    describe_group(now.settings.parameter_group, groups[STORE_GROUP_CLUSTER], list.version,
                   &list.groups[STORE_GROUP_CLUSTER]);
    describe_group(now.settings.instance_parameter_group, groups[STORE_GROUP_INSTANCE],
                   list.version, &list.groups[STORE_GROUP_INSTANCE]);
    *ret_list = list;
    return true;
}

void cluster_parameters_done(struct cluster_parameters *list)
{
    parameter_set_free(list->wanted);
    parameter_set_free(list->in_force);
    mem_free(list->origins);
}

bool cluster_parameters_is_pending(const struct cluster_parameters *list, size_t index)
{
    const char *wanted = parameter_set_get(list->wanted, index);
    const char *in_force = parameter_set_get(list->in_force, index);

    return wanted && in_force ? strcmp(wanted, in_force) != 0 : wanted != in_force;
}
