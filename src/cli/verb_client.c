#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/directory.h"
#include "engine/home.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT (30 * USEC_PER_SEC)

/* Asks the daemon which client program and which credentials to use. */
static bool find_client(const char *dir, char **ret_program, char **ret_defaults, struct err *err)
{
    char *socket = NULL;
    char *answer = NULL;
    json_t *status = NULL;
    json_t *cluster;
    bool ok;

    ok = directory_control_socket(dir, &socket, err) &&
         control_request(socket, "status", clock_deadline_usec(TIMEOUT), &answer, err);
    if (ok) {
        status = json_loads(answer, 0, NULL);
        cluster = json_array_get(json_object_get(status, "clusters"), 0);
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

    if (!find_client(dir, &program, &defaults, &err)) {
        (void)fprintf(stderr, "borealis client: %s\n", err.text);
        mem_free(dir);
        return EXIT_NOT_UP;
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
    .options = {DIR_OPTION},
    .run = run,
};
