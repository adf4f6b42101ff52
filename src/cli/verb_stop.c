#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/mem.h"

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (!daemon_request(dir, "stop", &answer, &err))
        exit_status = EXIT_NOT_UP;
    else if (!daemon_wait_gone(dir, &err))
        exit_status = EXIT_FAILED;
    if (exit_status != EXIT_OK)
        (void)fprintf(stderr, "borealis %s: %s\n", verb->name, err.text);
    mem_free(answer);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_stop = {
    .name = "stop",
    .arguments = "",
    .summary = "Stop the daemon and its engine, and wait until both have ended",
    .details =
        "The same as Ctrl-C in the terminal of 'borealis serve': clients' sessions end, the "
        "engine shuts down cleanly. Exits with status 3 when no daemon serves the directory.",
    .options = {DIR_OPTION},
    .run = run,
};

const struct verb verb_relay_stop = {
    .name = "relay stop",
    .arguments = "",
    .summary = "Stop the relay of a directory, and wait until it has ended",
    .details = "The same as SIGTERM: replicas are cut off and come back when it runs again. Exits "
               "with status 3 when no relay serves the directory.",
    .options = {RELAY_DIR_OPTION},
    .run = run,
};
