#include "base/wakeup.h"

#include "base/thread.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

bool wakeup_open(int *ret_fd, struct err *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return err_errno(err, "no eventfd");
    *ret_fd = fd;
    return true;
}

void wakeup_raise(int fd)
{
    uint64_t one = 1;

    /* It cannot fail: the counter would have to be raised 2^64 - 1 times. */
    (void)!write(fd, &one, sizeof one);
}

bool wakeup_is_raised(int fd)
{
    struct pollfd raised = {.fd = fd, .events = POLLIN};

    return poll(&raised, 1, 0) == 1;
}

void wakeup_clear(int fd)
{
    uint64_t count;

    /* Fails when it was not raised, which is as well. */
    (void)!read(fd, &count, sizeof count);
}

bool signals_open(int *ret_fd, struct err *err)
{
    sigset_t set;
    int fd;

    thread_block_signals();
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return err_errno(err, "no signalfd");
    *ret_fd = fd;
    return true;
}

bool signals_take(int fd, int *ret_signal)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof info) != sizeof info)
        return false;
    *ret_signal = (int)info.ssi_signo;
    return true;
}
