#include "daemon/clusters.h"

#include "base/inject.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/identifier.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define SUBJECT "daemon"

struct entry {
    char name[STORE_NAME_MAX];
    struct supervisor *supervisor;
    unsigned borrowers;
};

struct clusters {
    struct supervisor_spec spec;
    pthread_mutex_t request_lock; /* one request that changes something at a time */

    struct {
        pthread_mutex_t lock;
        struct entry entries[CLUSTERS_MAX]; /* by name */
        size_t count;
        bool stopping; /* no more are taken */
    } shared;
};

void clusters_close(struct clusters *clusters)
{
    if (!clusters)
        return;
    for (size_t i = 0; i < clusters->shared.count; i++)
        supervisor_free(clusters->shared.entries[i].supervisor);
    (void)pthread_mutex_destroy(&clusters->shared.lock);
    (void)pthread_mutex_destroy(&clusters->request_lock);
    mem_free(clusters);
}

/* Frees the supervisors of clusters that are gone. */
static void sweep_locked(struct clusters *clusters)
{
    struct entry *entries = clusters->shared.entries;
    size_t kept = 0;

    for (size_t i = 0; i < clusters->shared.count; i++) {
        if (entries[i].borrowers == 0 && supervisor_has_ended(entries[i].supervisor))
            supervisor_free(entries[i].supervisor);
        else
            entries[kept++] = entries[i];
    }
    clusters->shared.count = kept;
}

/* Keeps the order of names. */
static void insert_locked(struct clusters *clusters, const char *name,
                          struct supervisor *supervisor)
{
    struct entry *entries = clusters->shared.entries;
    size_t at = clusters->shared.count++;

    for (; at > 0 && strcmp(entries[at - 1].name, name) > 0; at--)
        entries[at] = entries[at - 1];
    entries[at] = (struct entry){.supervisor = supervisor};
    memcpy(entries[at].name, name, strlen(name) + 1);
}

/* Takes over the sockets. */
static bool supervise(struct clusters *clusters, const struct cluster_plan *plan,
                      struct cluster_sockets *sockets, struct err *err)
{
    struct supervisor *supervisor = NULL;
    bool ok = true;

    (void)pthread_mutex_lock(&clusters->shared.lock);
    if (clusters->shared.count == CLUSTERS_MAX)
        ok = err_set(err, E_LIMIT, 0, "expected at most %d clusters", CLUSTERS_MAX);
    else if (clusters->shared.stopping)
        ok = err_set(err, E_STATE, 0, "cluster %s: the daemon stops; its next start makes it",
                     plan->settings.name);
    if (!ok)
        cluster_sockets_close(sockets);
    ok = ok && supervisor_start(&clusters->spec, plan, sockets, &supervisor, err);
    if (ok)
        insert_locked(clusters, plan->settings.name, supervisor);
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    return ok;
}

static bool list_rows(struct store *store, struct arena **ret_arena,
                      struct store_cluster **ret_rows, size_t *ret_count, struct err *err)
{
    struct arena *arena = arena_new(CLUSTERS_MAX * (sizeof(struct store_cluster) + 64));

    if (!store_list_clusters(store, CLUSTERS_MAX, arena, ret_rows, ret_count, err)) {
        arena_free(arena);
        return false;
    }
    *ret_arena = arena;
    return true;
}

bool clusters_count(struct store *store, size_t *ret_count, struct err *err)
{
    struct store_cluster *rows;
    struct arena *arena;

    if (!list_rows(store, &arena, &rows, ret_count, err))
        return false;
    arena_free(arena);
    return true;
}

bool clusters_find_plan(struct store *store, const char *name, struct cluster_plan *ret_plan,
                        bool *ret_found, struct err *err)
{
    struct store_cluster settings;
    bool found = false;

    if (!store_get_cluster(store, name, &settings, &found, err) ||
        (found && !cluster_plan_load(store, &settings, ret_plan, err)))
        return false;
    *ret_found = found;
    return true;
}

static bool supervise_all(struct clusters *clusters, const struct cluster_plan *changed,
                          struct err *err)
{
    struct store_cluster *rows = NULL;
    struct arena *arena = NULL;
    size_t count = 0;
    bool ok = list_rows(clusters->spec.store, &arena, &rows, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        struct cluster_sockets none;
        struct cluster_plan plan;

        cluster_sockets_init(&none);
        if (changed && strcmp(changed->settings.name, rows[i].name) == 0)
            plan = *changed;
        else
            ok = cluster_plan_load(clusters->spec.store, &rows[i], &plan, err);
        ok = ok && supervise(clusters, &plan, &none, err);
    }
    arena_free(arena);
    return ok;
}

bool clusters_open(const struct supervisor_spec *spec, const struct cluster_plan *changed,
                   struct clusters **ret_clusters, struct err *err)
{
    struct clusters *clusters = mem_alloc(sizeof *clusters);

    clusters->spec = *spec;
    (void)pthread_mutex_init(&clusters->request_lock, NULL);
    (void)pthread_mutex_init(&clusters->shared.lock, NULL);
    if (!supervise_all(clusters, changed, err)) {
        clusters_ask_all(clusters, SUPERVISOR_LEAVE);
        clusters_close(clusters);
        return false;
    }
    *ret_clusters = clusters;
    return true;
}

size_t clusters_borrow_all(struct clusters *clusters, struct supervisor ***ret_supervisors)
{
    struct supervisor **all = mem_alloc(CLUSTERS_MAX * sizeof(struct supervisor *));
    size_t count;

    (void)pthread_mutex_lock(&clusters->shared.lock);
    sweep_locked(clusters);
    count = clusters->shared.count;
    for (size_t i = 0; i < count; i++) {
        clusters->shared.entries[i].borrowers++;
        all[i] = clusters->shared.entries[i].supervisor;
    }
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    *ret_supervisors = all;
    return count;
}

bool clusters_borrow(struct clusters *clusters, const char *name,
                     struct supervisor **ret_supervisor, struct err *err)
{
    char wanted[IDENTIFIER_MAX + 1];
    struct supervisor *found = NULL;

    if (!identifier_parse(name, wanted, err))
        return false;
    (void)pthread_mutex_lock(&clusters->shared.lock);
    sweep_locked(clusters);
    for (size_t i = 0; i < clusters->shared.count && !found; i++) {
        struct entry *entry = &clusters->shared.entries[i];

        if (strcmp(entry->name, wanted) == 0) {
            entry->borrowers++;
            found = entry->supervisor;
        }
    }
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    if (!found)
        return err_set(err, E_STATE, ENOENT, "cluster %s: there is none of that name", wanted);
    *ret_supervisor = found;
    return true;
}

void clusters_return(struct clusters *clusters, struct supervisor *supervisor)
{
    (void)pthread_mutex_lock(&clusters->shared.lock);
    for (size_t i = 0; i < clusters->shared.count; i++) {
        if (clusters->shared.entries[i].supervisor == supervisor)
            clusters->shared.entries[i].borrowers--;
    }
    (void)pthread_mutex_unlock(&clusters->shared.lock);
}

void clusters_ask_all(struct clusters *clusters, enum supervisor_request request)
{
    (void)pthread_mutex_lock(&clusters->shared.lock);
    if (request == SUPERVISOR_STOP || request == SUPERVISOR_LEAVE)
        clusters->shared.stopping = true;
    for (size_t i = 0; i < clusters->shared.count; i++)
        supervisor_ask(clusters->shared.entries[i].supervisor, request);
    (void)pthread_mutex_unlock(&clusters->shared.lock);
}

bool clusters_have_ended(struct clusters *clusters)
{
    bool ended = true;

    (void)pthread_mutex_lock(&clusters->shared.lock);
    for (size_t i = 0; i < clusters->shared.count; i++)
        ended = ended && supervisor_has_ended(clusters->shared.entries[i].supervisor);
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    return ended;
}

enum supervisor_verdict clusters_verdict(struct clusters *clusters, struct err *ret_err)
{
    size_t failed = 0;
    bool none_left = true;
    size_t count;

    (void)pthread_mutex_lock(&clusters->shared.lock);
    count = clusters->shared.count;
    for (size_t i = 0; i < count; i++) {
        struct supervisor *supervisor = clusters->shared.entries[i].supervisor;
        struct err err;

        switch (supervisor_verdict(supervisor, &err)) {
        case VERDICT_NONE:
            none_left = none_left && supervisor_has_ended(supervisor);
            break;
        case VERDICT_UP:
            break;
        case VERDICT_FAILED:
            if (failed++ == 0)
                *ret_err = err;
            break;
        }
    }
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    if (!none_left)
        return VERDICT_NONE;
    return failed > 0 && failed == count ? VERDICT_FAILED : VERDICT_UP;
}

const char *clusters_borrow_source_address(const struct clusters *clusters)
{
    return clusters->spec.source_address;
}

struct store *clusters_borrow_store(struct clusters *clusters)
{
    return clusters->spec.store;
}

/* Whether one more can be: it is asked before one is stored. */
static bool has_room(struct clusters *clusters, struct err *err)
{
    bool full;

    (void)pthread_mutex_lock(&clusters->shared.lock);
    sweep_locked(clusters);
    full = clusters->shared.count == CLUSTERS_MAX;
    (void)pthread_mutex_unlock(&clusters->shared.lock);
    return !full || err_set(err, E_LIMIT, 0, "expected at most %d clusters", CLUSTERS_MAX);
}

static bool create(struct clusters *clusters, const char *name,
                   const struct cluster_options *options, struct err *err)
{
    struct cluster_sockets sockets;
    struct cluster_plan plan;

    if (!has_room(clusters, err) ||
        !cluster_plan_new(clusters->spec.dir, clusters->spec.store, name, options, &plan, err) ||
        !cluster_sockets_open(&plan.settings, &sockets, err))
        return false;
    if (!store_apply(clusters->spec.store,
                     &(struct store_change){
                         .cluster = &plan.settings, .is_new = true, .instance = &plan.record},
                     err)) {
        cluster_sockets_close(&sockets);
        return false;
    }
    (void)INJECT("cluster/create");
    log_info(SUBJECT, "cluster %s is to be created", plan.settings.name);
    return supervise(clusters, &plan, &sockets, err);
}

bool clusters_create(struct clusters *clusters, const char *name,
                     const struct cluster_options *options, struct err *err)
{
    struct supervisor *other = NULL;
    struct err unused;
    bool ok;

    (void)pthread_mutex_lock(&clusters->request_lock);
    /* One that is gone from the store may not have been swept away yet. */
    ok = !clusters_borrow(clusters, name, &other, &unused);
    if (other)
        clusters_return(clusters, other);
    ok = (ok || err_set(err, E_STATE, 0, "cluster %s: there is one already", name)) &&
         create(clusters, name, options, err);
    (void)pthread_mutex_unlock(&clusters->request_lock);
    return ok;
}

/* ---- One cluster ---- */

/* What its state does not allow. */
static bool check_state(struct supervisor *supervisor, const char *what, bool failed_will_do,
                        struct cluster_snapshot *ret_now, struct err *err)
{
    struct cluster_snapshot now;

    cluster_snapshot(supervisor_borrow_cluster(supervisor), &now);
    if (now.state != CLUSTER_AVAILABLE && !(failed_will_do && now.state == CLUSTER_FAILED &&
                                            now.settings.lifecycle == LIFECYCLE_MADE))
        return err_set(err, E_STATE, 0, "cluster %s: %s: expected it to be available, found it %s",
                       now.settings.name, what, cluster_state_name(now.state));
    *ret_now = now;
    return true;
}

/* Begins a request of one cluster, beside which there is no other; false: there is no such one. */
static bool begin_request(struct clusters *clusters, const char *name,
                          struct supervisor **ret_supervisor, struct err *err)
{
    (void)pthread_mutex_lock(&clusters->request_lock);
    if (clusters_borrow(clusters, name, ret_supervisor, err))
        return true;
    (void)pthread_mutex_unlock(&clusters->request_lock);
    return false;
}

static void end_request(struct clusters *clusters, struct supervisor *supervisor)
{
    clusters_return(clusters, supervisor);
    (void)pthread_mutex_unlock(&clusters->request_lock);
}

bool clusters_delete(struct clusters *clusters, const char *name, struct err *err)
{
    struct supervisor *supervisor = NULL;
    struct cluster_snapshot now;
    bool ok;

    if (!begin_request(clusters, name, &supervisor, err))
        return false;
    ok = cluster_condemn(supervisor_borrow_cluster(supervisor), err);
    if (ok) {
        cluster_snapshot(supervisor_borrow_cluster(supervisor), &now);
        log_info(SUBJECT, "cluster %s is to be deleted", now.settings.name);
        (void)INJECT("cluster/condemned");
        supervisor_ask(supervisor, SUPERVISOR_DELETE);
    }
    end_request(clusters, supervisor);
    return ok;
}

bool clusters_reboot(struct clusters *clusters, const char *name, struct err *err)
{
    struct supervisor *supervisor = NULL;
    struct cluster_snapshot now;
    bool ok;

    if (!begin_request(clusters, name, &supervisor, err))
        return false;
    ok = check_state(supervisor, "reboot", true, &now, err);
    if (ok) {
        cluster_set_pending(supervisor_borrow_cluster(supervisor), true);
        supervisor_ask(supervisor, SUPERVISOR_REBOOT);
    }
    end_request(clusters, supervisor);
    return ok;
}

static bool modify(struct clusters *clusters, struct supervisor *supervisor,
                   const struct cluster_options *options, const char *password, struct err *err)
{
    struct cluster_snapshot now;
    struct cluster_plan plan = {0};
    struct cluster_sockets sockets;

    if (!check_state(supervisor, "modify", true, &now, err))
        return false;
    plan.settings = now.settings;
    if (!cluster_plan_change(clusters->spec.store, options, &plan, err) ||
        !cluster_sockets_open_next(&now.settings, &plan.settings, &sockets, err))
        return false;
    if (!cluster_modify(supervisor_borrow_cluster(supervisor), &plan.settings, password, err)) {
        cluster_sockets_close(&sockets);
        return false;
    }
    (void)INJECT("cluster/modified");
    supervisor_ask_apply(supervisor, &sockets);
    return true;
}

bool clusters_modify(struct clusters *clusters, const char *name,
                     const struct cluster_options *options, const char *password, struct err *err)
{
    struct supervisor *supervisor = NULL;
    bool ok;

    if (!begin_request(clusters, name, &supervisor, err))
        return false;
    ok = modify(clusters, supervisor, options, password, err);
    end_request(clusters, supervisor);
    return ok;
}

/* ---- Parameter groups ---- */

bool clusters_use_group(const struct store_cluster *settings, enum store_group_kind kind,
                        const char *group)
{
    return strcmp(kind == STORE_GROUP_CLUSTER ? settings->parameter_group
                                              : settings->instance_parameter_group,
                  group) == 0;
}

static void ask_users(struct clusters *clusters, enum store_group_kind kind, const char *group)
{
    (void)pthread_mutex_lock(&clusters->shared.lock);
    for (size_t i = 0; i < clusters->shared.count; i++) {
        struct supervisor *supervisor = clusters->shared.entries[i].supervisor;
        struct cluster *cluster = supervisor_borrow_cluster(supervisor);
        struct cluster_snapshot now;

        cluster_snapshot(cluster, &now);
        if (!clusters_use_group(&now.settings, kind, group) ||
            now.settings.lifecycle == LIFECYCLE_DELETING)
            continue;
        cluster_set_pending(cluster, true);
        supervisor_ask(supervisor, SUPERVISOR_APPLY);
    }
    (void)pthread_mutex_unlock(&clusters->shared.lock);
}

bool clusters_change_groups(struct clusters *clusters,
                            bool (*change)(struct store *store, void *context, struct err *err),
                            void *context, enum store_group_kind kind, const char *group,
                            struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&clusters->request_lock);
    ok = change(clusters->spec.store, context, err);
    if (ok && group)
        ask_users(clusters, kind, group);
    (void)pthread_mutex_unlock(&clusters->request_lock);
    return ok;
}
