/*
 * wireserver [OPTION...]: a server without data, made of link_accept() and the answers of
 * link_query.h, for the tests of the protocol with real clients.
 *
 * Listens on 127.0.0.1 (or on every address with --any), prints "port N", then a line for each
 * login: "login user=.. tls=.. compression=.." or
 * "refused CLASS CODE TEXT"; for each
 * dump that is asked for: "dump file=.. position=..". Reloads its certificate for each connection.
 * Ends when its standard input does. Statements: "SELECT REPEAT('x', N)" gives a value of N bytes,
 * "SELECT NULL" NULL, any other SELECT and SHOW one row with what was asked; "SELECT @@unknown"
 * gives error 1193; the rest OK.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/conn.h"
#include "net/socket.h"
#include "net/tls.h"
#include "replication/link_accept.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/greeting.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ACCOUNTS_MAX 16
#define TIMEOUT_USEC (60 * USEC_PER_SEC)
#define STACK_BYTES  (512u << 10)
#define RESULT_MAX   ((size_t)64 << 20)
#define SESSIONS_MAX 256

struct account {
    const char *user;
    struct link_account account;
};

struct server {
    struct link_accept_spec spec;
    struct tls_server_spec tls;
    struct account accounts[ACCOUNTS_MAX];
    size_t count;
    int stop_fd;
};

struct session {
    struct server *server;
    int fd;
    uint32_t id;
};

static bool find_account(void *context, struct span user, const char *client_ip,
                         struct link_account *ret_account)
{
    struct server *server = context;

    (void)client_ip;
    for (size_t i = 0; i < server->count; i++) {
        if (span_eq(user, span_str(server->accounts[i].user))) {
            *ret_account = server->accounts[i].account;
            return true;
        }
    }
    return false;
}

static bool answer_value(struct link *link, struct span value, int64_t deadline_usec,
                         struct err *err)
{
    struct result *result = result_new(RESULT_MAX);
    bool good = result_add_column(result, "value", RESULT_VARCHAR, err) &&
                result_add_row(result, &value, err) &&
                link_answer_result(link, result, deadline_usec, err);

    result_free(result);
    return good;
}

static bool answer_big(struct link *link, size_t size, int64_t deadline_usec, struct err *err)
{
    char *bytes = mem_alloc(size + 1);
    bool good;

    memset(bytes, 'x', size);
    good = answer_value(link, span_of(bytes, size), deadline_usec, err);
    mem_free(bytes);
    return good;
}

static bool answer_query(const struct server *server, struct link *link, struct span text,
                         int64_t deadline_usec, struct err *err)
{
    char sql[256];
    size_t size = 0;

    (void)snprintf(sql, sizeof sql, "%.*s", (int)(text.len < sizeof sql ? text.len : 0),
                   (const char *)text.data);
    if (sscanf(sql, "SELECT REPEAT('x', %zu)", &size) == 1)
        return answer_big(link, size, deadline_usec, err);
    if (strncasecmp(sql, "SELECT @@unknown", 16) == 0)
        return link_answer_err(link, ER_UNKNOWN_SYSTEM_VARIABLE,
                               "Unknown system variable 'unknown'", deadline_usec, err);
    if (strcasecmp(sql, "SELECT NULL") == 0)
        return answer_value(link, (struct span){0}, deadline_usec, err);
    if (strncasecmp(sql, "SELECT VERSION()", 16) == 0)
        return answer_value(link, greeting_plain_version(span_str(server->spec.version)),
                            deadline_usec, err);
    /* MySQL's client asks so whether $$ is a quote, and wants an error or a result of its own. */
    if (strncasecmp(sql, "SELECT $$", 9) == 0)
        return link_answer_err(link, ER_PARSE_ERROR, "You have an error in your SQL syntax",
                               deadline_usec, err);
    if (strncasecmp(sql, "SELECT", 6) == 0 || strncasecmp(sql, "SHOW", 4) == 0)
        return answer_value(link, text, deadline_usec, err);
    return link_answer_ok(link, deadline_usec, err);
}

static bool answer_dump(struct link *link, struct span command, int64_t deadline_usec,
                        struct err *err)
{
    struct command_dump dump;

    if (!command_dump_parse(command, &dump, err))
        return false;
    (void)printf("dump file=%.*s position=%" PRIu64 "\n", (int)dump.file.len,
                 dump.file.len ? (const char *)dump.file.data : "", dump.position);
    return link_answer_err(link, ER_MASTER_FATAL_ERROR_READING_BINLOG, "There are no logs here",
                           deadline_usec, err);
}

static bool answer(struct server *server, struct link *link, struct span command,
                   int64_t deadline_usec, struct err *err)
{
    struct span text;
    uint8_t what;

    if (!command_parse(command, &what, err))
        return false;
    switch (what) {
    case COM_QUERY:
        return command_query_parse(command, link_capabilities(link), &text, err) &&
               answer_query(server, link, text, deadline_usec, err);
    case COM_BINLOG_DUMP:
    case COM_BINLOG_DUMP_GTID:
        return answer_dump(link, command, deadline_usec, err);
    case COM_CHANGE_USER:
        return link_change_user(link, command, &server->spec, deadline_usec, err);
    case COM_STATISTICS:
        text = span_str("Uptime: 1");
        return link_write(link, text, (struct span){0}, deadline_usec, err) &&
               link_flush(link, deadline_usec, err);
    case COM_SET_OPTION:
        return link_answer_eof(link, deadline_usec, err);
    case COM_PING:
    case COM_INIT_DB:
    case COM_REGISTER_SLAVE:
    case COM_RESET_CONNECTION:
        return link_answer_ok(link, deadline_usec, err);
    default:
        return link_answer_err(link, ER_UNKNOWN_COMMAND, "Unknown command", deadline_usec, err);
    }
}

static void serve(struct server *server, struct link *link)
{
    const char *tls = conn_tls_version(link_borrow_conn(link));
    struct err err = {0};

    (void)printf("login user=%s tls=%s compression=%s\n", link_user(link), tls ? tls : "none",
                 compression_name(link_compression(link)));
    for (;;) {
        int64_t deadline_usec = clock_deadline_usec(TIMEOUT_USEC);
        struct span command;

        if (!link_read_command(link, deadline_usec, &command, &err) ||
            (command.len > 0 && command.data[0] == COM_QUIT) ||
            !answer(server, link, command, deadline_usec, &err))
            break;
    }
    if (err.class != E_NONE && err.class != E_IO)
        (void)printf("ended %s %d %s\n", err_class_name(err.class), err.code, err.text);
}

static void *run_session(void *arg)
{
    struct session *session = arg;
    struct server *server = session->server;
    struct link_accept_spec spec = server->spec;
    struct tls *tls = NULL;
    struct link *link = NULL;
    struct err err = {0};
    bool good = !server->tls.cert_file || tls_server_new(&server->tls, &tls, &err);

    spec.tls = tls;
    spec.thread_id = session->id;
    socket_tune_tcp(session->fd);
    good = good && link_accept(conn_new(session->fd, "client"), &spec,
                               clock_deadline_usec(TIMEOUT_USEC), &link, &err);
    if (good)
        serve(server, link);
    else
        (void)printf("refused %s %d %s\n", err_class_name(err.class), err.code, err.text);
    link_free(link);
    tls_free(tls);
    return NULL;
}

static bool listen_on(bool any, int *ret_fd, struct err *err)
{
    struct address address;

    if (!address_parse(any ? "0.0.0.0" : "127.0.0.1", 0, &address, err) ||
        !socket_listen_tcp(&address, ret_fd, err) || !address_of_local(*ret_fd, &address, err))
        return false;
    (void)printf("port %u\n", address_port(&address));
    return true;
}

static void *watch_stdin(void *arg)
{
    struct server *server = arg;
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};

    while (poll(&ready, 1, -1) < 0 || !(ready.revents & (POLLHUP | POLLIN)))
        continue;
    wakeup_raise(server->stop_fd);
    return NULL;
}

static bool serve_all(struct server *server, bool any, struct err *err)
{
    static struct session sessions[SESSIONS_MAX];
    static pthread_t threads[SESSIONS_MAX];
    int listen_fd = -1;
    uint32_t count = 0;
    pthread_t watcher;
    bool good = wakeup_open(&server->stop_fd, err) && listen_on(any, &listen_fd, err) &&
                thread_start("stdin", STACK_BYTES, watch_stdin, server, &watcher, err);

    server->spec.stop_fd = server->stop_fd;
    server->spec.context = server;
    while (good && count < SESSIONS_MAX) {
        struct session *session = &sessions[count];

        *session = (struct session){.server = server, .id = count + 1};
        good = socket_accept(listen_fd, server->stop_fd, &session->fd, err);
        if (!good || session->fd < 0)
            break;
        good = thread_start("session", STACK_BYTES, run_session, session, &threads[count], err);
        count++;
    }
    wakeup_raise(server->stop_fd);
    for (uint32_t i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    (void)pthread_join(watcher, NULL);
    fd_close(&listen_fd);
    fd_close(&server->stop_fd);
    return good;
}

/* user:password[:tls] */
static bool add_account(struct server *server, char *text, struct err *err)
{
    struct account *account = &server->accounts[server->count];
    char *password;

    account->user = strsep(&text, ":");
    password = strsep(&text, ":");
    account->account.require_tls = text != NULL;
    if (!password || server->count == ACCOUNTS_MAX)
        return err_set(err, E_USAGE, 0, "account: expected user:password");
    server->count++;
    return auth_account_make(span_str(password), &account->account.hashes, err);
}

int main(int argc, char **argv)
{
    enum { VERSION = 256, METHOD, CERT, KEY, CLIENT_CA, REQUIRE_TLS, ACCOUNT, ANY };
    static const struct option options[] = {
        {"version", required_argument, NULL, VERSION},
        {"method", required_argument, NULL, METHOD},
        {"cert", required_argument, NULL, CERT},
        {"key", required_argument, NULL, KEY},
        {"client-ca", required_argument, NULL, CLIENT_CA},
        {"require-tls", no_argument, NULL, REQUIRE_TLS},
        {"account", required_argument, NULL, ACCOUNT},
        {"any", no_argument, NULL, ANY},
        {0},
    };
    struct server server = {.spec = {.version = "9.7.0",
                                     .method = AUTH_CACHING_SHA2,
                                     .offer_zlib = true,
                                     .offer_zstd = true,
                                     .find_account = find_account},
                            .stop_fd = -1};
    struct err err = {0};
    bool any = false;
    bool good = true;
    int option;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    thread_block_signals();
    while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case VERSION:
            server.spec.version = optarg;
            break;
        case METHOD:
            good = auth_method_find(span_str(optarg), &server.spec.method);
            break;
        case CERT:
            server.tls.cert_file = optarg;
            break;
        case KEY:
            server.tls.key_file = optarg;
            break;
        case CLIENT_CA:
            server.tls.client_ca_file = optarg;
            break;
        case REQUIRE_TLS:
            server.spec.require_tls = true;
            break;
        case ACCOUNT:
            good = add_account(&server, optarg, &err);
            break;
        case ANY:
            any = true;
            break;
        default:
            return 2;
        }
    }
    good = good && serve_all(&server, any, &err);
    if (!good)
        (void)printf("error %s\n", err.text);
    return good ? 0 : 1;
}
