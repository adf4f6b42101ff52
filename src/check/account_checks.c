#include "check/check.h"

#include "base/buf.h"

#include <stdio.h>

#define ACCOUNTS_MAX 32 /* of one name */

#define GRANT_BOTH "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO "

/* What is looked at of the account that replicas log in with. */
struct account {
    char user[256];
    char host[300];
    char plugin[64];
    bool requires_tls;
    bool locked;
    bool expired;
    struct grants grants;
};

/* SHOW GRANTS FOR 'user'@'host', into the account. */
static bool ask_grants(struct subject *subject, struct account *account, struct err *err)
{
    struct result *result;
    struct buf sql;
    bool good;

    buf_init(&sql, 4096);
    buf_str(&sql, "SHOW GRANTS FOR ");
    subject_write_quoted(&sql, account->user);
    buf_str(&sql, "@");
    subject_write_quoted(&sql, account->host);
    good = subject_ask(subject, buf_borrow_cstr(&sql), &result, err);
    buf_done(&sql);
    if (!good)
        return false;
    for (size_t row = 0; row < result_rows(result); row++) {
        struct span line;

        if (result_value(result, row, 0, &line))
            grants_take(&account->grants, line);
    }
    result_free(result);
    account->requires_tls |= account->grants.requires_tls;
    return true;
}

static void write_query(const struct subject *subject, struct buf *sql)
{
    const char *name = subject->spec->replication_user;
    const char *at = strrchr(name, '@');
    bool locks = subject_is_mariadb(subject) ? false : subject->version >= 50706;
    char user[256];

    (void)snprintf(user, sizeof user, "%.*s", at ? (int)(at - name) : (int)strlen(name), name);
    buf_printf(sql,
               "SELECT User, Host, plugin, ssl_type, %s, password_expired FROM mysql.user WHERE "
               "User = ",
               locks ? "account_locked" : "'N'");
    subject_write_quoted(sql, user);
    if (at) {
        buf_str(sql, " AND Host = ");
        subject_write_quoted(sql, at + 1);
    }
    buf_printf(sql, " LIMIT %d", ACCOUNTS_MAX);
}

static void take_account(const struct result *result, size_t row, struct account *account)
{
    char text[32];

    *account = (struct account){0};
    (void)subject_text(result, row, 0, account->user, sizeof account->user);
    (void)subject_text(result, row, 1, account->host, sizeof account->host);
    (void)subject_text(result, row, 2, account->plugin, sizeof account->plugin);
    account->requires_tls = *subject_text(result, row, 3, text, sizeof text) != '\0';
    account->locked = *subject_text(result, row, 4, text, sizeof text) == 'Y';
    account->expired = *subject_text(result, row, 5, text, sizeof text) == 'Y';
}

static const char *missing(const struct grants *grants)
{
    bool slave = grants_has(grants, "REPLICATION SLAVE");
    bool monitor = grants_has(grants, "REPLICATION CLIENT|BINLOG MONITOR|SUPER");

    return !slave && !monitor ? "REPLICATION SLAVE and REPLICATION CLIENT"
           : !slave           ? "REPLICATION SLAVE"
           : !monitor         ? "REPLICATION CLIENT"
                              : NULL;
}

/* The methods that every replica of both families and our relay can answer. */
static bool method_is_known(const char *plugin)
{
    static const char *const known[] = {"", "mysql_native_password", "caching_sha2_password",
                                        "sha256_password", "ed25519"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(plugin, known[i]) == 0)
            return true;
    }
    return false;
}

static enum severity judge(const struct check *check, const struct account *account, char *text,
                           size_t size)
{
    const char *lacks = missing(&account->grants);

    (void)snprintf(text, size, "%s%s%s%s%s%s%s", lacks ? "lacks " : "", lacks ? lacks : "",
                   account->locked ? "; locked" : "", account->expired ? "; password expired" : "",
                   method_is_known(account->plugin) ? "" : "; logs in by ",
                   method_is_known(account->plugin) ? "" : account->plugin,
                   account->requires_tls ? "" : "; TLS not required");
    if (lacks || account->locked || account->expired || !method_is_known(account->plugin))
        return check->severity;
    return account->requires_tls ? SEVERITY_OK : SEVERITY_NOTE;
}

/* All accounts of the name are judged; the worst counts. */
static void judge_all(const struct check *check, struct subject *subject, struct finding *finding,
                      const struct result *result)
{
    findings_reserve(subject->findings, finding, result_rows(result));
    for (size_t row = 0; row < result_rows(result); row++) {
        struct account account;
        enum severity severity;
        char name[600];
        char text[300];
        const char *said = text;
        struct err err;

        take_account(result, row, &account);
        (void)snprintf(name, sizeof name, "%s@%s", account.user, account.host);
        if (ask_grants(subject, &account, &err)) {
            severity = judge(check, &account, text, sizeof text);
            said += strspn(text, "; ");
        } else {
            severity = SEVERITY_UNKNOWN;
            (void)snprintf(text, sizeof text, "%s", err.text);
        }
        findings_add_object(subject->findings, finding, (struct span){0}, span_str(name),
                            span_str(*said ? said : "fit"));
        if (severity < finding->severity)
            finding->severity = severity;
    }
}

static void check_named(const struct check *check, struct subject *subject, struct finding *finding)
{
    const char *name = subject->spec->replication_user;
    struct result *result;
    struct buf sql;
    struct err err;

    buf_init(&sql, 4096);
    write_query(subject, &sql);
    if (!subject_ask(subject, buf_borrow_cstr(&sql), &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        buf_done(&sql);
        return;
    }
    buf_done(&sql);
    if (result_rows(result) == 0) {
        findings_set(subject->findings, finding, check->severity, "no account '%s'", name);
    } else {
        judge_all(check, subject, finding, result);
        findings_set(subject->findings, finding, finding->severity, "%zu account%s '%s'",
                     result_rows(result), result_rows(result) == 1 ? "" : "s", name);
    }
    result_free(result);
}

/* Before CREATE USER took it, REQUIRE belonged to GRANT. */
static const char *statements(const struct subject *subject)
{
    uint32_t since = subject_is_mariadb(subject) ? 100200 : 50706;

    return subject->version >= since
               ? "CREATE USER 'repl_user'@'%' IDENTIFIED BY '...' REQUIRE SSL; " GRANT_BOTH
                 "'repl_user'@'%'"
               : "CREATE USER 'repl_user'@'%' IDENTIFIED BY '...'; " GRANT_BOTH
                 "'repl_user'@'%' REQUIRE SSL";
}

static void check_replication(const struct check *check, struct subject *subject,
                              struct finding *finding)
{
    const char *lacks;

    finding->action = statements(subject);
    if (subject->spec->replication_user) {
        check_named(check, subject, finding);
        return;
    }
    lacks = missing(&subject->grants);
    if (lacks)
        findings_set(subject->findings, finding, check->severity, "%s lacks %s", subject->account,
                     lacks);
    else
        findings_set(subject->findings, finding, SEVERITY_OK, "%s may replicate", subject->account);
}

/* What mysqldump and mariadb-dump need for a copy in one transaction. */
static void check_copy(const struct check *check, struct subject *subject, struct finding *finding)
{
    static const char *const needed[] = {"SELECT", "SHOW VIEW",           "TRIGGER",
                                         "EVENT",  "RELOAD|FLUSH_TABLES", "PROCESS"};
    char lacks[200] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!grants_has(&subject->grants, needed[i]))
            used += (size_t)snprintf(lacks + used, sizeof lacks - used, "%s%.*s", used ? ", " : "",
                                     (int)strcspn(needed[i], "|"), needed[i]);
    }
    if (used)
        findings_set(subject->findings, finding, check->severity, "%s lacks %s on *.*",
                     subject->account, lacks);
    else
        findings_set(subject->findings, finding, SEVERITY_OK, "%s may", subject->account);
}

const struct check account_checks[] = {
    {.id = "account.replication",
     .title = "Account for replication",
     .families = OF_BOTH,
     .severity = SEVERITY_PROBLEM,
     .expected = "REPLICATION SLAVE and REPLICATION CLIENT on *.*, a password, REQUIRE SSL",
     .why = "The relay reads the binlog with the first and finds its files with the second.",
     .run = check_replication},
    {.id = "account.copy",
     .title = "Account for a copy of the data",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD and PROCESS on *.*",
     .why = "A dump without one of them fails, or leaves objects out without a word.",
     .action = "take the copy with another account",
     .run = check_copy},
    {0}};
