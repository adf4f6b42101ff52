#include "daemon/cluster_endpoint.h"

#include "base/file.h"
#include "base/mem.h"
#include "endpoint/access.h"
#include "endpoint/endpoint.h"
#include "replication/change_log.h"
#include "replication/replicas.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Logins that only the daemon itself may make, and it does not pass the endpoint. */
static const char *const reserved_users[] = {ENGINE_ADMIN_USER, "mariadb.sys", NULL};

/* One of the endpoints. */
struct entry {
    char name[STORE_NAME_MAX + 32]; /* of log lines */
    struct place place;             /* where it listens or serves */
    struct endpoint *served;        /* as shared below: NULL: not serving */
};

struct cluster_endpoint {
    struct entry entries[ENDPOINT_KINDS];
    struct cluster_sockets sockets; /* of those that listen and do not serve */
    struct access *access;
    struct traffic *traffic;
    struct tls *tls_server;
    struct tls *tls_engine;
    char master_user[STORE_NAME_MAX];
    char server_uuid[GTID_UUID_TEXT + 1];
    unsigned compatibility;
    struct change_log *change_log; /* of what serves */

    struct {
        pthread_mutex_t lock;
        struct endpoint *endpoints[ENDPOINT_KINDS];
        char lost[ENDPOINT_KINDS][ERR_TEXT_MAX]; /* why it can not listen; "": it can */
    } shared;
};

struct cluster_endpoint *cluster_endpoint_new(const char *name, struct cluster_sockets *sockets)
{
    struct cluster_endpoint *endpoint = mem_alloc(sizeof *endpoint);

    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        struct entry *entry = &endpoint->entries[kind];

        (void)snprintf(entry->name, sizeof entry->name, "endpoint/%s%s%s", name,
                       kind == ENDPOINT_CLUSTER ? "" : "/",
                       kind == ENDPOINT_CLUSTER ? ""
                                                : endpoint_kind_name((enum endpoint_kind)kind));
        entry->place = sockets->at[kind].place;
    }
    (void)pthread_mutex_init(&endpoint->shared.lock, NULL);
    endpoint->sockets = *sockets;
    cluster_sockets_init(sockets);
    endpoint->access = access_new();
    endpoint->traffic = traffic_new();
    return endpoint;
}

void cluster_endpoint_free(struct cluster_endpoint *endpoint)
{
    cluster_endpoint_close(endpoint);
    tls_free(endpoint->tls_server);
    tls_free(endpoint->tls_engine);
    access_free(endpoint->access);
    traffic_free(endpoint->traffic);
    (void)pthread_mutex_destroy(&endpoint->shared.lock);
    mem_free(endpoint);
}

static void share(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                  struct endpoint *served)
{
    (void)pthread_mutex_lock(&endpoint->shared.lock);
    endpoint->shared.endpoints[kind] = served;
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
    endpoint->entries[kind].served = served;
}

/* Ends one endpoint, which may listen or serve or do neither. */
static void close_one(struct cluster_endpoint *endpoint, enum endpoint_kind kind)
{
    struct endpoint *served = endpoint->entries[kind].served;

    share(endpoint, kind, NULL);
    /* A dump waits for the log and its replica alone, and would keep its session for ever. */
    if (served)
        replicas_end_via(change_log_borrow_replicas(endpoint->change_log),
                         endpoint->entries[kind].name);
    endpoint_stop(served);
    if (served)
        replicas_go_on(change_log_borrow_replicas(endpoint->change_log));
    fd_close(&endpoint->sockets.at[kind].fd);
}

static bool listen_one(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                       const struct place *place, struct err *err)
{
    struct entry *entry = &endpoint->entries[kind];
    int fd;

    if (entry->served)
        return true;
    fd = cluster_sockets_take(&endpoint->sockets, kind, place);
    if (fd < 0 && !cluster_socket_open(place, kind, &fd, err))
        return false;
    endpoint->sockets.at[kind].fd = fd;
    endpoint->sockets.at[kind].place = *place;
    entry->place = *place;
    return true;
}

/* "": it is not lost. */
static void set_lost(struct cluster_endpoint *endpoint, enum endpoint_kind kind, const char *why)
{
    (void)pthread_mutex_lock(&endpoint->shared.lock);
    (void)snprintf(endpoint->shared.lost[kind], ERR_TEXT_MAX, "%s", why);
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
}

/* It listens, or there is to be none; tells so if it had been lost. */
static void find_again(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                       struct cluster *cluster, bool wanted)
{
    const char *lost = endpoint->shared.lost[kind]; /* which we alone write */

    if (*lost && wanted)
        cluster_endpoint_found(cluster, lost);
    if (*lost)
        set_lost(endpoint, kind, "");
}

/* It can not listen, which is no reason to keep the others down; tells it once. */
static void lose(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                 struct cluster *cluster, struct err *why)
{
    (void)err_prefix(why, "%s endpoint", endpoint_kind_name(kind));
    if (strcmp(endpoint->shared.lost[kind], why->text) == 0)
        return;
    set_lost(endpoint, kind, why->text);
    cluster_endpoint_lost(cluster, why->text);
}

bool cluster_endpoint_listen(struct cluster_endpoint *endpoint, struct cluster *cluster,
                             struct err *err)
{
    struct cluster_snapshot now;

    cluster_snapshot(cluster, &now);
    for (int i = 0; i < ENDPOINT_KINDS; i++) {
        enum endpoint_kind kind = (enum endpoint_kind)i;
        struct place place;
        bool wanted = place_of(&now.settings, kind, &place);

        if (!wanted || listen_one(endpoint, kind, &place, err))
            find_again(endpoint, kind, cluster, wanted);
        else if (kind == ENDPOINT_CLUSTER)
            return false;
        else
            lose(endpoint, kind, cluster, err);
    }
    return true;
}

bool cluster_endpoint_is_whole(const struct cluster_endpoint *endpoint)
{
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        if (*endpoint->shared.lost[kind])
            return false;
    }
    return true;
}

void cluster_endpoint_lost_text(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                                char ret_why[ERR_TEXT_MAX])
{
    (void)pthread_mutex_lock(&endpoint->shared.lock);
    memcpy(ret_why, endpoint->shared.lost[kind], ERR_TEXT_MAX);
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
}

static bool open_tls(struct cluster_endpoint *endpoint, struct cluster *cluster, struct err *err)
{
    struct tls_server_spec spec = {.cert_file = cluster_borrow_tls_cert(cluster),
                                   .key_file = cluster_borrow_tls_key(cluster)};

    return (endpoint->tls_server || tls_server_new(&spec, &endpoint->tls_server, err)) &&
           (endpoint->tls_engine || tls_local_client_new(&endpoint->tls_engine, err));
}

static bool take_access(struct cluster_endpoint *endpoint, const struct store_cluster *settings,
                        struct err *err)
{
    struct address_ranges networks;

    if (!address_ranges_parse(settings->client_networks, &networks, err))
        return err_prefix(err, "cluster %s: client networks", settings->name);
    access_set(endpoint->access, settings->require_secure_transport, &networks);
    return true;
}

static void describe_source(void *context, const struct source_engine_row *row, struct arena *arena,
                            struct source_fields *ret_fields)
{
    cluster_describe_source(context, row, arena, ret_fields);
}

static bool has_hidden_key(void *context, struct span database, struct span table, bool *ret_hidden,
                           struct err *err)
{
    return cluster_has_hidden_key(context, database, table, ret_hidden, err);
}

static bool serve_one(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                      struct cluster *cluster, struct err *err)
{
    struct endpoint *served = NULL;
    int listen_fd = endpoint->sockets.at[kind].fd;

    if (endpoint->entries[kind].served || listen_fd < 0)
        return true;
    endpoint->change_log = cluster_borrow_change_log(cluster);
    endpoint->sockets.at[kind].fd = -1;
    if (!endpoint_start(
            &(struct endpoint_spec){.name = endpoint->entries[kind].name,
                                    .engine_socket = cluster_borrow_socket(cluster),
                                    .tls_server = endpoint->tls_server,
                                    .tls_engine = endpoint->tls_engine,
                                    .access = endpoint->access,
                                    .traffic = endpoint->traffic,
                                    .master_user = endpoint->master_user,
                                    .change_log = endpoint->change_log,
                                    .compatibility = endpoint->compatibility,
                                    .server_uuid = endpoint->server_uuid,
                                    .reserved_users = reserved_users,
                                    .describe_source = describe_source,
                                    .describe_context = cluster,
                                    .hidden_keys = {.ask = has_hidden_key, .userdata = cluster}},
            listen_fd, &served, err))
        return false;
    share(endpoint, kind, served);
    return true;
}

bool cluster_endpoint_serve(struct cluster_endpoint *endpoint, struct cluster *cluster,
                            struct err *err)
{
    struct cluster_snapshot now;

    cluster_snapshot(cluster, &now);
    if (!cluster_endpoint_listen(endpoint, cluster, err) || !open_tls(endpoint, cluster, err) ||
        !take_access(endpoint, &now.settings, err))
        return false;
    /* Constant in the life of a cluster: sessions read it. */
    if (!*endpoint->master_user) {
        memcpy(endpoint->master_user, now.settings.master_user, sizeof endpoint->master_user);
        cluster_server_uuid(cluster, endpoint->server_uuid);
        endpoint->compatibility = (unsigned)now.settings.compatibility;
    }
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        if (!serve_one(endpoint, (enum endpoint_kind)kind, cluster, err))
            return false;
    }
    return true;
}

bool cluster_endpoint_change(struct cluster_endpoint *endpoint, struct cluster *cluster,
                             struct cluster_sockets *sockets, bool serve, struct err *err)
{
    struct cluster_snapshot now;

    cluster_snapshot(cluster, &now);
    /* All that move close before one opens: it may be where another was. */
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        struct place place;
        bool wanted = place_of(&now.settings, (enum endpoint_kind)kind, &place);

        if (!wanted || !place_equals(&place, &endpoint->entries[kind].place))
            close_one(endpoint, (enum endpoint_kind)kind);
        if (!wanted)
            fd_close(&sockets->at[kind].fd);
    }
    cluster_sockets_replace(&endpoint->sockets, sockets);
    return take_access(endpoint, &now.settings, err) &&
           (!serve || cluster_endpoint_serve(endpoint, cluster, err));
}

bool cluster_endpoint_reload(struct cluster_endpoint *endpoint, struct cluster *cluster,
                             struct err *err)
{
    struct tls_server_spec spec = {.cert_file = cluster_borrow_tls_cert(cluster),
                                   .key_file = cluster_borrow_tls_key(cluster)};

    return !endpoint->tls_server || tls_server_reload(endpoint->tls_server, &spec, err);
}

void cluster_endpoint_close(struct cluster_endpoint *endpoint)
{
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++)
        close_one(endpoint, (enum endpoint_kind)kind);
}

size_t cluster_endpoint_sessions(struct cluster_endpoint *endpoint, enum endpoint_kind kind)
{
    size_t sessions = 0;

    (void)pthread_mutex_lock(&endpoint->shared.lock);
    if (endpoint->shared.endpoints[kind])
        sessions = endpoint_n_sessions(endpoint->shared.endpoints[kind]);
    (void)pthread_mutex_unlock(&endpoint->shared.lock);
    return sessions;
}

void cluster_endpoint_traffic(struct cluster_endpoint *endpoint, struct traffic_counts *ret_counts)
{
    traffic_read(endpoint->traffic, ret_counts);
}
