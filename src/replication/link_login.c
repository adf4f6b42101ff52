#include "replication/link_login.h"

#include "base/mem.h"
#include "net/socket.h"
#include "replication/link_internal.h"
#include "wire/auth_client.h"
#include "wire/login.h"
#include "wire/reply.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#define HANDSHAKE_MAX   (64u << 10) /* bytes of one packet before the login is over */
#define MAX_PACKET      (1u << 30)  /* what we say that we take: the protocol's own limit */
#define UTF8MB4_GENERAL 45          /* known to every server; answers and statements are utf8mb4 */
#define ZSTD_LEVEL      3
#define PEER_MAX        300
#define VERSION_MAX     128

#define WANTED                                                                                     \
    (CAP_LONG_PASSWORD | CAP_LONG_FLAG | CAP_PROTOCOL_41 | CAP_TRANSACTIONS |                      \
     CAP_SECURE_CONNECTION | CAP_PLUGIN_AUTH | CAP_PLUGIN_AUTH_LENENC | CAP_CONNECT_ATTRS |        \
     CAP_DEPRECATE_EOF)

struct attempt {
    const struct link_login_spec *spec;
    struct link *link;
    struct greeting greeting;
    struct login login;
    int64_t deadline_usec;
    char version[VERSION_MAX]; /* the greeting's spans end with the next packet */
    char plugin[64];
    struct auth_client *auth;
    struct buf data; /* the login's authentication data, then replies to the server */
    struct buf attributes;
};

static bool open_conn(const struct link_login_spec *spec, int64_t deadline_usec,
                      struct conn **ret_conn, struct err *err)
{
    char peer[PEER_MAX];
    int fd = -1;

    if (spec->socket_path) {
        (void)snprintf(peer, sizeof peer, "%s", spec->socket_path);
        if (!socket_connect_unix(spec->socket_path, &fd, err))
            return false;
    } else {
        (void)snprintf(peer, sizeof peer, strchr(spec->host, ':') ? "[%s]:%u" : "%s:%u", spec->host,
                       spec->port);
        if (!socket_connect_host(spec->host, spec->port, spec->source_address, spec->stop_fd,
                                 deadline_usec, &fd, err))
            return err_prefix(err, "%s", peer);
    }
    *ret_conn = conn_new(fd, peer);
    conn_set_stop(*ret_conn, spec->stop_fd);
    return true;
}

/* Keeps what the rest of the login needs of the greeting. */
static bool read_greeting(struct attempt *attempt, struct err *err)
{
    struct greeting *greeting = &attempt->greeting;
    struct span payload;

    if (!link_read(attempt->link, attempt->deadline_usec, &payload, err))
        return false;
    if (reply_is_err(payload))
        return reply_err_to_err(payload, err) || link_failed(attempt->link, err);
    if (!greeting_parse(payload, greeting, err))
        return link_failed(attempt->link, err);
    if (!(greeting->capabilities & CAP_PROTOCOL_41) ||
        !(greeting->capabilities & CAP_SECURE_CONNECTION))
        return err_set(
            err, E_PROTO, 0, "%s: expected a server of MySQL 5.0 or later, found version %.*s",
            link_peer(attempt->link), greeting->version.len < 64 ? (int)greeting->version.len : 64,
            (const char *)greeting->version.data);
    (void)snprintf(
        attempt->version, sizeof attempt->version, "%.*s",
        (int)(greeting->version.len < VERSION_MAX ? greeting->version.len : VERSION_MAX - 1),
        (const char *)greeting->version.data);
    (void)snprintf(attempt->plugin, sizeof attempt->plugin, "%.*s",
                   (int)(greeting->plugin.len < sizeof attempt->plugin ? greeting->plugin.len : 0),
                   greeting->plugin.len ? (const char *)greeting->plugin.data : "");
    greeting->version = span_str(attempt->version);
    greeting->plugin = span_str(attempt->plugin);
    return true;
}

static void choose_capabilities(struct attempt *attempt)
{
    const struct link_login_spec *spec = attempt->spec;
    uint32_t wanted = WANTED;

    if (spec->database)
        wanted |= CAP_CONNECT_WITH_DB;
    if (spec->tls)
        wanted |= CAP_SSL;
    if (spec->zstd && attempt->greeting.capabilities & CAP_ZSTD)
        wanted |= CAP_ZSTD;
    else if (spec->zlib)
        wanted |= CAP_COMPRESS;
    /* MariaDB's servers leave away the first bit, which only says who they are. */
    attempt->login = (struct login){
        .capabilities = wanted & (attempt->greeting.capabilities | CAP_LONG_PASSWORD),
        .max_packet = MAX_PACKET,
        .collation = UTF8MB4_GENERAL,
        .user = span_str(spec->user),
        .database = span_str(spec->database ? spec->database : ""),
        .zstd_level = (uint8_t)(spec->zstd_level > 0 ? spec->zstd_level : ZSTD_LEVEL),
    };
}

static bool start_tls(struct attempt *attempt, struct err *err)
{
    const struct link_login_spec *spec = attempt->spec;
    struct buf request;
    bool good;

    if (!spec->tls)
        return true;
    if (!(attempt->greeting.capabilities & CAP_SSL)) {
        if (spec->tls_preferred)
            return true;
        return err_set(
            err, E_AUTH, 0,
            "%s: expected a server with TLS, found that it offers none; nothing was sent "
            "in clear",
            link_peer(attempt->link));
    }
    buf_init(&request, HANDSHAKE_MAX);
    login_write_ssl_request(&request, &attempt->login);
    good = link_write(attempt->link, buf_span(&request), (struct span){0}, attempt->deadline_usec,
                      err) &&
           link_flush(attempt->link, attempt->deadline_usec, err) &&
           conn_start_tls(link_conn(attempt->link), spec->tls, spec->host, attempt->deadline_usec,
                          err);
    buf_done(&request);
    return good;
}

static void write_attributes(struct attempt *attempt)
{
    const char *program = attempt->spec->program_name ? attempt->spec->program_name : "borealis";
    char pid[16];

    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    login_write_attribute(&attempt->attributes, "_client_name", "borealis");
    login_write_attribute(&attempt->attributes, "_client_version", BOREALIS_VERSION);
    login_write_attribute(&attempt->attributes, "_os", "Linux");
    login_write_attribute(&attempt->attributes, "_pid", pid);
    login_write_attribute(&attempt->attributes, "program_name", program);
    attempt->login.attributes = buf_span(&attempt->attributes);
}

static struct auth_client *make_auth(const struct attempt *attempt)
{
    const struct link_login_spec *spec = attempt->spec;
    bool tls = conn_is_tls(link_borrow_conn(attempt->link));

    return auth_client_new(&(struct auth_client_spec){
        .password = span_str(spec->password ? spec->password : ""),
        .secure = tls || spec->socket_path,
        .tls = tls,
        .allow_clear = spec->allow_clear_password,
        .fetch_key = spec->fetch_server_key,
        .server_key = span_str(spec->server_key_pem ? spec->server_key_pem : ""),
    });
}

static bool send_bytes(struct attempt *attempt, struct buf *payload, struct err *err)
{
    bool good = link_write(attempt->link, buf_span(payload), (struct span){0},
                           attempt->deadline_usec, err) &&
                link_flush(attempt->link, attempt->deadline_usec, err);

    /* It may hold the password. */
    if (payload->data)
        OPENSSL_cleanse(payload->data, payload->cap);
    buf_clear(payload);
    return good;
}

static bool send_login(struct attempt *attempt, struct err *err)
{
    const char *plugin = NULL;
    struct buf payload;
    bool good;

    if (!auth_client_start(attempt->auth, &attempt->greeting, &attempt->data, &plugin, err))
        return link_failed(attempt->link, err);
    attempt->login.auth_data = buf_span(&attempt->data);
    attempt->login.plugin = span_str(plugin);
    buf_init(&payload, HANDSHAKE_MAX);
    login_write(&payload, &attempt->login);
    good = buf_ok(&payload);
    if (good)
        good = send_bytes(attempt, &payload, err);
    else
        (void)err_set(err, E_USAGE, 0, "%s: user and database name are over %u bytes",
                      link_peer(attempt->link), HANDSHAKE_MAX);
    buf_done(&payload);
    return good;
}

static bool converse(struct attempt *attempt, struct err *err)
{
    enum auth_step step = AUTH_WAIT;

    while (step != AUTH_DONE) {
        struct span payload;

        buf_clear(&attempt->data);
        if (!link_read(attempt->link, attempt->deadline_usec, &payload, err))
            return false;
        if (!auth_client_take(attempt->auth, payload, &attempt->data, &step, err))
            return link_failed(attempt->link, err);
        if (step == AUTH_SEND && !send_bytes(attempt, &attempt->data, err))
            return false;
    }
    return true;
}

static void settle(struct attempt *attempt)
{
    const struct link_login_spec *spec = attempt->spec;
    uint32_t agreed = attempt->login.capabilities & attempt->greeting.capabilities;

    link_set_identity(attempt->link,
                      &(struct link_identity){
                          .capabilities = agreed,
                          .server_is_mariadb = greeting_is_mariadb(attempt->greeting.version),
                          .thread_id = attempt->greeting.thread_id,
                          .server_version = attempt->version,
                          .user = spec->user,
                      });
    if (agreed & CAP_ZSTD)
        link_start_compression(attempt->link, COMPRESSION_ZSTD, attempt->login.zstd_level);
    else if (agreed & CAP_COMPRESS)
        link_start_compression(attempt->link, COMPRESSION_ZLIB, 0);
    link_set_payload_max(attempt->link,
                         spec->payload_max ? spec->payload_max : LINK_PAYLOAD_MAX_DEFAULT);
}

static bool log_in(struct attempt *attempt, struct err *err)
{
    if (!read_greeting(attempt, err))
        return false;
    choose_capabilities(attempt);
    if (!start_tls(attempt, err))
        return false;
    write_attributes(attempt);
    attempt->auth = make_auth(attempt);
    if (!send_login(attempt, err) || !converse(attempt, err))
        return false;
    settle(attempt);
    return true;
}

bool link_login(const struct link_login_spec *spec, int64_t deadline_usec, struct link **ret_link,
                struct err *err)
{
    struct attempt attempt = {.spec = spec, .deadline_usec = deadline_usec};
    struct conn *conn = NULL;
    bool good;

    if (!spec->user || (!spec->host && !spec->socket_path))
        return err_set(err, E_USAGE, 0, "login: expected a host or a socket, and a user");
    if (!open_conn(spec, deadline_usec, &conn, err))
        return false;
    attempt.link = link_new(conn, HANDSHAKE_MAX);
    buf_init(&attempt.data, HANDSHAKE_MAX);
    buf_init(&attempt.attributes, HANDSHAKE_MAX);
    good = log_in(&attempt, err);
    auth_client_free(attempt.auth);
    if (attempt.data.data)
        OPENSSL_cleanse(attempt.data.data, attempt.data.cap);
    buf_done(&attempt.data);
    buf_done(&attempt.attributes);
    if (!good) {
        link_free(attempt.link);
        return false;
    }
    *ret_link = attempt.link;
    return true;
}
