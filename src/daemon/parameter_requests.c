#include "daemon/parameter_requests.h"

#include "base/mem.h"
#include "daemon/parameter_json.h"

#include <string.h>

#define ARENA_CAP (4u << 20)

/* One request about a group; what it changes is done by the function, beside no other request. */
struct group_request {
    enum store_group_kind kind;
    const char *name;
    const char *family;
    const char *description;
    const char *to;
    struct parameter_change *changes; /* mem_free */
    size_t count;
    bool all;
    enum parameter_method method;
};

static const char *text_of(const json_t *arguments, const char *key)
{
    return json_string_value(json_object_get(arguments, key));
}

static bool read_changes(const json_t *list, struct group_request *request, struct err *err)
{
    const json_t *one;
    size_t i;

    request->count = json_array_size(list);
    request->changes = mem_alloc((request->count + 1) * sizeof *request->changes);
    json_array_foreach(list, i, one)
    {
        const char *value = text_of(one, "value");

        request->changes[i] = (struct parameter_change){text_of(one, "name"), value};
        if (!request->changes[i].name || json_object_size(one) != (value ? 2 : 1))
            return err_set(err, E_USAGE, 0,
                           "parameters: expected a name and a value, both texts, in each, found "
                           "something else in number %zu",
                           i + 1);
    }
    return true;
}

static bool read_method(const char *text, enum parameter_method *ret_method, struct err *err)
{
    if (!text)
        *ret_method = METHOD_DEFAULT;
    else if (strcmp(text, "immediate") == 0)
        *ret_method = METHOD_IMMEDIATE;
    else if (strcmp(text, "pending-reboot") == 0)
        *ret_method = METHOD_PENDING_REBOOT;
    else
        return err_set(err, E_USAGE, 0,
                       "apply method: expected immediate or pending-reboot, found '%.64s'", text);
    return true;
}

static bool read_request(const json_t *arguments, struct group_request *request, struct err *err)
{
    *request = (struct group_request){
        .kind = json_is_true(json_object_get(arguments, "instance")) ? STORE_GROUP_INSTANCE
                                                                     : STORE_GROUP_CLUSTER,
        .name = text_of(arguments, "name"),
        .family = text_of(arguments, "family"),
        .description = text_of(arguments, "description"),
        .to = text_of(arguments, "to"),
        .all = json_is_true(json_object_get(arguments, "all")),
    };
    if (!request->name)
        return err_set(err, E_USAGE, 0, "expected the name of a parameter group, found none");
    return read_method(text_of(arguments, "apply_method"), &request->method, err) &&
           read_changes(json_object_get(arguments, "parameters"), request, err);
}

/* {"group": ...} */
static json_t *describe(struct clusters *clusters, enum store_group_kind kind, const char *name,
                        bool with_parameters, struct err *err)
{
    struct store *store = clusters_borrow_store(clusters);
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    struct store_group group;
    json_t *one;

    if (!parameter_group_find(store, kind, name, &group, err) ||
        !parameter_group_values(store, &group, &set, &origins, err))
        return NULL;
    one = parameter_json_group(clusters, &group);
    if (with_parameters)
        (void)json_object_set_new(one, "parameters", parameter_json_of_group(&group, set, origins));
    parameter_set_free(set);
    mem_free(origins);
    return json_pack("{s:o}", "group", one);
}

json_t *parameter_requests_describe(struct clusters *clusters, const json_t *arguments,
                                    struct err *err)
{
    struct group_request request;
    json_t *answer = NULL;

    if (read_request(arguments, &request, err))
        answer = describe(clusters, request.kind, request.name, true, err);
    mem_free(request.changes);
    return answer;
}

json_t *parameter_requests_list(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    struct store *store = clusters_borrow_store(clusters);
    struct arena *arena = arena_new(ARENA_CAP);
    struct store_group *groups = NULL;
    json_t *list = NULL;
    size_t count = 0;

    (void)arguments;
    if (store_list_groups(store, PARAMETER_GROUPS_MAX, arena, &groups, &count, err)) {
        list = json_array();
        for (int kind = STORE_GROUP_CLUSTER; kind <= STORE_GROUP_INSTANCE; kind++) {
            for (unsigned version = 2; version <= 3; version++) {
                char name[STORE_GROUP_MAX];
                struct store_group group;
                struct err unused;

                parameter_group_default(version, name);
                if (parameter_group_find(store, (enum store_group_kind)kind, name, &group, &unused))
                    (void)json_array_append_new(list, parameter_json_group(clusters, &group));
            }
        }
        for (size_t i = 0; i < count; i++)
            (void)json_array_append_new(list, parameter_json_group(clusters, &groups[i]));
    }
    arena_free(arena);
    return list ? json_pack("{s:o}", "groups", list) : NULL;
}

/* ---- Changes ---- */

static bool create(struct store *store, void *context, struct err *err)
{
    const struct group_request *request = context;

    return parameter_group_create(store, request->kind, request->name,
                                  request->family ? request->family : "", request->description,
                                  err);
}

static bool copy(struct store *store, void *context, struct err *err)
{
    const struct group_request *request = context;

    return parameter_group_copy(store, request->kind, request->name, request->to ? request->to : "",
                                request->description, err);
}

static bool modify(struct store *store, void *context, struct err *err)
{
    const struct group_request *request = context;

    for (size_t i = 0; i < request->count; i++) {
        if (!request->changes[i].value)
            return err_set(err, E_USAGE, 0, "parameter %.64s: expected a value, found none",
                           request->changes[i].name);
    }
    return parameter_group_modify(store, request->kind, request->name, request->changes,
                                  request->count, request->method, err);
}

static bool reset(struct store *store, void *context, struct err *err)
{
    const struct group_request *request = context;

    for (size_t i = 0; i < request->count; i++)
        request->changes[i].value = NULL;
    if (request->all)
        return parameter_group_reset_all(store, request->kind, request->name, err);
    return parameter_group_modify(store, request->kind, request->name, request->changes,
                                  request->count, METHOD_DEFAULT, err);
}

static bool drop(struct store *store, void *context, struct err *err)
{
    const struct group_request *request = context;

    return parameter_group_delete(store, request->kind, request->name, err);
}

/* Reads, changes, and describes the group of that name; `taken_up`: by the clusters that use it. */
static json_t *change(struct clusters *clusters, const json_t *arguments,
                      bool (*function)(struct store *, void *, struct err *), bool taken_up,
                      struct err *err)
{
    struct group_request request;
    struct store_group group;
    json_t *answer = NULL;
    const char *user = NULL;

    if (read_request(arguments, &request, err)) {
        struct err unused;

        if (taken_up && parameter_group_find(clusters_borrow_store(clusters), request.kind,
                                             request.name, &group, &unused))
            user = group.name;
        if (clusters_change_groups(clusters, function, &request, request.kind, user, err))
            answer = describe(clusters, request.kind, request.to ? request.to : request.name, false,
                              err);
    }
    mem_free(request.changes);
    return answer;
}

json_t *parameter_requests_create(struct clusters *clusters, const json_t *arguments,
                                  struct err *err)
{
    return change(clusters, arguments, create, false, err);
}

json_t *parameter_requests_copy(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    if (!text_of(arguments, "to")) {
        (void)err_set(err, E_USAGE, 0, "expected the name of the new parameter group, found none");
        return NULL;
    }
    return change(clusters, arguments, copy, false, err);
}

json_t *parameter_requests_modify(struct clusters *clusters, const json_t *arguments,
                                  struct err *err)
{
    return change(clusters, arguments, modify, true, err);
}

json_t *parameter_requests_reset(struct clusters *clusters, const json_t *arguments,
                                 struct err *err)
{
    return change(clusters, arguments, reset, true, err);
}

json_t *parameter_requests_delete(struct clusters *clusters, const json_t *arguments,
                                  struct err *err)
{
    struct group_request request;
    json_t *answer = NULL;

    if (read_request(arguments, &request, err))
        answer = describe(clusters, request.kind, request.name, false, err);
    if (answer && !clusters_change_groups(clusters, drop, &request, request.kind, NULL, err)) {
        json_decref(answer);
        answer = NULL;
    }
    mem_free(request.changes);
    return answer;
}

/* ---- A cluster's ---- */

json_t *parameter_requests_cluster(struct clusters *clusters, const json_t *arguments,
                                   struct err *err)
{
    const char *name = text_of(arguments, "name");
    struct supervisor *supervisor = NULL;
    json_t *list;

    if (!name) {
        (void)err_set(err, E_USAGE, 0, "expected the name of a cluster, found none");
        return NULL;
    }
    if (!clusters_borrow(clusters, name, &supervisor, err))
        return NULL;
    list = parameter_json_of_cluster(supervisor_borrow_cluster(supervisor), err);
    clusters_return(clusters, supervisor);
    return list ? json_pack("{s:o}", "parameters", list) : NULL;
}
