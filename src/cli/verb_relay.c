#include "cli/verb.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "daemon/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD_MAX   1024
#define SOURCE_PORT    3306
#define GTID_PREFIX    "gtid:"
#define LISTEN_DEFAULT "127.0.0.1:13307"

/* What the parsing makes; freed at the end. */
struct texts {
    char *source_host;
    char *source_user;
    char *source_password;
    char *listen;
    char *replica_password;
};

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    unsigned long long number;
    char *end = NULL;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

/* HOST, HOST:PORT, [IPV6]:PORT; a port of 0 in *ret_port stays when there is none. */
static bool parse_host(const char *text, char **ret_host, uint16_t *ret_port)
{
    const char *end = *text == '[' ? strchr(text, ']') : strrchr(text, ':');
    size_t skip = *text == '[' ? 1 : 0;
    const char *port = end;
    uint64_t number;

    if (skip == 1) {
        if (!end)
            return false;
        port = end[1] == '\0' ? NULL : end + 1;
        if (port && *port != ':')
            return false;
    }
    if (!end)
        end = text + strlen(text);
    if (end == text + skip)
        return false;
    if (port) {
        if (!parse_number(port + 1, 1, 65535, &number))
            return false;
        *ret_port = (uint16_t)number;
    }
    *ret_host = mem_printf("%.*s", (int)(end - text - (ptrdiff_t)skip), text + skip);
    return true;
}

/* mysql://USER@HOST[:PORT] */
static bool parse_source(const struct verb *verb, const char *text, struct relay_options *options,
                         struct texts *texts)
{
    const char *rest = strstr(text, "://");
    const char *at = rest ? strrchr(rest, '@') : NULL;

    if (!rest || (strncmp(text, "mysql://", 8) != 0 && strncmp(text, "mariadb://", 10) != 0) ||
        !at || at == rest + 3) {
        (void)verb_usage_error(verb, "--source: expected mysql://USER@HOST[:PORT], found '%s'",
                               text);
        return false;
    }
    if (memchr(rest + 3, ':', (size_t)(at - rest - 3))) {
        (void)verb_usage_error(verb,
                               "--source: expected no password in the address, where others can "
                               "see it; give it with --source-password-file");
        return false;
    }
    options->source_port = SOURCE_PORT;
    if (!parse_host(at + 1, &texts->source_host, &options->source_port)) {
        (void)verb_usage_error(verb, "--source: expected HOST[:PORT] after the @, found '%s'",
                               at + 1);
        return false;
    }
    texts->source_user = mem_printf("%.*s", (int)(at - rest - 3), rest + 3);
    options->source_host = texts->source_host;
    options->source_user = texts->source_user;
    return true;
}

/* The first line of a file. */
static bool read_password(const struct verb *verb, const char *option, const char *path,
                          char **ret_password)
{
    struct err err;

    if (!file_read(path, PASSWORD_MAX, ret_password, &err)) {
        (void)verb_usage_error(verb, "--%s: %s", option, err.text);
        return false;
    }
    (*ret_password)[strcspn(*ret_password, "\r\n")] = '\0';
    return true;
}

static bool parse_ssl(const struct verb *verb, const char *const *values,
                      struct relay_options *options)
{
    static const struct {
        const char *name;
        bool tls;
        enum tls_mode mode;
    } modes[] = {
        {"DISABLED", false, TLS_REQUIRED},
        {"REQUIRED", true, TLS_REQUIRED},
        {"VERIFY_CA", true, TLS_VERIFY_CA},
        {"VERIFY_IDENTITY", true, TLS_VERIFY_IDENTITY},
    };
    const char *mode = verb_value(verb, values, "source-ssl-mode");

    options->source_tls = true;
    options->source_tls_spec.mode = TLS_REQUIRED;
    options->source_tls_spec.ca_file = verb_value(verb, values, "source-ssl-ca");
    for (size_t i = 0; mode; i++) {
        if (i == sizeof modes / sizeof modes[0]) {
            (void)verb_usage_error(verb,
                                   "--source-ssl-mode: expected DISABLED, REQUIRED, VERIFY_CA or "
                                   "VERIFY_IDENTITY, found '%s'",
                                   mode);
            return false;
        }
        if (strcmp(mode, modes[i].name) == 0) {
            options->source_tls = modes[i].tls;
            options->source_tls_spec.mode = modes[i].mode;
            return true;
        }
    }
    return true;
}

/* A MySQL set or a MariaDB position: which of them the source wants is not known yet. */
static bool is_gtids(const char *text)
{
    struct gtid_list list;
    struct gtid_set set;
    struct err ignored;
    bool good;

    gtid_set_init(&set);
    gtid_list_init(&list);
    good = (gtid_set_parse(span_str(text), &set, &ignored) && !gtid_set_is_empty(&set)) ||
           (gtid_list_parse(span_str(text), &list, &ignored) && list.count > 0);
    gtid_set_done(&set);
    gtid_list_done(&list);
    return good;
}

/* oldest, now, gtid:GTIDS, FILE:POSITION */
static bool parse_start(const struct verb *verb, const char *text, struct relay_options *options)
{
    const char *colon = text ? strrchr(text, ':') : NULL;

    options->start = RECEIVER_FROM_OLDEST;
    if (!text || strcmp(text, "oldest") == 0)
        return true;
    options->start = RECEIVER_FROM_NOW;
    if (strcmp(text, "now") == 0)
        return true;
    options->start = RECEIVER_FROM_GTIDS;
    options->gtids = text + strlen(GTID_PREFIX);
    if (strncmp(text, GTID_PREFIX, strlen(GTID_PREFIX)) == 0 && is_gtids(options->gtids))
        return true;
    options->start = RECEIVER_FROM_POSITION;
    if (colon && colon > text && (size_t)(colon - text) < sizeof options->position.file &&
        parse_number(colon + 1, 4, UINT64_MAX, &options->position.offset)) {
        memcpy(options->position.file, text, (size_t)(colon - text));
        return true;
    }
    (void)verb_usage_error(verb,
                           "--start: expected oldest, now, FILE:POSITION (as mysql-bin.000001:4) "
                           "or gtid:GTIDS (a MySQL set, or MariaDB's as 0-1-100), found '%s'",
                           text);
    return false;
}

static bool parse_semi_sync(const struct verb *verb, const char *text,
                            struct relay_options *options)
{
    options->semi_sync = text && strcmp(text, "on") == 0;
    if (!text || options->semi_sync || strcmp(text, "off") == 0)
        return true;
    (void)verb_usage_error(verb, "--semi-sync: expected on or off, found '%s'", text);
    return false;
}

static bool parse_listener(const struct verb *verb, const char *const *values,
                           struct relay_options *options, struct texts *texts)
{
    const char *listen = verb_value(verb, values, "listen");
    uint16_t port = 0;

    options->cert_file = verb_value(verb, values, "ssl-cert");
    options->key_file = verb_value(verb, values, "ssl-key");
    if (!options->cert_file != !options->key_file) {
        (void)verb_usage_error(verb, "--ssl-cert and --ssl-key go together");
        return false;
    }
    if (!parse_host(listen ? listen : LISTEN_DEFAULT, &texts->listen, &port) || port == 0) {
        (void)verb_usage_error(verb, "--listen: expected IP:PORT, found '%s'", listen);
        return false;
    }
    options->listen = texts->listen;
    options->port = port;
    return true;
}

static bool parse_numbers(const struct verb *verb, const char *const *values,
                          struct relay_options *options)
{
    const char *hours = verb_value(verb, values, "retention-hours");
    const char *server_id = verb_value(verb, values, "server-id");
    uint64_t number = 0;

    options->retention.hours = -1;
    if (hours) {
        if (!parse_number(hours, 0, 24 * 365 * 10, &number)) {
            (void)verb_usage_error(verb, "--retention-hours: expected 0 to 87600, found '%s'",
                                   hours);
            return false;
        }
        options->retention.hours = (int64_t)number;
    }
    if (server_id) {
        if (!parse_number(server_id, 1, UINT32_MAX, &number)) {
            (void)verb_usage_error(verb, "--server-id: expected 1 to 4294967295, found '%s'",
                                   server_id);
            return false;
        }
        options->server_id = (uint32_t)number;
    }
    return true;
}

static bool parse_all(const struct verb *verb, const char *const *values,
                      struct relay_options *options, struct texts *texts)
{
    static const char *const needed[] = {"dir", "source", "replica-user", "replica-password-file"};
    const char *password = verb_value(verb, values, "source-password-file");

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!verb_value(verb, values, needed[i])) {
            (void)verb_usage_error(verb, "--%s is needed", needed[i]);
            return false;
        }
    }
    options->dir = verb_value(verb, values, "dir");
    options->replica_user = verb_value(verb, values, "replica-user");
    if (!parse_source(verb, verb_value(verb, values, "source"), options, texts) ||
        !parse_ssl(verb, values, options) ||
        !parse_start(verb, verb_value(verb, values, "start"), options) ||
        !parse_semi_sync(verb, verb_value(verb, values, "semi-sync"), options) ||
        !parse_listener(verb, values, options, texts) || !parse_numbers(verb, values, options))
        return false;
    if (password && !read_password(verb, "source-password-file", password, &texts->source_password))
        return false;
    options->source_password = texts->source_password;
    if (!read_password(verb, "replica-password-file",
                       verb_value(verb, values, "replica-password-file"), &texts->replica_password))
        return false;
    options->replica_password = texts->replica_password;
    return true;
}

static void free_password(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    mem_free(password);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct relay_options options = {0};
    struct texts texts = {0};
    struct err err = {0};
    int exit_status = EXIT_USAGE;

    (void)argc;
    (void)argv;
    if (verb_value(verb, values, "verbose"))
        log_set_level(LOG_DEBUG);
    if (parse_all(verb, values, &options, &texts)) {
        exit_status = relay_run(&options, &err) ? EXIT_OK : EXIT_FAILED;
        if (exit_status != EXIT_OK)
            (void)fprintf(stderr, "borealis relay: %s\n", err.text);
    }
    mem_free(texts.source_host);
    mem_free(texts.source_user);
    mem_free(texts.listen);
    free_password(texts.source_password);
    free_password(texts.replica_password);
    return exit_status;
}

const struct verb verb_relay = {
    .name = "relay",
    .arguments = "",
    .summary = "Mirror a server's binary log and serve it to replicas",
    .details =
        "Follows a MySQL or MariaDB server as a replica does and keeps its binlog files, byte for "
        "byte, in a directory; replicas, mysqlbinlog and change-data readers of the same family "
        "connect to it instead of the server, by file and position or by GTID. They see only what "
        "is on the disk. It goes on where it stopped, after a crash too. The account at the source "
        "needs REPLICATION SLAVE; to begin 'now', REPLICATION CLIENT (BINLOG MONITOR) too.",
    .options =
        {{"dir", "DIR", "The directory that holds the relay; made at the first start."},
         {"source", "URL", "The server to follow: mysql://USER@HOST[:PORT]."},
         {"source-password-file", "FILE", "Its user's password, the first line of a file."},
         {"source-ssl-mode", "MODE",
          "DISABLED, REQUIRED (when nothing is given), VERIFY_CA or VERIFY_IDENTITY."},
         {"source-ssl-ca", "FILE", "PEM file of the authorities that the source is checked by."},
         {"start", "WHERE",
          "Where an empty relay begins: oldest (when nothing is given), now, FILE:POSITION, or "
          "gtid:GTIDS: the beginning of the file that has the first transaction after them."},
         {"semi-sync", "on|off",
          "Acknowledge what is on the relay's disk to a source that does semi-synchronous "
          "replication; off when nothing is given."},
         {"listen", "IP:PORT", "Where replicas connect; " LISTEN_DEFAULT " when nothing is given."},
         {"replica-user", "NAME", "The account that replicas log in with."},
         {"replica-password-file", "FILE", "Its password, the first line of a file."},
         {"ssl-cert", "FILE",
          "PEM certificate of the listener; else it makes one, of the authority DIR/tls/ca.pem."},
         {"ssl-key", "FILE", "And its key."},
         {"server-id", "N", "The relay's server id; else a large random one, kept."},
         {"retention-hours", "N", "Remove files that were closed for so long; else never."},
         {"verbose", NULL, "Log more."}},
    .run = run,
};
