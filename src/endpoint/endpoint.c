#include "endpoint/endpoint.h"

#include "base/log.h"
#include "base/mem.h"
#include "endpoint/entrance.h"
#include "endpoint/session.h"
#include "net/listener.h"

#define SESSION_STACK (384u << 10) /* a session and a dump of it */

struct endpoint {
    struct endpoint_spec spec;
    struct listener *listener;
};

static void serve(void *context, struct conn **conn, const char *ip, int stop_fd)
{
    struct endpoint *endpoint = context;

    traffic_connected(endpoint->spec.traffic);
    if (access_admits(endpoint->spec.access, ip))
        session_run(&endpoint->spec, *conn, stop_fd);
    else
        entrance_refuse(&endpoint->spec, *conn, ip);
}

static void failed(void *context, const struct err *err)
{
    struct endpoint *endpoint = context;

    log_error(endpoint->spec.name, "%s", err->text);
}

bool endpoint_start(const struct endpoint_spec *spec, int listen_fd, struct endpoint **ret_endpoint,
                    struct err *err)
{
    struct endpoint *endpoint = mem_alloc(sizeof *endpoint);
    struct listener_spec listener = {
        .stack_bytes = SESSION_STACK,
        .serve = serve,
        .failed = failed,
        .context = endpoint,
    };

    endpoint->spec = *spec;
    if (!listener_start(&listener, listen_fd, &endpoint->listener, err)) {
        mem_free(endpoint);
        return false;
    }
    *ret_endpoint = endpoint;
    return true;
}

void endpoint_stop(struct endpoint *endpoint)
{
    if (!endpoint)
        return;
    listener_stop(endpoint->listener);
    mem_free(endpoint);
}

size_t endpoint_n_sessions(struct endpoint *endpoint)
{
    return listener_clients(endpoint->listener);
}
