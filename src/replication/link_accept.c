#include "replication/link_accept.h"

#include "base/clock.h"
#include "net/address.h"
#include "replication/link_internal.h"
#include "wire/auth_server.h"
#include "wire/reply.h"

#include <stdio.h>
#include <sys/un.h>

#define HANDSHAKE_MAX       (64u << 10) /* bytes of one packet before the login is over */
#define PAYLOAD_MAX_DEFAULT (1u << 20)
#define UTF8MB4_GENERAL     45
#define GOODBYE_USEC        (1 * USEC_PER_SEC)
#define MESSAGE_MAX         512
#define VERSION_MAX         32  /* bytes of a client's version */
#define USER_SHOWN_MAX      128 /* bytes of a user name in a message */

#define OFFERED                                                                                    \
    (CAP_LONG_PASSWORD | CAP_FOUND_ROWS | CAP_LONG_FLAG | CAP_CONNECT_WITH_DB | CAP_PROTOCOL_41 |  \
     CAP_INTERACTIVE | CAP_TRANSACTIONS | CAP_SECURE_CONNECTION | CAP_MULTI_RESULTS |              \
     CAP_PLUGIN_AUTH | CAP_CONNECT_ATTRS | CAP_PLUGIN_AUTH_LENENC | CAP_DEPRECATE_EOF)

struct visit {
    const struct link_accept_spec *spec;
    struct link *link;
    int64_t deadline_usec;
    uint32_t offered;
    char client_ip[ADDRESS_IP_MAX];
    struct login login; /* borrowed from `copy` */
    struct buf copy;    /* of the login's payload */
    struct buf reply;
};

/* Tells the client what a server would, and fails with it. */
static bool refuse(struct visit *visit, uint16_t code, enum err_class class, const char *message,
                   struct err *err)
{
    struct buf payload;
    struct err ignored;
    int64_t deadline_usec = clock_deadline_usec(GOODBYE_USEC);

    buf_init(&payload, HANDSHAKE_MAX);
    reply_err_write(&payload, code, reply_sqlstate(code), message);
    (void)!(
        link_write(visit->link, buf_span(&payload), (struct span){0}, deadline_usec, &ignored) &&
        link_flush(visit->link, deadline_usec, &ignored));
    buf_done(&payload);
    return err_set(err, class, code, "%s: %s", link_peer(visit->link), message);
}

/* A client that breaks the protocol is told just that; the error has what it was. */
static bool refuse_form(struct visit *visit, struct err *err)
{
    struct err told;

    (void)refuse(visit, err->code ? (uint16_t)err->code : ER_HANDSHAKE, E_PROTO,
                 err->code ? "Client does not support authentication protocol requested by server; "
                             "consider upgrading the client"
                           : "Bad handshake",
                 &told);
    return link_failed(visit->link, err);
}

static bool send_payload(struct visit *visit, struct buf *payload, struct err *err)
{
    bool good =
        link_write(visit->link, buf_span(payload), (struct span){0}, visit->deadline_usec, err) &&
        link_flush(visit->link, visit->deadline_usec, err);

    buf_clear(payload);
    return good;
}

static bool greet(struct visit *visit, struct err *err)
{
    const struct link_accept_spec *spec = visit->spec;
    struct auth_server *auth = link_auth(visit->link);
    struct greeting greeting = {
        .version = span_str(spec->version),
        .thread_id = spec->thread_id,
        .collation = UTF8MB4_GENERAL,
        .status = STATUS_AUTOCOMMIT,
        .plugin = span_str(auth_method_name(spec->method)),
    };

    visit->offered = OFFERED;
    if (spec->tls)
        visit->offered |= CAP_SSL;
    if (spec->offer_zlib)
        visit->offered |= CAP_COMPRESS;
    if (spec->offer_zstd)
        visit->offered |= CAP_ZSTD;
    if (greeting_is_mariadb(greeting.version))
        visit->offered &= ~(uint32_t)(CAP_LONG_PASSWORD | CAP_ZSTD);
    greeting.capabilities = visit->offered;
    auth_server_init(auth, spec->method);
    memcpy(greeting.scramble, auth->scramble, sizeof greeting.scramble);
    greeting_write(&visit->reply, &greeting);
    return send_payload(visit, &visit->reply, err);
}

/* The payload is copied: packets that follow take its place in the window. */
static void keep(struct visit *visit, struct span payload)
{
    buf_clear(&visit->copy);
    buf_bytes(&visit->copy, payload);
}

static bool read_login(struct visit *visit, struct err *err)
{
    struct span payload;

    if (!link_read(visit->link, visit->deadline_usec, &payload, err))
        return false;
    if (visit->spec->tls && login_is_ssl_request(payload) &&
        (!conn_start_tls(link_conn(visit->link), visit->spec->tls, NULL, visit->deadline_usec,
                         err) ||
         !link_read(visit->link, visit->deadline_usec, &payload, err)))
        return false;
    keep(visit, payload);
    if (!login_parse(buf_span(&visit->copy), &visit->login, err))
        return refuse_form(visit, err);
    return true;
}

static bool deny(struct visit *visit, struct err *err)
{
    const struct login *login = &visit->login;
    char message[MESSAGE_MAX];
    int shown = login->user.len < USER_SHOWN_MAX ? (int)login->user.len : USER_SHOWN_MAX;

    (void)snprintf(message, sizeof message,
                   "Access denied for user '%.*s'@'%s' (using password: %s)", shown,
                   login->user.len ? (const char *)login->user.data : "", visit->client_ip,
                   link_auth(visit->link)->used_password ? "YES" : "NO");
    return refuse(visit, ER_ACCESS_DENIED, E_AUTH, message, err);
}

/*
 * Everything up to the verdict is the same for users that do not exist. TLS is asked for after it:
 * before, the answer would tell who exists.
 */
static bool authenticate(struct visit *visit, struct err *err)
{
    struct auth_server *auth = link_auth(visit->link);
    const struct link_accept_spec *spec = visit->spec;
    struct link_account account = {0};
    enum auth_step step = AUTH_DENIED;
    bool secure =
        conn_is_tls(link_borrow_conn(visit->link)) || strcmp(visit->client_ip, "localhost") == 0;
    bool exists;

    if (spec->require_tls && !secure)
        return refuse(visit, ER_SECURE_TRANSPORT_REQUIRED, E_AUTH,
                      "Connections using insecure transport are prohibited while "
                      "--require_secure_transport=ON.",
                      err);
    exists = spec->find_account(spec->context, visit->login.user, visit->client_ip, &account);
    if (!exists)
        auth_account_make_decoy(true, true, &account.hashes);
    if (!auth_server_login(auth, &visit->login, &account.hashes, &visit->reply, &step, err))
        return refuse_form(visit, err);
    while (step == AUTH_SEND) {
        struct span payload;

        if (!send_payload(visit, &visit->reply, err) ||
            !link_read(visit->link, visit->deadline_usec, &payload, err))
            return false;
        if (!auth_server_take(auth, payload, &visit->reply, &step, err))
            return refuse_form(visit, err);
    }
    if (step != AUTH_DONE || !exists)
        return deny(visit, err);
    if (account.require_tls && !secure) {
        struct err told;

        (void)deny(visit, &told);
        return err_set(err, E_AUTH, told.code, "%s; the account requires TLS, and there is none",
                       told.text);
    }
    return visit->reply.len == 0 || send_payload(visit, &visit->reply, err);
}

/* Ends the login: an OK packet, which proves the certificate to who asks for that. */
static bool welcome(struct visit *visit, struct err *err)
{
    char proof[AUTH_CERTIFICATE_PROOF_MAX];
    uint8_t fingerprint[32];
    struct reply_ok ok = {.status = STATUS_AUTOCOMMIT};

    if (conn_own_fingerprint(link_borrow_conn(visit->link), fingerprint) &&
        auth_server_certificate_proof(link_auth(visit->link), fingerprint, proof))
        ok.info = span_of(proof, sizeof proof - 1);
    reply_ok_write(&visit->reply, &ok, visit->login.capabilities & visit->offered, false);
    return send_payload(visit, &visit->reply, err);
}

static void settle(struct visit *visit)
{
    const struct link_accept_spec *spec = visit->spec;
    uint32_t agreed = visit->login.capabilities & visit->offered;
    char user[USER_SHOWN_MAX + 1];
    char version[VERSION_MAX + 1];
    struct span name;
    struct span told;

    if (!login_attribute(&visit->login, "_client_name", &name) ||
        !span_eq(name, span_str("libmysql")) ||
        !login_attribute(&visit->login, "_client_version", &told))
        told = span_str("");
    (void)snprintf(version, sizeof version, "%.*s",
                   (int)(told.len < VERSION_MAX ? told.len : VERSION_MAX),
                   told.len ? (const char *)told.data : "");
    (void)snprintf(
        user, sizeof user, "%.*s",
        (int)(visit->login.user.len < sizeof user ? visit->login.user.len : sizeof user - 1),
        visit->login.user.len ? (const char *)visit->login.user.data : "");
    link_set_identity(visit->link, &(struct link_identity){.capabilities = agreed,
                                                           .thread_id = spec->thread_id,
                                                           .user = user,
                                                           .client_version = version});
    link_set_payload_max(visit->link, spec->payload_max ? spec->payload_max : PAYLOAD_MAX_DEFAULT);
}

static void find_client_ip(struct visit *visit)
{
    struct address address;
    struct err ignored;

    (void)snprintf(visit->client_ip, sizeof visit->client_ip, "localhost");
    if (address_of_peer(conn_borrow_fd(link_borrow_conn(visit->link)), &address, &ignored) &&
        address.storage.ss_family != AF_UNIX)
        address_ip(&address, visit->client_ip);
}

static void visit_init(struct visit *visit, struct link *link, const struct link_accept_spec *spec,
                       int64_t deadline_usec)
{
    *visit = (struct visit){.spec = spec, .link = link, .deadline_usec = deadline_usec};
    buf_init(&visit->copy, HANDSHAKE_MAX);
    buf_init(&visit->reply, HANDSHAKE_MAX);
    find_client_ip(visit);
}

static void visit_done(struct visit *visit)
{
    buf_done(&visit->copy);
    buf_done(&visit->reply);
}

bool link_accept(struct conn *conn, const struct link_accept_spec *spec, int64_t deadline_usec,
                 struct link **ret_link, struct err *err)
{
    struct link *link = link_new(conn, HANDSHAKE_MAX);
    struct visit visit;
    bool good;

    conn_set_stop(conn, spec->stop_fd);
    visit_init(&visit, link, spec, deadline_usec);
    good = greet(&visit, err) && read_login(&visit, err) && authenticate(&visit, err) &&
           welcome(&visit, err);
    if (good) {
        uint32_t agreed = visit.login.capabilities & visit.offered;

        settle(&visit);
        if (agreed & CAP_COMPRESS) /* a client that names both uses it */
            link_start_compression(link, COMPRESSION_ZLIB, 0);
        else if (agreed & CAP_ZSTD)
            link_start_compression(link, COMPRESSION_ZSTD, visit.login.zstd_level);
    }
    visit_done(&visit);
    if (!good) {
        link_free(link);
        return false;
    }
    *ret_link = link;
    return true;
}

bool link_change_user(struct link *link, struct span command, const struct link_accept_spec *spec,
                      int64_t deadline_usec, struct err *err)
{
    struct visit visit;
    bool good;

    visit_init(&visit, link, spec, deadline_usec);
    visit.offered = link_capabilities(link);
    keep(&visit, command);
    if (login_parse_change_user(buf_span(&visit.copy), visit.offered, &visit.login, err))
        good = authenticate(&visit, err) && welcome(&visit, err);
    else
        good = refuse_form(&visit, err);
    if (good)
        settle(&visit);
    visit_done(&visit);
    return good;
}
