/*
 * struct notify: tells a service manager how the daemon is, by the datagrams of sd_notify(3): ours,
 * because they are one sendto() to $NOTIFY_SOCKET and libsystemd brings more than that. Without
 * that variable everything is done and nothing is sent. A message that can not be sent is lost: a
 * manager that has gone is no reason to stop. Owned by one thread, which alone calls.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct notify {
    int fd;                /* -1: nobody to tell */
    int64_t watchdog_usec; /* say notify_alive() that often; 0: never */
    int64_t alive_usec;    /* monotonic: when it was said */
};

/*
 * Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and removes them, so that no child speaks
 * for us. E_USAGE, E_IO: the variables are there but can not be followed.
 */
MUST_CHECK bool notify_open(struct notify *ret_notify, struct err *err);
void notify_close(struct notify *notify);

/* `status` is one line for people. */
void notify_ready(struct notify *notify, const char *status);
void notify_reloading(struct notify *notify); /* until notify_ready() */
void notify_stopping(struct notify *notify);
void notify_alive(struct notify *notify); /* as often as one likes; sends when it is time */
