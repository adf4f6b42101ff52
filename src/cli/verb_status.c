#include "cli/cluster_text.h"
#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/mem.h"

static bool print_status(const char *answer, struct err *err)
{
    json_error_t problem;
    json_t *status = json_loads(answer, 0, &problem);
    size_t i;
    json_t *cluster;

    if (!status)
        return err_set(err, E_PROTO, 0, "the daemon's answer is not JSON: %s", problem.text);
    if (!json_object_get(status, "clusters")) {
        json_decref(status);
        return err_set(err, E_STATE, 0,
                       "a relay serves the directory; look at it with 'borealis relay status'");
    }
    printf("borealis %s, pid %lld, serves %s\n",
           json_string_value(json_object_get(status, "version")),
           json_integer_value(json_object_get(status, "daemon_pid")),
           json_string_value(json_object_get(status, "directory")));
    json_array_foreach(json_object_get(status, "clusters"), i, cluster)
    {
        cluster_text_print(cluster);
    }
    json_decref(status);
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (!daemon_request(dir, "status", &answer, &err)) {
        (void)fprintf(stderr, "borealis status: %s\n", err.text);
        exit_status = EXIT_NOT_UP;
    } else if (verb_value(verb, values, "json")) {
        printf("%s\n", answer);
    } else if (!print_status(answer, &err)) {
        (void)fprintf(stderr, "borealis status: %s\n", err.text);
        exit_status = EXIT_FAILED;
    }
    mem_free(answer);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show the clusters, their endpoints, engines and replication",
    .details =
        "Read-only. Asks the daemon that serves the directory; exits with status 3 when none "
        "does.",
    .options = {DIR_OPTION, {"json", NULL, "Print one JSON object."}},
    .run = run,
};
