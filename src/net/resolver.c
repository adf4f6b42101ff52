#include "net/resolver.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define STACK_BYTES (256u << 10) /* name service plugins are other people's code */

/* One lookup, shared by the caller and the thread; the last of them frees it. */
struct lookup {
    atomic_int holders;
    int done_fd;      /* raised when the thread has filled in the rest */
    atomic_bool done; /* set before that: orders memory between the two */
    char *host;
    uint16_t port;
    int failure; /* getaddrinfo()'s, 0: none */
    int failure_errno;
    struct resolver_result result;
};

static atomic_int under_way;

static void lookup_release(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->holders, 1) > 1)
        return;
    fd_close(&lookup->done_fd);
    mem_free(lookup->host);
    mem_free(lookup);
}

static int query(const char *host, uint16_t port, int flags, struct resolver_result *result)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *list = NULL;
    char service[8];
    int failure;

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    failure = getaddrinfo(host, service, &hints, &list);
    if (failure)
        return failure;
    result->count = 0;
    for (const struct addrinfo *one = list; one && result->count < RESOLVER_ADDRESSES_MAX;
         one = one->ai_next) {
        struct address *address = &result->addresses[result->count];

        if (one->ai_addrlen > sizeof address->storage ||
            (one->ai_family != AF_INET && one->ai_family != AF_INET6))
            continue;
        memcpy(&address->storage, one->ai_addr, one->ai_addrlen);
        address->len = one->ai_addrlen;
        result->count++;
    }
    freeaddrinfo(list);
    return result->count > 0 ? 0 : EAI_NONAME;
}

static void *run(void *arg)
{
    struct lookup *lookup = arg;

    lookup->failure = query(lookup->host, lookup->port, AI_ADDRCONFIG, &lookup->result);
    lookup->failure_errno = errno;
    atomic_store(&lookup->done, true);
    wakeup_raise(lookup->done_fd);
    lookup_release(lookup);
    (void)atomic_fetch_sub(&under_way, 1);
    return NULL;
}

static struct lookup *start(const char *host, uint16_t port, struct err *err)
{
    struct lookup *lookup;

    if (atomic_fetch_add(&under_way, 1) >= RESOLVER_MAX) {
        (void)atomic_fetch_sub(&under_way, 1);
        (void)err_set(err, E_LIMIT, 0,
                      "%s: cannot look up the host: %d lookups are waiting for a name server", host,
                      RESOLVER_MAX);
        err->retriable = true;
        return NULL;
    }
    lookup = mem_alloc(sizeof *lookup);
    lookup->done_fd = -1;
    lookup->host = mem_strdup(host);
    lookup->port = port;
    atomic_init(&lookup->holders, 2);
    if (wakeup_open(&lookup->done_fd, err) &&
        thread_start("resolver", STACK_BYTES, run, lookup, NULL, err))
        return lookup;
    (void)atomic_fetch_sub(&under_way, 1);
    atomic_store(&lookup->holders, 1);
    lookup_release(lookup);
    return NULL;
}

static bool unknown(const char *host, int failure, int failure_errno, struct err *err)
{
    (void)err_set(err, E_STATE, 0, "%s: cannot look up the host: %s", host,
                  failure == EAI_SYSTEM ? strerror(failure_errno) : gai_strerror(failure));
    err->retriable = failure == EAI_AGAIN;
    return false;
}

bool resolver_lookup(const char *host, uint16_t port, int stop_fd, int64_t deadline_usec,
                     struct resolver_result *ret_result, struct err *err)
{
    struct resolver_result numeric;
    struct lookup *lookup;
    bool good;

    if (query(host, port, AI_NUMERICHOST, &numeric) == 0) {
        *ret_result = numeric;
        return true;
    }
    lookup = start(host, port, err);
    if (!lookup)
        return false;
    good = socket_wait(lookup->done_fd, POLLIN, stop_fd, deadline_usec, host, err);
    if (good && atomic_load(&lookup->done) && lookup->failure)
        good = unknown(host, lookup->failure, lookup->failure_errno, err);
    if (good)
        *ret_result = lookup->result;
    lookup_release(lookup);
    return good;
}
