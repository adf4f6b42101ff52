#include "cluster/zone_check.h"

#include "cluster/cluster_plan.h"
#include "engine/home.h"
#include "engine/time_zone.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define ZONE     "time_zone"
#define LIST_CAP (4u << 20)

/* The set's zone if it is one that an engine has by its name; NULL: any engine knows it. */
static const char *named_zone(const struct parameter_set *set)
{
    const char *zone = parameter_set_find(set, ZONE);

    return zone && isalpha((unsigned char)*zone) && strcasecmp(zone, "SYSTEM") != 0 ? zone : NULL;
}

bool zone_check_engine(const struct parameter_set *set, const char *engine, const char *cluster,
                       struct err *err)
{
    const char *zone = named_zone(set);
    struct engine_home *home = NULL;
    struct err not_there;
    bool known;

    if (!zone || !engine_home_open(engine, &home, &not_there))
        return true;
    known = !home->zoneinfo || time_zone_exists(home->zoneinfo, zone);
    engine_home_free(home);
    return known || err_set(err, E_USAGE, 0,
                            "parameter " ZONE ": expected SYSTEM, an offset as +02:00, or a name "
                            "that the engine of cluster %s knows, found '%s'",
                            cluster, zone);
}

bool zone_check_cluster(struct store *store, const char *cluster, const struct parameter_set *set,
                        struct err *err)
{
    struct store_instance record;
    bool found = false;

    if (!named_zone(set))
        return true;
    return store_get_writer(store, cluster, &record, &found, err) &&
           (!found || zone_check_engine(set, record.engine, cluster, err));
}

bool zone_check_users(struct store *store, const struct store_group *group,
                      const struct parameter_set *set, struct err *err)
{
    struct store_cluster *clusters = NULL;
    struct arena *arena;
    size_t count = 0;
    bool ok;

    /* Instances' groups have no zone. */
    if (group->kind != STORE_GROUP_CLUSTER || !named_zone(set))
        return true;
    arena = arena_new(LIST_CAP);
    ok = store_list_clusters(store, CLUSTERS_MAX, arena, &clusters, &count, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = strcmp(clusters[i].parameter_group, group->name) != 0 ||
             zone_check_cluster(store, clusters[i].name, set, err);
    arena_free(arena);
    return ok;
}
