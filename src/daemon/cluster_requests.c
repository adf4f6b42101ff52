#include "daemon/cluster_requests.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cluster/identifier.h"
#include "cluster/secrets.h"
#include "daemon/cluster_json.h"
#include "daemon/parameter_requests.h"
#include "daemon/request_arguments.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define EVENTS_MAX    1000
#define ARGUMENTS_MAX 16

/* The answer, or NULL and err. */
typedef json_t *answer_fn(struct clusters *clusters, const json_t *arguments, struct err *err);

static const char *text_of(const json_t *arguments, const char *key)
{
    return json_string_value(json_object_get(arguments, key));
}

static bool get_name(const json_t *arguments, const char **ret_name, struct err *err)
{
    const char *name = text_of(arguments, "name");

    if (!name)
        return err_set(err, E_USAGE, 0, "expected the name of a cluster, found none");
    *ret_name = name;
    return true;
}

/* One that is not there is 0. */
static bool get_number(const json_t *arguments, const char *name, json_int_t least, json_int_t most,
                       json_int_t *ret_number, struct err *err)
{
    const json_t *json = json_object_get(arguments, name);
    json_int_t number = json_integer_value(json);

    if (json && (number < least || number > most))
        return err_set(err, E_USAGE, 0, "%s: expected %lld %s %lld, found %lld", name,
                       (long long)least, most - least == 1 ? "or" : "to", (long long)most,
                       (long long)number);
    *ret_number = number;
    return true;
}

/* A port of 0 turns the endpoint off. */
static bool get_place(const json_t *arguments, const char *listen_key, const char *port_key,
                      struct place_options *ret_options, struct err *err)
{
    const json_t *given = json_object_get(arguments, port_key);
    json_int_t port = 0;

    if (!get_number(arguments, port_key, 0, UINT16_MAX, &port, err))
        return false;
    *ret_options = (struct place_options){.listen = text_of(arguments, listen_key),
                                          .port = (uint16_t)port,
                                          .off = given && port == 0};
    if (ret_options->off && ret_options->listen)
        return err_set(err, E_USAGE, 0,
                       "%s: expected no address for an endpoint that is turned off", listen_key);
    return true;
}

static bool get_options(const json_t *arguments, struct cluster_options *ret_options,
                        struct err *err)
{
    const json_t *tls = json_object_get(arguments, "require_secure_transport");
    json_int_t compatibility = 0;
    json_int_t port = 0;

    if (!get_number(arguments, "port", 1, UINT16_MAX, &port, err) ||
        !get_number(arguments, "compatibility", 2, 3, &compatibility, err))
        return false;
    *ret_options = (struct cluster_options){
        .engine = text_of(arguments, "engine"),
        .listen = text_of(arguments, "listen"),
        .port = (uint16_t)port,
        .require_secure_transport = tls ? json_is_true(tls) : -1,
        .compatibility = (int)compatibility,
        .client_networks = text_of(arguments, "client_networks"),
        .parameter_group = text_of(arguments, "parameter_group"),
        .instance_parameter_group = text_of(arguments, "instance_parameter_group"),
    };
    return get_place(arguments, "reader_listen", "reader_port", &ret_options->reader, err) &&
           get_place(arguments, "instance_listen", "instance_port", &ret_options->instance, err);
}

/* {"cluster": ...}: one that has failed has an "error" of its own. */
static json_t *describe(struct clusters *clusters, const char *name, bool ask_engine,
                        struct err *err)
{
    struct supervisor *supervisor = NULL;
    json_t *one;

    if (!clusters_borrow(clusters, name, &supervisor, err))
        return NULL;
    one = json_pack("{s:o}", "cluster", cluster_json(supervisor, ask_engine));
    clusters_return(clusters, supervisor);
    return one;
}

static json_t *answer_list(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    json_t *list = json_array();
    struct supervisor **all;
    size_t count = clusters_borrow_all(clusters, &all);

    (void)arguments;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, cluster_json(all[i], false));
        clusters_return(clusters, all[i]);
    }
    mem_free(all);
    return json_pack("{s:o}", "clusters", list);
}

static json_t *answer_describe(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    const char *name = NULL;
    json_t *one = get_name(arguments, &name, err) ? describe(clusters, name, true, err) : NULL;

    if (one)
        cluster_json_add_outgoing(json_object_get(one, "cluster"),
                                  clusters_borrow_source_address(clusters));
    return one;
}

static json_t *answer_create(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    struct cluster_options options;
    const char *name = NULL;

    if (!get_name(arguments, &name, err) || !get_options(arguments, &options, err) ||
        !clusters_create(clusters, name, &options, err))
        return NULL;
    return describe(clusters, name, false, err);
}

static json_t *answer_modify(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    const char *password = text_of(arguments, "password");
    struct cluster_options options;
    const char *name = NULL;

    if (!get_name(arguments, &name, err) || !get_options(arguments, &options, err) ||
        (password && !secrets_check_password(password, err)))
        return NULL;
    if (options.engine) {
        (void)err_set(err, E_USAGE, 0,
                      "cluster %s: its engine is not changed in place, because its data could not "
                      "go back; make another cluster with that engine and replicate into it",
                      name);
        return NULL;
    }
    if (options.compatibility != 0) {
        (void)err_set(err, E_USAGE, 0, "cluster %s: its compatibility is chosen when it is made",
                      name);
        return NULL;
    }
    if (!clusters_modify(clusters, name, &options, password, err))
        return NULL;
    return describe(clusters, name, false, err);
}

static json_t *answer_reboot(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    const char *name = NULL;

    if (!get_name(arguments, &name, err) || !clusters_reboot(clusters, name, err))
        return NULL;
    return describe(clusters, name, false, err);
}

static json_t *answer_delete(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    const char *confirm = text_of(arguments, "confirm");
    const char *name = NULL;
    json_t *one;

    if (!get_name(arguments, &name, err))
        return NULL;
    one = describe(clusters, name, false, err);
    if (!one)
        return NULL;
    if (!confirm || strcasecmp(confirm, name) != 0)
        (void)err_set(err, E_USAGE, 0,
                      "cluster %s: nothing is deleted: expected its name once more in --confirm, "
                      "found '%.64s'",
                      name, confirm ? confirm : "");
    else if (clusters_delete(clusters, name, err))
        return one;
    json_decref(one);
    return NULL;
}

/* A cluster that was deleted has events still. */
static json_t *answer_events(struct clusters *clusters, const json_t *arguments, struct err *err)
{
    const char *name = text_of(arguments, "name");
    char wanted[IDENTIFIER_MAX + 1] = "";
    struct arena *arena;
    struct store_event *events = NULL;
    json_t *list = NULL;
    size_t count = 0;

    if (name && !identifier_parse(name, wanted, err))
        return NULL;
    arena = arena_new((EVENTS_MAX + 1) * sizeof *events);
    if (store_list_events(clusters_borrow_store(clusters), name ? wanted : NULL,
                          clock_wall_usec() - STORE_EVENT_KEPT_USEC, EVENTS_MAX, arena, &events,
                          &count, err)) {
        list = json_array();
        for (size_t i = 0; i < count; i++)
            (void)json_array_append_new(list, cluster_json_event(&events[i]));
    }
    arena_free(arena);
    return list ? json_pack("{s:o}", "events", list) : NULL;
}

#define NAME                                                                                       \
    {                                                                                              \
        "name", ARGUMENT_TEXT                                                                      \
    }
#define GROUP                                                                                      \
    NAME,                                                                                          \
    {                                                                                              \
        "instance", ARGUMENT_FLAG                                                                  \
    }
#define OPTIONS                                                                                    \
    {"engine", ARGUMENT_TEXT}, {"listen", ARGUMENT_TEXT}, {"port", ARGUMENT_NUMBER},               \
        {"require_secure_transport", ARGUMENT_FLAG}, {"compatibility", ARGUMENT_NUMBER},           \
        {"client_networks", ARGUMENT_TEXT}, {"reader_listen", ARGUMENT_TEXT},                      \
        {"reader_port", ARGUMENT_NUMBER}, {"instance_listen", ARGUMENT_TEXT},                      \
        {"parameter_group", ARGUMENT_TEXT}, {"instance_parameter_group", ARGUMENT_TEXT},           \
    {                                                                                              \
        "instance_port", ARGUMENT_NUMBER                                                           \
    }

static const struct request {
    const char *name;
    answer_fn *answer;
    struct request_argument arguments[ARGUMENTS_MAX];
} requests[] = {
    {"cluster-list", answer_list, {{0}}},
    {"cluster-describe", answer_describe, {NAME}},
    {"cluster-create", answer_create, {NAME, OPTIONS}},
    {"cluster-modify", answer_modify, {NAME, OPTIONS, {"password", ARGUMENT_TEXT}}},
    {"cluster-reboot", answer_reboot, {NAME}},
    {"cluster-delete", answer_delete, {NAME, {"confirm", ARGUMENT_TEXT}}},
    {"cluster-events", answer_events, {NAME}},
    {"cluster-parameters", parameter_requests_cluster, {NAME}},
    {"parameter-group-list", parameter_requests_list, {{0}}},
    {"parameter-group-describe", parameter_requests_describe, {GROUP}},
    {"parameter-group-create",
     parameter_requests_create,
     {GROUP, {"family", ARGUMENT_TEXT}, {"description", ARGUMENT_TEXT}}},
    {"parameter-group-copy",
     parameter_requests_copy,
     {GROUP, {"to", ARGUMENT_TEXT}, {"description", ARGUMENT_TEXT}}},
    {"parameter-group-modify",
     parameter_requests_modify,
     {GROUP, {"parameters", ARGUMENT_LIST}, {"apply_method", ARGUMENT_TEXT}}},
    {"parameter-group-reset",
     parameter_requests_reset,
     {GROUP, {"parameters", ARGUMENT_LIST}, {"all", ARGUMENT_FLAG}}},
    {"parameter-group-delete", parameter_requests_delete, {GROUP}},
};

static char *run(struct clusters *clusters, const struct request *request, const char *text)
{
    json_t *arguments = NULL;
    json_t *said = NULL;
    struct err err = {0};

    if (request_arguments_read(text, request->arguments, &arguments, &err))
        said = request->answer(clusters, arguments, &err);
    else
        (void)!err_prefix(&err, "%s", request->name);
    json_decref(arguments);
    return cluster_json_text(said ? said : json_pack("{s:s}", "error", err.text));
}

char *cluster_requests_answer(struct clusters *clusters, const char *request)
{
    size_t len = strcspn(request, " ");

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (strlen(requests[i].name) == len && strncmp(request, requests[i].name, len) == 0)
            return run(clusters, &requests[i], request + len + (request[len] == ' '));
    }
    return NULL;
}
