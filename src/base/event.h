/*
 * Descriptors that become readable when something happens, for poll(): an event that one thread
 * raises for another, and the signals of the process. The caller owns them (fd_close()).
 */
#pragma once

#include "base/err.h"

/* A new event, not raised. */
MUST_CHECK bool event_open(int *ret_fd, struct err *err);

void event_raise(int fd);     /* any thread */
bool event_is_raised(int fd); /* any thread */

/*
 * SIGINT, SIGTERM and SIGHUP as a descriptor; blocks all signals in the calling thread, so call it
 * before another thread starts.
 */
MUST_CHECK bool signals_open(int *ret_fd, struct err *err);

/* Takes one signal that has come; false when there is none. */
bool signals_take(int fd, int *ret_signal);
