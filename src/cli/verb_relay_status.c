#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/relay_text.h"
#include "cli/verb.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/config_key.h"

#include <poll.h>
#include <unistd.h>

#define INTERVAL_MAX 3600 /* seconds */
#define CLEAR        "\033[H\033[J"

static int fail(const struct err *err)
{
    (void)fprintf(stderr, "borealis relay status: %s\n", err->text);
    return err->class == E_PROTO ? EXIT_FAILED : EXIT_NOT_UP;
}

static bool ask(const char *dir, json_t **ret_status, struct err *err)
{
    json_t *status;

    if (!daemon_request_json(dir, "status", &status, err))
        return false;
    if (json_object_get(status, "channels")) {
        *ret_status = status;
        return true;
    }
    json_decref(status);
    return err_set(err, E_STATE, 0,
                   "a cluster is served in the directory; look at it with 'borealis status'");
}

/* Until the relay is gone, or the output. */
static int watch(const char *dir, uint64_t seconds)
{
    bool terminal = isatty(STDOUT_FILENO);
    struct err err = {0};
    json_t *status;

    while (ask(dir, &status, &err)) {
        if (terminal) {
            printf(CLEAR);
            relay_text_print_table(status);
        } else {
            relay_text_print_lines(status);
        }
        json_decref(status);
        if (fflush(stdout) != 0)
            return EXIT_OK;
        (void)poll(NULL, 0, (int)(seconds * 1000));
    }
    return fail(&err);
}

static int print_once(const char *dir, bool as_json)
{
    struct err err = {0};
    json_t *status;

    if (!ask(dir, &status, &err))
        return fail(&err);
    if (as_json) {
        (void)json_dumpf(status, stdout, JSON_INDENT(2));
        printf("\n");
    } else {
        relay_text_print(status);
    }
    json_decref(status);
    return EXIT_OK;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *interval = verb_value(verb, values, "interval");
    bool watching = verb_value(verb, values, "watch");
    bool as_json = verb_value(verb, values, "json");
    uint64_t seconds = 1;
    int exit_status;
    char *dir;

    (void)argc;
    (void)argv;
    if (interval && !config_parse_number(interval, 1, INTERVAL_MAX, &seconds))
        return verb_usage_error(verb, "--interval: expected 1 to %d, found '%s'", INTERVAL_MAX,
                                interval);
    if (watching && as_json)
        return verb_usage_error(verb, "--watch and --json do not go together");
    dir = directory_option(verb_value(verb, values, "dir"));
    exit_status = watching ? watch(dir, seconds) : print_once(dir, as_json);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_relay_status = {
    .name = "relay status",
    .arguments = "",
    .summary = "Show a relay's sources, logs and replicas, and how far each is",
    .details =
        "Read-only. Asks the relay that serves the directory; exits with status 3 when none does. "
        "--watch shows one line a channel, again and again: in place on a terminal, else a line "
        "after the other.",
    .options = {RELAY_DIR_OPTION,
                {"json", NULL, "Print one JSON object."},
                {"watch", NULL, "Go on until Ctrl-C."},
                {"interval", "SECONDS", "Between two looks of --watch; 1 when nothing is given."}},
    .run = run,
};
