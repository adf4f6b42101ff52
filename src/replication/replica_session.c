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

#define MYSQL_8        80000 /* caching_sha2_password is the default from here on */
#define ANSWER_USEC    (60 * USEC_PER_SEC)
#define PATIENCE_USEC  (3 * USEC_PER_SEC) /* with replicas that are quicker than this relay */
#define COMMAND_MAX    ((size_t)64 << 20) /* a GTID set of a dump request may be large */
#define STATISTICS_MAX 256

struct session {
    const struct replica_session_spec *spec;
    struct answers_context context;
    struct answers *answers;
    struct link *link;
    struct replica *replica;
    struct replica_info info;
    struct link_accept_spec accept;
    char *greeting;                 /* the version that was greeted with */
    bool translates;                /* it gets a view of the log */
    struct translator_options view; /* which one */
    struct key_place keys;          /* whom it asks for keys */
    bool ended;
};

static int64_t answer_deadline(void)
{
    return clock_deadline_usec(ANSWER_USEC);
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
            return link_answer_failure(session->link, &why, answer_deadline(), err);
        if (!more)
            return link_answer_eof(session->link, answer_deadline(), err);
        if (!link_answer_row(session->link, row, LOG_EVENTS_COLUMNS, answer_deadline(), err))
            return false;
    }
}

/* The source may have been met after the session began. */
static void find_source(struct session *session)
{
    struct mirror *mirror = channel_borrow_mirror(session->spec->channel);

    if (mirror)
        session->view.server_id = mirror_identity(mirror)->server_id;
}

static bool take_statement(struct session *session, struct span sql, struct err *err)
{
    struct answer answer;
    struct err why = {0};
    bool good;

    find_source(session);
    if (!answers_take(session->answers, sql, &answer, &why))
        return link_answer_failure(session->link, &why, answer_deadline(), err);
    if (answer.events)
        good = answer_events(session, &answer, err);
    else if (answer.result)
        good = link_answer_result(session->link, answer.result, answer_deadline(), err);
    else
        good = link_answer_ok(session->link, answer_deadline(), err);
    answer_done(&answer);
    return good;
}

static bool take_query(struct session *session, struct span payload, struct err *err)
{
    struct span sql;

    return command_query_parse(payload, link_capabilities(session->link), &sql, err) &&
           take_statement(session, sql, err);
}

/* ---- Dumps ---- */

/* The digits that it begins with; 0 where there are none, or more than a number has. */
static uint64_t user_number(const struct session *session, const char *name, const char *also)
{
    uint64_t number = 0;
    struct cursor cur;
    struct span text;

    if (!answers_user_variable(session->answers, name, &text) &&
        (!also || !answers_user_variable(session->answers, also, &text)))
        return 0;
    cur = cursor_of(text);
    return cursor_decimal(&cur, UINT64_MAX, &number) ? number : 0;
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

/* What a MariaDB replica has set before. */
static void take_gtid_wishes(const struct session *session, struct dump_spec *dump)
{
    const struct answers *answers = session->answers;

    dump->by_gtid = answers_user_variable(answers, "slave_connect_state", &dump->connect_state);
    dump->by_until = answers_user_variable(answers, "slave_until_gtid", &dump->until);
    dump->gtid_strict = user_number(session, "slave_gtid_strict_mode", NULL) != 0;
    dump->gtid_ignore_duplicates = user_number(session, "slave_gtid_ignore_duplicates", NULL) != 0;
    dump->filter_skip_replication = answers_has_switched_on(answers, "skip_replication");
}

/* As they are when a dump begins. */
static bool share_rules(const struct session *session, struct replicate_rules **ret_rules,
                        struct err *err)
{
    const struct replica_session_spec *spec = session->spec;

    return spec->share_rules(spec->accounts, span_str(link_user(session->link)),
                             session->context.client, ret_rules) ||
           err_set(err, E_AUTH, ER_ACCESS_DENIED, "Access denied for user '%s'@'%s'",
                   link_user(session->link), session->context.client);
}

static bool check_gtids(const struct session *session, const struct dump_spec *dump,
                        struct err *err)
{
    return !dump->view || !dump->view->anonymous || !dump->request.gtid ||
           err_set(err, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                   "the account '%s' has without_gtids: it gets transactions without GTIDs, so "
                   "not by auto position",
                   link_user(session->link));
}

static void begin_dump(struct session *session, const struct dump_spec *dump)
{
    const struct replica_session_spec *spec = session->spec;
    const struct command_dump *request = &dump->request;

    session->info.dialect = dump->view ? dialect_name(dump->view->to) : NULL;
    (void)replicas_begin_dump(spec->replicas, session->replica, dump->mirror, &session->info);
    if (dump->view)
        replicas_note_stop(spec->replicas, dump->view->to, NULL);
    log_info(channel_name(spec->channel),
             "dump begins replica=%s server_id=%u uuid=%s file=%.*s position=%llu gtid=%s%s%s",
             session->info.peer, session->info.server_id, session->info.uuid,
             (int)request->file.len, (const char *)request->file.data,
             (unsigned long long)request->position, dump->by_gtid || request->gtid ? "yes" : "no",
             dump->view ? " translated=" : "", dump->view ? session->info.dialect : "");
}

/* What can not be translated needs the operator: it stays in the status. */
static void end_dump(const struct session *session, bool stopped, const struct err *why)
{
    const struct replica_session_spec *spec = session->spec;
    const char *channel = channel_name(spec->channel);

    if (stopped) {
        replicas_note_stop(spec->replicas, session->view.to, why->text);
        log_error(channel, "the translation for %s stopped replica=%s server_id=%u: %s",
                  dialect_title(session->view.to), session->info.peer, session->info.server_id,
                  why->text);
        return;
    }
    log_info(channel, "dump ended replica=%s server_id=%u: %s", session->info.peer,
             session->info.server_id, why->text);
}

static void note_left_out(void *userdata, const struct log_position *place, const char *words)
{
    const struct session *session = userdata;
    const struct replica_session_spec *spec = session->spec;

    replicas_note_left_out(spec->replicas, session->replica, channel_name(spec->channel),
                           session->view.to, place, words);
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
        .view = session->translates ? &session->view : NULL,
        .limits = session->spec->limits,
        .base = session->spec->base,
        .accounts_of = session->spec->accounts_of,
        .takes_accounts = session->spec->takes_accounts,
        .semisync = user_number(session, "rpl_semi_sync_replica", "rpl_semi_sync_slave") != 0,
        .patience_usec = PATIENCE_USEC,
        .silence_usec = session->spec->silence_usec,
        .left_out = note_left_out,
        .userdata = session,
        .capability = (unsigned)user_number(session, "mariadb_slave_capability", NULL),
    };
    uint64_t period = user_number(session, "source_heartbeat_period", "master_heartbeat_period");
    struct err why = {0};
    struct replicate_rules *rules = NULL;
    bool stopped = false;
    char *copy;
    bool good;

    /* The request is read again while the link reads on. */
    copy = mem_text(payload.data, payload.len);
    good = command_dump_parse(span_of(copy, payload.len), &dump.request, err);
    if (!good)
        goto out;
    dump.heartbeat_usec = (int64_t)(period / 1000);
    take_gtid_wishes(session, &dump);
    note_replica(session, dump.request.server_id);
    session->info.semisync = dump.semisync;
    find_source(session);
    session->keys.log = dump.mirror;
    begin_dump(session, &dump);
    good = check_gtids(session, &dump, &why) && share_rules(session, &rules, &why);
    dump.rules = rules;
    dump.ret_stopped = &stopped;
    good = good && dump_run(&dump, &why);
    replica_end_dump(session->replica);
    link_set_payload_max(session->link, COMMAND_MAX);
    if (good) {
        good = link_answer_eof(session->link, answer_deadline(), err);
        goto out;
    }
    end_dump(session, stopped, &why);
    session->ended = true;
    good = why.code < 1000 || link_answer_failure(session->link, &why, answer_deadline(), err);
out:
    replicate_rules_free(rules);
    mem_free(copy);
    return good;
}

static void enter_again(struct session *session)
{
    replicas_leave(session->spec->replicas, session->replica);
    session->replica = replicas_enter(session->spec->replicas, session->link, &session->info);
}

static bool take_register(struct session *session, struct span payload, struct err *err)
{
    struct command_register command;

    if (!command_register_parse(payload, &command, err))
        return false;
    copy_span(session->info.host, sizeof session->info.host, command.host);
    session->info.port = command.port;
    note_replica(session, command.server_id);
    enter_again(session);
    return link_answer_ok(session->link, answer_deadline(), err);
}

/* ---- Other commands ---- */

/* Of whoever has logged in; false when it is gone. */
static bool find_own_account(const struct session *session, struct link_account *ret_account)
{
    const struct replica_session_spec *spec = session->spec;

    return spec->find_account(spec->accounts, span_str(link_user(session->link)),
                              session->context.client, ret_account);
}

static bool is_admin(const struct session *session)
{
    struct link_account account = {0};

    return find_own_account(session, &account) && account.may_administer;
}

static bool take_change_user(struct session *session, struct span payload, struct err *err)
{
    if (!link_change_user(session->link, payload, &session->accept, answer_deadline(), err)) {
        session->ended = true;
        return false;
    }
    session->context.user = link_user(session->link);
    answers_change_user(session->answers, session->context.user, is_admin(session));
    copy_span(session->info.user, sizeof session->info.user, span_str(session->context.user));
    enter_again(session);
    return true;
}

static bool take_kill(struct session *session, struct span payload, struct err *err)
{
    uint32_t thread_id;
    struct err why;

    if (!command_process_kill_parse(payload, &thread_id, err))
        return false;
    if (answers_kill(session->answers, thread_id, &why))
        return link_answer_ok(session->link, answer_deadline(), err);
    return link_answer_failure(session->link, &why, answer_deadline(), err);
}

static bool take_init_db(struct session *session, struct span payload, struct err *err)
{
    struct span database;

    if (!command_init_db_parse(payload, &database, err))
        return false;
    answers_use(session->answers, database);
    return link_answer_ok(session->link, answer_deadline(), err);
}

/* A payload that is the text and nothing else. */
static bool take_statistics(struct session *session, struct err *err)
{
    struct buf text;
    bool good;

    buf_init(&text, STATISTICS_MAX);
    answers_statistics(session->answers, &text);
    good = link_write(session->link, buf_span(&text), (struct span){0}, answer_deadline(), err) &&
           link_flush(session->link, answer_deadline(), err);
    buf_done(&text);
    return good;
}

/* Those that a binary log server has no use for: the servers' own refusals. */
static bool refuse_command(struct session *session, uint8_t command, struct err *err)
{
    struct err why = {0};

    switch (command) {
    case COM_STMT_PREPARE:
        (void)err_set(&why, E_USAGE, ER_UNSUPPORTED_PREPARE,
                      "This command is not supported in the prepared statement protocol yet");
        break;
    case COM_STMT_EXECUTE:
    case COM_STMT_RESET:
    case COM_STMT_FETCH:
        (void)err_set(&why, E_USAGE, ER_UNKNOWN_STATEMENT,
                      "Unknown prepared statement handler: none was prepared");
        break;
    case COM_FIELD_LIST:
        (void)err_set(&why, E_USAGE, ER_NO_DATABASE, "No database selected");
        break;
    case COM_REFRESH:
    case COM_SHUTDOWN:
        (void)err_set(&why, E_AUTH, ER_SPECIFIC_ACCESS_DENIED,
                      "Access denied; you need (at least one of) the %s privilege(s) for this "
                      "operation",
                      command == COM_REFRESH ? "RELOAD" : "SHUTDOWN");
        break;
    default:
        (void)err_set(&why, E_USAGE, ER_UNKNOWN_COMMAND, "Unknown command");
        break;
    }
    return link_answer_failure(session->link, &why, answer_deadline(), err);
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
        return link_answer_ok(session->link, answer_deadline(), err);
    case COM_INIT_DB:
        return take_init_db(session, payload, err);
    case COM_PROCESS_INFO:
        return take_statement(session, span_str("SHOW PROCESSLIST"), err);
    case COM_STATISTICS:
        return take_statistics(session, err);
    case COM_STMT_CLOSE:
    case COM_STMT_SEND_LONG_DATA:
        return true; /* these have no answer */
    case COM_SET_OPTION:
        return link_answer_eof(session->link, answer_deadline(), err);
    default:
        return refuse_command(session, command, err);
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

/* Whether it is greeted as MariaDB greets, given what the source is. */
static bool wants_mariadb(const struct session *session, bool source)
{
    switch (session->spec->family) {
    case REPLICAS_OF_SOURCE:
        break;
    case REPLICAS_OF_MYSQL:
        return false;
    case REPLICAS_OF_MARIADB:
        return true;
    }
    return source;
}

/*
 * What the source greets with: a replica chooses its ways by family and version. One of the other
 * family is greeted as by a server of its own. MySQL's are taken for new ones until they have said
 * what they are, in their login.
 */
static bool find_version(struct session *session, struct err *err)
{
    struct variables *variables = channel_share_variables(session->spec->channel);
    struct span version;
    bool source;

    if (!variables || !variables_find(variables, span_str("version"), &version)) {
        variables_free(variables);
        return err_set(err, E_STATE, ER_HANDSHAKE, "the source was not reached yet");
    }
    source = greeting_is_mariadb(version);
    session->context.mariadb = wants_mariadb(session, source);
    session->translates = session->context.mariadb != source;
    session->view.to = session->context.mariadb ? DIALECT_MARIADB : DIALECT_MYSQL_8;
    if (session->translates)
        version = span_str(dialect_version(session->view.to));
    session->greeting = mem_printf("%s%.*s", session->context.mariadb ? "5.5.5-" : "",
                                   (int)version.len, (const char *)version.data);
    session->context.version = session->greeting + (session->context.mariadb ? 6 : 0);
    variables_free(variables);
    return true;
}

/* What a MySQL replica gets instead of GTIDs has one length, so the resolver's tags must not. */
static void find_gtids(struct session *session)
{
    struct link_account account = {0};

    if (session->view.to == DIALECT_MARIADB)
        return;
    session->view.anonymous = find_own_account(session, &account) && account.without_gtids;
    if (!session->view.anonymous)
        session->view.resolver = origin_map_resolver(session->spec->origins);
}

/* MySQL 5.6 and 5.7 tell their version in the login: it is their library's. */
static void find_view(struct session *session)
{
    const char *version = link_client_version(session->link);
    enum format_family family;
    uint32_t number;

    format_parse_version(version, &family, &number);
    if (session->view.to == DIALECT_MYSQL_8 && number > 0 && number < MYSQL_8)
        session->view.to = DIALECT_MYSQL_5;
    session->view.domain = session->spec->mariadb_domain;
    session->view.counted = session->spec->counted;
    session->view.hidden = session->spec->hidden;
    session->view.accounts = session->spec->accounts_policy;
    find_gtids(session);
    session->view.history_size = session->spec->history_size;
    session->keys.history = channel_borrow_keys(session->spec->channel);
    session->view.keys = (struct key_source){.at = key_place_at, .userdata = &session->keys};
    find_source(session);
    if (session->translates) {
        session->context.view = &session->view;
        session->context.version = dialect_version(session->view.to);
    }
}

static const char *text_or_none(const char *text)
{
    return text ? text : "";
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
    session->context.client = client;
    find_view(session);
    session->context.channel = spec->channel;
    session->context.replicas = spec->replicas;
    session->context.server_id = spec->server_id;
    session->context.server_uuid = spec->server_uuid;
    session->context.host = spec->host;
    session->context.port = spec->port;
    session->context.thread_id = thread_id;
    session->context.user = link_user(session->link);
    session->context.admin = is_admin(session);
    session->context.started_usec = spec->started_usec;
    session->context.tls_version = text_or_none(conn_tls_version(link_borrow_conn(session->link)));
    session->context.tls_cipher = text_or_none(conn_tls_cipher(link_borrow_conn(session->link)));
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
