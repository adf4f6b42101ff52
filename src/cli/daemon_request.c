#include "cli/daemon_request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/directory.h"

#include <poll.h>

#define REQUEST_TIMEOUT (30 * USEC_PER_SEC)
#define STOP_TIMEOUT    (600 * USEC_PER_SEC)
#define LOOK_AGAIN_MSEC 100

bool daemon_request(const char *dir, const char *request, char **ret_answer, struct err *err)
{
    char *socket;
    bool good;

    if (!directory_control_socket(dir, &socket, err))
        return false;
    good = control_request(socket, request, clock_deadline_usec(REQUEST_TIMEOUT), ret_answer, err);
    mem_free(socket);
    return good;
}

bool daemon_request_json(const char *dir, const char *request, json_t **ret_answer, struct err *err)
{
    json_error_t problem;
    const char *said;
    json_t *answer;
    char *text;

    if (!daemon_request(dir, request, &text, err))
        return false;
    answer = json_loads(text, 0, &problem);
    mem_free(text);
    if (!answer)
        return err_set(err, E_PROTO, 0, "the daemon's answer is not JSON: %s", problem.text);
    said = json_string_value(json_object_get(answer, "error"));
    if (said) {
        (void)err_set(err, E_USAGE, 0, "%s", said);
        json_decref(answer);
        return false;
    }
    *ret_answer = answer;
    return true;
}

bool daemon_wait_gone(const char *dir, struct err *err)
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
