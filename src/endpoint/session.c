#include "endpoint/session.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "endpoint/account_statement.h"
#include "endpoint/client_collation.h"
#include "endpoint/dump_session.h"
#include "endpoint/entrance.h"
#include "endpoint/import_statement.h"
#include "endpoint/lane.h"
#include "endpoint/replica_statement.h"
#include "endpoint/show_answer.h"
#include "endpoint/snapshot_statement.h"
#include "net/socket.h"
#include "wire/framer.h"
#include "wire/handshake.h"
#include "wire/packet.h"

#include <errno.h>
#include <poll.h>

#define GOODBYE_TIMEOUT (1 * USEC_PER_SEC)
#define ERROR_MAX       1024
#define REGISTER_MAX    1024 /* host, user and password of at most 255 bytes each */
/* Of a COM_CHANGE_USER: what must be seen to find its user name and collation. */
#define USER_PREFIX_MAX 2048
/* What fits the lane; of longer ones only definitions are looked at as a whole. */
#define STATEMENT_MAX (LANE_SIZE - PACKET_HEADER_SIZE - 1)
/* Of a definition that is gathered; the sentence that refuses a longer one has it in words. */
#define DEFINITION_MAX (4u << 20)
#define REWRITE_SPARE  4096 /* what a statement becomes may be three times as long, and this */

struct session {
    const struct endpoint_spec *spec;
    struct entrance entrance;
    struct stream client;
    struct stream engine;
    int stop_fd;
    struct framer framer;
    struct buf gathered;   /* the packet of a definition that is longer than the lane */
    uint32_t gather_left;  /* bytes of it that are still to come; 0: none is gathered */
    bool blanks;           /* the rest of the command that passes is blanked */
    struct buf registered; /* the client's last COM_REGISTER_SLAVE */
    bool has_snapshot;     /* mysqldump has begun its transaction */
    bool wants_dump;       /* it asks for the binlog: the request is what is unread */
    struct lane to_engine;
    struct lane to_client;
    struct show_environment environment;
    struct show_answer answer; /* that is awaited, if it is one that is shown otherwise */
};

/* What to do with the packet at the front of a client's bytes. */
enum verdict {
    PASS,     /* send it on */
    REPLACED, /* something else was admitted in its place */
    GATHER,   /* more of it than the lane holds is needed to tell */
    BLANK,    /* it passes, an error in place of its beginning and blanks in place of the rest */
    HOLD,     /* more of it, or room, is needed to tell */
    REFUSE,   /* the client was told; the session is over */
    DUMP,     /* it goes on as a dump */
};

/* Tells the client, unless an answer is on its way, into which the packet would be mixed. */
static void refuse_user(struct session *session, struct span user)
{
    int64_t deadline_usec = clock_deadline_usec(GOODBYE_TIMEOUT);
    struct buf packet;
    struct err ignored;
    size_t n = 0;

    buf_init(&packet, ERROR_MAX);
    entrance_write_refusal(&packet, session->spec, session->entrance.client_ip, user, 1);
    while (buf_ok(&packet) && lane_output(&session->to_client) == 0 &&
           stream_try_write(&session->client, buf_span(&packet), &n, &ignored) == IO_AGAIN &&
           socket_wait(conn_borrow_fd(session->client.conn),
                       conn_poll_events(session->client.conn, false, true), session->stop_fd,
                       deadline_usec, "client", &ignored))
        continue;
    buf_done(&packet);
}

/* A change of user is held until its user name is there. */
static enum verdict judge_change_user(struct session *session, struct span bytes, uint32_t len)
{
    size_t need = PACKET_HEADER_SIZE + (len < USER_PREFIX_MAX ? len : USER_PREFIX_MAX);
    struct handshake_change_user change;
    struct err ignored;

    if (bytes.len < need)
        return HOLD;
    /* A payload without a user name is the engine's to refuse. */
    if (!handshake_change_user_parse(
            span_of(bytes.data + PACKET_HEADER_SIZE, need - PACKET_HEADER_SIZE), &change, &ignored))
        return PASS;
    if (entrance_is_reserved(session->spec, change.user)) {
        refuse_user(session, change.user);
        return REFUSE;
    }
    if (session->entrance.lacks_0900 && change.collation_at > 0)
        handshake_change_user_patch(lane_unread_bytes(&session->to_engine) + PACKET_HEADER_SIZE,
                                    &change, client_collation_known(change.collation));
    session->entrance.is_master = span_eq(change.user, span_str(session->spec->master_user));
    return PASS;
}

static bool is_for_replica(const struct session *session, uint8_t command, struct span text)
{
    return session->entrance.is_replica && command == COM_QUERY &&
           text.len <= REPLICA_STATEMENT_MAX;
}

static bool write_for_replica(const struct session *session, struct buf *buf, struct span text)
{
    const struct replica_facts facts = {
        .server_uuid = session->spec->server_uuid,
        .version = dialect_version(entrance_dialect(&session->entrance)),
    };

    return replica_statement_write(buf, text, &facts);
}

static enum snapshot_statement find_mysqldumps(const struct session *session, uint8_t command,
                                               struct span text)
{
    if (!session->entrance.is_mysqldump || command != COM_QUERY ||
        text.len > SNAPSHOT_STATEMENT_MAX)
        return SNAPSHOT_OTHER;
    return snapshot_statement_find(text);
}

/* Whether it is one of mysqldump's that must take another form. */
static bool is_for_mysqldump(const struct session *session, uint8_t command, struct span text)
{
    enum snapshot_statement statement = find_mysqldumps(session, command, text);

    return statement == SNAPSHOT_LOCK || statement == SNAPSHOT_PLACE;
}

/* Who makes a dump loads none: what mysqldump says to a MySQL alone is for the engine to skip. */
static bool may_be_import(const struct session *session, struct span text)
{
    return !session->entrance.is_mysqldump &&
           import_statement_may_be(text, session->entrance.is_master);
}

/* Cheap, for all that pass. */
static bool may_become_other(const struct session *session, uint8_t command, struct span text)
{
    const struct entrance *entrance = &session->entrance;

    return (entrance->is_master && command == COM_QUERY && text.len <= ACCOUNT_STATEMENT_MAX &&
            account_statement_is(text)) ||
           is_for_replica(session, command, text) || is_for_mysqldump(session, command, text) ||
           may_be_import(session, text) ||
           (entrance->lacks_0900 && client_collation_may_be_named(text));
}

/* Appends what a statement becomes; false: it stays what it is. */
static bool write_other(const struct session *session, uint8_t command, struct span text,
                        struct buf *buf)
{
    const struct entrance *entrance = &session->entrance;

    if (entrance->is_master && command == COM_QUERY && text.len <= ACCOUNT_STATEMENT_MAX &&
        account_statement_is(text)) {
        account_statement_write_call(buf, text);
        return true;
    }
    if (is_for_replica(session, command, text) && write_for_replica(session, buf, text))
        return true;
    if (is_for_mysqldump(session, command, text)) {
        snapshot_statement_write(buf, snapshot_statement_find(text), session->has_snapshot);
        return true;
    }
    if (may_be_import(session, text) && import_statement_write(buf, text, entrance->is_master))
        return true;
    return entrance->lacks_0900 && client_collation_may_be_named(text) &&
           client_collation_write(buf, text);
}

/*
 * Appends the packet of a statement that takes the place of another; false: there is none. `shown`
 * is what it asks of what is answered otherwise, NULL: nothing.
 */
static bool write_packet(const struct session *session, uint8_t command, struct span text,
                         const struct show_statement *shown, struct buf *packet)
{
    bool other = may_become_other(session, command, text);

    if (!other && !shown)
        return false;
    buf_init(packet, PACKET_HEADER_SIZE + 3 * text.len + REWRITE_SPARE);
    buf_u32(packet, 0); /* the header: length, and the number 0 */
    buf_u8(packet, command);
    other = (other && write_other(session, command, text, packet)) ||
            (shown && show_statement_write(shown, text, packet));
    if (!other || !buf_ok(packet)) {
        buf_done(packet);
        return false;
    }
    buf_patch_u24(packet, 0, (uint32_t)(packet->len - PACKET_HEADER_SIZE));
    return true;
}

/*
 * A statement that does not fit the lane. Definitions are gathered, all others, such as the INSERTs
 * of a dump, pass unread.
 */
static enum verdict judge_long(struct session *session, struct span bytes, uint32_t len)
{
    struct span prefix = span_of(bytes.data + PACKET_HEADER_SIZE + 1, IMPORT_STATEMENT_PREFIX);

    if (bytes.len < PACKET_HEADER_SIZE + 1 + IMPORT_STATEMENT_PREFIX)
        return HOLD;
    if (!import_statement_is_definition(prefix))
        return PASS;
    if (len == PACKET_PAYLOAD_MAX)
        return BLANK;
    if (lane_output(&session->to_engine) > 0)
        return HOLD;
    buf_init(&session->gathered, PACKET_HEADER_SIZE + DEFINITION_MAX);
    session->gather_left = PACKET_HEADER_SIZE + len;
    return GATHER;
}

/* What its answer is to be looked at for; NULL: nothing. */
static void note_statement(struct session *session, const struct show_statement *shown,
                           uint8_t command)
{
    if (shown)
        show_answer_await(&session->answer, shown, command == COM_STMT_PREPARE);
    else if (command == COM_STMT_PREPARE)
        show_answer_forget_last(&session->answer);
}

/*
 * The master user's account statements take another form (account_statement.h), as do statements of
 * dump files (import_statement.h), what MySQL's replicas ask (replica_statement.h), what mysqldump
 * says for its snapshot (snapshot_statement.h), MySQL's new names of what the engine knows by older
 * ones (show_statement.h), and names of collations that only MySQL has (client_collation.h).
 */
static enum verdict judge_statement(struct session *session, struct span bytes, uint8_t command,
                                    uint32_t len)
{
    struct lane *lane = &session->to_engine;
    struct span text = {.len = len - 1};
    struct show_statement shown;
    struct buf packet;
    bool shows;
    bool is_free;
    bool replaced;

    if (text.len > STATEMENT_MAX) {
        note_statement(session, NULL, command);
        return judge_long(session, bytes, len);
    }
    if (bytes.len < PACKET_HEADER_SIZE + 1 + text.len)
        return HOLD;
    text.data = bytes.data + PACKET_HEADER_SIZE + 1;
    shows = show_statement_find(text, &shown);
    is_free = shows && show_answer_is_free(&session->answer, &shown);
    if (shows && !is_free)
        show_statement_leave_answers(&shown);
    replaced = write_packet(session, command, text, shows ? &shown : NULL, &packet);
    if (replaced && lane_output(lane) > 0) {
        buf_done(&packet);
        return HOLD;
    }
    note_statement(session, is_free ? &shown : NULL, command);
    if (find_mysqldumps(session, command, text) == SNAPSHOT_BEGIN)
        session->has_snapshot = true;
    if (!replaced)
        return PASS;
    lane_drop(lane, PACKET_HEADER_SIZE + 1 + text.len);
    lane_put(lane, &packet);
    return REPLACED;
}

static void write_too_long(struct buf *buf)
{
    import_statement_write_refusal(buf, "a definition of more than 4 MiB is not read: version "
                                        "comments in it could be lost");
}

/*
 * Bytes of the packet that is next go on as they are, or as blanks: a command of several packets
 * can not be another one of fewer, because its answer is numbered after its last.
 */
static size_t pass(struct session *session, struct span bytes)
{
    size_t head = session->framer.payload_left == 0 ? PACKET_HEADER_SIZE : 0;
    size_t n = framer_take(&session->framer, bytes);

    if (session->blanks && n > head)
        memset(lane_unread_bytes(&session->to_engine) + head, ' ', n - head);
    if (session->framer.payload_left == 0 && !session->framer.continued)
        session->blanks = false;
    return n;
}

/* The first packet of a definition of 16 MiB and more, of which a prefix is there at least. */
static size_t pass_blanked(struct session *session, struct span bytes)
{
    uint8_t *text = lane_unread_bytes(&session->to_engine) + PACKET_HEADER_SIZE;
    uint8_t command = *text;
    struct buf refusal;
    size_t n;

    session->blanks = true;
    n = pass(session, bytes);
    *text++ = command;
    buf_init(&refusal, IMPORT_STATEMENT_PREFIX);
    write_too_long(&refusal);
    memcpy(text, refusal.data, refusal.len);
    buf_done(&refusal);
    return n;
}

/* What was gathered goes on, or what it becomes. */
static void end_gathering(struct session *session)
{
    struct buf *gathered = &session->gathered;
    struct span text =
        span_of(gathered->data + PACKET_HEADER_SIZE + 1, gathered->len - PACKET_HEADER_SIZE - 1);
    uint8_t command = gathered->data[PACKET_HEADER_SIZE];
    struct buf packet;

    if (!buf_ok(gathered)) {
        buf_init(&packet, ERROR_MAX + REWRITE_SPARE);
        buf_u32(&packet, 0);
        buf_u8(&packet, command);
        write_too_long(&packet);
        buf_patch_u24(&packet, 0, (uint32_t)(packet.len - PACKET_HEADER_SIZE));
        lane_put(&session->to_engine, &packet);
    } else if (write_packet(session, command, text, NULL, &packet)) {
        lane_put(&session->to_engine, &packet);
    } else {
        lane_put(&session->to_engine, gathered);
    }
    buf_done(gathered);
}

/* Takes what has come of a statement that is gathered; of too long a one only its beginning stays.
 */
static void gather(struct session *session)
{
    struct span bytes = lane_unread(&session->to_engine);

    if (bytes.len > session->gather_left)
        bytes.len = session->gather_left;
    buf_bytes(&session->gathered, bytes);
    session->gather_left -= (uint32_t)bytes.len;
    lane_drop(&session->to_engine, bytes.len);
    if (session->gather_left == 0)
        end_gathering(session);
}

/* What it says of itself goes to the engine once more when a dump begins. */
static enum verdict judge_register(struct session *session, struct span bytes, uint32_t len)
{
    if (len > REGISTER_MAX)
        return PASS;
    if (bytes.len < PACKET_HEADER_SIZE + len)
        return HOLD;
    buf_clear(&session->registered);
    buf_bytes(&session->registered, span_of(bytes.data + PACKET_HEADER_SIZE, len));
    return PASS;
}

/* COM_STMT_EXECUTE and COM_STMT_FETCH: the engine's number of the statement is behind them. */
static enum verdict judge_prepared(struct session *session, struct span bytes, uint8_t command)
{
    struct cursor cur = cursor_of(bytes);

    if (!show_answer_minds_execute(&session->answer))
        return PASS;
    if (bytes.len < PACKET_HEADER_SIZE + 1 + sizeof(uint32_t))
        return HOLD;
    cursor_skip(&cur, PACKET_HEADER_SIZE + 1);
    if (command == COM_STMT_EXECUTE)
        show_answer_execute(&session->answer, cursor_u32(&cur));
    else
        show_answer_fetch(&session->answer, cursor_u32(&cur));
    return PASS;
}

/* All that came before is with the engine. */
static enum verdict judge_dump(struct session *session)
{
    return lane_output(&session->to_engine) > 0 ? HOLD : DUMP;
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
        if (command == COM_CHANGE_USER || command == COM_RESET_CONNECTION)
            show_answer_forget_all(&session->answer);
        if (command == COM_CHANGE_USER)
            return judge_change_user(session, bytes, len);
        if (command == COM_QUERY || command == COM_STMT_PREPARE)
            return judge_statement(session, bytes, command, len);
        if ((command == COM_STMT_EXECUTE || command == COM_STMT_FETCH) && len > sizeof(uint32_t))
            return judge_prepared(session, bytes, command);
        if (command == COM_REGISTER_SLAVE)
            return judge_register(session, bytes, len);
        if (command == COM_BINLOG_DUMP || command == COM_BINLOG_DUMP_GTID)
            return judge_dump(session);
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
        if (session->gather_left > 0) {
            gather(session);
            bytes = lane_unread(lane);
            continue;
        }
        switch (judge(session, bytes)) {
        case PASS:
            lane_admit(lane, pass(session, bytes));
            break;
        case BLANK:
            lane_admit(lane, pass_blanked(session, bytes));
            break;
        case REPLACED:
            break; /* a whole packet by another: the framer stays at the start of the next */
        case GATHER:
            break;
        case HOLD:
            return true;
        case REFUSE:
            return false;
        case DUMP:
            session->wants_dump = true;
            return false;
        }
        bytes = lane_unread(lane);
    }
    return true;
}

/* Of an answer that is shown otherwise; false: it is none, and the session is over. */
static bool admit_answer(struct session *session)
{
    struct lane *lane = &session->to_client;
    struct span bytes = lane_unread(lane);
    struct buf shown;

    if (lane_output(lane) > 0 || bytes.len == 0)
        return true;
    buf_init(&shown, SHOW_ANSWER_MAX);
    if (!show_answer_take(&session->answer, bytes, &shown)) {
        log_error(session->spec->name,
                  "session ended: expected the engine's answer to a SHOW, found no such packets");
        buf_done(&shown);
        return false;
    }
    lane_drop(lane, bytes.len);
    if (shown.len > 0)
        lane_put(lane, &shown);
    else
        buf_done(&shown);
    return true;
}

/* Other results are passed on unread. */
static bool admit(struct session *session, struct lane *lane)
{
    if (lane == &session->to_engine)
        return admit_commands(session);
    if (session->answer.state != SHOW_NONE)
        return admit_answer(session);
    lane_admit(lane, lane_unread(lane).len);
    return true;
}

/* Writes what is admitted, and counts what of it is gone. */
static enum lane_step drain(struct session *session, struct lane *lane, struct err *err)
{
    size_t before = lane_output(lane);
    enum lane_step step = lane_drain(lane, err);

    if (lane == &session->to_engine)
        traffic_received(session->spec->traffic, before - lane_output(lane));
    else
        traffic_sent(session->spec->traffic, before - lane_output(lane));
    return step;
}

/* Moves bytes of one direction until either side would block; false: the session is over. */
static bool move(struct session *session, struct lane *lane, struct err *err)
{
    bool look_again = true; /* after a short read the next one would only say "again" */

    for (;;) {
        if (!admit(session, lane))
            return false;
        if (lane_output(lane) > 0) {
            switch (drain(session, lane, err)) {
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
        if (!look_again && !stream_pending(lane->from))
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
            {.fd = conn_borrow_fd(session->client.conn)},
            {.fd = conn_borrow_fd(session->engine.conn)},
            {.fd = session->stop_fd, .events = POLLIN},
        };
        bool read_up = up->end < LANE_SIZE && !up->eof;
        bool read_down = down->end < LANE_SIZE && !down->eof;
        bool pending = (read_up && stream_pending(&session->client)) ||
                       (read_down && stream_pending(&session->engine));

        fds[0].events = conn_poll_events(session->client.conn, read_up, lane_output(down) > 0);
        fds[1].events = conn_poll_events(session->engine.conn, read_down, lane_output(up) > 0);
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
        if ((fds[0].revents || lane_output(up) > 0 || pending) && !move(session, up, err))
            return;
        if ((fds[1].revents || lane_output(down) > 0 || pending) && !move(session, down, err))
            return;
    }
}

/* What is left of the lanes and streams goes over to the dump. */
static bool run_dump(struct session *session, struct err *err)
{
    struct buf unread;
    bool ok;

    buf_init(&unread, LANE_SIZE + COMPRESSION_PLAIN_MAX);
    buf_bytes(&unread, lane_unread(&session->to_engine));
    buf_bytes(&unread, stream_plain(&session->client));
    ok = dump_session_run(&(struct dump_session_spec){.endpoint = session->spec,
                                                      .entrance = &session->entrance,
                                                      .client = &session->client,
                                                      .unread = buf_span(&unread),
                                                      .registered = buf_span(&session->registered)},
                          err);
    buf_done(&unread);
    return ok;
}

void session_run(const struct endpoint_spec *spec, struct conn *client, int stop_fd)
{
    struct session session;
    struct err err = {0};

    /* The lanes are large and need no clearing. */
    session.spec = spec;
    session.stop_fd = stop_fd;
    session.framer = (struct framer){0};
    buf_init(&session.gathered, 0);
    session.gather_left = 0;
    session.blanks = false;
    session.has_snapshot = false;
    session.wants_dump = false;
    buf_init(&session.registered, REGISTER_MAX);
    if (entrance_pass(spec, client, stop_fd, &session.entrance, &err)) {
        stream_init(&session.client, client);
        stream_init(&session.engine, session.entrance.engine);
        stream_compress(&session.client, session.entrance.algorithm, session.entrance.level);
        traffic_logged_in(spec->traffic);
        session.environment = (struct show_environment){
            .compatibility = spec->compatibility,
            .describe_source = spec->describe_source,
            .context = spec->describe_context,
            .replicas = change_log_borrow_replicas(spec->change_log),
            .server_id = change_log_server_id(spec->change_log),
        };
        show_answer_init(&session.answer, &session.environment,
                         !(session.entrance.capabilities & CAP_DEPRECATE_EOF));
        lane_init(&session.to_engine, &session.client, &session.engine);
        lane_init(&session.to_client, &session.engine, &session.client);
        relay(&session, &err);
        if (session.wants_dump && lane_output(&session.to_client) == 0)
            (void)!run_dump(&session, &err);
        lane_done(&session.to_engine);
        lane_done(&session.to_client);
        show_answer_done(&session.answer);
        buf_done(&session.gathered);
        stream_done(&session.client);
        stream_done(&session.engine);
    }
    if (err.class != E_NONE)
        log_debug(spec->name, "session ended: %s", err.text);
    conn_free(session.entrance.engine);
    buf_done(&session.registered);
}
