#include "daemon/relay.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/wakeup.h"
#include "daemon/directory.h"
#include "net/address.h"
#include "net/certificate.h"
#include "net/listener.h"
#include "net/socket.h"
#include "replication/replica_session.h"

#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#define SUBJECT        "relay"
#define CHANNEL        "source"
#define SESSION_STACK  (256u << 10)
#define LOGIN_USEC     (30 * USEC_PER_SEC)
#define IDLE_USEC      (8 * 3600 * USEC_PER_SEC)
#define HEARTBEAT_USEC (5 * USEC_PER_SEC)
#define PURGE_USEC     (60 * USEC_PER_SEC)
#define IDENTITY_MAX   4096

struct relay {
    const struct relay_options *options;
    struct directory directory;
    struct tls *source_tls;
    struct tls *listen_tls;
    uint32_t server_id;
    char server_uuid[GTID_UUID_TEXT + 1];
    struct link_account account;
    struct channel *channel;
    struct replicas *replicas;
    struct listener *listener;
    struct replica_session_spec session;
    atomic_uint next_thread_id;
    char *channel_directory;
    int listen_fd;
    int signal_fd;
};

/* ---- Who it is ---- */

static void make_uuid(char text[GTID_UUID_TEXT + 1])
{
    struct gtid_uuid uuid;

    random_bytes(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4: random */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    gtid_uuid_print(&uuid, text);
}

static bool read_identity(struct relay *relay, const char *path, struct err *err)
{
    struct gtid_uuid uuid;
    char *text = NULL;
    const char *uuid_text;
    json_int_t server_id;
    json_t *root;
    bool good;

    if (!file_read(path, IDENTITY_MAX, &text, err))
        return false;
    root = json_loads(text, 0, NULL);
    good =
        root &&
        json_unpack(root, "{s:I, s:s}", "server_id", &server_id, "server_uuid", &uuid_text) == 0 &&
        server_id > 0 && server_id <= UINT32_MAX &&
        gtid_uuid_parse(span_str(uuid_text), &uuid, err);
    if (good) {
        relay->server_id = (uint32_t)server_id;
        gtid_uuid_print(&uuid, relay->server_uuid);
    } else {
        (void)err_set(err, E_PROTO, 0,
                      "%s: expected an object with server_id (1 to 4294967295) and server_uuid",
                      path);
    }
    json_decref(root);
    mem_free(text);
    return good;
}

static bool write_identity(const struct relay *relay, const char *path, struct err *err)
{
    char *text = mem_printf("{\"server_id\": %" PRIu32 ", \"server_uuid\": \"%s\"}\n",
                            relay->server_id, relay->server_uuid);
    bool good = file_write(path, span_str(text), 0600, err);

    mem_free(text);
    return good;
}

/* The same at every start, because replicas and sources know each other by these. */
static bool find_identity(struct relay *relay, struct err *err)
{
    char *path = mem_printf("%s/identity.json", relay->directory.path);
    uint32_t asked = relay->options->server_id;
    bool there = path_exists(path);
    bool good = true;

    if (there) {
        good = read_identity(relay, path, err);
    } else {
        make_uuid(relay->server_uuid);
        relay->server_id = random_u32() >> 1 | UINT32_C(0x40000000); /* unlike a person's choice */
    }
    if (good && (!there || (asked != 0 && asked != relay->server_id))) {
        relay->server_id = asked != 0 ? asked : relay->server_id;
        good = write_identity(relay, path, err);
    }
    mem_free(path);
    return good;
}

/* ---- Parts ---- */

static bool find_account(void *context, struct span user, const char *client_ip,
                         struct link_account *ret_account)
{
    struct relay *relay = context;

    (void)client_ip;
    if (!span_eq(user, span_str(relay->options->replica_user)))
        return false;
    *ret_account = relay->account;
    return true;
}

static void serve_client(void *context, struct conn **conn, const char *ip, int stop_fd)
{
    struct relay *relay = context;
    struct replica_session_spec spec = relay->session;

    spec.stop_fd = stop_fd;
    replica_session_run(&spec, *conn, ip, atomic_fetch_add(&relay->next_thread_id, 1));
    *conn = NULL;
}

static void listener_failed(void *context, const struct err *err)
{
    (void)context;
    log_error(SUBJECT, "%s", err->text);
}

static bool open_tls(struct relay *relay, struct err *err)
{
    const struct relay_options *options = relay->options;
    struct tls_server_spec server = {.cert_file = options->cert_file,
                                     .key_file = options->key_file};

    if (options->source_tls && !tls_client_new(&options->source_tls_spec, &relay->source_tls, err))
        return false;
    return !options->cert_file || tls_server_new(&server, &relay->listen_tls, err);
}

/* Without a certificate that was given, replicas get one by an authority of the relay's own. */
static bool open_own_tls(struct relay *relay, struct err *err)
{
    char *directory = mem_printf("%s/tls", relay->directory.path);
    char *cert = mem_printf("%s/" CERTIFICATE_FILE, directory);
    char *key = mem_printf("%s/" CERTIFICATE_KEY_FILE, directory);
    struct tls_server_spec server = {.cert_file = cert, .key_file = key};
    bool good = certificate_files_make(directory, "Borealis relay", err) &&
                tls_server_new(&server, &relay->listen_tls, err);

    mem_free(directory);
    mem_free(cert);
    mem_free(key);
    return good;
}

static bool open_listener(struct relay *relay, struct err *err)
{
    const struct relay_options *options = relay->options;
    struct address address;

    return address_parse(options->listen, options->port, &address, err) &&
           socket_listen_tcp(&address, &relay->listen_fd, err);
}

static bool open_channel(struct relay *relay, struct err *err)
{
    const struct relay_options *options = relay->options;
    struct channel_spec spec = {.name = CHANNEL};

    relay->channel_directory = mem_printf("%s/" CHANNEL, relay->directory.path);
    spec.directory = relay->channel_directory;
    spec.receiver = (struct receiver_spec){
        .login = {.host = options->source_host,
                  .port = options->source_port,
                  .user = options->source_user,
                  .password = options->source_password,
                  .tls = relay->source_tls,
                  .program_name = "borealis relay"},
        .visitor = {.server_id = relay->server_id,
                    .server_uuid = relay->server_uuid,
                    .report_host = "",
                    .report_port = options->port,
                    .heartbeat_usec = HEARTBEAT_USEC,
                    .semisync = options->semi_sync},
        .start = options->start,
        .position = options->position,
        .gtids = options->gtids,
    };
    return channel_open(&spec, &relay->channel, err);
}

static bool start_listener(struct relay *relay, struct err *err)
{
    struct listener_spec spec = {
        .stack_bytes = SESSION_STACK,
        .serve = serve_client,
        .failed = listener_failed,
        .context = relay,
    };
    int fd = relay->listen_fd;

    relay->session = (struct replica_session_spec){
        .channel = relay->channel,
        .replicas = relay->replicas,
        .server_id = relay->server_id,
        .server_uuid = relay->server_uuid,
        .host = relay->options->listen,
        .port = relay->options->port,
        .tls = relay->listen_tls,
        .find_account = find_account,
        .accounts = relay,
        .login_usec = LOGIN_USEC,
        .idle_usec = IDLE_USEC,
    };
    relay->listen_fd = -1;
    return listener_start(&spec, fd, &relay->listener, err);
}

/* What may be wrong in the options comes first: nothing was made then. */
static bool open_all(struct relay *relay, struct err *err)
{
    const struct relay_options *options = relay->options;

    if (!auth_account_make(span_str(options->replica_password), &relay->account.hashes, err))
        return err_prefix(err, "password of the replicas' account");
    if (!open_tls(relay, err) || !open_listener(relay, err) ||
        !signals_open(&relay->signal_fd, err) ||
        !directory_find(options->dir, &relay->directory, err) ||
        !directory_lock(&relay->directory, err) || !find_identity(relay, err))
        return false;
    if ((!relay->listen_tls && !open_own_tls(relay, err)) || !open_channel(relay, err))
        return false;
    relay->replicas = replicas_new();
    return start_listener(relay, err);
}

/* Replicas first, then what they read. */
static void close_all(struct relay *relay)
{
    if (relay->replicas)
        replicas_end_all(relay->replicas);
    listener_stop(relay->listener);
    channel_close(relay->channel);
    replicas_free(relay->replicas);
    tls_free(relay->source_tls);
    tls_free(relay->listen_tls);
    fd_close(&relay->listen_fd);
    fd_close(&relay->signal_fd);
    directory_close(&relay->directory);
    mem_free(relay->channel_directory);
}

/* ---- While it runs ---- */

static void purge(struct relay *relay)
{
    struct mirror *mirror = channel_borrow_mirror(relay->channel);
    struct log_purged purged = {0};
    struct err err;

    if (!mirror)
        return;
    if (!log_purge(mirror, &relay->options->retention, clock_wall_usec(), &purged, &err))
        log_warn(SUBJECT, "retention: %s", err.text);
    if (purged.files > 0)
        log_info(SUBJECT, "retention: removed files=%" PRIu32 " bytes=%" PRIu64, purged.files,
                 purged.bytes);
}

static void wait_for_end(struct relay *relay)
{
    int64_t purge_at = clock_deadline_usec(PURGE_USEC);
    int signal_number;

    while (!signals_take(relay->signal_fd, &signal_number)) {
        struct pollfd fd = {.fd = relay->signal_fd, .events = POLLIN};

        (void)poll(&fd, 1, clock_poll_timeout(purge_at));
        if (clock_now_usec() >= purge_at) {
            purge(relay);
            purge_at = clock_deadline_usec(PURGE_USEC);
        }
    }
    log_info(SUBJECT, "asked to stop signal=%d", signal_number);
}

bool relay_run(const struct relay_options *options, struct err *err)
{
    struct relay relay = {
        .options = options,
        .directory = {.lock_fd = -1},
        .listen_fd = -1,
        .signal_fd = -1,
    };

    atomic_init(&relay.next_thread_id, 1);
    if (!open_all(&relay, err)) {
        close_all(&relay);
        return false;
    }
    (void)printf("Borealis relays %s:%u to replicas at %s:%u (user %s).\n", options->source_host,
                 options->source_port, options->listen, options->port, options->replica_user);
    (void)fflush(stdout);
    wait_for_end(&relay);
    close_all(&relay);
    return true;
}
