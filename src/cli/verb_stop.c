#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/mem.h"

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    bool leave = verb_value(verb, values, "leave-engines") != NULL;
    json_t *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (!daemon_request_json(dir, leave ? "leave" : "stop", &answer, &err)) {
        exit_status = err.class == E_USAGE ? EXIT_FAILED : EXIT_NOT_UP;
        /* An older daemon, or one without engines. */
        if (err.class == E_USAGE)
            (void)err_prefix(&err, "what serves %s does not know --leave-engines, and goes on",
                             dir);
    } else if (!daemon_wait_gone(dir, &err)) {
        exit_status = EXIT_FAILED;
    }
    if (exit_status != EXIT_OK)
        (void)fprintf(stderr, "borealis %s: %s\n", verb->name, err.text);
    json_decref(answer);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_stop = {
    .name = "stop",
    .arguments = "",
    .summary = "Stop the daemon and its engines, and wait until all have ended",
    .details =
        "The same as Ctrl-C in the terminal of 'borealis serve': clients' sessions end, the "
        "engine shuts down cleanly. With --leave-engines the engines go on and the next 'borealis "
        "serve', of this version or a later one, takes them over: that is how Borealis is upgraded "
        "without a restart of an engine. Exits with status 3 when no daemon serves the directory.",
    .options = {DIR_OPTION,
                {"leave-engines", NULL, "End the daemon alone: sessions end, engines go on."}},
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
