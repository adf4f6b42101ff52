#include "cli/verb.h"

#include "base/clock.h"
#include "base/secret_file.h"
#include "check/checkup.h"
#include "cli/check_text.h"
#include "cli/password.h"
#include "net/server_url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT   60 /* seconds */
#define STATEMENT_DEFAULT 10
#define COPY_RATE_DEFAULT 32 /* MiB a second */

struct parts { /* what the spec points into; freed at the end */
    struct server_url url;
    char *password;
    struct tls *tls;
};

static bool parse_number(const char *text, uint64_t most, uint64_t *ret_number)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool parse_ssl(const struct verb *verb, const char *const *values, struct subject_spec *spec,
                      struct parts *parts)
{
    static const struct {
        const char *name;
        bool tls;
        bool preferred;
        enum tls_mode mode;
    } modes[] = {
        {"PREFERRED", true, true, TLS_REQUIRED},
        {"DISABLED", false, false, TLS_REQUIRED},
        {"REQUIRED", true, false, TLS_REQUIRED},
        {"VERIFY_CA", true, false, TLS_VERIFY_CA},
        {"VERIFY_IDENTITY", true, false, TLS_VERIFY_IDENTITY},
    };
    const char *wanted = verb_value(verb, values, "ssl-mode");
    struct tls_client_spec tls = {.ca_file = verb_value(verb, values, "ssl-ca")};
    size_t i = 0;
    struct err err;

    while (wanted && i < sizeof modes / sizeof *modes && strcmp(wanted, modes[i].name) != 0)
        i++;
    if (i == sizeof modes / sizeof *modes) {
        (void)verb_usage_error(verb,
                               "--ssl-mode: expected DISABLED, PREFERRED, REQUIRED, VERIFY_CA or "
                               "VERIFY_IDENTITY, found '%s'",
                               wanted);
        return false;
    }
    /* A socket needs none, unless somebody says so. */
    if (!modes[i].tls || (spec->login.socket_path && !wanted))
        return true;
    tls.mode = modes[i].mode;
    if (!tls_client_new(&tls, &parts->tls, &err)) {
        (void)verb_usage_error(verb, "%s", err.text);
        return false;
    }
    spec->login.tls = parts->tls;
    spec->login.tls_preferred = modes[i].preferred;
    return true;
}

static bool parse_numbers(const struct verb *verb, const char *const *values,
                          struct subject_spec *spec)
{
    const char *rate = verb_value(verb, values, "copy-rate");
    const char *timeout = verb_value(verb, values, "timeout");
    const char *statement = verb_value(verb, values, "statement-timeout");
    uint64_t number = TIMEOUT_DEFAULT;

    if (timeout && !parse_number(timeout, 86400, &number)) {
        (void)verb_usage_error(verb, "--timeout: expected 1 to 86400 seconds, found '%s'", timeout);
        return false;
    }
    spec->deadline_usec = clock_deadline_usec((int64_t)number * USEC_PER_SEC);
    number = STATEMENT_DEFAULT;
    if (statement && !parse_number(statement, 86400, &number)) {
        (void)verb_usage_error(verb, "--statement-timeout: expected 1 to 86400 seconds, found '%s'",
                               statement);
        return false;
    }
    spec->statement_usec = (int64_t)number * USEC_PER_SEC;
    number = COPY_RATE_DEFAULT;
    if (rate && !parse_number(rate, 1u << 20, &number)) {
        (void)verb_usage_error(verb, "--copy-rate: expected 1 to 1048576 MiB/s, found '%s'", rate);
        return false;
    }
    spec->copy_rate = number << 20;
    return true;
}

static bool parse_target(const struct verb *verb, const char *const *values,
                         struct subject_spec *spec)
{
    const char *target = verb_value(verb, values, "target");

    if (!target)
        return true;
    spec->has_target = true;
    spec->target = strcmp(target, "mariadb") == 0 ? FORMAT_MARIADB : FORMAT_MYSQL;
    if (strcmp(target, "mariadb") == 0 || strcmp(target, "mysql") == 0)
        return true;
    (void)verb_usage_error(verb, "--target: expected mysql or mariadb, found '%s'", target);
    return false;
}

static bool parse_server(const struct verb *verb, int argc, char **argv, struct subject_spec *spec,
                         struct parts *parts)
{
    struct err err;

    if (argc != 1) {
        (void)verb_usage_error(verb, "expected one server, as mysql://USER@HOST[:PORT], found %d",
                               argc);
        return false;
    }
    if (!server_url_parse(argv[0], &parts->url, &err)) {
        (void)verb_usage_error(verb, "%s", err.text);
        return false;
    }
    spec->login.user = parts->url.user;
    spec->login.host = parts->url.host;
    spec->login.port = parts->url.port;
    spec->login.socket_path = parts->url.socket_path;
    spec->login.stop_fd = -1;
    return true;
}

static bool read_first_line(const char *path, char **ret_password, struct err *err)
{
    if (!secret_file_read(path, PASSWORD_MAX, ret_password, err))
        return false;
    (*ret_password)[strcspn(*ret_password, "\r\n")] = '\0';
    return true;
}

/* From the file; else from the terminal, if there is one to ask at. */
static bool get_password(const struct verb *verb, const char *const *values,
                         struct subject_spec *spec, struct parts *parts)
{
    const char *path = verb_value(verb, values, "password-file");
    struct err err;
    bool good = true;

    if (path)
        good = read_first_line(path, &parts->password, &err);
    else if (isatty(STDIN_FILENO))
        good = password_ask("Password: ", &parts->password, &err);
    if (!good)
        (void)verb_usage_error(verb, "%s%s", path ? "--password-file: " : "", err.text);
    spec->login.password = parts->password;
    return good;
}

static int check(const struct verb *verb, const char *const *values,
                 const struct subject_spec *spec)
{
    struct checkup checkup;
    struct err err;
    int exit_status;

    if (!checkup_run(spec, &checkup, &err)) {
        (void)fprintf(stderr, "borealis check: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (verb_value(verb, values, "json"))
        check_text_print_json(&checkup, stdout);
    else
        check_text_print(&checkup, verb_value(verb, values, "all") != NULL,
                         isatty(STDOUT_FILENO) && !getenv("NO_COLOR"), stdout);
    exit_status = checkup_is_ready(&checkup) ? EXIT_OK : EXIT_PROBLEMS;
    findings_free(checkup.findings);
    return exit_status;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct subject_spec spec = {.replication_user = verb_value(verb, values, "replication-user")};
    struct parts parts = {0};
    int exit_status = EXIT_USAGE;

    if (parse_server(verb, argc, argv, &spec, &parts) && parse_ssl(verb, values, &spec, &parts) &&
        parse_target(verb, values, &spec) && get_password(verb, values, &spec, &parts) &&
        parse_numbers(verb, values, &spec))
        exit_status = check(verb, values, &spec);
    tls_free(parts.tls);
    server_url_done(&parts.url);
    secret_free(parts.password);
    return exit_status;
}

const struct verb verb_check = {
    .name = "check",
    .arguments = "mysql://USER@HOST[:PORT]",
    .summary = "Tell whether a server can be a source, and what would not cross",
    .details =
        "Read-only: a session that the server itself keeps from writing, with a limit for each "
        "statement. Looks at the binary log and how long it is kept, accounts, TLS, durability, "
        "tables without a primary key or not of InnoDB, and at each object that the other family "
        "(MySQL, MariaDB) has no equal for. What the account may not see is said. The server may "
        "also be mysql://USER@/PATH of its unix socket. Without --password-file the password is "
        "asked for at the terminal. Exits with status 4 when there are problems.",
    .options =
        {{"password-file", "FILE", "The user's password, the first line of a file."},
         {"ssl-mode", "MODE",
          "DISABLED, PREFERRED (when nothing is given), REQUIRED, VERIFY_CA or VERIFY_IDENTITY."},
         {"ssl-ca", "FILE", "PEM file of the authorities that the server is checked by."},
         {"replication-user", "NAME[@HOST]",
          "The account that replicas will log in with; else it is the one that connects."},
         {"target", "FAMILY",
          "mysql or mariadb, where the data shall go: what does not cross is a problem then."},
         {"copy-rate", "MIB", "MiB a second at which the data will be copied; else 32."},
         {"timeout", "SECONDS", "Limit of the whole check; else 60."},
         {"statement-timeout", "SECONDS",
          "Limit of one statement, for servers with very many tables; else 10."},
         {"all", NULL, "List all objects of each finding, not the first 10."},
         {"json", NULL, "Print one JSON object."}},
    .run = run,
};
