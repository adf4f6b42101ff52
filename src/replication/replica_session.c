#include "replication/replica_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "replication/dump.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/greeting.h"

#include <errno.h>
#include <strings.h>

#define MYSQL_8     80000 /* caching_sha2_password is the default from here on */
#define ANSWER_USEC (60 * USEC_PER_SEC)
#define COMMAND_MAX ((size_t)64 << 20) /* a GTID set of a dump request may be large */

struct session {
    const struct replica_session_spec *spec;
    struct answers_context context;
    struct answers *answers;
    struct link *link;
    struct replica *replica;
    struct replica_info info;
    struct link_accept_spec accept;
    char *greeting; /* the version that was greeted with */
    bool ended;
};

static int64_t answer_deadline(void)
{
    return clock_deadline_usec(ANSWER_USEC);
}

/* An error's text for the client; what has no number of the servers' is one of ours. */
static bool answer_err(struct session *session, const struct err *why, struct err *err)
{
    uint16_t code = (uint16_t)why->code;

    if (why->code < 1000 || why->code > UINT16_MAX)
        code = ER_UNKNOWN_ERROR;
    return link_answer_err(session->link, code, why->text, answer_deadline(), err);
}

/* Row by row: a file's events may be more than memory has. */
static bool answer_events(struct session *session, struct answer *answer, struct err *err)
{
    struct span row[LOG_EVENTS_COLUMNS];
    struct err why;
    bool more;

    if (!link_answer_columns(session->link, answer->result, answer_deadline(), err))
        return false;
    for (;;) {
        if (!log_events_next(answer->events, row, &more, &why))
            return answer_err(session, &why, err);
        if (!more)
            return link_answer_eof(session->link, answer_deadline(), err);
        if (!link_answer_row(session->link, row, LOG_EVENTS_COLUMNS, answer_deadline(), err))
            return false;
    }
}

static bool take_query(struct session *session, struct span payload, struct err *err)
{
    struct answer answer;
    struct err why = {0};
    struct span sql;
    bool good;

    if (!command_query_parse(payload, link_capabilities(session->link), &sql, err))
        return false;
    if (!answers_take(session->answers, sql, &answer, &why))
        return answer_err(session, &why, err);
    if (answer.events)
        good = answer_events(session, &answer, err);
    else if (answer.result)
        good = link_answer_result(session->link, answer.result, answer_deadline(), err);
    else
        good = link_answer_ok(session->link, answer_deadline(), err);
    answer_done(&answer);
    return good;
}

/* ---- Dumps ---- */

static uint64_t user_number(const struct session *session, const char *name, const char *also)
{
    uint64_t number = 0;
    struct span text;

    if (!answers_user_variable(session->answers, name, &text) &&
        (!also || !answers_user_variable(session->answers, also, &text)))
        return 0;
    for (size_t i = 0; i < text.len && i < 19 && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        number = number * 10 + (text.data[i] - (uint64_t)'0');
    return number;
}

static uint8_t asked_checksum(const struct session *session)
{
    struct span text;

    if (!answers_user_variable(session->answers, "source_binlog_checksum", &text) &&
        !answers_user_variable(session->answers, "master_binlog_checksum", &text))
        return CHECKSUM_UNDEFINED;
    if (text.len == 5 && strncasecmp((const char *)text.data, "CRC32", 5) == 0)
        return CHECKSUM_CRC32;
    return CHECKSUM_NONE;
}

static void copy_span(char *into, size_t size, struct span text)
{
    size_t n = text.len < size - 1 ? text.len : size - 1;

    if (n > 0)
        memcpy(into, text.data, n);
    into[n] = '\0';
}

static void note_replica(struct session *session, uint32_t server_id)
{
    struct span uuid;

    session->info.server_id = server_id;
    if (answers_user_variable(session->answers, "replica_uuid", &uuid) ||
        answers_user_variable(session->answers, "slave_uuid", &uuid))
        copy_span(session->info.uuid, sizeof session->info.uuid, uuid);
}

static bool take_dump(struct session *session, struct span payload, struct err *err)
{
    struct dump_spec dump = {
        .mirror = channel_borrow_mirror(session->spec->channel),
        .controls = channel_borrow_dump_controls(session->spec->channel),
        .link = session->link,
        .replica = session->replica,
        .server_id = session->spec->server_id,
        .mariadb = session->context.mariadb,
        .checksum = asked_checksum(session),
        .capability = (unsigned)user_number(session, "mariadb_slave_capability", NULL),
    };
    uint64_t period = user_number(session, "source_heartbeat_period", "master_heartbeat_period");
    struct err why = {0};
    uint8_t *copy;
    bool good;

    /* The request is read again while the link reads on. */
    copy = mem_alloc(payload.len + 1);
    memcpy(copy, payload.data, payload.len);
    good = command_dump_parse(span_of(copy, payload.len), &dump.request, err);
    if (!good)
        goto out;
    dump.heartbeat_usec = (int64_t)(period / 1000);
    dump.by_gtid =
        answers_user_variable(session->answers, "slave_connect_state", &dump.connect_state);
    note_replica(session, dump.request.server_id);
    (void)replicas_begin_dump(session->spec->replicas, session->replica, &session->info);
    log_info(channel_name(session->spec->channel),
             "dump begins replica=%s server_id=%u uuid=%s file=%.*s position=%llu gtid=%s",
             session->info.peer, session->info.server_id, session->info.uuid,
             (int)dump.request.file.len, (const char *)dump.request.file.data,
             (unsigned long long)dump.request.position,
             dump.by_gtid || dump.request.gtid ? "yes" : "no");
    if (dump_run(&dump, &why)) {
        good = link_answer_eof(session->link, answer_deadline(), err);
        goto out;
    }
    log_info(channel_name(session->spec->channel), "dump ended replica=%s server_id=%u: %s",
             session->info.peer, session->info.server_id, why.text);
    session->ended = true;
    good = why.code < 1000 || answer_err(session, &why, err);
out:
    mem_free(copy);
    return good;
}

static bool take_register(struct session *session, struct span payload, struct err *err)
{
    struct command_register command;

    if (!command_register_parse(payload, &command, err))
        return false;
    copy_span(session->info.host, sizeof session->info.host, command.host);
    session->info.port = command.port;
    note_replica(session, command.server_id);
    replicas_leave(session->spec->replicas, session->replica);
    session->replica = replicas_enter(session->spec->replicas, session->link, &session->info);
    return link_answer_ok(session->link, answer_deadline(), err);
}

/* ---- Other commands ---- */

static bool take_change_user(struct session *session, struct span payload, struct err *err)
{
    answers_reset(session->answers);
    if (!link_change_user(session->link, payload, &session->accept, answer_deadline(), err)) {
        session->ended = true;
        return false;
    }
    session->context.user = link_user(session->link);
    return true;
}

static bool take_kill(struct session *session, struct span payload, struct err *err)
{
    uint32_t thread_id;

    if (!command_process_kill_parse(payload, &thread_id, err))
        return false;
    if (replicas_kill(session->spec->replicas, thread_id))
        return link_answer_ok(session->link, answer_deadline(), err);
    return link_answer_err(session->link, ER_NO_SUCH_THREAD, "Unknown thread id", answer_deadline(),
                           err);
}

static bool take_command(struct session *session, struct span payload, struct err *err)
{
    uint8_t command;

    if (!command_parse(payload, &command, err))
        return false;
    switch (command) {
    case COM_QUIT:
        session->ended = true;
        return true;
    case COM_QUERY:
        return take_query(session, payload, err);
    case COM_REGISTER_SLAVE:
        return take_register(session, payload, err);
    case COM_BINLOG_DUMP:
    case COM_BINLOG_DUMP_GTID:
        return take_dump(session, payload, err);
    case COM_CHANGE_USER:
        return take_change_user(session, payload, err);
    case COM_PROCESS_KILL:
        return take_kill(session, payload, err);
    case COM_RESET_CONNECTION:
        answers_reset(session->answers);
        return link_answer_ok(session->link, answer_deadline(), err);
    case COM_PING:
    case COM_INIT_DB:
        return link_answer_ok(session->link, answer_deadline(), err);
    case COM_SET_OPTION:
        return link_answer_eof(session->link, answer_deadline(), err);
    default:
        return link_answer_err(session->link, ER_UNKNOWN_COMMAND, "Unknown command",
                               answer_deadline(), err);
    }
}

static bool run_commands(struct session *session, struct err *err)
{
    while (!session->ended) {
        int64_t deadline = clock_deadline_usec(session->spec->idle_usec);
        struct span payload;

        if (!link_read_command(session->link, deadline, &payload, err) ||
            !take_command(session, payload, err))
            return false;
    }
    return true;
}

/* What the source greets with: a replica chooses its ways by family and version. */
static bool find_version(struct session *session, struct err *err)
{
    struct variables *variables = channel_share_variables(session->spec->channel);
    struct span version;

    if (!variables || !variables_find(variables, span_str("version"), &version)) {
        variables_free(variables);
        return err_set(err, E_STATE, ER_HANDSHAKE, "the source was not reached yet");
    }
    session->context.mariadb = greeting_is_mariadb(version);
    session->greeting = mem_printf("%s%.*s", session->context.mariadb ? "5.5.5-" : "",
                                   (int)version.len, (const char *)version.data);
    session->context.version = session->greeting + (session->context.mariadb ? 6 : 0);
    variables_free(variables);
    return true;
}

static bool accept_client(struct session *session, struct conn *conn, const char *client,
                          uint32_t thread_id, struct err *err)
{
    const struct replica_session_spec *spec = session->spec;
    enum format_family family;
    uint32_t version;

    format_parse_version(session->context.version, &family, &version);
    session->accept = (struct link_accept_spec){
        .version = session->greeting,
        .thread_id = thread_id,
        .method = family == FORMAT_MYSQL && version >= MYSQL_8 ? AUTH_CACHING_SHA2 : AUTH_NATIVE,
        .tls = spec->tls,
        .require_tls = spec->require_tls,
        .offer_zlib = true,
        .offer_zstd = !session->context.mariadb,
        .payload_max = COMMAND_MAX,
        .stop_fd = spec->stop_fd,
        .find_account = spec->find_account,
        .context = spec->accounts,
    };
    if (!link_accept(conn, &session->accept, clock_deadline_usec(spec->login_usec), &session->link,
                     err))
        return false;
    session->context.channel = spec->channel;
    session->context.replicas = spec->replicas;
    session->context.server_id = spec->server_id;
    session->context.server_uuid = spec->server_uuid;
    session->context.host = spec->host;
    session->context.port = spec->port;
    session->context.thread_id = thread_id;
    session->context.user = link_user(session->link);
    session->context.client = client;
    copy_span(session->info.peer, sizeof session->info.peer, span_str(client));
    copy_span(session->info.user, sizeof session->info.user, span_str(session->context.user));
    session->info.thread_id = thread_id;
    return true;
}

/* Instead of a greeting: clients show what it says. */
static void refuse(struct conn *conn, const struct err *why)
{
    struct err ignored;
    struct buf packet;

    buf_init(&packet, 1024);
    packet_write_err(&packet, 0, (uint16_t)why->code, NULL, why->text);
    if (!conn_write_all(conn, buf_span(&packet), answer_deadline(), &ignored))
        log_debug("relay", "%s", ignored.text);
    buf_done(&packet);
}

void replica_session_run(const struct replica_session_spec *spec, struct conn *conn,
                         const char *client, uint32_t thread_id)
{
    struct session session = {.spec = spec};
    struct err err = {0};

    if (spec->full) {
        (void)err_set(&err, E_LIMIT, ER_CON_COUNT, "Too many connections");
        refuse(conn, &err);
        conn_free(conn);
        return;
    }
    if (!find_version(&session, &err)) {
        refuse(conn, &err);
        conn_free(conn);
        log_warn(channel_name(spec->channel), "client=%s refused: %s", client, err.text);
        return;
    }
    if (accept_client(&session, conn, client, thread_id, &err)) {
        session.answers = answers_new(&session.context);
        session.replica = replicas_enter(spec->replicas, session.link, &session.info);
        if (!run_commands(&session, &err) && err.class != E_IO)
            log_info(channel_name(spec->channel), "client=%s user=%s: %s", client,
                     session.context.user, err.text);
        replicas_leave(spec->replicas, session.replica);
        answers_free(session.answers);
        link_free(session.link);
    } else {
        log_info(channel_name(spec->channel), "client=%s not logged in: %s", client, err.text);
    }
    mem_free(session.greeting);
}
