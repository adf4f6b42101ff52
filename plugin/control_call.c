/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_call.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WAKE     "wake\n"
#define DONE     "done"
#define RETRY_MS 20

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds until the deadline for poll(), 0 once it has passed. */
static int left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - now_ms();

    return left > 0 ? (int)left : 0;
}

static bool fail(char *problem, const char *what, const char *detail)
{
    (void)snprintf(problem, CONTROL_PROBLEM_MAX + 1, "%s%s%s", what, detail ? ": " : "",
                   detail ? detail : "");
    return false;
}

static bool fail_errno(char *problem, const char *what)
{
    char text[128];

    return fail(problem, what, strerror_r(errno, text, sizeof text));
}

static bool fail_late(char *problem)
{
    return fail(problem,
                "The Borealis daemon has not answered in time; what was asked may still be done",
                NULL);
}

/* A listener whose queue is full says EAGAIN and gives nothing to wait for. */
static bool connect_socket(int fd, const char *path, int64_t deadline_ms, char *problem)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return fail(problem, "The path of the Borealis daemon's socket is too long", NULL);
    memcpy(address.sun_path, path, strlen(path) + 1);
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return fail_errno(problem, "The Borealis daemon does not run");
        if (errno != EAGAIN && errno != EINTR)
            return fail_errno(problem, "The Borealis daemon can not be reached");
        if (left_ms(deadline_ms) == 0)
            return fail_late(problem);
        (void)poll(NULL, 0, RETRY_MS);
    }
    return true;
}

static bool wait_for(int fd, short events, int64_t deadline_ms, char *problem)
{
    struct pollfd ready = {.fd = fd, .events = events};
    int n;

    do {
        n = poll(&ready, 1, left_ms(deadline_ms));
    } while (n < 0 && errno == EINTR);
    return n > 0 || fail_late(problem);
}

static bool send_bytes(int fd, const char *next, size_t len, int64_t deadline_ms, char *problem)
{
    while (len > 0) {
        ssize_t n;

        if (!wait_for(fd, POLLOUT, deadline_ms, problem))
            return false;
        n = send(fd, next, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return true; /* gone already: what it has said before tells more */
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return fail_errno(problem, "The Borealis daemon can not be asked");
        next += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool send_question(int fd, const char *secret, size_t secret_len, int64_t deadline_ms,
                          char *problem)
{
    char head[32];

    if (!secret)
        return send_bytes(fd, WAKE, strlen(WAKE), deadline_ms, problem);
    (void)snprintf(head, sizeof head, "take %zu\n", secret_len);
    return send_bytes(fd, head, strlen(head), deadline_ms, problem) &&
           send_bytes(fd, secret, secret_len, deadline_ms, problem);
}

/* One line, without its end; a longer one is cut. It is for people: only what they can read. */
static bool receive_line(int fd, int64_t deadline_ms, char line[CONTROL_PROBLEM_MAX + 1],
                         char *problem)
{
    size_t len = 0;

    while (len < CONTROL_PROBLEM_MAX) {
        ssize_t n;

        if (!wait_for(fd, POLLIN, deadline_ms, problem))
            return false;
        n = recv(fd, line + len, 1, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return fail(problem, "The Borealis daemon has ended the connection without an answer",
                        NULL);
        if (n > 0 && line[len] == '\n')
            break;
        if (n > 0 && (line[len] < ' ' || line[len] > '~'))
            line[len] = '?';
        len += n > 0 ? 1 : 0;
    }
    line[len] = 0;
    return true;
}

static bool understand(const char *line, char *problem)
{
    return strcmp(line, DONE) == 0 ||
           fail(problem, "The Borealis daemon answered", *line ? line : "nothing");
}

bool control_call(const char *socket_path, const char *secret, size_t secret_len, int timeout_ms,
                  char problem[CONTROL_PROBLEM_MAX + 1])
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    char line[CONTROL_PROBLEM_MAX + 1];
    bool ok;
    int fd;

    if (secret_len > CONTROL_SECRET_MAX)
        return fail(problem, "What is given to the Borealis daemon is too long", NULL);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_errno(problem, "The engine can not make a socket");
    ok = connect_socket(fd, socket_path, deadline_ms, problem) &&
         send_question(fd, secret, secret_len, deadline_ms, problem) &&
         receive_line(fd, deadline_ms, line, problem) && understand(line, problem);
    (void)close(fd);
    return ok;
}
