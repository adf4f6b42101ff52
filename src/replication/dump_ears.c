#include "replication/dump_ears.h"

#include "base/clock.h"
#include "base/file.h"

#include <poll.h>
#include <sys/epoll.h>

#define GUARD_USEC USEC_PER_SEC /* between two looks at the guard while events are sent */

bool dump_ears_open(struct dump_ears *ears, int replica_fd, struct dump_guard *guard,
                    struct err *err)
{
    int fds[] = {replica_fd, guard ? guard->fd : -1};

    *ears = (struct dump_ears)DUMP_EARS_CLOSED;
    ears->fd = replica_fd;
    if (!guard)
        return true;
    ears->guard = guard;
    ears->look_at = clock_deadline_usec(GUARD_USEC);
    ears->fd = ears->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (ears->epoll < 0)
        return err_errno(err, "cannot wait for a replica");
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN};

        if (fds[i] >= 0 && epoll_ctl(ears->epoll, EPOLL_CTL_ADD, fds[i], &event) != 0)
            return err_errno(err, "cannot wait for a replica");
    }
    return true;
}

void dump_ears_close(struct dump_ears *ears)
{
    fd_close(&ears->epoll);
    *ears = (struct dump_ears)DUMP_EARS_CLOSED;
}

bool dump_ears_ask_guard(struct dump_ears *ears, struct err *err)
{
    struct dump_guard *guard = ears->guard;
    struct pollfd ready = {.fd = guard ? guard->fd : -1, .events = POLLIN};
    bool ok;

    if (!guard)
        return true;
    ears->look_at = clock_deadline_usec(GUARD_USEC);
    if (ready.fd < 0 || poll(&ready, 1, 0) <= 0)
        return true;
    ok = guard->look(guard, err);
    if (guard->fd < 0)
        (void)epoll_ctl(ears->epoll, EPOLL_CTL_DEL, ready.fd, NULL);
    return ok;
}

bool dump_ears_turn(struct dump_ears *ears, struct err *err)
{
    return !ears->guard || clock_now_usec() < ears->look_at || dump_ears_ask_guard(ears, err);
}
