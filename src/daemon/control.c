#include "daemon/control.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret_file.h"
#include "net/local_server.h"
#include "net/socket.h"

#include <errno.h>
#include <string.h>

#define REQUEST_MAX    16384
#define ANSWER_MAX     (64u << 20)
#define PIECE_BYTES    4096
#define NAME_SHOWN_MAX 32
#define CLIENT_TIMEOUT (5 * USEC_PER_SEC)

struct control {
    struct control_spec spec;
    struct local_server *server;
};

/* Reads up to a line break, which is dropped; E_USAGE: what came is no request, and was read. */
static bool read_line(struct conn *conn, char line[REQUEST_MAX], struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(CLIENT_TIMEOUT);
    size_t len = 0;

    for (;; len++) {
        uint8_t byte;

        if (!conn_read_full(conn, &byte, 1, deadline_usec, err))
            return false;
        if (byte == '\n')
            break;
        if (len < REQUEST_MAX)
            line[len] = (char)byte;
    }
    if (len >= REQUEST_MAX)
        return err_set(err, E_USAGE, 0, "request: expected less than %d bytes, found %zu",
                       REQUEST_MAX, len);
    line[len] = '\0';
    return strlen(line) == len ||
           err_set(err, E_USAGE, 0, "request: expected text, found a byte of 0");
}

/* Of a request that there is none of; what of it may be shown. */
static char *refuse_unknown(const char *request)
{
    size_t len = strspn(request, "abcdefghijklmnopqrstuvwxyz-");

    return mem_printf("{\"error\": \"request: expected one of this daemon's, found '%.*s'\"}",
                      (int)(len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX), request);
}

/* What is asked is answered, whoever stops the server meanwhile. */
static void serve_client(void *context, struct conn *conn, int stop_fd)
{
    struct control *control = context;
    char request[REQUEST_MAX];
    char *text = NULL;
    struct err err;

    (void)stop_fd;
    if (read_line(conn, request, &err)) {
        text = control->spec.answer(control->spec.context, request);
        if (!text)
            text = refuse_unknown(request);
    } else if (err.class == E_USAGE) {
        text = mem_printf("{\"error\": \"%s\"}", err.text);
    }
    if (text) {
        (void)!conn_write_all(conn, span_str(text), clock_deadline_usec(CLIENT_TIMEOUT), &err);
        mem_free(text);
    }
    explicit_bzero(request, sizeof request);
}

bool control_start(const struct control_spec *spec, struct control **ret_control, struct err *err)
{
    struct control *control = mem_alloc(sizeof *control);

    control->spec = *spec;
    if (local_server_start(&(struct local_server_spec){.name = "control",
                                                       .subject = "control",
                                                       .client = "control client",
                                                       .socket_path = spec->socket_path,
                                                       .serve = serve_client,
                                                       .context = control},
                           &control->server, err)) {
        *ret_control = control;
        return true;
    }
    mem_free(control);
    return false;
}

void control_stop(struct control *control)
{
    if (!control)
        return;
    local_server_stop(control->server);
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
    secret_free(line);
    conn_free(conn);
    return ok;
}
