#include "endpoint/dump_session.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "endpoint/engine_talk.h"
#include "endpoint/replica_statement.h"
#include "net/socket.h"
#include "replication/dump.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/reply.h"

#include <stdio.h>
#include <strings.h>

#define ANSWER_USEC   (60 * USEC_PER_SEC)
#define PATIENCE_USEC (3 * USEC_PER_SEC)  /* with replicas that are ahead of what is synced */
#define SILENCE_USEC  (60 * USEC_PER_SEC) /* a replica that takes nothing for so long is gone */
#define REQUEST_MAX   ((size_t)64 << 20)  /* a GTID set may be large */

/* What a replica has set, by the names of both families. */
enum wish {
    WISH_CAPABILITY,
    WISH_CONNECT_STATE,
    WISH_UNTIL,
    WISH_STRICT,
    WISH_IGNORE_DUPLICATES,
    WISH_SKIP_REPLICATION,
    WISH_CHECKSUM,
    WISH_HEARTBEAT,
    WISH_UUID,
    WISH_SEMISYNC,
    WISH_THREAD,
    WISH_WITHOUT_GTIDS,
    WISH_COUNT,
};

static const char wishes_sql[] =
    "SELECT @mariadb_slave_capability, @slave_connect_state, @slave_until_gtid,"
    " @slave_gtid_strict_mode, @slave_gtid_ignore_duplicates, @@skip_replication,"
    " COALESCE(@source_binlog_checksum, @master_binlog_checksum),"
    " COALESCE(@source_heartbeat_period, @master_heartbeat_period),"
    " COALESCE(@replica_uuid, @slave_uuid),"
    " COALESCE(@rpl_semi_sync_replica, @rpl_semi_sync_slave), CONNECTION_ID()"
    ", " REPLICA_HAS_ROLE_WITHOUT_GTIDS;

/* The engine must not close a connection that says nothing while the dump runs. */
static const char stay_sql[] = "SET SESSION wait_timeout = 31536000";

struct dump_session {
    const struct dump_session_spec *spec;
    struct link *client;
    struct link *engine;
    struct command_dump request;
    struct engine_row wishes;
    struct translator_options view;
    bool wants_view;
    struct replica_info info;
    struct replica *replica; /* from when its dump begins */
    struct dump_guard guard; /* of the engine's connection */
};

static int64_t answer_deadline(void)
{
    return clock_deadline_usec(ANSWER_USEC);
}

/* ---- What the engine knows of the client ---- */

/* The privilege is the engine's to grant. A client that has not registered is registered here. */
static bool ask_privilege(struct dump_session *session, struct err *err)
{
    struct command_register command = {.server_id = session->request.server_id};
    struct buf payload;
    bool ok;

    buf_init(&payload, REQUEST_MAX);
    if (session->spec->registered.len > 0)
        buf_bytes(&payload, session->spec->registered);
    else
        command_register_write(&payload, &command);
    ok = engine_talk_command(session->engine, buf_span(&payload), answer_deadline(), err);
    buf_done(&payload);
    return ok;
}

static uint64_t wish_number(const struct dump_session *session, enum wish wish)
{
    struct cursor cur = cursor_of(session->wishes.values[wish]);
    uint64_t number = 0;

    return cursor_decimal(&cur, UINT64_MAX, &number) ? number : 0;
}

static bool has_wish(const struct dump_session *session, enum wish wish)
{
    return session->wishes.values[wish].data != NULL;
}

static uint8_t wished_checksum(const struct dump_session *session)
{
    struct span text = session->wishes.values[WISH_CHECKSUM];

    if (!text.data)
        return CHECKSUM_UNDEFINED;
    return text.len == 5 && strncasecmp((const char *)text.data, "CRC32", 5) == 0 ? CHECKSUM_CRC32
                                                                                  : CHECKSUM_NONE;
}

static void copy_span(char *into, size_t size, struct span text)
{
    size_t n = text.len < size - 1 ? text.len : size - 1;

    if (n > 0)
        memcpy(into, text.data, n);
    into[n] = '\0';
}

static void note_replica(struct dump_session *session)
{
    const struct entrance *entrance = session->spec->entrance;
    struct replica_info *info = &session->info;
    struct command_register command;
    struct err ignored;

    info->via = session->spec->endpoint->name;
    info->server_id = session->request.server_id;
    info->thread_id = (uint32_t)wish_number(session, WISH_THREAD);
    info->semisync = wish_number(session, WISH_SEMISYNC) != 0;
    copy_span(info->uuid, sizeof info->uuid, session->wishes.values[WISH_UUID]);
    copy_span(info->peer, sizeof info->peer, span_str(entrance->client_ip));
    copy_span(info->user, sizeof info->user, span_str(entrance->user));
    if (command_register_parse(session->spec->registered, &command, &ignored)) {
        copy_span(info->host, sizeof info->host, command.host);
        info->port = command.port;
    }
}

static void choose_view(struct dump_session *session, const struct mirror *mirror)
{
    session->wants_view = session->spec->entrance->is_mysql && !has_wish(session, WISH_CAPABILITY);
    session->view = (struct translator_options){
        .to = entrance_dialect(session->spec->entrance),
        .server_id = mirror_identity(mirror)->server_id,
        .accounts = ACCOUNTS_DROP,
        .hidden = session->spec->endpoint->hidden_keys,
        .anonymous = wish_number(session, WISH_WITHOUT_GTIDS) != 0,
    };
}

/* ---- The dump ---- */

static void log_begin(const struct dump_session *session)
{
    const struct command_dump *request = &session->request;

    log_info(session->spec->endpoint->name,
             "dump begins replica=%s server_id=%u uuid=%s file=%.*s position=%llu gtid=%s%s%s",
             session->info.peer, session->info.server_id, session->info.uuid,
             (int)request->file.len, (const char *)request->file.data,
             (unsigned long long)request->position,
             has_wish(session, WISH_CONNECT_STATE) || request->gtid ? "yes" : "no",
             session->info.dialect ? " translated=" : "",
             session->info.dialect ? session->info.dialect : "");
}

static void log_end(const struct dump_session *session, bool stopped, const struct err *why)
{
    const struct endpoint_spec *endpoint = session->spec->endpoint;

    if (!stopped) {
        log_info(endpoint->name, "dump ended replica=%s server_id=%u: %s", session->info.peer,
                 session->info.server_id, why->text);
        return;
    }
    replicas_note_stop(change_log_borrow_replicas(endpoint->change_log), session->view.to,
                       why->text);
    log_error(endpoint->name, "the translation for %s stopped replica=%s server_id=%u: %s",
              dialect_title(session->view.to), session->info.peer, session->info.server_id,
              why->text);
}

static void note_left_out(void *userdata, const struct log_position *place, const char *words)
{
    const struct dump_session *session = userdata;
    const struct endpoint_spec *endpoint = session->spec->endpoint;

    replicas_note_left_out(change_log_borrow_replicas(endpoint->change_log), session->replica,
                           endpoint->name, session->view.to, place, words);
}

/*
 * The engine has ended this session. It says nothing when that was a KILL; but it takes new ones
 * then. When it went away itself the dump goes on, whose log is there.
 */
static bool look_at_engine(struct dump_guard *guard, struct err *err)
{
    const struct dump_session *session = guard->userdata;
    struct err why;
    int fd = -1;

    guard->fd = -1;
    if (!socket_connect_unix(session->spec->endpoint->engine_socket, &fd, &why))
        return true;
    fd_close(&fd);
    return err_set(err, E_IO, 0, "the session was killed");
}

static bool run_dump(struct dump_session *session, struct mirror *mirror, bool *ret_stopped,
                     struct err *err)
{
    struct change_log *log = session->spec->endpoint->change_log;
    struct dump_spec dump = {
        .mirror = mirror,
        .controls = change_log_borrow_controls(log),
        .link = session->client,
        .replica = session->replica,
        .view = session->wants_view ? &session->view : NULL,
        .request = session->request,
        .server_id = change_log_server_id(log),
        .mariadb = !session->wants_view,
        .checksum = wished_checksum(session),
        .semisync = session->info.semisync,
        .heartbeat_usec = (int64_t)(wish_number(session, WISH_HEARTBEAT) / 1000),
        .capability = (unsigned)wish_number(session, WISH_CAPABILITY),
        .by_gtid = has_wish(session, WISH_CONNECT_STATE),
        .connect_state = session->wishes.values[WISH_CONNECT_STATE],
        .gtid_strict = wish_number(session, WISH_STRICT) != 0,
        .gtid_ignore_duplicates = wish_number(session, WISH_IGNORE_DUPLICATES) != 0,
        .by_until = has_wish(session, WISH_UNTIL),
        .until = session->wishes.values[WISH_UNTIL],
        .patience_usec = PATIENCE_USEC,
        .silence_usec = SILENCE_USEC,
        .filter_skip_replication = wish_number(session, WISH_SKIP_REPLICATION) != 0,
        .reopened = true,
        .guard = &session->guard,
        .ret_stopped = ret_stopped,
        .left_out = note_left_out,
        .userdata = session,
    };

    if (session->wants_view && session->view.anonymous && session->request.gtid)
        return err_set(err, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                       "the account '%s' has the role " REPLICA_ROLE_WITHOUT_GTIDS
                       ": it gets transactions without GTIDs, so not by auto position",
                       session->info.user);
    return dump_run(&dump, err);
}

static bool serve(struct dump_session *session, struct mirror *mirror, struct err *err)
{
    struct replicas *replicas = change_log_borrow_replicas(session->spec->endpoint->change_log);
    bool stopped = false;
    struct err why;
    bool ok;

    note_replica(session);
    choose_view(session, mirror);
    session->guard = (struct dump_guard){
        .fd = conn_borrow_fd(session->spec->entrance->engine),
        .look = look_at_engine,
        .userdata = session,
    };
    session->info.dialect = session->wants_view ? dialect_name(session->view.to) : NULL;
    session->replica = replicas_enter(replicas, session->client, &session->info);
    (void)replicas_begin_dump(replicas, session->replica, mirror, &session->info);
    if (session->wants_view)
        replicas_note_stop(replicas, session->view.to, NULL);
    log_begin(session);
    ok = run_dump(session, mirror, &stopped, &why);
    replicas_leave(replicas, session->replica);
    if (ok)
        return link_answer_eof(session->client, answer_deadline(), err);
    log_end(session, stopped, &why);
    return why.code < 1000 || link_answer_failure(session->client, &why, answer_deadline(), err);
}

static bool take_request(struct dump_session *session, struct span payload, struct err *err)
{
    struct change_log *log = session->spec->endpoint->change_log;
    struct mirror *mirror;
    struct err why;
    bool ok;

    if (!command_dump_parse(payload, &session->request, &why) || !ask_privilege(session, &why) ||
        !engine_talk_execute(session->engine, stay_sql, answer_deadline(), &why) ||
        !engine_talk_row(session->engine, wishes_sql, WISH_COUNT, &session->wishes,
                         answer_deadline(), &why))
        return link_answer_failure(session->client, &why, answer_deadline(), err);
    if (change_log_enter(log, &mirror, &why)) {
        change_log_begin_reading(log);
        ok = serve(session, mirror, err);
        change_log_end_reading(log);
        change_log_leave(log);
    } else {
        /* The replica loses its connection, and comes back. */
        log_warn(session->spec->endpoint->name, "dump refused replica=%s: %s",
                 session->spec->entrance->client_ip, why.text);
        ok = true;
    }
    engine_row_done(&session->wishes);
    return ok;
}

bool dump_session_run(const struct dump_session_spec *spec, struct err *err)
{
    const struct entrance *entrance = spec->entrance;
    struct dump_session session = {.spec = spec};
    struct link_terms terms = {
        .capabilities = entrance->capabilities,
        .user = entrance->user,
        .algorithm = entrance->algorithm,
        .level = entrance->level,
        .frame = spec->client->number,
    };
    struct span payload;
    char *copy;
    bool ok;

    session.client =
        link_adopt(spec->client->conn, &terms, spec->unread, stream_frame(spec->client));
    terms = (struct link_terms){.capabilities = entrance->capabilities, .server_version = ""};
    session.engine = link_adopt(entrance->engine, &terms, (struct span){0}, (struct span){0});
    link_set_payload_max(session.client, REQUEST_MAX);
    link_set_payload_max(session.engine, REQUEST_MAX);
    ok = link_read(session.client, answer_deadline(), &payload, err);
    if (ok) {
        copy = mem_text(payload.data, payload.len); /* the link reads on */
        ok = take_request(&session, span_of(copy, payload.len), err);
        mem_free(copy);
    }
    (void)link_detach(session.engine);
    (void)link_detach(session.client);
    return ok;
}
