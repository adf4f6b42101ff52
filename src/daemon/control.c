#include "daemon/control.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "daemon/status.h"
#include "net/conn.h"
#include "net/socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES    (512u << 10)
#define REQUEST_MAX    64
#define ANSWER_MAX     (1u << 20)
#define CLIENT_TIMEOUT (5 * USEC_PER_SEC)

struct control {
    struct control_spec spec;
    char *socket_path;
    int listen_fd;
    int end_fd;  /* told to end its own thread */
    int stop_fd; /* a client asked the daemon to stop */
    pthread_t thread;

    struct {
        pthread_mutex_t lock;
        struct endpoint *endpoint;
    } shared;
};

/* Reads up to a line break, which is dropped. */
static bool read_line(struct conn *conn, char line[REQUEST_MAX], struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(CLIENT_TIMEOUT);

    for (size_t len = 0; len < REQUEST_MAX; len++) {
        if (!conn_read_full(conn, (uint8_t *)line + len, 1, deadline_usec, err))
            return false;
        if (line[len] == '\n') {
            line[len] = 0;
            return true;
        }
    }
    return err_set(err, E_PROTO, 0, "control: expected a line of at most %d bytes", REQUEST_MAX);
}

static char *answer(struct control *control, const char *request)
{
    if (strcmp(request, "status") == 0) {
        size_t sessions = 0;

        (void)pthread_mutex_lock(&control->shared.lock);
        if (control->shared.endpoint)
            sessions = endpoint_n_sessions(control->shared.endpoint);
        (void)pthread_mutex_unlock(&control->shared.lock);
        return status_render(control->spec.dir, control->spec.cluster, sessions);
    }
    if (strcmp(request, "stop") == 0) {
        wakeup_raise(control->stop_fd);
        return mem_strdup("{\"stopping\": true}");
    }
    return mem_strdup("{\"error\": \"unknown request\"}");
}

static void serve_client(struct control *control, int fd)
{
    struct conn *conn = conn_new(fd, "control client");
    char request[REQUEST_MAX];
    struct err err;

    if (read_line(conn, request, &err)) {
        char *text = answer(control, request);

        (void)!conn_write_all(conn, span_str(text), clock_deadline_usec(CLIENT_TIMEOUT), &err);
        mem_free(text);
    }
    conn_free(conn);
}

static void *control_thread(void *arg)
{
    struct control *control = arg;

    for (;;) {
        struct err err;
        int fd = -1;

        if (!socket_accept(control->listen_fd, control->end_fd, &fd, &err)) {
            struct pollfd ended = {.fd = control->end_fd, .events = POLLIN};

            log_error("control", "%s", err.text);
            if (!err.retriable)
                return NULL;
            (void)poll(&ended, 1, 100);
        } else if (fd < 0) {
            return NULL;
        } else {
            serve_client(control, fd);
        }
    }
}

bool control_start(const struct control_spec *spec, struct control **ret_control, int *ret_stop_fd,
                   struct err *err)
{
    struct control *control = mem_alloc(sizeof *control);

    control->spec = *spec;
    control->socket_path = mem_strdup(spec->socket_path);
    control->listen_fd = -1;
    control->end_fd = -1;
    control->stop_fd = -1;
    (void)pthread_mutex_init(&control->shared.lock, NULL);
    if (wakeup_open(&control->end_fd, err) && wakeup_open(&control->stop_fd, err) &&
        socket_listen_unix(control->socket_path, &control->listen_fd, err) &&
        thread_start("control", STACK_BYTES, control_thread, control, &control->thread, err)) {
        *ret_control = control;
        *ret_stop_fd = control->stop_fd;
        return true;
    }
    fd_close(&control->listen_fd);
    fd_close(&control->end_fd);
    fd_close(&control->stop_fd);
    mem_free(control->socket_path);
    mem_free(control);
    return false;
}

void control_set_endpoint(struct control *control, struct endpoint *endpoint)
{
    (void)pthread_mutex_lock(&control->shared.lock);
    control->shared.endpoint = endpoint;
    (void)pthread_mutex_unlock(&control->shared.lock);
}

void control_stop(struct control *control)
{
    if (!control)
        return;
    wakeup_raise(control->end_fd);
    (void)pthread_join(control->thread, NULL);
    (void)unlink(control->socket_path);
    fd_close(&control->listen_fd);
    fd_close(&control->end_fd);
    fd_close(&control->stop_fd);
    (void)pthread_mutex_destroy(&control->shared.lock);
    mem_free(control->socket_path);
    mem_free(control);
}

/* Reads to the end of the stream. */
static bool read_answer(struct conn *conn, int64_t deadline_usec, char **ret_answer,
                        struct err *err)
{
    struct buf answer;
    uint8_t byte;

    buf_init(&answer, ANSWER_MAX);
    while (conn_read_full(conn, &byte, 1, deadline_usec, err))
        buf_u8(&answer, byte);
    if (err->class != E_IO || err->code != 0 || !buf_ok(&answer) || answer.len == 0) {
        buf_done(&answer);
        return err_set(err, E_STATE, 0, "the daemon gave no whole answer: %s", err->text);
    }
    *ret_answer = mem_strdup(buf_borrow_cstr(&answer));
    buf_done(&answer);
    return true;
}

bool control_request(const char *socket_path, const char *request, int64_t deadline_usec,
                     char **ret_answer, struct err *err)
{
    struct conn *conn;
    char *line;
    int fd = -1;
    bool ok;

    if (!socket_connect_unix(socket_path, &fd, err)) {
        if (err->code == ENOENT || err->code == ECONNREFUSED)
            return err_set(err, E_STATE, 0, "no borealis daemon listens at %s", socket_path);
        return false;
    }
    conn = conn_new(fd, "daemon");
    line = mem_printf("%s\n", request);
    ok = conn_write_all(conn, span_str(line), deadline_usec, err) &&
         read_answer(conn, deadline_usec, ret_answer, err);
    mem_free(line);
    conn_free(conn);
    return ok;
}
