#include "endpoint/session.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "endpoint/account_statement.h"
#include "endpoint/lane.h"
#include "net/address.h"
#include "net/socket.h"
#include "wire/framer.h"
#include "wire/handshake.h"
#include "wire/packet.h"
#include "wire/reply.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define HANDSHAKE_TIMEOUT (10 * USEC_PER_SEC) /* MySQL's connect_timeout */
#define GOODBYE_TIMEOUT   (1 * USEC_PER_SEC)
#define PACKET_MAX        8192 /* of the handshake: names, plugins and attributes are far shorter */
#define USER_PREFIX_MAX   1024 /* of a COM_CHANGE_USER that must be seen to find its user name */

struct session {
    const struct endpoint_spec *spec;
    struct conn *client;
    struct conn *engine;
    int stop_fd;
    char client_ip[ADDRESS_IP_MAX];
    struct buf packet; /* of the handshake: header and payload of the last one read */
    struct framer framer;
    bool is_master; /* logged in as the master user */
    struct lane to_engine;
    struct lane to_client;
};

static void send_error(struct conn *client, uint8_t sequence, uint16_t code, const char *sqlstate,
                       const char *message)
{
    struct buf packet;
    struct err ignored;

    buf_init(&packet, PACKET_MAX);
    packet_write_err(&packet, sequence, code, sqlstate, message);
    if (buf_ok(&packet))
        (void)!conn_write_all(client, buf_span(&packet), clock_deadline_usec(GOODBYE_TIMEOUT),
                              &ignored);
    buf_done(&packet);
}

/* Reads one whole packet into session->packet. */
static bool read_packet(struct session *session, struct conn *from, int64_t deadline_usec,
                        struct span *ret_payload, uint8_t *ret_sequence, struct err *err)
{
    uint8_t head[PACKET_HEADER_SIZE];
    struct packet_header header;
    size_t at;

    buf_clear(&session->packet);
    if (!conn_read_full(from, head, sizeof head, deadline_usec, err))
        return false;
    header = packet_header_parse(head);
    if (header.payload_len > PACKET_MAX - PACKET_HEADER_SIZE)
        return err_set(err, E_PROTO, 0, "handshake: expected at most %d bytes, found %u",
                       PACKET_MAX - PACKET_HEADER_SIZE, header.payload_len);
    buf_bytes(&session->packet, span_of(head, sizeof head));
    at = buf_reserve(&session->packet, header.payload_len);
    if (!conn_read_full(from, session->packet.data + at, header.payload_len, deadline_usec, err))
        return false;
    *ret_payload = span_of(session->packet.data + at, header.payload_len);
    *ret_sequence = header.sequence;
    return true;
}

static bool forward_packet(struct session *session, struct conn *to, int64_t deadline_usec,
                           struct err *err)
{
    return conn_write_all(to, buf_span(&session->packet), deadline_usec, err);
}

/* Connects to the engine and tells it the client's address. */
static bool open_engine(struct session *session, int64_t deadline_usec, struct err *err)
{
    struct address client;
    struct address local;
    char local_ip[ADDRESS_IP_MAX];
    struct buf header;
    int fd = -1;
    bool ok;

    if (!address_of_peer(conn_borrow_fd(session->client), &client, err) ||
        !address_of_local(conn_borrow_fd(session->client), &local, err) ||
        !socket_connect_unix(session->spec->engine_socket, &fd, err))
        return false;
    session->engine = conn_new(fd, "engine");
    address_ip(&client, session->client_ip);
    address_ip(&local, local_ip);
    buf_init(&header, PACKET_MAX);
    handshake_write_proxy(&header, strchr(session->client_ip, ':') != NULL, session->client_ip,
                          address_port(&client), local_ip, address_port(&local));
    ok = conn_write_all(session->engine, buf_span(&header), deadline_usec, err);
    buf_done(&header);
    return ok;
}

/*
 * The engine's greeting goes to the client, with compression taken out: a compressed stream would
 * hide the commands. *ret_greeted is false when the engine refused with an ERR packet instead,
 * which is passed on.
 */
static bool relay_greeting(struct session *session, int64_t deadline_usec, bool *ret_greeted,
                           struct err *err)
{
    struct handshake_greeting greeting;
    struct span payload;
    uint8_t sequence = 0;

    if (!read_packet(session, session->engine, deadline_usec, &payload, &sequence, err))
        return false;
    *ret_greeted = payload.len > 0 && payload.data[0] != 0xff;
    if (*ret_greeted) {
        if (!handshake_greeting_parse(payload, &greeting, err))
            return false;
        handshake_greeting_mask(session->packet.data + PACKET_HEADER_SIZE, &greeting, CAP_COMPRESS);
    }
    return forward_packet(session, session->client, deadline_usec, err);
}

static bool is_reserved(const struct session *session, struct span user)
{
    /* The engine takes a user name out of single quotes around it. */
    if (user.len >= 2 && user.data[0] == '\'' && user.data[user.len - 1] == '\'')
        user = span_of(user.data + 1, user.len - 2);
    for (const char *const *name = session->spec->reserved_users; *name; name++) {
        if (span_eq(user, span_str(*name)))
            return true;
    }
    return false;
}

/* Answers as the engine does to a wrong password. */
static void refuse_user(struct session *session, struct span user, uint8_t sequence)
{
    char message[256];

    (void)snprintf(message, sizeof message,
                   "Access denied for user '%.*s'@'%s' (using password: YES)", (int)user.len,
                   (const char *)user.data, session->client_ip);
    log_warn(session->spec->name, "login as reserved user refused user=%.*s client=%s",
             (int)user.len, (const char *)user.data, session->client_ip);
    send_error(session->client, sequence, ER_ACCESS_DENIED, "28000", message);
}

/* The client asked for TLS: both sides get it, so that REQUIRE SSL means what it says. */
static bool start_tls(struct session *session, int64_t deadline_usec, struct err *err)
{
    return forward_packet(session, session->engine, deadline_usec, err) &&
           conn_start_tls(session->client, session->spec->tls_server, NULL, deadline_usec, err) &&
           conn_start_tls(session->engine, session->spec->tls_engine, NULL, deadline_usec, err);
}

/* Takes compression out of the answer of a client that wants it though the greeting had none. */
static void refuse_compression(struct session *session, const struct handshake_response *response)
{
    handshake_response_mask(session->packet.data + PACKET_HEADER_SIZE, response, CAP_COMPRESS);
}

/*
 * The client's answer goes to the engine. *ret_go_on is false when the client was refused, and
 * knows it.
 */
static bool relay_response(struct session *session, int64_t deadline_usec, bool *ret_go_on,
                           struct err *err)
{
    struct handshake_response response;
    struct span payload;
    uint8_t sequence = 0;

    *ret_go_on = false;
    if (!read_packet(session, session->client, deadline_usec, &payload, &sequence, err))
        return false;
    if (!handshake_response_parse(payload, &response, err)) {
        send_error(session->client, (uint8_t)(sequence + 1), ER_HANDSHAKE, "08S01",
                   "Bad handshake");
        return false;
    }
    refuse_compression(session, &response);
    if (response.ssl_request) {
        if (!start_tls(session, deadline_usec, err) ||
            !read_packet(session, session->client, deadline_usec, &payload, &sequence, err) ||
            !handshake_response_parse(payload, &response, err))
            return false;
        refuse_compression(session, &response);
    } else if (session->spec->require_secure_transport) {
        send_error(session->client, (uint8_t)(sequence + 1), ER_SECURE_TRANSPORT_REQUIRED, "HY000",
                   "Connections using insecure transport are prohibited while "
                   "--require_secure_transport=ON.");
        return true;
    }
    if (is_reserved(session, response.user)) {
        refuse_user(session, response.user, (uint8_t)(sequence + 1));
        return true;
    }
    session->is_master = span_eq(response.user, span_str(session->spec->master_user));
    *ret_go_on = true;
    return forward_packet(session, session->engine, deadline_usec, err);
}

/* What to do with the packet at the front of a client's bytes. */
enum verdict {
    PASS,     /* send it on */
    REPLACED, /* something else was admitted in its place */
    HOLD,     /* more of it, or room, is needed to tell */
    REFUSE,   /* the client was told; the session is over */
};

/* A change of user is held until its user name is there. */
static enum verdict judge_change_user(struct session *session, struct span bytes, uint32_t len)
{
    size_t need = PACKET_HEADER_SIZE + (len < USER_PREFIX_MAX ? len : USER_PREFIX_MAX);
    struct span user;
    struct err ignored;

    if (bytes.len < need)
        return HOLD;
    /* A payload without a user name is the engine's to refuse. */
    if (!handshake_change_user_parse(
            span_of(bytes.data + PACKET_HEADER_SIZE, need - PACKET_HEADER_SIZE), &user, &ignored))
        return PASS;
    if (is_reserved(session, user)) {
        refuse_user(session, user, 1);
        return REFUSE;
    }
    session->is_master = span_eq(user, span_str(session->spec->master_user));
    return PASS;
}

/* Puts the call of the procedure in the place of the statement. */
static void replace_statement(struct lane *lane, struct span text)
{
    struct buf packet;
    size_t header;

    buf_init(&packet, ACCOUNT_STATEMENT_MAX + LANE_SPARE);
    header = buf_reserve(&packet, 3);
    buf_u8(&packet, 0);
    buf_u8(&packet, COM_QUERY);
    account_statement_write_call(&packet, text);
    buf_patch_u24(&packet, header, (uint32_t)(packet.len - PACKET_HEADER_SIZE));
    lane_replace(lane, PACKET_HEADER_SIZE + 1 + text.len, buf_span(&packet));
    buf_done(&packet);
}

/* The master user's account statements take another form (account_statement.h). */
static enum verdict judge_query(struct session *session, struct span bytes, uint32_t len)
{
    struct lane *lane = &session->to_engine;
    size_t text_len = len - 1;
    size_t prefix = text_len < ACCOUNT_STATEMENT_PREFIX ? text_len : ACCOUNT_STATEMENT_PREFIX;
    const uint8_t *text = bytes.data + PACKET_HEADER_SIZE + 1;

    if (!session->is_master)
        return PASS;
    if (bytes.len < PACKET_HEADER_SIZE + 1 + prefix)
        return HOLD;
    if (!account_statement_is(span_of(text, prefix)) || text_len > ACCOUNT_STATEMENT_MAX)
        return PASS;
    if (bytes.len < PACKET_HEADER_SIZE + 1 + text_len || lane->admitted > 0)
        return HOLD;
    replace_statement(lane, span_of(text, text_len));
    return REPLACED;
}

static enum verdict judge(struct session *session, struct span bytes)
{
    uint8_t command = 0;
    uint32_t len = 0;

    switch (framer_peek(&session->framer, bytes, &command, &len)) {
    case FRAMER_INSIDE:
    case FRAMER_PACKET:
        return PASS;
    case FRAMER_CUT:
        return HOLD;
    case FRAMER_COMMAND:
        if (command == COM_CHANGE_USER)
            return judge_change_user(session, bytes, len);
        if (command == COM_QUERY)
            return judge_query(session, bytes, len);
        return PASS;
    }
    return REFUSE;
}

/* Admits what of the client's bytes may go to the engine; false: the session is over. */
static bool admit_commands(struct session *session)
{
    struct lane *lane = &session->to_engine;
    struct span bytes = lane_unread(lane);

    while (bytes.len > 0) {
        switch (judge(session, bytes)) {
        case PASS:
            lane_admit(lane, framer_take(&session->framer, bytes));
            break;
        case REPLACED:
            break; /* a whole packet by another: the framer stays at the start of the next */
        case HOLD:
            return true;
        case REFUSE:
            return false;
        }
        bytes = lane_unread(lane);
    }
    return true;
}

/* Results are passed on unread. */
static bool admit(struct session *session, struct lane *lane)
{
    if (lane == &session->to_engine)
        return admit_commands(session);
    lane_admit(lane, lane_unread(lane).len);
    return true;
}

/* Moves bytes of one direction until either side would block; false: the session is over. */
static bool move(struct session *session, struct lane *lane, struct err *err)
{
    bool look_again = true; /* after a short read the next one would only say "again" */

    for (;;) {
        if (!admit(session, lane))
            return false;
        if (lane->admitted > 0) {
            switch (lane_drain(lane, err)) {
            case LANE_MOVED:
                continue;
            case LANE_BLOCKED:
                return true;
            case LANE_OVER:
                return false;
            }
        }
        if (lane->eof)
            return false;
        if (!look_again && !conn_pending(lane->from))
            return true;
        switch (lane_fill(lane, err)) {
        case LANE_MOVED:
            look_again = lane->end >= LANE_SIZE || lane->eof;
            continue;
        case LANE_BLOCKED:
            return true;
        case LANE_OVER:
            return false;
        }
    }
}

/* Both directions until one side ends, an error, or the endpoint's stop. */
static void relay(struct session *session, struct err *err)
{
    struct lane *up = &session->to_engine;
    struct lane *down = &session->to_client;

    for (;;) {
        struct pollfd fds[] = {
            {.fd = conn_borrow_fd(session->client)},
            {.fd = conn_borrow_fd(session->engine)},
            {.fd = session->stop_fd, .events = POLLIN},
        };
        bool read_up = up->end < LANE_SIZE && !up->eof;
        bool read_down = down->end < LANE_SIZE && !down->eof;
        bool pending = (read_up && conn_pending(session->client)) ||
                       (read_down && conn_pending(session->engine));

        fds[0].events = conn_poll_events(session->client, read_up, down->admitted > 0);
        fds[1].events = conn_poll_events(session->engine, read_down, up->admitted > 0);
        /* A side that nothing is wanted of is left out: poll() would report its hang-up for ever.
         */
        for (int i = 0; i < 2; i++) {
            if (fds[i].events == 0)
                fds[i].fd = -1;
        }
        if (poll(fds, 3, pending ? 0 : -1) < 0 && errno != EINTR)
            return;
        if (fds[2].revents)
            return;
        if ((fds[0].revents || up->admitted > 0 || pending) && !move(session, up, err))
            return;
        if ((fds[1].revents || down->admitted > 0 || pending) && !move(session, down, err))
            return;
    }
}

/* Up to the point where both sides may speak freely. */
static bool connection_phase(struct session *session, struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(HANDSHAKE_TIMEOUT);
    bool greeted = false;
    bool go_on = false;

    if (!open_engine(session, deadline_usec, err)) {
        send_error(session->client, 0, ER_SERVER_SHUTDOWN, NULL,
                   "The cluster's writer is not available; it may be starting");
        return false;
    }
    return relay_greeting(session, deadline_usec, &greeted, err) && greeted &&
           relay_response(session, deadline_usec, &go_on, err) && go_on;
}

void session_run(const struct endpoint_spec *spec, struct conn *client, int stop_fd)
{
    struct session session;
    struct err err = {0};

    /* The lanes are large and need no clearing. */
    session.spec = spec;
    session.client = client;
    session.engine = NULL;
    session.stop_fd = stop_fd;
    session.framer = (struct framer){0};
    session.is_master = false;
    buf_init(&session.packet, PACKET_MAX);
    if (connection_phase(&session, &err)) {
        buf_done(&session.packet);
        lane_init(&session.to_engine, client, session.engine);
        lane_init(&session.to_client, session.engine, client);
        relay(&session, &err);
    }
    if (err.class != E_NONE)
        log_debug(spec->name, "session ended: %s", err.text);
    buf_done(&session.packet);
    conn_free(session.engine);
}
