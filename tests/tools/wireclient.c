/*
 * wireclient [OPTION...] [SQL...]: logs in to a server with link_login(), runs statements and
 * prints what they give, for the tests of the protocol with real servers.
 *
 * First line: "server=VERSION family=.. tls=VERSION|none compression=.. thread=N". Then per
 * statement its rows, values between tabs (NULL as \N); of a value over --show bytes (64) the
 * length in angle brackets. A refusal prints "error CLASS CODE TEXT" and ends with status 1, a
 * statement's as well. --dump FILE:POSITION asks for a binlog instead and prints the number of
 * bytes and events that came until the end; --events N stops after so many.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/tls.h"
#include "replication/link_login.h"
#include "replication/link_query.h"
#include "wire/command.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX      8192
#define RESULT_MAX   ((size_t)256 << 20)
#define DUMP_PAYLOAD ((size_t)1 << 30)
#define TIMEOUT_USEC (60 * USEC_PER_SEC)

struct options {
    struct link_login_spec login;
    struct tls_client_spec tls;
    const char *mode; /* of ssl-mode; NULL: plain */
    const char *server_key_file;
    const char *dump;
    uint64_t events;
    size_t show;
    int64_t timeout_usec;
};

enum long_option {
    HOST = 256,
    PORT,
    SOCKET,
    USER,
    PASSWORD,
    DATABASE,
    SSL_MODE,
    CA,
    CERT,
    KEY,
    TLS_VERSION,
    CIPHERS,
    ZLIB,
    ZSTD,
    CLEAR,
    FETCH_KEY,
    SERVER_KEY,
    PAYLOAD_MAX,
    DUMP,
    EVENTS,
    SHOW,
    TIMEOUT_MS,
};

static const struct option long_options[] = {
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"socket", required_argument, NULL, SOCKET},
    {"user", required_argument, NULL, USER},
    {"password", required_argument, NULL, PASSWORD},
    {"database", required_argument, NULL, DATABASE},
    {"ssl-mode", required_argument, NULL, SSL_MODE},
    {"ca", required_argument, NULL, CA},
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY},
    {"tls-version", required_argument, NULL, TLS_VERSION},
    {"ciphers", required_argument, NULL, CIPHERS},
    {"zlib", no_argument, NULL, ZLIB},
    {"zstd", no_argument, NULL, ZSTD},
    {"clear", no_argument, NULL, CLEAR},
    {"fetch-key", no_argument, NULL, FETCH_KEY},
    {"server-key", required_argument, NULL, SERVER_KEY},
    {"payload-max", required_argument, NULL, PAYLOAD_MAX},
    {"dump", required_argument, NULL, DUMP},
    {"events", required_argument, NULL, EVENTS},
    {"show", required_argument, NULL, SHOW},
    {"timeout-ms", required_argument, NULL, TIMEOUT_MS},
    {0},
};

static bool take_tls_option(struct options *options, int option)
{
    switch (option) {
    case SSL_MODE:
        options->mode = optarg;
        return true;
    case CA:
        options->tls.ca_file = optarg;
        return true;
    case CERT:
        options->tls.cert_file = optarg;
        return true;
    case KEY:
        options->tls.key_file = optarg;
        return true;
    case TLS_VERSION:
        options->tls.versions = optarg;
        return true;
    case CIPHERS:
        options->tls.ciphers = optarg;
        return true;
    default:
        return false;
    }
}

static bool take_login_option(struct link_login_spec *login, int option)
{
    switch (option) {
    case HOST:
        login->host = optarg;
        return true;
    case PORT:
        login->port = (uint16_t)strtoul(optarg, NULL, 10);
        return true;
    case SOCKET:
        login->socket_path = optarg;
        return true;
    case USER:
        login->user = optarg;
        return true;
    case PASSWORD:
        login->password = optarg;
        return true;
    case DATABASE:
        login->database = optarg;
        return true;
    case ZLIB:
        login->zlib = true;
        return true;
    case ZSTD:
        login->zstd = true;
        return true;
    case CLEAR:
        login->allow_clear_password = true;
        return true;
    case FETCH_KEY:
        login->fetch_server_key = true;
        return true;
    case PAYLOAD_MAX:
        login->payload_max = strtoul(optarg, NULL, 10);
        return true;
    default:
        return false;
    }
}

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case SERVER_KEY:
        options->server_key_file = optarg;
        return true;
    case DUMP:
        options->dump = optarg;
        options->login.payload_max = DUMP_PAYLOAD;
        return true;
    case EVENTS:
        options->events = strtoull(optarg, NULL, 10);
        return true;
    case SHOW:
        options->show = strtoul(optarg, NULL, 10);
        return true;
    case TIMEOUT_MS:
        options->timeout_usec = strtol(optarg, NULL, 10) * 1000;
        return true;
    default:
        return take_tls_option(options, option) || take_login_option(&options->login, option);
    }
}

static bool make_tls(struct options *options, struct tls **ret_tls, struct err *err)
{
    static const char *const names[] = {"required", "verify-ca", "verify-identity"};

    if (!options->mode)
        return true;
    options->login.tls_preferred = strcmp(options->mode, "preferred") == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(options->mode, names[i]) == 0)
            options->tls.mode = (enum tls_mode)i;
    }
    return tls_client_new(&options->tls, ret_tls, err);
}

static void print_value(const struct options *options, const struct result *result, size_t row,
                        size_t column)
{
    struct span value;

    if (!result_value(result, row, column, &value))
        (void)printf("\\N");
    else if (value.len > options->show)
        (void)printf("<%zu>", value.len);
    else
        (void)printf("%.*s", (int)value.len, (const char *)value.data);
}

static bool run(const struct options *options, struct link *link, const char *sql, struct err *err)
{
    struct result *result;

    if (!link_query(link, sql, RESULT_MAX, clock_deadline_usec(options->timeout_usec), &result,
                    err))
        return false;
    for (size_t row = 0; row < result_rows(result); row++) {
        for (size_t column = 0; column < result_columns(result); column++) {
            print_value(options, result, row, column);
            (void)putchar(column + 1 < result_columns(result) ? '\t' : '\n');
        }
    }
    result_free(result);
    return true;
}

static bool ask_dump(const struct options *options, struct link *link, struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(options->timeout_usec);
    struct command_dump dump = {.flags = DUMP_NON_BLOCK, .server_id = 0};
    char *name = mem_strdup(options->dump);
    char *colon = strrchr(name, ':');
    struct buf payload;
    bool good;

    dump.position = colon ? strtoull(colon + 1, NULL, 10) : 4;
    if (colon)
        *colon = 0;
    dump.file = span_str(name);
    buf_init(&payload, KEY_MAX);
    command_dump_write(&payload, &dump);
    good = link_execute(link, "SET @master_binlog_checksum = @@global.binlog_checksum",
                        deadline_usec, err) &&
           link_command(link, buf_span(&payload), deadline_usec, err);
    buf_done(&payload);
    mem_free(name);
    return good;
}

static bool dump(const struct options *options, struct link *link, struct err *err)
{
    uint64_t bytes = 0;
    uint64_t events = 0;
    int64_t start_usec;

    if (!ask_dump(options, link, err))
        return false;
    start_usec = clock_now_usec();
    for (;;) {
        struct span payload;

        if (!link_read(link, clock_deadline_usec(options->timeout_usec), &payload, err))
            return false;
        if (reply_is_err(payload))
            return reply_err_to_err(payload, err);
        if (payload.len < 10 && reply_is_eof(payload))
            break;
        bytes += payload.len - 1;
        if (++events == options->events)
            break;
    }
    (void)printf("events=%" PRIu64 " bytes=%" PRIu64 " mb_per_s=%.0f\n", events, bytes,
                 (double)bytes / (double)(clock_now_usec() - start_usec));
    return true;
}

static bool converse(const struct options *options, char **statements, struct err *err)
{
    const char *tls;
    struct link *link;
    bool good = true;

    if (!link_login(&options->login, clock_deadline_usec(options->timeout_usec), &link, err))
        return false;
    tls = conn_tls_version(link_borrow_conn(link));
    (void)printf("server=%s family=%s tls=%s compression=%s thread=%u\n", link_server_version(link),
                 link_server_is_mariadb(link) ? "mariadb" : "mysql", tls ? tls : "none",
                 compression_name(link_compression(link)), link_thread_id(link));
    for (; *statements && good; statements++)
        good = run(options, link, *statements, err);
    good = good && link_ping(link, clock_deadline_usec(options->timeout_usec), err);
    good = good && (!options->dump || dump(options, link, err));
    link_close(link);
    return good;
}

int main(int argc, char **argv)
{
    struct options options = {.login = {.stop_fd = -1, .host = "127.0.0.1", .user = "root"},
                              .show = 64,
                              .timeout_usec = TIMEOUT_USEC};
    char *server_key = NULL;
    struct tls *tls = NULL;
    struct err err = {0};
    int option;
    bool good;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!take_option(&options, option))
            return 2;
    }
    good =
        !options.server_key_file || file_read(options.server_key_file, KEY_MAX, &server_key, &err);
    options.login.server_key_pem = server_key;
    good = good && make_tls(&options, &tls, &err);
    options.login.tls = tls;
    good = good && converse(&options, argv + optind, &err);
    if (!good)
        (void)printf("error %s %d %s\n", err_class_name(err.class), err.code, err.text);
    tls_free(tls);
    mem_free(server_key);
    return good ? 0 : 1;
}
