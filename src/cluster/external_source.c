#include "cluster/external_source.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/ssl_material.h"
#include "log/lookup.h"
#include "log/offset_maps.h"
#include "net/certificate.h"
#include "net/listener.h"
#include "net/socket.h"
#include "net/tls.h"
#include "replication/replica_session.h"
#include "replication/view_state.h"
#include "translation/gtid_exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define DOOR_IP        "127.0.0.1"
#define DOOR_TLS       "tls"
#define SESSION_STACK  (256u << 10)
#define HEARTBEAT_USEC (5 * USEC_PER_SEC)
#define SILENCE_USEC   (60 * USEC_PER_SEC)
#define LOGIN_USEC     (30 * USEC_PER_SEC)
#define IDLE_USEC      (3600 * USEC_PER_SEC)
#define MET_USEC       (30 * USEC_PER_SEC) /* the engine waits for the source, then comes again */
#define CACHE_BYTES    (UINT64_C(16) << 20)

struct external_source {
    struct external_source_spec spec;
    char *directory; /* of the log */
    char *tls_directory;
    char *tls_ca;
    char *door_user;
    struct auth_account door_account;
    struct tls *source_tls; /* NULL: in clear */
    struct tls *door_tls;
    struct channel *channel;
    struct replicas *replicas;
    struct listener *door;
    uint16_t port;
    bool started;
    int64_t since_usec;
    atomic_uint next_thread_id;
    atomic_bool stop_told; /* to the engine, since its limits were set */

    struct {
        pthread_mutex_t lock;
        struct dump_limits limits;
    } shared;
};

/* ---- The door ---- */

static bool find_account(void *context, struct span user, const char *client_ip,
                         struct link_account *ret_account)
{
    const struct external_source *source = context;

    (void)client_ip;
    if (!span_eq(user, span_str(source->door_user)))
        return false;
    *ret_account = (struct link_account){.hashes = source->door_account, .require_tls = true};
    return true;
}

static bool share_rules(void *context, struct span user, const char *client_ip,
                        struct replicate_rules **ret_rules)
{
    (void)context;
    (void)user;
    (void)client_ip;
    *ret_rules = NULL;
    return true;
}

/* Before the source was met nothing can be said: not even what version to greet with. */
static bool wait_for_source(const struct external_source *source, struct conn *conn, int stop_fd)
{
    int64_t deadline = clock_deadline_usec(MET_USEC);
    struct pollfd fds[] = {
        {.fd = channel_borrow_met_fd(source->channel), .events = POLLIN},
        {.fd = stop_fd, .events = POLLIN},
        {.fd = conn_borrow_fd(conn), .events = POLLIN}, /* it says nothing, so it leaves */
    };

    while (poll(fds, 3, clock_poll_timeout(deadline)) < 0 && errno == EINTR)
        continue;
    return (fds[0].revents & POLLIN) && !fds[1].revents;
}

/* ret_limits was initialized. */
static void copy_limits(struct external_source *source, struct dump_limits *ret_limits)
{
    (void)pthread_mutex_lock(&source->shared.lock);
    dump_limits_copy(ret_limits, &source->shared.limits);
    (void)pthread_mutex_unlock(&source->shared.lock);
}

void external_source_limit(struct external_source *source, const struct dump_limits *limits)
{
    (void)pthread_mutex_lock(&source->shared.lock);
    dump_limits_copy(&source->shared.limits, limits);
    (void)pthread_mutex_unlock(&source->shared.lock);
    atomic_store(&source->stop_told, false);
}

bool external_source_has_told_stop(struct external_source *source)
{
    return atomic_load(&source->stop_told);
}

/* Of translations; a log that is not translated has them as they are, too. */
static enum account_policy accounts_policy(const struct external_source *source)
{
    return source->spec.takes_accounts ? ACCOUNTS_KEEP : ACCOUNTS_DROP;
}

static void serve_engine(void *context, struct conn **conn, const char *ip, int stop_fd)
{
    struct external_source *source = context;
    const struct source_definition *definition = source->spec.definition;
    struct dump_limits limits;
    struct replica_session_spec spec = {
        .channel = source->channel,
        .replicas = source->replicas,
        .server_id = definition->server_id,
        .server_uuid = definition->server_uuid,
        .host = DOOR_IP,
        .port = source->port,
        .family = REPLICAS_OF_MARIADB,
        .mariadb_domain = definition->domain,
        .counted = definition->counted,
        .accounts_policy = accounts_policy(source),
        .accounts_of = source->spec.accounts_of,
        .takes_accounts = source->spec.takes_accounts,
        .history_size = source->spec.history_size(source->spec.context),
        .hidden = {.check = source->spec.check_hidden_key, .userdata = source->spec.context},
        .base = &definition->position,
        .tls = source->door_tls,
        .require_tls = true,
        .find_account = find_account,
        .share_rules = share_rules,
        .accounts = source,
        .login_usec = LOGIN_USEC,
        .idle_usec = IDLE_USEC,
        .silence_usec = SILENCE_USEC,
        .stop_fd = stop_fd,
        .started_usec = source->since_usec,
    };

    if (!wait_for_source(source, *conn, stop_fd))
        return;
    dump_limits_init(&limits);
    copy_limits(source, &limits);
    limits.told = &source->stop_told;
    spec.limits = dump_limits_are_none(&limits) ? NULL : &limits;
    replica_session_run(&spec, *conn, ip, atomic_fetch_add(&source->next_thread_id, 1));
    dump_limits_done(&limits);
    *conn = NULL;
}

static void door_failed(void *context, const struct err *err)
{
    const struct external_source *source = context;

    log_error(source->spec.subject, "%s", err->text);
}

static bool listen_at(uint16_t port, int *ret_fd, uint16_t *ret_port, struct err *err)
{
    struct address address;

    if (!address_parse(DOOR_IP, port, &address, err) || !socket_listen_tcp(&address, ret_fd, err))
        return false;
    if (!address_of_local(*ret_fd, &address, err)) {
        fd_close(ret_fd);
        return false;
    }
    *ret_port = address_port(&address);
    return true;
}

static bool open_door(struct external_source *source, struct err *err)
{
    struct listener_spec spec = {
        .stack_bytes = SESSION_STACK,
        .serve = serve_engine,
        .failed = door_failed,
        .context = source,
    };
    int fd = -1;

    if (!listen_at(source->spec.definition->door_port, &fd, &source->port, err)) {
        if (err->code != EADDRINUSE || !listen_at(0, &fd, &source->port, err))
            return false;
    }
    return listener_start(&spec, fd, &source->door, err);
}

/* ---- Opening and closing ---- */

/* Certificates as they are now: they may have been imported after the source was set. */
static bool open_source_tls(struct external_source *source, struct err *err)
{
    const char *material = source->spec.material;
    char *ca = mem_printf("%s/" SSL_MATERIAL_CA_FILE, material);
    char *cert = mem_printf("%s/" SSL_MATERIAL_CERT_FILE, material);
    char *key = mem_printf("%s/" SSL_MATERIAL_KEY_FILE, material);
    bool own = path_exists(cert) && path_exists(key);
    struct tls_client_spec spec = {
        .mode = path_exists(ca) ? TLS_VERIFY_CA : TLS_REQUIRED,
        .ca_file = path_exists(ca) ? ca : NULL,
        .cert_file = own ? cert : NULL,
        .key_file = own ? key : NULL,
    };
    bool good;

    tls_free(source->source_tls);
    source->source_tls = NULL;
    good = !source->spec.definition->encrypted || tls_client_new(&spec, &source->source_tls, err);
    mem_free(ca);
    mem_free(cert);
    mem_free(key);
    return good;
}

static bool open_door_tls(struct external_source *source, struct err *err)
{
    char *cert = mem_printf("%s/" CERTIFICATE_FILE, source->tls_directory);
    char *key = mem_printf("%s/" CERTIFICATE_KEY_FILE, source->tls_directory);
    struct tls_server_spec spec = {.cert_file = cert, .key_file = key};
    bool good = certificate_files_make(source->tls_directory, "Borealis relay", err) &&
                tls_server_new(&spec, &source->door_tls, err);

    mem_free(cert);
    mem_free(key);
    return good;
}

static struct receiver_spec receiver_spec(const struct external_source *source)
{
    const struct source_definition *definition = source->spec.definition;
    struct receiver_spec spec = {
        .login = {.host = definition->host,
                  .port = definition->port,
                  .source_address = source->spec.source_address,
                  .user = definition->user,
                  .password = definition->password,
                  .tls = source->source_tls,
                  /* Or a source of MySQL 8 could not be logged in to in clear at all. */
                  .fetch_server_key = !definition->encrypted,
                  .program_name = "borealis"},
        .visitor = {.server_id = source->spec.server_id,
                    .server_uuid = definition->server_uuid,
                    .report_host = "",
                    .heartbeat_usec = HEARTBEAT_USEC},
        .start = source_definition_is_auto(definition) ? RECEIVER_FROM_GTIDS : RECEIVER_FROM_FILE,
        .gtids = definition->gtids,
        .gtids_of_mariadb = definition->gtids_of_mariadb,
        .silence_usec = SILENCE_USEC,
        .on_change = SOURCE_CHANGE_STOP,
        .gate = {.admit = source->spec.admit,
                 .context = source->spec.context,
                 .own_since = (uint32_t)definition->set_at + 1},
    };

    memcpy(spec.position.file, definition->position.name, sizeof definition->position.name);
    spec.position.offset = definition->position.offset;
    return spec;
}

static bool reads_keys(const struct external_source *source)
{
    return source->spec.history_size(source->spec.context) > 0;
}

static bool open_channel(struct external_source *source, struct err *err)
{
    struct channel_spec spec = {
        .name = source->spec.subject,
        .directory = source->directory,
        .receiver = receiver_spec(source),
        .cache_bytes = CACHE_BYTES,
        .keep_free_bytes = source->spec.keep_free_bytes,
        .keys_of_mysql = reads_keys(source),
        .paused = true,
    };

    return channel_open(&spec, &source->channel, err);
}

bool external_source_open(const struct external_source_spec *spec,
                          struct external_source **ret_source, struct err *err)
{
    const struct source_definition *definition = spec->definition;
    struct external_source *source = mem_alloc(sizeof *source);

    source->spec = *spec;
    source->directory = mem_printf("%s/%s", spec->directory, definition->id);
    source->tls_directory = mem_printf("%s/" DOOR_TLS, spec->directory);
    source->tls_ca = mem_printf("%s/" CERTIFICATE_CA_FILE, source->tls_directory);
    source->door_user = mem_printf(SOURCE_DOOR_ACCOUNT "%s", definition->id);
    source->replicas = replicas_new();
    source->since_usec = clock_wall_usec();
    atomic_init(&source->next_thread_id, 1);
    atomic_init(&source->stop_told, false);
    (void)pthread_mutex_init(&source->shared.lock, NULL);
    dump_limits_init(&source->shared.limits);
    dump_limits_copy(&source->shared.limits, spec->limits);
    if (!dir_make_all(spec->directory, 0700, err) ||
        !auth_account_make(span_str(definition->door_password), &source->door_account, err) ||
        !open_source_tls(source, err) || !open_door_tls(source, err) ||
        !open_channel(source, err) || !open_door(source, err)) {
        external_source_close(source);
        return false;
    }
    *ret_source = source;
    return true;
}

void external_source_close(struct external_source *source)
{
    if (!source)
        return;
    replicas_end_all(source->replicas);
    listener_stop(source->door);
    channel_close(source->channel);
    replicas_free(source->replicas);
    tls_free(source->door_tls);
    tls_free(source->source_tls);
    dump_limits_done(&source->shared.limits);
    (void)pthread_mutex_destroy(&source->shared.lock);
    mem_free(source->door_user);
    mem_free(source->tls_ca);
    mem_free(source->tls_directory);
    mem_free(source->directory);
    mem_free(source);
}

uint16_t external_source_port(const struct external_source *source)
{
    return source->port;
}

const char *external_source_borrow_ca(const struct external_source *source)
{
    return source->tls_ca;
}

bool external_source_start(struct external_source *source, struct err *err)
{
    struct receiver_spec spec;

    external_source_stop(source);
    if (!open_source_tls(source, err))
        return false;
    spec = receiver_spec(source);
    channel_change_receiver(source->channel, &spec);
    channel_change_keys(source->channel, reads_keys(source), false);
    source->started = channel_resume(source->channel, err);
    return source->started;
}

void external_source_stop(struct external_source *source)
{
    channel_pause(source->channel);
    source->started = false;
}

bool external_source_is_started(const struct external_source *source)
{
    return source->started;
}

void external_source_hold(struct external_source *source, const struct err *why)
{
    channel_hold(source->channel, why);
}

struct channel *external_source_borrow_channel(struct external_source *source)
{
    return source->channel;
}

/* ---- Places ---- */

/* What the engine's events are, of a source of the other family. */
static bool is_translated(const struct mirror *mirror)
{
    return mirror_identity(mirror)->family == FORMAT_MYSQL;
}

bool external_source_place(struct external_source *source, const char *file, uint64_t offset,
                           struct log_position *ret_place)
{
    struct mirror *mirror = channel_borrow_mirror(source->channel);
    struct log_position place = {.offset = offset};
    char mark[TRANSLATOR_MARK_SIZE];
    struct offset_pair end;
    struct log_file known;
    struct err ignored;

    if (!mirror || strlen(file) >= sizeof place.name)
        return false;
    memcpy(place.name, file, strlen(file) + 1);
    if (is_translated(mirror)) {
        if (!translator_source_name(span_str(file), DIALECT_MARIADB, mark, place.name,
                                    sizeof place.name))
            return false;
        if (offset <= LOG_FIRST_OFFSET)
            place.offset = LOG_FIRST_OFFSET;
        else if (offset_map_find(mirror, place.name, mark, offset, &end, &ignored))
            place.offset = end.source;
        else
            return false;
    }
    if (!mirror_find(mirror, place.name, &known, &ignored))
        return false;
    *ret_place = place;
    return true;
}

bool external_source_stand(struct external_source *source, const char *gtids,
                           const uint32_t *domain, struct replica_place *ret_place, struct err *err)
{
    struct mirror *mirror = channel_borrow_mirror(source->channel);
    struct translator_options view = {.to = DIALECT_MARIADB,
                                      .domain = source->spec.definition->domain,
                                      .counted = source->spec.definition->counted,
                                      .accounts = accounts_policy(source)};
    struct dump_limits limits;
    struct gtid_list position;
    struct replica_stand stand = {.position = &position,
                                  .base = &source->spec.definition->position,
                                  .limits = &limits,
                                  .domain = domain};
    bool good;

    if (!mirror)
        return err_set(err, E_STATE, 0, "the source was not met yet");
    view.server_id = mirror_identity(mirror)->server_id;
    if (is_translated(mirror))
        stand.view = &view;
    gtid_list_init(&position);
    dump_limits_init(&limits);
    copy_limits(source, &limits);
    good = gtid_list_parse(span_str(gtids), &position, err) &&
           replica_place_find(mirror, &stand, ret_place, err);
    gtid_list_done(&position);
    dump_limits_done(&limits);
    return good;
}

/* Whether all that a MySQL source writes has GTIDs, as last seen. */
static bool writes_gtids(struct external_source *source)
{
    struct variables *variables = channel_share_variables(source->channel);
    struct span mode;
    bool on = variables && variables_find(variables, span_str("gtid_mode"), &mode) &&
              span_eq(mode, span_str("ON"));

    variables_free(variables);
    return on;
}

/* A place is more than any count of GTIDs: what was applied by its place tells nothing of these. */
static bool is_reached(const struct gtid_list *applied, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *latest = gtid_list_find(applied, gtid.domain);
    uint64_t number;
    uint64_t offset;

    return latest && gtid_list_reached(applied, gtid) &&
           !gtid_sequence_to_place(latest->sequence, &number, &offset);
}

bool external_source_is_applied(struct external_source *source, const char *gtids)
{
    struct mirror *mirror = channel_borrow_mirror(source->channel);
    struct translator_options view = {.to = DIALECT_MARIADB,
                                      .domain = source->spec.definition->domain,
                                      .counted = source->spec.definition->counted,
                                      .accounts = accounts_policy(source)};
    struct gtid_list applied;
    struct log_state state;
    struct log_ends ends;
    struct err ignored;
    bool good;

    if (!mirror)
        return false;
    mirror_ends(mirror, &ends);
    gtid_list_init(&applied);
    log_state_init(&state);
    view.server_id = mirror_identity(mirror)->server_id;
    good = ends.whole.name[0] != '\0' && gtid_list_parse(span_str(gtids), &applied, &ignored) &&
           log_state_at(mirror, &ends.whole, &state, &ignored) &&
           (!is_translated(mirror) ||
            (writes_gtids(source) &&
             view_state_exchange(&state, &ends.whole, &view, &state, &ignored)));
    good = good && state.list.count > 0;
    for (size_t i = 0; good && i < state.list.count; i++)
        good = is_translated(mirror) ? is_reached(&applied, state.list.items[i])
                                     : gtid_list_reached(&applied, state.list.items[i]);
    gtid_list_done(&applied);
    log_state_done(&state);
    return good;
}

/* The file with that number, if it comes before the one named. */
static void go_back_to(struct mirror *mirror, uint64_t number, struct log_position *place)
{
    struct log_file *files;
    size_t count;

    if (log_name_number(place->name) <= number)
        return;
    mirror_list(mirror, &files, &count);
    for (size_t i = 0; i < count; i++) {
        if (log_name_number(files[i].name) == number)
            memcpy(place->name, files[i].name, sizeof place->name);
    }
    mem_free(files);
}

static bool keep_last(struct external_source *source, const char *gtids, struct log_position *place,
                      struct err *err)
{
    const struct gtid_mariadb *last;
    struct gtid_list applied;
    uint64_t number;
    uint64_t offset;
    bool good;

    gtid_list_init(&applied);
    good = gtid_list_parse(span_str(gtids), &applied, err);
    last = good ? gtid_list_find(&applied, source->spec.definition->domain) : NULL;
    if (last && gtid_sequence_to_place(last->sequence, &number, &offset))
        go_back_to(channel_borrow_mirror(source->channel), number, place);
    gtid_list_done(&applied);
    return good;
}

bool external_source_purge(struct external_source *source, const char *engine_file,
                           const char *gtids, struct err *err)
{
    struct log_purged purged = {0};
    struct log_position place;

    if (!external_source_place(source, engine_file, LOG_FIRST_OFFSET, &place))
        return true;
    if (!keep_last(source, gtids, &place, err))
        return false;
    if (!channel_purge_to(source->channel, place.name, &purged, err))
        return false;
    if (purged.files > 0)
        log_info(source->spec.subject, "applied and removed files=%" PRIu32 " bytes=%" PRIu64,
                 purged.files, purged.bytes);
    return true;
}
