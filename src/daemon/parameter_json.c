#include "daemon/parameter_json.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

#define ARENA_CAP       (4u << 20)
#define SQL_TIMEOUT_SEC 5

/* null for what is not there. */
static json_t *json_text(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

json_t *parameter_json_group(struct clusters *clusters, const struct store_group *group)
{
    json_t *users = json_array();
    char standard[STORE_GROUP_MAX];
    struct supervisor **all;
    size_t count = clusters_borrow_all(clusters, &all);

    for (size_t i = 0; i < count; i++) {
        struct cluster_snapshot now;
        const char *used = group->name;

        cluster_snapshot(supervisor_borrow_cluster(all[i]), &now);
        parameter_group_default(now.settings.compatibility, standard);
        if (strcmp(standard, group->name) == 0)
            used = "";
        if (clusters_use_group(&now.settings, group->kind, used))
            (void)json_array_append_new(users, json_string(now.settings.name));
        clusters_return(clusters, all[i]);
    }
    mem_free(all);
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", group->name, "kind",
                     group->kind == STORE_GROUP_CLUSTER ? "cluster" : "instance", "family",
                     group->family, "description", group->description, "clusters", users);
}

/* Who has said what the value is. */
static const char *source(const struct parameter *parameter, const struct parameter_origin *origin)
{
    if (origin->level != 0)
        return "user";
    return parameter->standard ? "system" : "engine-default";
}

static json_t *json_parameter(const struct parameter *parameter, const char *value,
                              const struct parameter_origin *origin)
{
    bool modifiable = parameter->effect != PARAMETER_REFUSED;
    json_t *one = json_pack(
        "{s:s, s:o, s:s, s:s, s:s, s:b, s:o, s:s, s:o, s:s}", "name", parameter->name, "value",
        value ? json_string(value) : json_null(), "source", source(parameter, origin), "apply_type",
        parameter_apply_name(parameter), "data_type", parameter_type_name(parameter), "modifiable",
        (int)modifiable, "allowed_values", json_text(parameter->allowed), "effect",
        parameter_effect_name(parameter), "variable", json_text(parameter->variable), "description",
        parameter->words);

    (void)json_object_set_new(one, "apply_method",
                              json_string(origin->immediate && parameter->apply == PARAMETER_DYNAMIC
                                              ? "immediate"
                                              : "pending-reboot"));
    return one;
}

json_t *parameter_json_of_group(const struct store_group *group, const struct parameter_set *set,
                                const struct parameter_origin *origins)
{
    unsigned level =
        group->kind == STORE_GROUP_CLUSTER ? PARAMETER_OF_CLUSTER : PARAMETER_OF_INSTANCE;
    unsigned version = parameter_group_version(group->family);
    json_t *list = json_array();

    for (size_t i = 0; i < parameters_count; i++) {
        if (parameter_is_of(&parameters[i], version) && (parameters[i].levels & level))
            (void)json_array_append_new(
                list, json_parameter(&parameters[i], parameter_set_get(set, i), &origins[i]));
    }
    return list;
}

/* ---- A cluster's ---- */

/* The engine's variables; none when it does not answer. */
static struct sql_result ask_engine(struct cluster *cluster, struct arena *arena)
{
    struct sql_result result = {0};
    struct cluster_snapshot now;
    struct sql *sql = NULL;
    struct err unused;

    cluster_snapshot(cluster, &now);
    if (now.state != CLUSTER_AVAILABLE || !cluster_connect(cluster, SQL_TIMEOUT_SEC, &sql, &unused))
        return result;
    (void)!sql_query(sql, "SHOW GLOBAL VARIABLES", arena, &result, &unused);
    sql_close(sql);
    return result;
}

static const char *find_variable(const struct sql_result *variables, const char *name)
{
    for (size_t row = 0; *name && row < variables->n_rows; row++) {
        const char *found = variables->values[row * variables->n_columns];

        if (found && strcasecmp(found, name) == 0)
            return variables->values[row * variables->n_columns + 1];
    }
    return NULL;
}

static json_t *json_of_cluster(const struct cluster_parameters *list,
                               const struct sql_result *variables, size_t index)
{
    const struct parameter *parameter = &parameters[index];
    const struct parameter_origin *origin = &list->origins[index];
    const char *value = parameter_set_get(list->in_force, index);
    const char *wanted = parameter_set_get(list->wanted, index);
    json_t *one;

    if (!value)
        value = find_variable(variables, parameter->variable);
    one = json_parameter(parameter, value, origin);
    (void)json_object_set_new(
        one, "group",
        origin->level == 0
            ? json_null()
            : json_string(origin->level == PARAMETER_OF_CLUSTER ? "cluster" : "instance"));
    (void)json_object_set_new(one, "pending",
                              json_boolean(cluster_parameters_is_pending(list, index)));
    (void)json_object_set_new(
        one, "pending_value",
        cluster_parameters_is_pending(list, index) && wanted ? json_string(wanted) : json_null());
    return one;
}

json_t *parameter_json_of_cluster(struct cluster *cluster, struct err *err)
{
    struct cluster_parameters list;
    struct sql_result variables;
    struct arena *arena;
    json_t *array;

    if (!cluster_list_parameters(cluster, &list, err))
        return NULL;
    arena = arena_new(ARENA_CAP);
    variables = ask_engine(cluster, arena);
    array = json_array();
    for (size_t i = 0; i < parameters_count; i++) {
        if (parameter_is_of(&parameters[i], list.version))
            (void)json_array_append_new(array, json_of_cluster(&list, &variables, i));
    }
    arena_free(arena);
    cluster_parameters_done(&list);
    return array;
}
