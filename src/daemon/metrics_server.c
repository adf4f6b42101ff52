#include "daemon/metrics_server.h"

#include "base/file.h"
#include "base/mem.h"
#include "daemon/exposition.h"
#include "net/address.h"
#include "net/socket.h"

#include <microhttpd.h>
#include <string.h>

#define MEMORY_MAX ((size_t)16 << 10) /* bytes of a connection's request */

struct metrics_server {
    struct metrics_server_spec spec;
    struct MHD_Daemon *daemon;
};

/* Takes over the response. */
static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               struct MHD_Response *response)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result respond_text(struct MHD_Connection *connection, unsigned status, char *text)
{
    return respond(connection, status, "text/plain; charset=utf-8",
                   MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result respond_metrics(struct metrics_server *server,
                                       struct MHD_Connection *connection)
{
    static char too_large[] = "the metrics are too large\n";
    enum MHD_Result result;
    struct buf buf;

    buf_init(&buf, METRICS_TEXT_MAX);
    server->spec.render(server->spec.context, &buf);
    if (buf_ok(&buf))
        result = respond(connection, MHD_HTTP_OK, EXPOSITION_CONTENT_TYPE,
                         MHD_create_response_from_buffer(buf.len, buf.data, MHD_RESPMEM_MUST_COPY));
    else
        result = respond_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, too_large);
    buf_done(&buf);
    return result;
}

/* Called once with the head of a request, and again for each piece of what comes after it. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static char not_found[] = "expected /metrics\n";
    static char not_allowed[] = "expected GET or HEAD\n";
    static int seen;

    (void)version;
    (void)upload;
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0; /* not looked at */
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") != 0)
        return respond_text(connection, MHD_HTTP_NOT_FOUND, not_found);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return respond_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, not_allowed);
    return respond_metrics(context, connection);
}

bool metrics_server_listen(const char *listen, uint16_t port, int *ret_fd, struct err *err)
{
    struct address address;

    if (address_parse(listen, port, &address, err) && socket_listen_tcp(&address, ret_fd, err))
        return true;
    return err_prefix(err, "metrics");
}

bool metrics_server_start(const struct metrics_server_spec *spec, int listen_fd,
                          struct metrics_server **ret_server, struct err *err)
{
    struct metrics_server *server = mem_alloc(sizeof *server);

    server->spec = *spec;
    server->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL,
                         NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)METRICS_CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)METRICS_TIMEOUT_SEC,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX, MHD_OPTION_END);
    if (!server->daemon) {
        fd_close(&listen_fd);
        mem_free(server);
        return err_set(err, E_STATE, 0, "metrics: the HTTP server could not be started");
    }
    *ret_server = server;
    return true;
}

void metrics_server_stop(struct metrics_server *server)
{
    if (!server)
        return;
    MHD_stop_daemon(server->daemon); /* closes the socket, too */
    mem_free(server);
}
