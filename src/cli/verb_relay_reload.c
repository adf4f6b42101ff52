#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/mem.h"

static void print_list(const json_t *answer, const char *key, const char *said)
{
    const char *text = json_string_value(json_object_get(answer, key));

    if (text && *text)
        printf("%s: %s\n", said, text);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    json_t *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (daemon_request_json(dir, "reload", &answer, &err)) {
        printf("The configuration was read again and holds.\n");
        print_list(answer, "added", "channels added");
        print_list(answer, "removed", "channels removed");
        print_list(answer, "restart", "a restart is needed for");
    } else {
        (void)fprintf(stderr, "borealis relay reload: %s\n", err.text);
        exit_status = err.class == E_USAGE ? EXIT_FAILED : EXIT_NOT_UP;
    }
    json_decref(answer);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_relay_reload = {
    .name = "relay reload",
    .arguments = "",
    .summary = "Have the relay of a directory read its configuration file again",
    .details =
        "The same as SIGHUP, and tells what came of it. Accounts, retention, certificates, "
        "channels that are new or gone, the way to a source and the log's level change at once; "
        "dumps go on, but those of a channel that is gone. What needs a restart is named. A file "
        "with an error changes nothing. Exits with status 3 when no relay serves the directory.",
    .options = {RELAY_DIR_OPTION},
    .run = run,
};
