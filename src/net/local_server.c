#include "net/local_server.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/socket.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#define STACK_BYTES (512u << 10)
#define PAUSE_MSEC  100 /* after a failure that may pass */

struct local_server {
    char *subject;
    char *client;
    char *socket_path;
    void (*serve)(void *context, struct conn *conn, int stop_fd);
    void *context;
    int listen_fd;
    int stop_fd;
    pthread_t thread;
};

static void serve_one(struct local_server *server, int fd)
{
    struct conn *conn = conn_new(fd, server->client);

    server->serve(server->context, conn, server->stop_fd);
    conn_free(conn);
}

static void *run(void *arg)
{
    struct local_server *server = arg;
    bool told = false;

    for (;;) {
        struct err err;
        int fd = -1;

        if (!socket_accept(server->listen_fd, server->stop_fd, &fd, &err)) {
            struct pollfd stopped = {.fd = server->stop_fd, .events = POLLIN};

            if (!told)
                log_error(server->subject, "%s", err.text);
            told = true;
            if (!err.retriable)
                return NULL;
            (void)poll(&stopped, 1, PAUSE_MSEC);
        } else if (fd < 0) {
            return NULL;
        } else {
            told = false;
            serve_one(server, fd);
        }
    }
}

static void release(struct local_server *server)
{
    fd_close(&server->listen_fd);
    fd_close(&server->stop_fd);
    mem_free(server->subject);
    mem_free(server->client);
    mem_free(server->socket_path);
    mem_free(server);
}

bool local_server_start(const struct local_server_spec *spec, struct local_server **ret_server,
                        struct err *err)
{
    struct local_server *server = mem_alloc(sizeof *server);

    server->subject = mem_strdup(spec->subject);
    server->client = mem_strdup(spec->client);
    server->socket_path = mem_strdup(spec->socket_path);
    server->serve = spec->serve;
    server->context = spec->context;
    server->listen_fd = -1;
    server->stop_fd = -1;
    if (wakeup_open(&server->stop_fd, err) &&
        socket_listen_unix(server->socket_path, &server->listen_fd, err) &&
        thread_start(spec->name, STACK_BYTES, run, server, &server->thread, err)) {
        *ret_server = server;
        return true;
    }
    release(server);
    return false;
}

void local_server_stop(struct local_server *server)
{
    if (!server)
        return;
    wakeup_raise(server->stop_fd);
    (void)pthread_join(server->thread, NULL);
    (void)unlink(server->socket_path);
    release(server);
}
