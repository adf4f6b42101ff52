#include "endpoint/entrance.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "binlog/format.h"
#include "endpoint/client_collation.h"
#include "net/socket.h"
#include "wire/handshake.h"
#include "wire/login.h"
#include "wire/packet.h"
#include "wire/reply.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define HANDSHAKE_TIMEOUT (10 * USEC_PER_SEC) /* MySQL's connect_timeout */
#define GOODBYE_TIMEOUT   (1 * USEC_PER_SEC)
/* Of a packet before the login is over: connection attributes have up to 64 KiB. */
#define PACKET_MAX  (128u << 10)
#define ERROR_MAX   1024
#define MYSQL_5_7   50700
#define MYSQL_8     80000
#define VERSION_MAX 80 /* of a library, with its NUL */

struct visit {
    const struct endpoint_spec *spec;
    struct conn *client;
    int stop_fd;
    int64_t deadline_usec; /* of all up to the client's answer */
    struct entrance *entrance;
    struct buf packet; /* header and payload of the last one read */
};

static void send_error(struct conn *client, uint8_t sequence, uint16_t code, const char *sqlstate,
                       const char *message)
{
    struct buf packet;
    struct err ignored;

    buf_init(&packet, ERROR_MAX);
    packet_write_err(&packet, sequence, code, sqlstate, message);
    if (buf_ok(&packet))
        (void)!conn_write_all(client, buf_span(&packet), clock_deadline_usec(GOODBYE_TIMEOUT),
                              &ignored);
    buf_done(&packet);
}

/* Reads one whole packet into visit->packet. */
static bool read_packet(struct visit *visit, struct conn *from, int64_t deadline_usec,
                        struct span *ret_payload, uint8_t *ret_sequence, struct err *err)
{
    uint8_t head[PACKET_HEADER_SIZE];
    struct packet_header header;
    size_t at;

    buf_clear(&visit->packet);
    if (!conn_read_full(from, head, sizeof head, deadline_usec, err))
        return false;
    header = packet_header_parse(head);
    if (header.payload_len > PACKET_MAX - PACKET_HEADER_SIZE)
        return err_set(err, E_PROTO, 0, "handshake: expected at most %u bytes, found %u",
                       PACKET_MAX - PACKET_HEADER_SIZE, header.payload_len);
    buf_bytes(&visit->packet, span_of(head, sizeof head));
    at = buf_reserve(&visit->packet, header.payload_len);
    if (!conn_read_full(from, visit->packet.data + at, header.payload_len, deadline_usec, err))
        return false;
    *ret_payload = span_of(visit->packet.data + at, header.payload_len);
    *ret_sequence = header.sequence;
    return true;
}

static bool forward_packet(struct visit *visit, struct conn *to, struct err *err)
{
    return conn_write_all(to, buf_span(&visit->packet), clock_deadline_usec(HANDSHAKE_TIMEOUT),
                          err);
}

/* Connects to the engine and tells it the client's address. */
static bool open_engine(struct visit *visit, struct err *err)
{
    struct entrance *entrance = visit->entrance;
    struct address client;
    struct address local;
    char local_ip[ADDRESS_IP_MAX];
    struct buf header;
    int fd = -1;
    bool ok;

    if (!address_of_peer(conn_borrow_fd(visit->client), &client, err) ||
        !address_of_local(conn_borrow_fd(visit->client), &local, err) ||
        !socket_connect_unix(visit->spec->engine_socket, &fd, err))
        return false;
    entrance->engine = conn_new(fd, "engine");
    conn_set_stop(entrance->engine, visit->stop_fd);
    address_ip(&client, entrance->client_ip);
    address_ip(&local, local_ip);
    buf_init(&header, ERROR_MAX);
    handshake_write_proxy(&header, strchr(entrance->client_ip, ':') != NULL, entrance->client_ip,
                          address_port(&client), local_ip, address_port(&local));
    ok = conn_write_all(entrance->engine, buf_span(&header), visit->deadline_usec, err);
    buf_done(&header);
    return ok;
}

/*
 * The engine's greeting goes to the client, with the compression that the endpoint offers.
 * *ret_greeted is false when the engine refused with an ERR packet instead, which is passed on.
 */
static bool relay_greeting(struct visit *visit, bool *ret_greeted, struct err *err)
{
    struct handshake_greeting greeting;
    struct span payload;
    uint8_t sequence = 0;

    if (!read_packet(visit, visit->entrance->engine, visit->deadline_usec, &payload, &sequence,
                     err))
        return false;
    *ret_greeted = payload.len > 0 && payload.data[0] != 0xff;
    if (!*ret_greeted) {
        traffic_refused(visit->spec->traffic, REFUSAL_ENGINE);
    } else {
        if (!handshake_greeting_parse(payload, &greeting, err))
            return false;
        visit->entrance->capabilities = greeting.capabilities;
        visit->entrance->lacks_0900 = client_collation_lacks_0900(greeting.server_version);
        handshake_greeting_patch(visit->packet.data + PACKET_HEADER_SIZE, &greeting,
                                 greeting.capabilities | CAP_COMPRESS | CAP_ZSTD);
    }
    return forward_packet(visit, visit->client, err);
}

bool entrance_is_reserved(const struct endpoint_spec *spec, struct span user)
{
    /* The engine takes a user name out of single quotes around it. */
    if (user.len >= 2 && user.data[0] == '\'' && user.data[user.len - 1] == '\'')
        user = span_of(user.data + 1, user.len - 2);
    for (const char *const *name = spec->reserved_users; *name; name++) {
        if (span_eq(user, span_str(*name)))
            return true;
    }
    return false;
}

void entrance_write_refusal(struct buf *packet, const struct endpoint_spec *spec,
                            const char *client_ip, struct span user, uint8_t sequence)
{
    char message[256];

    (void)snprintf(message, sizeof message,
                   "Access denied for user '%.*s'@'%s' (using password: YES)", (int)user.len,
                   (const char *)user.data, client_ip);
    traffic_refused(spec->traffic, REFUSAL_RESERVED_USER);
    log_warn(spec->name, "login as reserved user refused user=%.*s client=%s", (int)user.len,
             (const char *)user.data, client_ip);
    packet_write_err(packet, sequence, ER_ACCESS_DENIED, "28000", message);
}

static void refuse_user(struct visit *visit, struct span user, uint8_t sequence)
{
    struct buf packet;
    struct err ignored;

    buf_init(&packet, ERROR_MAX);
    entrance_write_refusal(&packet, visit->spec, visit->entrance->client_ip, user, sequence);
    if (buf_ok(&packet))
        (void)!conn_write_all(visit->client, buf_span(&packet),
                              clock_deadline_usec(GOODBYE_TIMEOUT), &ignored);
    buf_done(&packet);
}

/* The client asked for TLS: both sides get it, so that REQUIRE SSL means what it says. */
static bool start_tls(struct visit *visit, struct err *err)
{
    const struct endpoint_spec *spec = visit->spec;

    return forward_packet(visit, visit->entrance->engine, err) &&
           conn_start_tls(visit->client, spec->tls_server, NULL, visit->deadline_usec, err) &&
           conn_start_tls(visit->entrance->engine, spec->tls_engine, NULL, visit->deadline_usec,
                          err);
}

/*
 * Takes out of the answer what the endpoint does itself: compression, with the byte at the end
 * that says how hard to try; and ids of collations that the engine does not have. False when the
 * form is not that of an answer.
 */
static bool adapt_response(struct visit *visit, const struct handshake_response *response)
{
    struct entrance *entrance = visit->entrance;
    uint8_t *payload = visit->packet.data + PACKET_HEADER_SIZE;
    size_t len = visit->packet.len - PACKET_HEADER_SIZE;
    struct login login;
    struct err ignored;

    entrance->algorithm = COMPRESSION_NONE;
    if (!response->ssl_request && response->capabilities & CAP_ZSTD) {
        if (!login_parse(span_of(payload, len), &login, &ignored) || login.zstd_level == 0)
            return false;
        visit->packet.len--;
        buf_patch_u24(&visit->packet, 0, (uint32_t)(len - 1));
        entrance->algorithm = COMPRESSION_ZSTD;
        entrance->level = login.zstd_level;
    }
    /* A client that names both uses zlib. */
    if (response->capabilities & CAP_COMPRESS) {
        entrance->algorithm = COMPRESSION_ZLIB;
        entrance->level = 0;
    }
    handshake_response_patch(payload, response->capabilities & ~(uint32_t)(CAP_COMPRESS | CAP_ZSTD),
                             entrance->lacks_0900
                                 ? (uint8_t)client_collation_known(response->collation)
                                 : response->collation);
    return true;
}

static bool is_binlog_listener(const struct login *login)
{
    struct span role;

    return login_attribute(login, "_client_role", &role) &&
           span_eq(role, span_str("binary_log_listener"));
}

/* What the client says of itself: MySQL's library does from 5.6 on. */
static void note_client(struct visit *visit, const struct handshake_response *response)
{
    struct entrance *entrance = visit->entrance;
    struct span payload =
        span_of(visit->packet.data + PACKET_HEADER_SIZE, visit->packet.len - PACKET_HEADER_SIZE);
    enum format_family family;
    struct login login;
    struct span value;
    char version[VERSION_MAX];
    struct err ignored;

    (void)snprintf(entrance->user, sizeof entrance->user, "%.*s", (int)response->user.len,
                   response->user.len ? (const char *)response->user.data : "");
    entrance->capabilities &= response->capabilities & ~(uint32_t)(CAP_COMPRESS | CAP_ZSTD);
    entrance->is_mysql = login_parse(payload, &login, &ignored) &&
                         login_attribute(&login, "_client_name", &value) &&
                         span_eq(value, span_str("libmysql"));
    if (!entrance->is_mysql)
        return;
    entrance->is_mysqldump =
        login_attribute(&login, "program_name", &value) && span_eq(value, span_str("mysqldump"));
    if (!login_attribute(&login, "_client_version", &value))
        return;
    (void)snprintf(version, sizeof version, "%.*s", (int)(value.len < 64 ? value.len : 64),
                   value.len ? (const char *)value.data : "");
    format_parse_version(version, &family, &entrance->mysql_version);
    /* A replica of 5.6 tells no name; its programs do. */
    entrance->is_replica =
        is_binlog_listener(&login) ||
        (entrance->mysql_version < MYSQL_5_7 && !login_attribute(&login, "program_name", &value));
}

enum dialect entrance_dialect(const struct entrance *entrance)
{
    return entrance->mysql_version > 0 && entrance->mysql_version < MYSQL_8 ? DIALECT_MYSQL_5
                                                                            : DIALECT_MYSQL_8;
}

static bool bad_handshake(struct visit *visit, uint8_t sequence, struct err *err)
{
    traffic_refused(visit->spec->traffic, REFUSAL_HANDSHAKE);
    send_error(visit->client, (uint8_t)(sequence + 1), ER_HANDSHAKE, "08S01", "Bad handshake");
    return err_set(err, E_PROTO, ER_HANDSHAKE, "%s: bad handshake", conn_peer(visit->client));
}

/* Reads the client's answer, and once more inside of TLS if it asks for that. */
static bool read_response(struct visit *visit, struct handshake_response *ret_response,
                          uint8_t *ret_sequence, struct err *err)
{
    struct span payload;

    for (bool first = true;; first = false) {
        if (!read_packet(visit, visit->client, visit->deadline_usec, &payload, ret_sequence, err))
            return false;
        if (!handshake_response_parse(payload, ret_response, err) ||
            (ret_response->ssl_request && !first) || !adapt_response(visit, ret_response))
            return bad_handshake(visit, *ret_sequence, err);
        if (!ret_response->ssl_request)
            return true;
        if (!start_tls(visit, err))
            return false;
    }
}

/* The client's answer goes to the engine. *ret_go_on is false when it was refused, and knows it. */
static bool relay_response(struct visit *visit, bool *ret_go_on, struct err *err)
{
    const struct endpoint_spec *spec = visit->spec;
    struct handshake_response response;
    uint8_t sequence = 0;

    *ret_go_on = false;
    if (!read_response(visit, &response, &sequence, err))
        return false;
    if (access_requires_tls(spec->access) && !conn_is_tls(visit->client)) {
        traffic_refused(spec->traffic, REFUSAL_TLS_REQUIRED);
        send_error(visit->client, (uint8_t)(sequence + 1), ER_SECURE_TRANSPORT_REQUIRED, "HY000",
                   "Connections using insecure transport are prohibited while "
                   "--require_secure_transport=ON.");
        return true;
    }
    if (entrance_is_reserved(spec, response.user)) {
        refuse_user(visit, response.user, (uint8_t)(sequence + 1));
        return true;
    }
    if (visit->entrance->lacks_0900 && client_collation_is_refused(response.collation)) {
        traffic_refused(spec->traffic, REFUSAL_CHARACTER_SET);
        send_error(visit->client, (uint8_t)(sequence + 1), ER_UNKNOWN_CHARACTER_SET, "42000",
                   "Unknown character set: 'gb18030'; the engine does not have it, use utf8mb4");
        return true;
    }
    note_client(visit, &response);
    visit->entrance->is_master = span_eq(response.user, span_str(spec->master_user));
    *ret_go_on = true;
    return forward_packet(visit, visit->entrance->engine, err);
}

/* Waits until one of the two has something to say; the engine is heard first. */
static bool wait_for_either(struct visit *visit, struct conn **ret_speaker, struct err *err)
{
    struct conn *engine = visit->entrance->engine;

    for (;;) {
        struct pollfd fds[] = {
            {.fd = conn_borrow_fd(engine), .events = conn_poll_events(engine, true, false)},
            {.fd = conn_borrow_fd(visit->client),
             .events = conn_poll_events(visit->client, true, false)},
            {.fd = visit->stop_fd, .events = POLLIN},
        };
        bool pending = conn_pending(engine) || conn_pending(visit->client);

        if (poll(fds, 3, pending ? 0 : -1) < 0 && errno != EINTR)
            return err_errno(err, "poll");
        if (fds[2].revents)
            return err_set(err, E_STATE, 0, "%s: the endpoint stops", conn_peer(visit->client));
        if (conn_pending(engine) || fds[0].revents) {
            *ret_speaker = engine;
            return true;
        }
        if (conn_pending(visit->client) || fds[1].revents) {
            *ret_speaker = visit->client;
            return true;
        }
    }
}

/*
 * What the two say until the engine's OK or ERR packet; how long it may take is the engine's to
 * decide. A plugin's own packet never begins with the byte of an OK: the engine escapes it.
 */
static bool relay_proof(struct visit *visit, bool *ret_welcome, struct err *err)
{
    struct conn *engine = visit->entrance->engine;

    for (;;) {
        struct conn *speaker = NULL;
        struct span payload;
        uint8_t sequence = 0;

        if (!wait_for_either(visit, &speaker, err) ||
            !read_packet(visit, speaker, clock_deadline_usec(HANDSHAKE_TIMEOUT), &payload,
                         &sequence, err) ||
            !forward_packet(visit, speaker == engine ? visit->client : engine, err))
            return false;
        if (speaker == engine && payload.len > 0 &&
            (payload.data[0] == 0x00 || payload.data[0] == 0xff)) {
            *ret_welcome = payload.data[0] == 0x00;
            if (!*ret_welcome)
                traffic_refused(visit->spec->traffic, REFUSAL_ENGINE);
            return true;
        }
    }
}

void entrance_refuse(const struct endpoint_spec *spec, struct conn *client, const char *ip)
{
    char message[128];

    traffic_refused(spec->traffic, REFUSAL_NETWORK);
    log_warn(spec->name, "a client is refused address=%s: not in the client networks", ip);
    (void)snprintf(message, sizeof message, "Host '%s' is not allowed to connect to this cluster",
                   ip);
    send_error(client, 0, ER_HOST_NOT_PRIVILEGED, NULL, message);
}

bool entrance_pass(const struct endpoint_spec *spec, struct conn *client, int stop_fd,
                   struct entrance *ret_entrance, struct err *err)
{
    struct visit visit = {.spec = spec,
                          .client = client,
                          .stop_fd = stop_fd,
                          .deadline_usec = clock_deadline_usec(HANDSHAKE_TIMEOUT),
                          .entrance = ret_entrance};
    bool greeted = false;
    bool go_on = false;
    bool welcome = false;

    *ret_entrance = (struct entrance){.algorithm = COMPRESSION_NONE};
    conn_set_stop(client, stop_fd);
    if (!open_engine(&visit, err)) {
        traffic_refused(spec->traffic, REFUSAL_ENGINE_AWAY);
        send_error(client, 0, ER_SERVER_SHUTDOWN, NULL,
                   "The cluster's writer is not available; it may be starting");
        return false;
    }
    buf_init(&visit.packet, PACKET_MAX);
    welcome = relay_greeting(&visit, &greeted, err) && greeted &&
              relay_response(&visit, &go_on, err) && go_on && relay_proof(&visit, &welcome, err) &&
              welcome;
    buf_done(&visit.packet);
    return welcome;
}
