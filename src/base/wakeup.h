/*
 * Descriptors that become readable when something happens, for poll(): a wake-up that one thread
 * raises for others, and the signals of the process. The caller owns them (fd_close()).
 */
#pragma once

#include "base/err.h"

/* A new one, not raised. Once raised it stays so until it is cleared. */
MUST_CHECK bool wakeup_open(int *ret_fd, struct err *err);

void wakeup_raise(int fd);     /* any thread */
bool wakeup_is_raised(int fd); /* any thread */
void wakeup_clear(int fd);     /* it may be raised again; any thread */

/*
 * SIGINT, SIGTERM and SIGHUP as a descriptor; blocks all signals in the calling thread, so call it
 * before another thread starts.
 */
MUST_CHECK bool signals_open(int *ret_fd, struct err *err);

/* Takes one signal that has come; false when there is none. */
bool signals_take(int fd, int *ret_signal);
