#include "cli/cluster_call.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/secret_file.h"
#include "cli/daemon_request.h"
#include "cli/directory_option.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAIT_TIMEOUT    (600 * USEC_PER_SEC)
#define LOOK_AGAIN_MSEC 100

int cluster_call_name(const struct verb *verb, int argc, char **argv, const char **ret_name)
{
    if (argc != 1)
        return verb_usage_error(verb, "expected the name of one cluster, found %d arguments", argc);
    *ret_name = argv[0];
    return EXIT_OK;
}

static int say(const struct verb *verb, const struct err *err, int status)
{
    (void)fprintf(stderr, "borealis %s: %s\n", verb->name, err->text);
    return status;
}

int cluster_call(const struct verb *verb, const char *const *values, const char *request,
                 json_t *arguments, json_t **ret_answer)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *dumped = json_dumps(arguments, JSON_COMPACT | JSON_ENSURE_ASCII);
    char *line = mem_printf("%s %s", request, dumped ? dumped : "{}");
    struct err err;
    bool ok = daemon_request_json(dir, line, ret_answer, &err);

    secret_free(line);
    if (dumped)
        explicit_bzero(dumped, strlen(dumped));
    free(dumped);
    json_decref(arguments);
    mem_free(dir);
    if (ok)
        return EXIT_OK;
    return say(verb, &err, err.class == E_STATE ? EXIT_NOT_UP : EXIT_FAILED);
}

void cluster_call_print(const json_t *answer)
{
    char *text = json_dumps(answer, JSON_INDENT(2));

    printf("%s\n", text ? text : "{}");
    free(text);
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "";
}

static bool is_settled(const json_t *cluster)
{
    static const char *const passing[] = {"creating", "starting", "rebooting", "stopping"};

    if (json_is_true(json_object_get(cluster, "pending")))
        return false;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        if (strcmp(text(cluster, "state"), passing[i]) == 0)
            return false;
    }
    return true;
}

/* The cluster as it is now, out of the list (NULL: it is not there); the caller releases it. */
static int look(const struct verb *verb, const char *const *values, const char *name,
                json_t **ret_cluster)
{
    json_t *list = NULL;
    json_t *found = NULL;
    json_t *cluster;
    size_t i;
    int status = cluster_call(verb, values, "cluster-list", json_object(), &list);

    if (status != EXIT_OK)
        return status;
    json_array_foreach(json_object_get(list, "clusters"), i, cluster)
    {
        if (strcasecmp(text(cluster, "name"), name) == 0)
            found = json_incref(cluster);
    }
    json_decref(list);
    *ret_cluster = found;
    return EXIT_OK;
}

static int judge(const struct verb *verb, const char *name, const json_t *cluster)
{
    struct err err;

    if (!cluster)
        (void)err_set(&err, E_STATE, 0, "cluster %s: it was deleted meanwhile", name);
    else if (*text(cluster, "error"))
        (void)err_set(&err, E_STATE, 0, "cluster %s is %s: %s", name, text(cluster, "state"),
                      text(cluster, "error"));
    else
        return EXIT_OK;
    return say(verb, &err, EXIT_FAILED);
}

static int give_up(const struct verb *verb, const char *name)
{
    struct err err;

    (void)err_set(&err, E_TIMEOUT, 0,
                  "cluster %s: not done within 600 s; 'borealis cluster describe' shows more",
                  name);
    return say(verb, &err, EXIT_FAILED);
}

/* Waits until nothing is going on in the cluster, and says what failed. */
static int wait_settled(const struct verb *verb, const char *const *values, const char *name,
                        bool print)
{
    int64_t deadline_usec = clock_deadline_usec(WAIT_TIMEOUT);

    while (clock_now_usec() < deadline_usec) {
        json_t *cluster = NULL;
        int status = look(verb, values, name, &cluster);

        if (status != EXIT_OK || !cluster || is_settled(cluster)) {
            if (status == EXIT_OK && print && cluster)
                cluster_call_print(cluster);
            if (status == EXIT_OK)
                status = judge(verb, name, cluster);
            json_decref(cluster);
            return status;
        }
        json_decref(cluster);
        (void)poll(NULL, 0, LOOK_AGAIN_MSEC);
    }
    return give_up(verb, name);
}

static int settle(const struct verb *verb, const char *const *values, const char *name,
                  const json_t *begun)
{
    bool json = verb_value(verb, values, "json") != NULL;

    if (!verb_value(verb, values, "no-wait"))
        return wait_settled(verb, values, name, json);
    if (json)
        cluster_call_print(json_object_get(begun, "cluster"));
    return EXIT_OK;
}

int cluster_call_wait(const struct verb *verb, const char *const *values, const json_t *names)
{
    const json_t *name;
    int worst = EXIT_OK;
    size_t i;

    json_array_foreach(names, i, name)
    {
        int status = wait_settled(verb, values, json_string_value(name), false);

        worst = status != EXIT_OK ? status : worst;
    }
    return worst;
}

int cluster_call_settled(const struct verb *verb, const char *const *values, const char *request,
                         const char *name, json_t *arguments)
{
    json_t *answer = NULL;
    int status = cluster_call(verb, values, request, arguments, &answer);

    if (status != EXIT_OK)
        return status;
    status = settle(verb, values, name, answer);
    json_decref(answer);
    return status;
}

int cluster_call_gone(const struct verb *verb, const char *const *values, const char *name)
{
    int64_t deadline_usec = clock_deadline_usec(WAIT_TIMEOUT);

    while (clock_now_usec() < deadline_usec) {
        json_t *cluster = NULL;
        int status = look(verb, values, name, &cluster);

        if (status != EXIT_OK || !cluster)
            return status;
        json_decref(cluster);
        (void)poll(NULL, 0, LOOK_AGAIN_MSEC);
    }
    return give_up(verb, name);
}
