#include "cluster/cluster_plan.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "cluster/identifier.h"
#include "cluster/parameter_group.h"
#include "cluster/place.h"
#include "cluster/zone_check.h"
#include "engine/home.h"
#include "net/address_ranges.h"
#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORTS_TRIED 1000
#define LIST_CAP    (2u << 20)

/* Another cluster of the store that will listen there: it may be down just now. */
static const struct store_cluster *find_other(const struct store_cluster *clusters, size_t count,
                                              const char *name, const struct place *place)
{
    for (size_t i = 0; i < count; i++) {
        const struct store_cluster *other = &clusters[i];
        struct place taken;

        if (strcmp(other->name, name) == 0 || other->lifecycle == LIFECYCLE_DELETING)
            continue;
        for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
            if (place_of(other, (enum endpoint_kind)kind, &taken) && place_collides(&taken, place))
                return other;
        }
    }
    return NULL;
}

/* Whether one of the cluster's endpoints of earlier kinds will listen there; which. */
static bool find_own(const struct store_cluster *settings, enum endpoint_kind before,
                     const struct place *place, enum endpoint_kind *ret_kind)
{
    for (int kind = 0; kind < (int)before; kind++) {
        struct place taken;

        if (place_of(settings, (enum endpoint_kind)kind, &taken) && place_collides(&taken, place)) {
            *ret_kind = (enum endpoint_kind)kind;
            return true;
        }
    }
    return false;
}

/* Opens a listening socket for a moment to see whether the port is free. */
static bool port_is_free(const char *listen, uint16_t port, bool *ret_free, struct err *err)
{
    struct address address;
    int fd = -1;

    if (!address_parse(listen, port, &address, err))
        return false;
    *ret_free = socket_listen_tcp(&address, &fd, err);
    fd_close(&fd);
    return *ret_free || err->code == EADDRINUSE;
}

/* The first free port from the default on. */
static bool choose_port(const struct store_cluster *clusters, size_t count,
                        struct store_cluster *settings, struct err *err)
{
    for (int tried = 0; tried < PORTS_TRIED; tried++) {
        bool is_free = false;
        struct place place;

        settings->port = (uint16_t)(CLUSTER_DEFAULT_PORT + tried);
        (void)place_of(settings, ENDPOINT_CLUSTER, &place);
        if (find_other(clusters, count, settings->name, &place) ||
            settings->port == settings->reader.port || settings->port == settings->instance.port)
            continue;
        if (!port_is_free(settings->listen, settings->port, &is_free, err))
            return false;
        if (is_free)
            return true;
    }
    return err_set(err, E_STATE, 0, "%s: no free port in %d..%d; give one with --port",
                   settings->listen, CLUSTER_DEFAULT_PORT, CLUSTER_DEFAULT_PORT + PORTS_TRIED - 1);
}

static bool lay_over_place(const struct place_options *options, struct store_place *place,
                           struct err *err)
{
    struct address address;

    if (options->off)
        *place = (struct store_place){0};
    if (options->listen) {
        if (!address_parse(options->listen, 0, &address, err))
            return false;
        (void)snprintf(place->listen, sizeof place->listen, "%s", options->listen);
    }
    if (options->port)
        place->port = options->port;
    return true;
}

/* Lays over all but the cluster endpoint's port. */
static bool lay_over(const struct cluster_options *options, struct store_cluster *settings,
                     struct err *err)
{
    struct address_ranges ranges;
    struct address address;

    if (options->listen && !address_parse(options->listen, 0, &address, err))
        return false;
    if (options->listen)
        (void)snprintf(settings->listen, sizeof settings->listen, "%s", options->listen);
    if (options->require_secure_transport >= 0)
        settings->require_secure_transport = options->require_secure_transport != 0;
    if (options->client_networks) {
        if (!address_ranges_parse(options->client_networks, &ranges, err))
            return err_prefix(err, "client networks");
        if (strlen(options->client_networks) >= sizeof settings->client_networks)
            return err_set(err, E_LIMIT, 0, "client networks: expected at most %zu bytes",
                           sizeof settings->client_networks - 1);
        (void)snprintf(settings->client_networks, sizeof settings->client_networks, "%s",
                       options->client_networks);
    }
    if (options->compatibility != 0 && options->compatibility != 2 && options->compatibility != 3)
        return err_set(err, E_USAGE, 0, "compatibility: expected 2 or 3, found %d",
                       options->compatibility);
    if (options->compatibility != 0)
        settings->compatibility = (uint8_t)options->compatibility;
    return lay_over_place(&options->reader, &settings->reader, err) &&
           lay_over_place(&options->instance, &settings->instance, err);
}

/* That one of the endpoints is in nobody's way, as far as the store knows. */
static bool check_place_of(const struct store_cluster *clusters, size_t count,
                           const struct store_cluster *settings, enum endpoint_kind kind,
                           struct err *err)
{
    const struct store_cluster *other;
    enum endpoint_kind own;
    struct place place;

    if (!place_of(settings, kind, &place))
        return true;
    other = find_other(clusters, count, settings->name, &place);
    if (other)
        return err_set(err, E_STATE, EADDRINUSE,
                       "%s port %u: that is where cluster %s listens; choose another with %s",
                       place.listen, (unsigned)place.port, other->name, endpoint_kind_option(kind));
    if (find_own(settings, kind, &place, &own))
        return err_set(err, E_STATE, EADDRINUSE,
                       "%s port %u: that is where the cluster's own %s endpoint listens; choose "
                       "another with %s",
                       place.listen, (unsigned)place.port, endpoint_kind_name(own),
                       endpoint_kind_option(kind));
    return true;
}

static bool choose_groups(struct store *store, const struct cluster_options *options,
                          struct store_cluster *settings, struct err *err)
{
    return (!options->parameter_group ||
            parameter_group_choose(store, STORE_GROUP_CLUSTER, settings->compatibility,
                                   options->parameter_group, settings->parameter_group, err)) &&
           (!options->instance_parameter_group ||
            parameter_group_choose(store, STORE_GROUP_INSTANCE, settings->compatibility,
                                   options->instance_parameter_group,
                                   settings->instance_parameter_group, err));
}

/* What a new cluster's groups say is not refused by its engine. */
static bool check_new_groups(struct store *store, const struct cluster_plan *plan, struct err *err)
{
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    bool ok;

    if (!store)
        return true;
    if (!parameter_group_effective(store, &plan->settings, &set, &origins, err))
        return false;
    ok = zone_check_engine(set, plan->record.engine, plan->settings.name, err);
    parameter_set_free(set);
    mem_free(origins);
    return ok;
}

/* What was decided when the cluster was made is the same in its next groups, and its engine knows
 * the time zone if they bring one. */
static bool check_groups(struct store *store, const struct store_cluster *before,
                         const struct store_cluster *after, struct err *err)
{
    struct parameter_origin *origins[2] = {NULL, NULL};
    struct parameter_set *sets[2] = {NULL, NULL};
    bool ok = parameter_group_effective(store, before, &sets[0], &origins[0], err) &&
              parameter_group_effective(store, after, &sets[1], &origins[1], err);

    for (size_t i = 0; ok && i < parameters_count; i++) {
        if (parameters[i].apply == PARAMETER_CREATION &&
            !parameter_set_is_same(sets[0], sets[1], i))
            ok = err_set(err, E_USAGE, 0,
                         "parameter %s: expected '%s' in the parameter group, which cluster %s was "
                         "made with, found '%s'",
                         parameters[i].name, parameter_set_get(sets[0], i), before->name,
                         parameter_set_get(sets[1], i));
    }
    if (ok && strcmp(before->parameter_group, after->parameter_group) != 0)
        ok = zone_check_cluster(store, after->name, sets[1], err);
    for (size_t i = 0; i < 2; i++) {
        parameter_set_free(sets[i]);
        mem_free(origins[i]);
    }
    return ok;
}

/* Where the endpoints will be, as far as others of the store are concerned. */
static bool settle_places(struct store *store, uint16_t asked, struct store_cluster *settings,
                          struct err *err)
{
    struct arena *arena = arena_new(LIST_CAP);
    struct store_cluster *clusters = NULL;
    size_t count = 0;
    bool ok = !store || store_list_clusters(store, CLUSTERS_MAX, arena, &clusters, &count, err);

    if (asked)
        settings->port = asked;
    if (ok && settings->port == 0)
        ok = choose_port(clusters, count, settings, err);
    for (int kind = 0; ok && kind < ENDPOINT_KINDS; kind++)
        ok = check_place_of(clusters, count, settings, (enum endpoint_kind)kind, err);
    arena_free(arena);
    return ok;
}

/* Data may be opened by the version that wrote it or a later one, never by an earlier. */
static bool check_version(const struct store_instance *record, const struct engine_home *home,
                          struct err *err)
{
    unsigned major = 0;
    unsigned minor = 0;

    if (sscanf(record->version, "%u.%u", &major, &minor) == 2 &&
        home->version_number / 100 < major * 100 + minor)
        return err_set(err, E_STATE, 0,
                       "instance %s: expected an engine of version %u.%u or later, which wrote its "
                       "data, found %s; a data directory cannot go back",
                       record->name, major, minor, home->version);
    return true;
}

static bool settle_engine(const char *engine, struct store_instance *record, struct err *err)
{
    struct engine_home *home = NULL;
    bool ok;

    if (!engine_home_open(engine, &home, err))
        return false;
    /* A path is stored absolute: the next start may be made from another directory. */
    if (strchr(engine, '/'))
        engine = home->dir;
    ok = check_version(record, home, err);
    if (ok && strlen(engine) >= sizeof record->engine)
        ok = err_set(err, E_LIMIT, 0, "engine: expected at most %zu bytes, found %zu",
                     sizeof record->engine - 1, strlen(engine));
    if (ok)
        (void)snprintf(record->engine, sizeof record->engine, "%s", engine);
    engine_home_free(home);
    return ok;
}

/* The writer of a new cluster, under a name that no other instance has. */
static bool name_writer(struct store *store, struct cluster_plan *plan, struct err *err)
{
    struct store_instance *record = &plan->record;
    bool taken = true;

    *record = (struct store_instance){.binlog_epoch = 1, .server_id = random_u32() >> 1 | 1};
    (void)snprintf(record->cluster, sizeof record->cluster, "%s", plan->settings.name);
    for (unsigned number = 1; taken; number++) {
        taken = false;
        identifier_number(plan->settings.name, number, record->name);
        if (store && !store_has_instance(store, record->name, &taken, err))
            return false;
    }
    return true;
}

/* Data that nobody knows of is never touched, nor taken for the new cluster's. */
static bool check_place(const char *dir, const char *name, struct err *err)
{
    char *own = mem_printf("%s/clusters/%s/instances", dir, name);
    bool ok = !path_exists(own);

    if (!ok)
        (void)err_set(err, E_STATE, 0,
                      "%s: expected none, because borealis.db knows of no cluster %s, found one; "
                      "put the right borealis.db back, or choose another directory or name",
                      own, name);
    mem_free(own);
    return ok;
}

bool cluster_plan_new(const char *dir, struct store *store, const char *name,
                      const struct cluster_options *options, struct cluster_plan *ret_plan,
                      struct err *err)
{
    struct cluster_plan plan = {.settings = {.lifecycle = LIFECYCLE_CREATING,
                                             .compatibility = CLUSTER_DEFAULT_COMPATIBILITY,
                                             .listen = CLUSTER_DEFAULT_LISTEN,
                                             .master_user = CLUSTER_MASTER_USER,
                                             .created_usec = clock_wall_usec()}};
    struct store_cluster *settings = &plan.settings;
    bool found = false;

    if (!identifier_parse(name, settings->name, err) ||
        (store &&
         !store_get_cluster(store, settings->name, &(struct store_cluster){0}, &found, err)))
        return false;
    if (found)
        return err_set(err, E_STATE, 0, "cluster %s: there is one already", settings->name);
    /* Two clusters that replicate from each other must not share a domain; 0 is everybody's. */
    settings->gtid_domain_id = random_u32() >> 1 | 1;
    if (!lay_over(options, settings, err) || !choose_groups(store, options, settings, err) ||
        !name_writer(store, &plan, err) ||
        !settle_engine(options->engine ? options->engine : CLUSTER_DEFAULT_ENGINE, &plan.record,
                       err) ||
        !check_new_groups(store, &plan, err) || !check_place(dir, settings->name, err) ||
        !settle_places(store, options->port, settings, err))
        return false;
    *ret_plan = plan;
    return true;
}

bool cluster_plan_load(struct store *store, const struct store_cluster *settings,
                       struct cluster_plan *ret_plan, struct err *err)
{
    struct cluster_plan plan = {.settings = *settings};
    bool found = false;

    if (!store_get_writer(store, settings->name, &plan.record, &found, err))
        return false;
    if (!found && settings->lifecycle == LIFECYCLE_MADE)
        return err_set(err, E_PROTO, 0,
                       "cluster %s: expected an instance in borealis.db, found none",
                       settings->name);
    if (!found) {
        if (!name_writer(store, &plan, err))
            return false;
        (void)snprintf(plan.record.engine, sizeof plan.record.engine, CLUSTER_DEFAULT_ENGINE);
    }
    *ret_plan = plan;
    return true;
}

static bool moves(const struct store_cluster *before, const struct store_cluster *next,
                  const struct cluster_options *options)
{
    return options->listen || options->port ||
           memcmp(&before->reader, &next->reader, sizeof before->reader) != 0 ||
           memcmp(&before->instance, &next->instance, sizeof before->instance) != 0;
}

bool cluster_plan_change(struct store *store, const struct cluster_options *options,
                         struct cluster_plan *plan, struct err *err)
{
    struct cluster_plan next = *plan;

    if (!lay_over(options, &next.settings, err) ||
        !choose_groups(store, options, &next.settings, err) ||
        !check_groups(store, &plan->settings, &next.settings, err) ||
        (options->engine && !settle_engine(options->engine, &next.record, err)) ||
        (moves(&plan->settings, &next.settings, options) &&
         !settle_places(store, options->port, &next.settings, err)))
        return false;
    *plan = next;
    return true;
}
