/*
 * Sockets: making, accepting and connecting them. Descriptors are CLOEXEC and non-blocking; the
 * caller owns them.
 */
#pragma once

#include "base/err.h"
#include "net/address.h"

/* A listening TCP socket; port 0 lets the kernel choose. E_IO, code EADDRINUSE when taken. */
MUST_CHECK bool socket_listen_tcp(const struct address *address, int *ret_fd, struct err *err);

/* Whether an address is one of this machine, whatever its port. */
bool socket_is_local(const struct address *address);

/* A listening unix socket of mode 0600 that replaces a dead one of that path, of any length. */
MUST_CHECK bool socket_listen_unix(const char *path, int *ret_fd, struct err *err);

/*
 * Connects to an address, from an address of this machine (with port 0, of the same family), or
 * with NULL from the one that routing picks; stop_fd as in conn_set_stop(). E_IO with the errno,
 * E_TIMEOUT, E_STATE.
 */
MUST_CHECK bool socket_connect_tcp(const struct address *address, const struct address *from,
                                   int stop_fd, int64_t deadline_usec, int *ret_fd,
                                   struct err *err);

/*
 * Looks a host up and tries its addresses in turn, each for its share of the time that is left;
 * the error is that of the last. `from`: an IP of this machine to connect from, of whose family
 * alone addresses are tried (E_USAGE: there is none), or NULL. The socket is tuned.
 */
MUST_CHECK bool socket_connect_host(const char *host, uint16_t port, const char *from, int stop_fd,
                                    int64_t deadline_usec, int *ret_fd, struct err *err);

/* Whether an IP is an address of this machine, from which connections can be made. E_USAGE, E_IO.
 */
MUST_CHECK bool socket_check_source(const char *ip, struct err *err);

/*
 * A path to a unix socket that is short enough for bind() and connect(), while it is open: one that
 * is not goes by a descriptor of its directory.
 */
#define SOCKET_ROUTE_MAX 108
struct socket_route {
    int dir_fd; /* -1: the path itself */
    char path[SOCKET_ROUTE_MAX];
};
MUST_CHECK bool socket_route_open(const char *path, struct socket_route *ret_route,
                                  struct err *err);
void socket_route_close(struct socket_route *route);

/* Connects to a unix socket, whose path may be of any length. */
MUST_CHECK bool socket_connect_unix(const char *path, int *ret_fd, struct err *err);

/* The pid of the process that listens at a connected unix socket (SO_PEERCRED). */
MUST_CHECK bool socket_peer_pid(int fd, pid_t *ret_pid, struct err *err);

/*
 * Waits for a client until one comes or stop_fd becomes readable. *ret_fd is -1 in the second case.
 * Failures that pass by themselves (too many descriptors, a client that is gone already) are
 * retriable.
 */
MUST_CHECK bool socket_accept(int listen_fd, int stop_fd, int *ret_fd, struct err *err);

/*
 * Waits for poll() events on a descriptor, or for the wake-up stop_fd (E_STATE; -1: none), or for
 * the deadline (E_TIMEOUT). `peer` is for messages.
 */
MUST_CHECK bool socket_wait(int fd, short events, int stop_fd, int64_t deadline_usec,
                            const char *peer, struct err *err);

/* No Nagle delay, and keep-alive that finds a dead peer after about 2 minutes. */
void socket_tune_tcp(int fd);

/*
 * Ends a TCP connection whose peer has acknowledged nothing for so long: also when nothing but
 * keep-alive is sent, and when the peer is there but takes nothing. Other sockets stay as they are.
 */
void socket_limit_silence(int fd, int64_t usec);

/* True when it fits into sockaddr_un, which holds 107 bytes. */
bool socket_path_fits(const char *path);

/* Refuses paths that do not fit, with a message that says so. */
MUST_CHECK bool socket_check_path(const char *path, struct err *err);
