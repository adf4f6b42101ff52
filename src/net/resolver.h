/*
 * Looking up a host's addresses, with a deadline.
 *
 * getaddrinfo() knows no deadline and may wait for a name server for a minute, so it runs in a
 * thread of its own; a caller whose time is over leaves that thread behind, which ends by itself
 * and touches nothing of the caller's. At most RESOLVER_MAX of them may be under way in a process;
 * a lookup past that is refused with E_LIMIT, retriable. Numeric addresses need no thread.
 */
#pragma once

#include "net/address.h"

#include <stddef.h>

#define RESOLVER_MAX           64
#define RESOLVER_ADDRESSES_MAX 16 /* of one host; further ones are left out */

struct resolver_result {
    struct address addresses[RESOLVER_ADDRESSES_MAX]; /* in the order to try them */
    size_t count;
};

/*
 * All addresses of a host name or numeric address, with that port. stop_fd: a wake-up that ends the
 * wait, or -1. E_STATE when there is no such host or the wait was ended, E_TIMEOUT.
 */
MUST_CHECK bool resolver_lookup(const char *host, uint16_t port, int stop_fd, int64_t deadline_usec,
                                struct resolver_result *ret_result, struct err *err);
