#include "net/socket.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

#define PATH_MOST (SOCKET_ROUTE_MAX - 1)

_Static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) == SOCKET_ROUTE_MAX,
               "a path of a unix socket");

bool socket_path_fits(const char *path)
{
    return strlen(path) <= PATH_MOST;
}

bool socket_check_path(const char *path, struct err *err)
{
    if (!socket_path_fits(path))
        return err_set(err, E_LIMIT, 0,
                       "%s: expected at most %d bytes for the path of a unix socket, found %zu; "
                       "choose a directory with a shorter path",
                       path, PATH_MOST, strlen(path));
    return true;
}

bool socket_route_open(const char *path, struct socket_route *ret_route, struct err *err)
{
    struct socket_route route = {.dir_fd = -1};
    const char *slash = strrchr(path, '/');
    char *dir;

    if (socket_path_fits(path) || !slash) {
        if (!socket_check_path(path, err))
            return false;
        (void)snprintf(route.path, sizeof route.path, "%s", path);
        *ret_route = route;
        return true;
    }
    dir = mem_printf("%.*s", slash == path ? 1 : (int)(slash - path), path);
    route.dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (route.dir_fd < 0)
        (void)err_errno(err, "%s: cannot open", dir);
    mem_free(dir);
    if (route.dir_fd < 0)
        return false;
    if (snprintf(route.path, sizeof route.path, "/proc/self/fd/%d%s", route.dir_fd, slash) >
        PATH_MOST) {
        fd_close(&route.dir_fd);
        return socket_check_path(path, err);
    }
    *ret_route = route;
    return true;
}

void socket_route_close(struct socket_route *route)
{
    fd_close(&route->dir_fd);
}

static bool unix_address(const char *path, struct sockaddr_un *ret_address, struct err *err)
{
    if (!socket_check_path(path, err))
        return false;
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret_address->sun_path, path, strlen(path) + 1);
    return true;
}

static bool set_nonblocking(int fd, struct err *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return err_errno(err, "socket: cannot make it non-blocking");
    return true;
}

bool socket_listen_tcp(const struct address *address, int *ret_fd, struct err *err)
{
    char ip[ADDRESS_IP_MAX];
    int on = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    address_ip(address, ip);
    if (fd < 0)
        return err_errno(err, "%s port %u: cannot make a socket", ip,
                         (unsigned)address_port(address));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&address->storage, address->len) != 0 ||
        listen(fd, BACKLOG) != 0) {
        (void)err_errno(err, "%s port %u: cannot listen", ip, (unsigned)address_port(address));
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool socket_is_local(const struct address *address)
{
    struct address own = *address;
    int fd = socket(own.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool local;

    if (own.storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&own.storage)->sin6_port = 0;
    else
        ((struct sockaddr_in *)&own.storage)->sin_port = 0;
    local = fd >= 0 && bind(fd, (const struct sockaddr *)&own.storage, own.len) == 0;
    fd_close(&fd);
    return local;
}

static bool listen_route(const struct socket_route *route, const char *path, int *ret_fd,
                         struct err *err)
{
    struct sockaddr_un address;
    int fd;

    if (!unix_address(route->path, &address, err))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, "%s: cannot make a socket", path);
    (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
        (void)err_errno(err, "%s: cannot listen", path);
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool socket_listen_unix(const char *path, int *ret_fd, struct err *err)
{
    struct socket_route route;
    bool ok;

    if (!socket_route_open(path, &route, err))
        return false;
    ok = listen_route(&route, path, ret_fd, err);
    socket_route_close(&route);
    return ok;
}

/* connect() to a unix socket returns at once unless the listener's backlog is full. */
static bool connect_route(const struct socket_route *route, const char *path, int *ret_fd,
                          struct err *err)
{
    struct sockaddr_un address;
    int fd;

    if (!unix_address(route->path, &address, err))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(err, "%s: cannot make a socket", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)err_errno(err, "%s: cannot connect", path);
        fd_close(&fd);
        return false;
    }
    if (!set_nonblocking(fd, err)) {
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool socket_connect_unix(const char *path, int *ret_fd, struct err *err)
{
    struct socket_route route;
    bool ok;

    if (!socket_route_open(path, &route, err))
        return false;
    ok = connect_route(&route, path, ret_fd, err);
    socket_route_close(&route);
    return ok;
}

bool socket_wait(int fd, short events, int stop_fd, int64_t deadline_usec, const char *peer,
                 struct err *err)
{
    struct pollfd ready[] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    int n;

    do {
        n = poll(ready, 2, clock_poll_timeout(deadline_usec));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, "%s: cannot wait", peer);
    if (ready[1].revents)
        return err_set(err, E_STATE, 0, "%s: told to stop", peer);
    if (n == 0)
        return err_set(err, E_TIMEOUT, 0, "%s: no answer in time", peer);
    return true;
}

/* What has become of a connect() that was under way. */
static bool finish_connect(int fd, int stop_fd, int64_t deadline_usec, const char *peer,
                           struct err *err)
{
    int problem = 0;
    socklen_t len = sizeof problem;

    if (!socket_wait(fd, POLLOUT, stop_fd, deadline_usec, peer, err))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) != 0)
        problem = errno;
    errno = problem;
    return problem == 0 || err_errno(err, "%s: cannot connect", peer);
}

/* IP_BIND_ADDRESS_NO_PORT: the port is chosen by connect(), for which one in use elsewhere will do.
 */
static bool bind_source(int fd, const struct address *from, struct err *err)
{
    char ip[ADDRESS_IP_MAX];
    int on = 1;

    address_ip(from, ip);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)&from->storage, from->len) == 0 ||
           err_errno(err, "%s: cannot connect from there", ip);
}

bool socket_check_source(const char *ip, struct err *err)
{
    struct address from;
    bool good;
    int fd;

    if (!address_parse(ip, 0, &from, err))
        return false;
    fd = socket(from.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    good = fd >= 0 ? bind_source(fd, &from, err) : err_errno(err, "%s: cannot make a socket", ip);
    fd_close(&fd);
    return good;
}

bool socket_connect_tcp(const struct address *address, const struct address *from, int stop_fd,
                        int64_t deadline_usec, int *ret_fd, struct err *err)
{
    char ip[ADDRESS_IP_MAX];
    char peer[ADDRESS_IP_MAX + 16];
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good;

    address_ip(address, ip);
    (void)snprintf(peer, sizeof peer, "%s port %u", ip, (unsigned)address_port(address));
    if (fd < 0)
        return err_errno(err, "%s: cannot make a socket", peer);
    if (from && !bind_source(fd, from, err))
        good = false;
    else if (connect(fd, (const struct sockaddr *)&address->storage, address->len) == 0)
        good = true;
    else if (errno == EINPROGRESS || errno == EINTR)
        good = finish_connect(fd, stop_fd, deadline_usec, peer, err);
    else
        good = err_errno(err, "%s: cannot connect", peer);
    if (!good) {
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* Leaves those of one family. */
static bool keep_family(struct resolver_result *found, const char *host, const char *from,
                        sa_family_t family, struct err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (found->addresses[i].storage.ss_family == family)
            found->addresses[kept++] = found->addresses[i];
    }
    found->count = kept;
    return kept > 0 ||
           err_set(err, E_USAGE, 0,
                   "%s: expected an address of the family of %s, from which to connect, "
                   "found none",
                   host, from);
}

bool socket_connect_host(const char *host, uint16_t port, const char *from, int stop_fd,
                         int64_t deadline_usec, int *ret_fd, struct err *err)
{
    struct resolver_result found;
    struct address source;

    if ((from && !address_parse(from, 0, &source, err)) ||
        !resolver_lookup(host, port, stop_fd, deadline_usec, &found, err) ||
        (from && !keep_family(&found, host, from, source.storage.ss_family, err)))
        return false;
    for (size_t i = 0; i < found.count; i++) {
        int64_t now_usec = clock_now_usec();
        int64_t share_usec = deadline_usec;

        /* An address that does not answer must not take the time of those after it. */
        if (deadline_usec != CLOCK_NEVER && deadline_usec > now_usec)
            share_usec = now_usec + (deadline_usec - now_usec) / (int64_t)(found.count - i);
        if (socket_connect_tcp(&found.addresses[i], from ? &source : NULL, stop_fd, share_usec,
                               ret_fd, err)) {
            socket_tune_tcp(*ret_fd);
            return true;
        }
        if (err->class == E_STATE)
            return false;
    }
    return false;
}

bool socket_peer_pid(int fd, pid_t *ret_pid, struct err *err)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return err_errno(err, "socket: no peer credentials");
    *ret_pid = peer.pid;
    return true;
}

bool socket_accept(int listen_fd, int stop_fd, int *ret_fd, struct err *err)
{
    struct pollfd ready[] = {{.fd = listen_fd, .events = POLLIN},
                             {.fd = stop_fd, .events = POLLIN}};
    int fd = -1;

    while (fd < 0) {
        if (poll(ready, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return err_errno(err, "listener: cannot wait");
        }
        if (ready[1].revents) {
            *ret_fd = -1;
            return true;
        }
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            bool passing = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                           errno == ENOMEM || errno == EPROTO;

            (void)err_errno(err, "listener: cannot accept");
            err->retriable = passing;
            return false;
        }
    }
    *ret_fd = fd;
    return true;
}

void socket_tune_tcp(int fd)
{
    int on = 1;
    int idle_sec = 60;
    int interval_sec = 15;
    int probes = 4;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_sec, sizeof idle_sec);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_sec, sizeof interval_sec);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* Keep-alive begins early enough that several probes stay without an answer before the limit. */
void socket_limit_silence(int fd, int64_t usec)
{
    int limit_msec = (int)(usec / 1000);
    int sec = (int)(usec / USEC_PER_SEC);
    int idle_sec = sec > 3 ? sec / 3 : 1;
    int interval_sec = sec > 6 ? sec / 6 : 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_msec, sizeof limit_msec);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_sec, sizeof idle_sec);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_sec, sizeof interval_sec);
}
