#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cluster/cluster_plan.h"
#include "daemon/control.h"
#include "daemon/directory.h"
#include "engine/home.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TIMEOUT (30 * USEC_PER_SEC)

/* Of several clusters the one that was named, else the one that serve made (borrowed). */
static bool choose_cluster(const json_t *status, const char *name, const json_t **ret_cluster,
                           struct err *err)
{
    const json_t *clusters = json_object_get(status, "clusters");
    const json_t *one;
    size_t i;

    if (!name && json_array_size(clusters) == 1) {
        *ret_cluster = json_array_get(clusters, 0);
        return true;
    }
    json_array_foreach(clusters, i, one)
    {
        const char *own = json_string_value(json_object_get(one, "name"));

        if (own && strcasecmp(own, name ? name : CLUSTER_DEFAULT_NAME) == 0) {
            *ret_cluster = one;
            return true;
        }
    }
    if (name)
        return err_set(err, E_USAGE, 0, "cluster %s: there is none of that name", name);
    return err_set(err, E_USAGE, 0,
                   "expected one cluster, found %zu; name one with --cluster, see 'borealis "
                   "cluster list'",
                   json_array_size(clusters));
}

/* Asks the daemon which client program and which credentials to use. */
static bool find_client(const char *dir, const char *name, char **ret_program, char **ret_defaults,
                        struct err *err)
{
    char *socket = NULL;
    char *answer = NULL;
    json_t *status = NULL;
    const json_t *cluster = NULL;
    bool ok;

    ok = directory_control_socket(dir, &socket, err) &&
         control_request(socket, "status", clock_deadline_usec(TIMEOUT), &answer, err);
    if (ok) {
        status = json_loads(answer, 0, NULL);
        ok = choose_cluster(status, name, &cluster, err);
    }
    if (ok) {
        const char *program =
            json_string_value(json_object_get(json_object_get(cluster, "writer"), "client"));
        const char *credentials = json_string_value(json_object_get(cluster, "credentials"));

        if (program && credentials) {
            *ret_program = mem_strdup(program);
            *ret_defaults = mem_printf("--defaults-file=%s", credentials);
        } else {
            ok = err_set(err, E_STATE, 0,
                         "the engine has no client program; use one of yours with "
                         "--defaults-file=%s",
                         credentials ? credentials : "master.cnf");
        }
    }
    json_decref(status);
    mem_free(answer);
    mem_free(socket);
    return ok;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *program = NULL;
    char *defaults = NULL;
    struct err err = {0};
    char **command;

    if (!find_client(dir, verb_value(verb, values, "cluster"), &program, &defaults, &err)) {
        (void)fprintf(stderr, "borealis client: %s\n", err.text);
        mem_free(dir);
        return err.class == E_USAGE ? EXIT_FAILED : EXIT_NOT_UP;
    }
    command = mem_alloc(((size_t)argc + 3) * sizeof *command);
    command[0] = program;
    command[1] = defaults;
    for (int i = 0; i < argc; i++)
        command[i + 2] = argv[i];
    (void)execv(program, command);
    (void)fprintf(stderr, "borealis client: %s: %s\n", program, strerror(errno));
    return EXIT_FAILED;
}

const struct verb verb_client = {
    .name = "client",
    .arguments = "[CLIENT ARGUMENT...]",
    .summary = "Open an SQL prompt at the endpoint as the master user",
    .details = "Runs the engine's own mariadb client with the master user's option file; what "
               "follows the options goes to the client, for instance -e 'SELECT 1', or a script on "
               "standard input.",
    .passes_on = true,
    .options = {DIR_OPTION,
                {"cluster", "NAME",
                 "Which cluster, when the directory has several; borealis when none is named."}},
    .run = run,
};
