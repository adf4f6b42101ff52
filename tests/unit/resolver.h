/* Origins of one domain as a resolver that never waits. */
#pragma once

#include "translation/gtid_resolver.h"

struct one_domain {
    struct gtid_resolver resolver;
    const struct gtid_origins *origins;
    uint32_t domain;
};

static inline bool one_domain_has(void *context, uint32_t domain)
{
    const struct one_domain *one = context;

    return domain == one->domain;
}

static inline bool one_domain_fail(uint32_t domain, uint64_t sequence, struct err *err)
{
    return err_set(err, E_STATE, 0, "number %llu of domain %u is not known",
                   (unsigned long long)sequence, domain);
}

static inline bool one_domain_find(void *context, uint32_t domain, uint64_t sequence,
                                   struct gtid_origin *ret_origin, struct err *err)
{
    const struct one_domain *one = context;

    return gtid_origins_find(one->origins, sequence, ret_origin) ||
           one_domain_fail(domain, sequence, err);
}

static inline bool one_domain_executed(void *context, uint32_t domain, uint64_t sequence,
                                       struct gtid_set *set, struct err *err)
{
    const struct one_domain *one = context;

    return gtid_origins_executed(one->origins, sequence, set) ||
           one_domain_fail(domain, sequence, err);
}

static inline bool one_domain_held(void *context, uint32_t domain, uint64_t first, uint64_t last,
                                   const struct gtid_set *set)
{
    const struct one_domain *one = context;

    (void)domain;
    return gtid_origins_held(one->origins, first, last, set);
}

static inline void one_domain_init(struct one_domain *one, const struct gtid_origins *origins,
                                   uint32_t domain)
{
    *one = (struct one_domain){.resolver = {.context = one,
                                            .has = one_domain_has,
                                            .find = one_domain_find,
                                            .executed = one_domain_executed,
                                            .held = one_domain_held},
                               .origins = origins,
                               .domain = domain};
}
