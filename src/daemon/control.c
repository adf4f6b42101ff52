#include "daemon/control.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/conn.h"
#include "net/socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES    (512u << 10)
#define REQUEST_MAX    64
#define ANSWER_MAX     (64u << 20)
#define PIECE_BYTES    4096
#define CLIENT_TIMEOUT (5 * USEC_PER_SEC)

struct control {
    struct control_spec spec;
    char *socket_path;
    int listen_fd;
    int end_fd; /* told to end its own thread */
    pthread_t thread;
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

static void serve_client(struct control *control, int fd)
{
    struct conn *conn = conn_new(fd, "control client");
    char request[REQUEST_MAX];
    struct err err;

    if (read_line(conn, request, &err)) {
        char *text = control->spec.answer(control->spec.context, request);

        if (!text)
            text = mem_strdup("{\"error\": \"unknown request\"}");
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

bool control_start(const struct control_spec *spec, struct control **ret_control, struct err *err)
{
    struct control *control = mem_alloc(sizeof *control);

    control->spec = *spec;
    control->socket_path = mem_strdup(spec->socket_path);
    control->listen_fd = -1;
    control->end_fd = -1;
    if (wakeup_open(&control->end_fd, err) &&
        socket_listen_unix(control->socket_path, &control->listen_fd, err) &&
        thread_start("control", STACK_BYTES, control_thread, control, &control->thread, err)) {
        *ret_control = control;
        return true;
    }
    fd_close(&control->listen_fd);
    fd_close(&control->end_fd);
    mem_free(control->socket_path);
    mem_free(control);
    return false;
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
    mem_free(control->socket_path);
    mem_free(control);
}

/* Reads to the end of the stream. */
static bool read_answer(struct conn *conn, int64_t deadline_usec, char **ret_answer,
                        struct err *err)
{
    uint8_t piece[PIECE_BYTES];
    struct buf answer;
    size_t n = 0;
    bool good;

    buf_init(&answer, ANSWER_MAX);
    do {
        good = conn_read_some(conn, piece, sizeof piece, deadline_usec, &n, err);
        if (good)
            buf_bytes(&answer, span_of(piece, n));
    } while (good && n > 0);
    if (good && (!buf_ok(&answer) || answer.len == 0))
        good = err_set(err, E_PROTO, 0, "expected 1 to %u bytes", ANSWER_MAX);
    if (!good) {
        buf_done(&answer);
        return err_prefix(err, "the daemon gave no whole answer");
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
