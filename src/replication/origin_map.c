#include "replication/origin_map.h"

#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdatomic.h>

#define PATIENCE_USEC (3 * USEC_PER_SEC) /* with servers that are quicker than this relay */

struct origin_map {
    atomic_uint shares;
    struct gtid_resolver resolver;
    struct origin_domain *domains;
    size_t count;
};

static struct origin_log *find_log(const struct origin_map *map, uint32_t domain)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->domains[i].domain == domain)
            return map->domains[i].log;
    }
    return NULL;
}

static bool has(void *context, uint32_t domain)
{
    return find_log(context, domain) != NULL;
}

static bool fail(uint32_t domain, uint64_t sequence, struct err *err)
{
    return err_prefix(err, "what number %" PRIu64 " of domain %" PRIu32 " was at its first source",
                      sequence, domain);
}

static bool find(void *context, uint32_t domain, uint64_t sequence, struct gtid_origin *ret_origin,
                 struct err *err)
{
    return origin_log_find(find_log(context, domain), sequence, PATIENCE_USEC, ret_origin, err) ||
           fail(domain, sequence, err);
}

static bool executed(void *context, uint32_t domain, uint64_t sequence, struct gtid_set *set,
                     struct err *err)
{
    return origin_log_executed(find_log(context, domain), sequence, PATIENCE_USEC, set, err) ||
           fail(domain, sequence, err);
}

static bool held(void *context, uint32_t domain, uint64_t first, uint64_t last,
                 const struct gtid_set *set)
{
    return origin_log_held(find_log(context, domain), first, last, set);
}

struct origin_map *origin_map_new(const struct origin_domain *domains, size_t count)
{
    struct origin_map *map = mem_alloc(sizeof *map);

    atomic_init(&map->shares, 1);
    map->resolver = (struct gtid_resolver){
        .context = map, .has = has, .find = find, .executed = executed, .held = held};
    map->domains = mem_alloc(count * sizeof *map->domains);
    map->count = count;
    for (size_t i = 0; i < count; i++) {
        map->domains[i] =
            (struct origin_domain){domains[i].domain, origin_log_share(domains[i].log)};
        origin_log_want(map->domains[i].log, true);
    }
    return map;
}

struct origin_map *origin_map_share(struct origin_map *map)
{
    if (map)
        (void)atomic_fetch_add(&map->shares, 1);
    return map;
}

void origin_map_free(struct origin_map *map)
{
    if (!map || atomic_fetch_sub(&map->shares, 1) > 1)
        return;
    for (size_t i = 0; i < map->count; i++) {
        origin_log_want(map->domains[i].log, false);
        origin_log_free(map->domains[i].log);
    }
    mem_free(map->domains);
    mem_free(map);
}

const struct gtid_resolver *origin_map_resolver(const struct origin_map *map)
{
    return map ? &map->resolver : NULL;
}
