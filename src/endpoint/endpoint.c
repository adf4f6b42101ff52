#include "endpoint/endpoint.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "endpoint/session.h"
#include "net/address.h"
#include "net/conn.h"
#include "net/socket.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>

#define ACCEPT_STACK  (256u << 10)
#define SESSION_STACK (256u << 10)
#define RETRY_MSEC    100

struct endpoint {
    struct endpoint_spec spec;
    int listen_fd;
    int stop_fd; /* an event, raised from the moment of endpoint_stop() on */
    pthread_t accept_thread;

    struct {
        pthread_mutex_t lock;
        pthread_cond_t none_left;
        size_t n_sessions;
    } shared;
};

struct session_arg {
    struct endpoint *endpoint;
    int fd;
};

static void count_sessions(struct endpoint *endpoint, int by)
{
    (void)pthread_mutex_lock(&endpoint->shared.lock);
    endpoint->shared.n_sessions += (size_t)by;
    if (endpoint->shared.n_sessions == 0)
        (void)pthread_cond_signal(&endpoint->shared.none_left);
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
}

static void *session_thread(void *arg)
{
    struct session_arg session = *(struct session_arg *)arg;
    struct address address;
    struct err ignored;
    char ip[ADDRESS_IP_MAX] = "client";
    struct conn *client;

    mem_free(arg);
    if (address_of_peer(session.fd, &address, &ignored))
        address_ip(&address, ip);
    socket_tune_tcp(session.fd);
    client = conn_new(session.fd, ip);
    session_run(&session.endpoint->spec, client, session.endpoint->stop_fd);
    conn_free(client);
    count_sessions(session.endpoint, -1);
    return NULL;
}

static void start_session(struct endpoint *endpoint, int fd)
{
    struct session_arg *arg = mem_alloc(sizeof *arg);
    struct err err;

    *arg = (struct session_arg){endpoint, fd};
    count_sessions(endpoint, 1);
    if (!thread_start("session", SESSION_STACK, session_thread, arg, NULL, &err)) {
        log_warn(endpoint->spec.name, "client refused: %s", err.text);
        fd_close(&fd);
        mem_free(arg);
        count_sessions(endpoint, -1);
    }
}

static void *accept_thread(void *arg)
{
    struct endpoint *endpoint = arg;

    for (;;) {
        struct err err;
        int fd = -1;

        if (socket_accept(endpoint->listen_fd, endpoint->stop_fd, &fd, &err)) {
            if (fd < 0)
                return NULL;
            start_session(endpoint, fd);
        } else {
            struct pollfd stopped = {.fd = endpoint->stop_fd, .events = POLLIN};

            log_error(endpoint->spec.name, "%s", err.text);
            if (!err.retriable)
                return NULL;
            /* Out of descriptors or memory: sessions that end give them back. */
            (void)poll(&stopped, 1, RETRY_MSEC);
        }
    }
}

bool endpoint_start(const struct endpoint_spec *spec, int listen_fd, struct endpoint **ret_endpoint,
                    struct err *err)
{
    struct endpoint *endpoint = mem_alloc(sizeof *endpoint);

    endpoint->spec = *spec;
    endpoint->listen_fd = listen_fd;
    endpoint->stop_fd = -1;
    (void)pthread_mutex_init(&endpoint->shared.lock, NULL);
    (void)pthread_cond_init(&endpoint->shared.none_left, NULL);
    if (wakeup_open(&endpoint->stop_fd, err) &&
        thread_start("accept", ACCEPT_STACK, accept_thread, endpoint, &endpoint->accept_thread,
                     err)) {
        *ret_endpoint = endpoint;
        return true;
    }
    fd_close(&endpoint->stop_fd);
    fd_close(&endpoint->listen_fd);
    mem_free(endpoint);
    return false;
}

void endpoint_stop(struct endpoint *endpoint)
{
    if (!endpoint)
        return;
    /* Every session polls this event, so raising it once wakes them all. */
    wakeup_raise(endpoint->stop_fd);
    (void)pthread_join(endpoint->accept_thread, NULL);
    fd_close(&endpoint->listen_fd);
    (void)pthread_mutex_lock(&endpoint->shared.lock);
    while (endpoint->shared.n_sessions > 0)
        (void)pthread_cond_wait(&endpoint->shared.none_left, &endpoint->shared.lock);
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
    fd_close(&endpoint->stop_fd);
    (void)pthread_mutex_destroy(&endpoint->shared.lock);
    (void)pthread_cond_destroy(&endpoint->shared.none_left);
    mem_free(endpoint);
}

size_t endpoint_n_sessions(struct endpoint *endpoint)
{
    size_t n;

    (void)pthread_mutex_lock(&endpoint->shared.lock);
    n = endpoint->shared.n_sessions;
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
    return n;
}
