/* Parameter groups, and the parameters that engines run with; see store.h. */
#include "meta/store_internal.h"

static void bind_group(sqlite3_stmt *stmt, enum store_group_kind kind, const char *name)
{
    (void)sqlite3_bind_int(stmt, 1, (int)kind);
    store_bind_text(stmt, 2, name);
}

/* Runs a statement about one group. */
static bool run_for_group(struct store *store, const char *sql, const struct store_group *group,
                          struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store, sql, &stmt, err))
        return false;
    bind_group(stmt, group->kind, group->name);
    return store_finish(store, stmt, err);
}

static bool get_group(struct store *store, enum store_group_kind kind, const char *name,
                      struct store_group *ret_group, bool *ret_found, struct err *err)
{
    struct store_group group = {.kind = kind};
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store,
                       "SELECT name, family, description FROM parameter_group "
                       "WHERE kind = ? AND name = ?",
                       &stmt, err))
        return false;
    bind_group(stmt, kind, name);
    if (!store_step(store, stmt, &row, err))
        return false;
    if (row) {
        store_column_text(stmt, 0, group.name, sizeof group.name);
        store_column_text(stmt, 1, group.family, sizeof group.family);
        store_column_text(stmt, 2, group.description, sizeof group.description);
        if (!store_finish(store, stmt, err))
            return false;
        *ret_group = group;
    }
    *ret_found = row;
    return true;
}

/* ---- Changes ---- */

static bool check_new(struct store *store, const struct store_group *group, struct err *err)
{
    struct store_group other;
    bool found = false;

    return get_group(store, group->kind, group->name, &other, &found, err) &&
           (!found ||
            err_set(err, E_STATE, 0, "parameter group %s: there is one already", group->name));
}

/* E_STATE: the group is a cluster's. */
static bool check_unused(struct store *store, const struct store_group *group, struct err *err)
{
    const char *sql = group->kind == STORE_GROUP_CLUSTER
                          ? "SELECT name FROM cluster WHERE parameter_group = ? ORDER BY name"
                          : "SELECT name FROM cluster WHERE instance_parameter_group = ? "
                            "ORDER BY name";
    char user[STORE_NAME_MAX];
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store, sql, &stmt, err))
        return false;
    store_bind_text(stmt, 1, group->name);
    if (!store_step(store, stmt, &row, err))
        return false;
    if (!row)
        return true;
    store_column_text(stmt, 0, user, sizeof user);
    (void)sqlite3_finalize(stmt);
    return err_set(err, E_STATE, 0,
                   "parameter group %s: expected one that no cluster uses, found it used by "
                   "cluster %s",
                   group->name, user);
}

static bool put_parameters(struct store *store, const struct store_change *change, struct err *err)
{
    for (size_t i = 0; i < change->n_parameters; i++) {
        const struct store_parameter *parameter = &change->parameters[i];
        sqlite3_stmt *stmt = NULL;

        if (!store_prepare(store,
                           "INSERT INTO parameter (kind, group_name, name, value, immediate) "
                           "VALUES (?,?,?,?,?)",
                           &stmt, err))
            return false;
        bind_group(stmt, change->group->kind, change->group->name);
        store_bind_text(stmt, 3, parameter->name);
        store_bind_text(stmt, 4, parameter->value);
        (void)sqlite3_bind_int(stmt, 5, parameter->immediate);
        if (!store_finish(store, stmt, err))
            return false;
    }
    return true;
}

static bool put_group(struct store *store, const struct store_change *change, struct err *err)
{
    const struct store_group *group = change->group;
    sqlite3_stmt *stmt = NULL;

    if (change->group_is_new && !check_new(store, group, err))
        return false;
    if (!store_prepare(store,
                       "INSERT INTO parameter_group (kind, name, family, description) "
                       "VALUES (?,?,?,?) ON CONFLICT (kind, name) DO UPDATE SET "
                       "family = excluded.family, description = excluded.description",
                       &stmt, err))
        return false;
    bind_group(stmt, group->kind, group->name);
    store_bind_text(stmt, 3, group->family);
    store_bind_text(stmt, 4, group->description);
    return store_finish(store, stmt, err) &&
           run_for_group(store, "DELETE FROM parameter WHERE kind = ? AND group_name = ?", group,
                         err) &&
           put_parameters(store, change, err);
}

static bool put_in_force(struct store *store, const struct store_change *change, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store, "DELETE FROM parameter_in_force WHERE instance = ?", &stmt, err))
        return false;
    store_bind_text(stmt, 1, change->instance->name);
    if (!store_finish(store, stmt, err))
        return false;
    for (size_t i = 0; i < change->n_in_force; i++) {
        if (!store_prepare(store,
                           "INSERT INTO parameter_in_force (instance, name, value) VALUES (?,?,?)",
                           &stmt, err))
            return false;
        store_bind_text(stmt, 1, change->instance->name);
        store_bind_text(stmt, 2, change->in_force[i].name);
        store_bind_text(stmt, 3, change->in_force[i].value);
        if (!store_finish(store, stmt, err))
            return false;
    }
    return true;
}

bool store_put_groups(struct store *store, const struct store_change *change, struct err *err)
{
    const struct store_group *gone = change->remove_group;

    if ((change->group && !put_group(store, change, err)) ||
        (change->instance && change->in_force && !put_in_force(store, change, err)))
        return false;
    return !gone || (check_unused(store, gone, err) &&
                     run_for_group(store, "DELETE FROM parameter WHERE kind = ? AND group_name = ?",
                                   gone, err) &&
                     run_for_group(store, "DELETE FROM parameter_group WHERE kind = ? AND name = ?",
                                   gone, err));
}

/* ---- Lists ---- */

static bool is_too_many(struct store *store, sqlite3_stmt *stmt, const char *what, size_t most,
                        struct err *err)
{
    (void)sqlite3_finalize(stmt);
    return err_set(err, E_LIMIT, 0, "%s: expected at most %zu %s, found more", store->path, most,
                   what);
}

static bool list_groups(struct store *store, struct store_group *groups, size_t most,
                        size_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    bool row = false;

    if (!store_prepare(store,
                       "SELECT kind, name, family, description FROM parameter_group "
                       "ORDER BY kind, name",
                       &stmt, err))
        return false;
    for (;;) {
        if (!store_step(store, stmt, &row, err))
            return false;
        if (!row)
            break;
        if (count == most)
            return is_too_many(store, stmt, "parameter groups", most, err);
        groups[count].kind = (enum store_group_kind)sqlite3_column_int(stmt, 0);
        store_column_text(stmt, 1, groups[count].name, sizeof groups->name);
        store_column_text(stmt, 2, groups[count].family, sizeof groups->family);
        store_column_text(stmt, 3, groups[count].description, sizeof groups->description);
        count++;
    }
    *ret_count = count;
    return true;
}

bool store_list_groups(struct store *store, size_t most, struct arena *arena,
                       struct store_group **ret_groups, size_t *ret_count, struct err *err)
{
    struct store_group *groups = arena_alloc(arena, most * sizeof *groups);
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = list_groups(store, groups, most, ret_count, err);
    (void)pthread_mutex_unlock(&store->lock);
    if (ok)
        *ret_groups = groups;
    return ok;
}

bool store_get_group(struct store *store, enum store_group_kind kind, const char *name,
                     struct store_group *ret_group, bool *ret_found, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = get_group(store, kind, name, ret_group, ret_found, err);
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}

/* The rows of a statement that is bound: name, value, whether at once. */
static bool read_parameters(struct store *store, sqlite3_stmt *stmt, size_t most,
                            struct arena *arena, struct store_parameter *list, size_t *ret_count,
                            struct err *err)
{
    size_t count = 0;
    bool row = false;

    for (;;) {
        if (!store_step(store, stmt, &row, err))
            return false;
        if (!row)
            break;
        if (count == most)
            return is_too_many(store, stmt, "parameters", most, err);
        list[count++] = (struct store_parameter){
            .name = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0)),
            .value = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 1)),
            .immediate = sqlite3_column_int(stmt, 2) != 0,
        };
    }
    *ret_count = count;
    return true;
}

bool store_list_parameters(struct store *store, enum store_group_kind kind, const char *group,
                           size_t most, struct arena *arena, struct store_parameter **ret_list,
                           size_t *ret_count, struct err *err)
{
    struct store_parameter *list = arena_alloc(arena, most * sizeof *list);
    sqlite3_stmt *stmt = NULL;
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = store_prepare(store,
                       "SELECT name, value, immediate FROM parameter "
                       "WHERE kind = ? AND group_name = ? ORDER BY name",
                       &stmt, err);
    if (ok) {
        bind_group(stmt, kind, group);
        ok = read_parameters(store, stmt, most, arena, list, ret_count, err);
    }
    (void)pthread_mutex_unlock(&store->lock);
    if (ok)
        *ret_list = list;
    return ok;
}

bool store_list_in_force(struct store *store, const char *instance, size_t most,
                         struct arena *arena, struct store_parameter **ret_list, size_t *ret_count,
                         struct err *err)
{
    struct store_parameter *list = arena_alloc(arena, most * sizeof *list);
    sqlite3_stmt *stmt = NULL;
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = store_prepare(store,
                       "SELECT name, value, 1 FROM parameter_in_force WHERE instance = ? "
                       "ORDER BY name",
                       &stmt, err);
    if (ok) {
        store_bind_text(stmt, 1, instance);
        ok = read_parameters(store, stmt, most, arena, list, ret_count, err);
    }
    (void)pthread_mutex_unlock(&store->lock);
    if (ok)
        *ret_list = list;
    return ok;
}
