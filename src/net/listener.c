#include "net/listener.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/address.h"
#include "net/socket.h"

#include <poll.h>

#define ACCEPT_STACK (256u << 10)
#define RETRY_MSEC   100

struct listener {
    struct listener_spec spec;
    int listen_fd;
    int stop_fd; /* raised from the moment of listener_stop() on */
    pthread_t accept_thread;

    struct {
        pthread_mutex_t lock;
        pthread_cond_t none_left;
        size_t clients;
    } shared;
};

struct client_arg {
    struct listener *listener;
    int fd;
};

static void count_clients(struct listener *listener, int by)
{
    (void)pthread_mutex_lock(&listener->shared.lock);
    listener->shared.clients += (size_t)by;
    if (listener->shared.clients == 0)
        (void)pthread_cond_signal(&listener->shared.none_left);
    (void)pthread_mutex_unlock(&listener->shared.lock);
}

static void *client_thread(void *arg)
{
    struct client_arg client = *(struct client_arg *)arg;
    struct listener *listener = client.listener;
    struct address address;
    struct err ignored;
    char ip[ADDRESS_IP_MAX] = "client";
    struct conn *conn;

    mem_free(arg);
    if (address_of_peer(client.fd, &address, &ignored))
        address_ip(&address, ip);
    socket_tune_tcp(client.fd);
    conn = conn_new(client.fd, ip);
    listener->spec.serve(listener->spec.context, &conn, ip, listener->stop_fd);
    conn_free(conn);
    count_clients(listener, -1);
    return NULL;
}

static void start_client(struct listener *listener, int fd)
{
    struct client_arg *arg = mem_alloc(sizeof *arg);
    struct err err;

    *arg = (struct client_arg){listener, fd};
    count_clients(listener, 1);
    if (!thread_start("client", listener->spec.stack_bytes, client_thread, arg, NULL, &err)) {
        (void)err_prefix(&err, "a client is refused");
        listener->spec.failed(listener->spec.context, &err);
        fd_close(&fd);
        mem_free(arg);
        count_clients(listener, -1);
    }
}

static void *accept_thread(void *arg)
{
    struct listener *listener = arg;
    bool told = false;

    for (;;) {
        struct err err;
        int fd = -1;

        if (socket_accept(listener->listen_fd, listener->stop_fd, &fd, &err)) {
            if (fd < 0)
                return NULL;
            told = false;
            start_client(listener, fd);
        } else {
            struct pollfd stopped = {.fd = listener->stop_fd, .events = POLLIN};

            if (!told)
                listener->spec.failed(listener->spec.context, &err);
            told = true;
            if (!err.retriable)
                return NULL;
            /* Out of descriptors or memory: clients that leave give them back. */
            (void)poll(&stopped, 1, RETRY_MSEC);
        }
    }
}

bool listener_start(const struct listener_spec *spec, int listen_fd, struct listener **ret_listener,
                    struct err *err)
{
    struct listener *listener = mem_alloc(sizeof *listener);

    listener->spec = *spec;
    listener->listen_fd = listen_fd;
    listener->stop_fd = -1;
    (void)pthread_mutex_init(&listener->shared.lock, NULL);
    (void)pthread_cond_init(&listener->shared.none_left, NULL);
    if (wakeup_open(&listener->stop_fd, err) &&
        thread_start("accept", ACCEPT_STACK, accept_thread, listener, &listener->accept_thread,
                     err)) {
        *ret_listener = listener;
        return true;
    }
    fd_close(&listener->stop_fd);
    fd_close(&listener->listen_fd);
    (void)pthread_mutex_destroy(&listener->shared.lock);
    (void)pthread_cond_destroy(&listener->shared.none_left);
    mem_free(listener);
    return false;
}

void listener_stop(struct listener *listener)
{
    if (!listener)
        return;
    /* Every client's thread polls this, so raising it once wakes them all. */
    wakeup_raise(listener->stop_fd);
    (void)pthread_join(listener->accept_thread, NULL);
    fd_close(&listener->listen_fd);
    (void)pthread_mutex_lock(&listener->shared.lock);
    while (listener->shared.clients > 0)
        (void)pthread_cond_wait(&listener->shared.none_left, &listener->shared.lock);
    (void)pthread_mutex_unlock(&listener->shared.lock);
    fd_close(&listener->stop_fd);
    (void)pthread_mutex_destroy(&listener->shared.lock);
    (void)pthread_cond_destroy(&listener->shared.none_left);
    mem_free(listener);
}

size_t listener_clients(struct listener *listener)
{
    size_t clients;

    (void)pthread_mutex_lock(&listener->shared.lock);
    clients = listener->shared.clients;
    (void)pthread_mutex_unlock(&listener->shared.lock);
    return clients;
}
