#include "check/subject.h"

#include "base/clock.h"
#include "base/mem.h"
#include "replication/link_query.h"
#include "wire/greeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define ANSWER_MAX    ((size_t)32 << 20)
#define LOGIN_TIMEOUT (10 * USEC_PER_SEC)
#define GRACE         (1 * USEC_PER_SEC) /* for the server to end a statement itself */

#define ER_MYSQL_QUERY_TIMEOUT     3024
#define ER_MARIADB_STATEMENT_LIMIT 1969

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool log_in(struct subject *subject, struct link **ret_link, struct err *err)
{
    return link_login(&subject->spec->login,
                      sooner(clock_deadline_usec(LOGIN_TIMEOUT), subject->spec->deadline_usec),
                      ret_link, err);
}

static int64_t statement_deadline(const struct subject *subject)
{
    return sooner(clock_deadline_usec(subject->spec->statement_usec + GRACE),
                  subject->spec->deadline_usec);
}

/* What older servers do not know is no loss: each only makes a limit sharper. */
static bool set_if_known(struct subject *subject, const char *sql, struct err *err)
{
    return link_execute(subject->link, sql, statement_deadline(subject), err) ||
           err->class == E_STATE || err->class == E_AUTH;
}

static bool set_up(struct subject *subject, struct err *err)
{
    int64_t msec = subject->spec->statement_usec / 1000;
    char limit[96];

    if (subject_is_mariadb(subject))
        (void)snprintf(limit, sizeof limit,
                       "SET SESSION max_statement_time = %" PRId64 ".%03" PRId64, msec / 1000,
                       msec % 1000);
    else
        (void)snprintf(limit, sizeof limit, "SET SESSION max_execution_time = %" PRId64, msec);
    return link_execute(subject->link, "SET NAMES utf8mb4", statement_deadline(subject), err) &&
           link_execute(subject->link, "SET SESSION TRANSACTION READ ONLY",
                        statement_deadline(subject), err) &&
           link_execute(subject->link, "SET SESSION sql_mode = ''", statement_deadline(subject),
                        err) &&
           set_if_known(subject, "SET SESSION lock_wait_timeout = 1", err) &&
           set_if_known(subject, limit, err);
}

/* The statement that is still running there; the link that ran it is of no more use. */
static void end_statement(struct subject *subject, uint32_t thread_id)
{
    char sql[64];
    struct err ignored;

    link_free(subject->link);
    subject->link = NULL;
    if (!log_in(subject, &subject->link, &ignored)) {
        (void)snprintf(subject->lost, sizeof subject->lost, "%s", ignored.text);
        return;
    }
    (void)snprintf(sql, sizeof sql, "KILL QUERY %" PRIu32, thread_id);
    /* It may have ended by itself; then there is nothing to kill. */
    if (!set_if_known(subject, sql, &ignored) || !set_up(subject, &ignored)) {
        (void)snprintf(subject->lost, sizeof subject->lost, "%s", ignored.text);
        link_free(subject->link);
        subject->link = NULL;
    }
}

/* The report says once which server it is of. */
static void drop_peer(const struct subject *subject, struct err *err)
{
    const char *peer = link_peer(subject->link);
    size_t len = strlen(peer);

    if (strncmp(err->text, peer, len) == 0 && strncmp(err->text + len, ": ", 2) == 0)
        memmove(err->text, err->text + len + 2, strlen(err->text + len + 2) + 1);
}

bool subject_ask(struct subject *subject, const char *sql, struct result **ret_result,
                 struct err *err)
{
    if (!subject->link)
        return err_set(err, E_STATE, 0, "the connection is lost: %s", subject->lost);
    if (link_query(subject->link, sql, ANSWER_MAX, statement_deadline(subject), ret_result, err))
        return true;
    drop_peer(subject, err);
    if (err->class == E_AUTH)
        return false;
    if (err->class == E_STATE &&
        (err->code == ER_MYSQL_QUERY_TIMEOUT || err->code == ER_MARIADB_STATEMENT_LIMIT))
        return err_set(err, E_TIMEOUT, err->code, "the server took more than %" PRId64 " s",
                       subject->spec->statement_usec / USEC_PER_SEC);
    if (err->class == E_STATE)
        return false;
    if (err->class == E_TIMEOUT) {
        end_statement(subject, link_thread_id(subject->link));
        return err_set(err, E_TIMEOUT, 0, "the server took more than %" PRId64 " s",
                       (subject->spec->statement_usec + GRACE) / USEC_PER_SEC);
    }
    (void)snprintf(subject->lost, sizeof subject->lost, "%s", err->text);
    link_free(subject->link);
    subject->link = NULL;
    return err_set(err, E_STATE, 0, "the connection is lost: %s", subject->lost);
}

const char *subject_text(const struct result *result, size_t row, size_t column, char *text,
                         size_t size)
{
    struct span value = {0};

    if (row < result_rows(result) && column < result_columns(result))
        (void)result_value(result, row, column, &value);
    (void)snprintf(text, size, "%.*s", (int)value.len, value.len ? (const char *)value.data : "");
    return text;
}

bool subject_ask_value(struct subject *subject, const char *sql, char *value, size_t size,
                       struct err *err)
{
    struct result *result;

    if (!subject_ask(subject, sql, &result, err))
        return false;
    (void)subject_text(result, 0, 0, value, size);
    result_free(result);
    return true;
}

void subject_write_quoted(struct buf *sql, const char *text)
{
    buf_str(sql, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_str(sql, "\\");
        buf_bytes(sql, span_of(text, 1));
    }
    buf_str(sql, "'");
}

bool subject_is_mariadb(const struct subject *subject)
{
    return subject->family == FORMAT_MARIADB;
}

bool subject_variable_is(const struct subject *subject, const char *name, const char *value)
{
    struct span found;

    return variables_find(subject->variables, span_str(name), &found) &&
           found.len == strlen(value) &&
           strncasecmp((const char *)found.data, value, found.len) == 0;
}

uint64_t subject_variable_number(const struct subject *subject, const char *name, uint64_t other)
{
    struct span found;
    char text[32];

    if (!variables_find(subject->variables, span_str(name), &found) || found.len == 0)
        return other;
    (void)snprintf(text, sizeof text, "%.*s", (int)found.len, (const char *)found.data);
    return strtoull(text, NULL, 10);
}

static bool ask_variables(struct subject *subject, struct err *err)
{
    struct result *result;
    bool good = true;

    if (!subject_ask(subject, "SHOW GLOBAL VARIABLES", &result, err))
        return false;
    for (size_t row = 0; row < result_rows(result) && good; row++) {
        struct span name;
        struct span value;

        if (result_columns(result) >= 2 && result_value(result, row, 0, &name) &&
            result_value(result, row, 1, &value))
            good = variables_set(subject->variables, name, value, err);
    }
    result_free(result);
    return good;
}

/* Roles that are active count: MySQL shows their privileges only when they are named. */
static bool ask_grants(struct subject *subject, struct err *err)
{
    struct result *result;
    char roles[1024] = "";
    char sql[1200] = "SHOW GRANTS";
    struct err ignored;

    if (!subject_is_mariadb(subject) && subject->version >= 80000 &&
        subject_ask_value(subject, "SELECT CURRENT_ROLE()", roles, sizeof roles, &ignored) &&
        *roles && strcmp(roles, "NONE") != 0)
        (void)snprintf(sql, sizeof sql, "SHOW GRANTS FOR CURRENT_USER() USING %s", roles);
    if (!subject_ask(subject, sql, &result, err))
        return false;
    for (size_t row = 0; row < result_rows(result); row++) {
        struct span line;

        if (result_columns(result) > 0 && result_value(result, row, 0, &line))
            grants_take(&subject->grants, line);
    }
    result_free(result);
    return true;
}

static bool ask_clock(struct subject *subject, struct err *err)
{
    int64_t before = clock_wall_usec();
    char text[32];

    if (!subject_ask_value(subject, "SELECT UNIX_TIMESTAMP()", text, sizeof text, err))
        return false;
    /* Its seconds are cut, ours are not; half the way there and back has passed. */
    subject->clock_usec = strtoll(text, NULL, 10) * USEC_PER_SEC + USEC_PER_SEC / 2 -
                          (before + clock_wall_usec()) / 2;
    return true;
}

bool subject_open(const struct subject_spec *spec, struct findings *findings,
                  struct subject *ret_subject, struct err *err)
{
    struct subject subject = {.spec = spec, .findings = findings, .variables = variables_new()};
    struct span version;

    if (!log_in(&subject, &subject.link, err)) {
        variables_free(subject.variables);
        return false;
    }
    version = greeting_plain_version(span_str(link_server_version(subject.link)));
    (void)snprintf(subject.version_text, sizeof subject.version_text, "%.*s", (int)version.len,
                   (const char *)version.data);
    format_parse_version(subject.version_text, &subject.family, &subject.version);
    if (link_server_is_mariadb(subject.link))
        subject.family = FORMAT_MARIADB;
    if (!set_up(&subject, err) || !ask_variables(&subject, err) ||
        !subject_ask_value(&subject, "SELECT CURRENT_USER()", subject.account,
                           sizeof subject.account, err) ||
        !ask_grants(&subject, err) || !ask_clock(&subject, err)) {
        subject_close(&subject);
        return false;
    }
    *ret_subject = subject;
    return true;
}

void subject_close(struct subject *subject)
{
    if (subject->link)
        link_close(subject->link);
    subject->link = NULL;
    variables_free(subject->variables);
    subject->variables = NULL;
}
