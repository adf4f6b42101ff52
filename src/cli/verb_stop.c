#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/directory.h"

#include <poll.h>

#define REQUEST_TIMEOUT (30 * USEC_PER_SEC)
#define STOP_TIMEOUT    (600 * USEC_PER_SEC)
#define LOOK_AGAIN_MSEC 100

/* The daemon removes its control socket and gives up its lock as the last thing. */
static bool wait_until_gone(const char *dir, struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(STOP_TIMEOUT);

    while (clock_now_usec() < deadline_usec) {
        struct directory directory;
        bool gone;

        if (!directory_find(dir, &directory, err))
            return false;
        gone = directory_lock(&directory, err);
        directory_close(&directory);
        if (gone || err->class != E_STATE)
            return gone;
        (void)poll(NULL, 0, LOOK_AGAIN_MSEC);
    }
    return err_set(err, E_TIMEOUT, 0, "%s: the daemon has not stopped within 600 s", dir);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *socket = NULL;
    char *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (!directory_control_socket(dir, &socket, &err) ||
        !control_request(socket, "stop", clock_deadline_usec(REQUEST_TIMEOUT), &answer, &err))
        exit_status = EXIT_NOT_UP;
    else if (!wait_until_gone(dir, &err))
        exit_status = EXIT_FAILED;
    if (exit_status != EXIT_OK)
        (void)fprintf(stderr, "borealis stop: %s\n", err.text);
    mem_free(answer);
    mem_free(socket);
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
