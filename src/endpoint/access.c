#include "endpoint/access.h"

#include "base/mem.h"

#include <pthread.h>

struct access {
    struct {
        pthread_mutex_t lock;
        bool require_tls;
        struct address_ranges networks;
    } shared;
};

struct access *access_new(void)
{
    struct access *access = mem_alloc(sizeof *access);

    (void)pthread_mutex_init(&access->shared.lock, NULL);
    return access;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    (void)pthread_mutex_destroy(&access->shared.lock);
    mem_free(access);
}

void access_set(struct access *access, bool require_tls, const struct address_ranges *networks)
{
    (void)pthread_mutex_lock(&access->shared.lock);
    access->shared.require_tls = require_tls;
    access->shared.networks = *networks;
    (void)pthread_mutex_unlock(&access->shared.lock);
}

bool access_admits(struct access *access, const char *ip)
{
    bool admits;

    (void)pthread_mutex_lock(&access->shared.lock);
    admits = address_ranges_have(&access->shared.networks, ip);
    (void)pthread_mutex_unlock(&access->shared.lock);
    return admits;
}

bool access_requires_tls(struct access *access)
{
    bool required;

    (void)pthread_mutex_lock(&access->shared.lock);
    required = access->shared.require_tls;
    (void)pthread_mutex_unlock(&access->shared.lock);
    return required;
}
