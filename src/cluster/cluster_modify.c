/* Settings of a cluster that change while it is there; see cluster.h. */
#include "cluster/cluster_internal.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/secret_file.h"
#include "cluster/place.h"
#include "cluster/procedures.h"

#include <stdio.h>
#include <string.h>

#define DETAIL_MAX 560

static void add(char detail[DETAIL_MAX], const char *what, const char *value)
{
    size_t len = strlen(detail);

    (void)snprintf(detail + len, DETAIL_MAX - len, "%s%s %s", len > 0 ? ", " : "", what, value);
}

static void add_place(char detail[DETAIL_MAX], const struct store_cluster *before,
                      const struct store_cluster *after, enum endpoint_kind kind)
{
    char what[32];
    char where[STORE_NAME_MAX + 16];
    struct place place;
    struct place old;
    bool is_there = place_of(after, kind, &place);
    bool was_there = place_of(before, kind, &old);

    if (is_there == was_there && (!is_there || place_equals(&place, &old)))
        return;
    (void)snprintf(what, sizeof what, "%s endpoint", endpoint_kind_name(kind));
    (void)snprintf(where, sizeof where, "off");
    if (is_there)
        (void)snprintf(where, sizeof where, "%s port %u", place.listen, (unsigned)place.port);
    add(detail, what, where);
}

/* What is another than before; "" when nothing is. */
static void describe(const struct store_cluster *before, const struct store_cluster *after,
                     char detail[DETAIL_MAX])
{
    char port[16];

    detail[0] = '\0';
    (void)snprintf(port, sizeof port, "%u", (unsigned)after->port);
    if (strcmp(before->listen, after->listen) != 0)
        add(detail, "listen", after->listen);
    if (before->port != after->port)
        add(detail, "port", port);
    if (before->require_secure_transport != after->require_secure_transport)
        add(detail, "require secure transport", after->require_secure_transport ? "on" : "off");
    if (strcmp(before->client_networks, after->client_networks) != 0)
        add(detail, "client networks", *after->client_networks ? after->client_networks : "any");
    add_place(detail, before, after, ENDPOINT_READER);
    add_place(detail, before, after, ENDPOINT_INSTANCE);
    if (strcmp(before->parameter_group, after->parameter_group) != 0)
        add(detail, "DB cluster parameter group",
            *after->parameter_group ? after->parameter_group : "default");
    if (strcmp(before->instance_parameter_group, after->instance_parameter_group) != 0)
        add(detail, "DB parameter group",
            *after->instance_parameter_group ? after->instance_parameter_group : "default");
}

static bool store_settings(struct cluster *cluster, const struct store_cluster *settings,
                           struct err *err)
{
    struct store_cluster *now = &cluster->shared.settings;
    struct store_change change = {.cluster = settings};
    char detail[DETAIL_MAX];
    struct store_event event;

    describe(now, settings, detail);
    event = cluster_event(cluster, EVENT_CLUSTER_MODIFIED, detail);
    if (*detail) {
        change.events = &event;
        change.n_events = 1;
    }
    if (!store_apply(cluster->store, &change, err))
        return false;
    *now = *settings;
    cluster->shared.pending = true;
    if (*detail)
        log_info(cluster->subject, "event %s", event.message);
    return true;
}

bool cluster_modify(struct cluster *cluster, const struct store_cluster *settings,
                    const char *password, struct err *err)
{
    bool ok;

    if (password && !secrets_put_pending(&cluster->secrets, password, err))
        return false;
    (void)INJECT("cluster/modify");
    (void)pthread_mutex_lock(&cluster->shared.lock);
    ok = store_settings(cluster, settings, err);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return ok;
}

static bool condemn(struct cluster *cluster, struct err *err)
{
    struct store_cluster settings = cluster->shared.settings;

    if (settings.lifecycle == LIFECYCLE_DELETING)
        return err_set(err, E_STATE, 0, "cluster %s: it is being deleted already", settings.name);
    settings.lifecycle = LIFECYCLE_DELETING;
    if (!store_apply(cluster->store, &(struct store_change){.cluster = &settings}, err))
        return false;
    cluster->shared.settings = settings;
    return true;
}

bool cluster_condemn(struct cluster *cluster, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    ok = condemn(cluster, err);
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    return ok;
}

/* Sends the password that the engine has not taken yet, if there is one. */
static bool apply_password(struct cluster *cluster, const struct store_cluster *settings,
                           struct sql *sql, struct err *err)
{
    char *password = NULL;
    struct err refused;
    bool ok;

    if (!secrets_get_pending(&cluster->secrets, &password, err))
        return false;
    if (!password)
        return true;
    ok = procedures_set_password(sql, settings->master_user, password, &refused);
    (void)INJECT("cluster/password");
    if (ok) {
        ok = secrets_take_pending(&cluster->secrets, settings, password, err);
        if (ok)
            cluster_note(cluster, EVENT_MASTER_CREDENTIALS_RESET, NULL);
    } else if (refused.class == E_IO) {
        *err = refused;
    } else {
        /* The engine will not have it the next time either, and must not be kept down by it. */
        (void)err_prefix(&refused, "the master user's password is not changed");
        log_error(cluster->subject, "%s", refused.text);
        cluster_set_failure(cluster, refused.text);
        ok = secrets_drop_pending(&cluster->secrets, err);
    }
    secret_free(password);
    return ok;
}

bool cluster_apply_to(struct cluster *cluster, struct sql *sql, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);

    return sql_run(sql,
                   settings.require_secure_transport ? "SET GLOBAL require_secure_transport = ON"
                                                     : "SET GLOBAL require_secure_transport = OFF",
                   err) &&
           apply_password(cluster, &settings, sql, err) &&
           cluster_apply_parameters(cluster, sql, err);
}

static bool apply_to_engine(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    bool ok;

    if (!cluster_connect(cluster, CLUSTER_SQL_TIMEOUT_SEC, &sql, err))
        return false;
    ok = cluster_apply_to(cluster, sql, err);
    sql_close(sql);
    return ok;
}

bool cluster_reload_certificate(struct cluster *cluster, struct err *err)
{
    struct sql *sql = NULL;
    bool ok = cluster_connect(cluster, CLUSTER_SQL_TIMEOUT_SEC, &sql, err) &&
              sql_run(sql, "FLUSH NO_WRITE_TO_BINLOG SSL", err);

    sql_close(sql);
    return ok;
}

bool cluster_apply(struct cluster *cluster, struct err *err)
{
    struct store_cluster settings = cluster_settings(cluster);
    struct cluster_snapshot now;
    bool ok;

    cluster_snapshot(cluster, &now);
    cluster_set_failure(cluster, "");
    ok = secrets_open(&cluster->secrets, &settings, cluster->arena, err) &&
         (now.state != CLUSTER_AVAILABLE || apply_to_engine(cluster, err));
    if (!ok)
        cluster_set_failure(cluster, err->text);
    /* Of one that is not available its next start tells. */
    if (now.state == CLUSTER_AVAILABLE)
        cluster_set_pending(cluster, false);
    return ok;
}
