#include "check/check.h"

#include "base/clock.h"
#include "check/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define SKEW_USEC      (5 * USEC_PER_SEC)
#define PACKET_LEAST   (UINT64_C(16) << 20)
#define LONG_SECONDS   600 /* of a transaction */
#define HEADROOM_LEAST 10  /* connections, for relay, copy and replicas */

static void check_version(const struct check *check, struct subject *subject,
                          struct finding *finding)
{
    const char *end = support_end(subject->family, subject->version);
    bool tested = support_is_tested(subject->family, subject->version);
    char today[CLOCK_STAMP_MAX];
    bool over;

    clock_stamp_utc(today);
    over = end && strncmp(today, end, strlen(end)) > 0;
    findings_set(subject->findings, finding, over || !tested ? check->severity : SEVERITY_OK,
                 "%s %s%s%s%s", subject_is_mariadb(subject) ? "MariaDB" : "MySQL",
                 subject->version_text, over ? ", out of support since " : "", over ? end : "",
                 tested ? "" : "; not a series that Borealis is tested with");
}

/* Providers leave marks: a variable, or where the server is installed. */
static void check_hosted(const struct check *check, struct subject *subject,
                         struct finding *finding)
{
    static const struct {
        const char *variable;
        const char *part; /* of its value; "": the variable itself is the mark */
        const char *provider;
    } marks[] = {
        {"aurora_version", "", "Amazon Aurora"},
        {"basedir", "/rdsdbbin", "Amazon RDS"},
        {"version_comment", "Google", "Google Cloud SQL"},
        {"version_comment", "Azure", "Azure Database"},
    };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct span value;

        /* A Borealis cluster has Aurora's variables, and is nobody's but its owner's. */
        if (strcmp(marks[i].variable, "aurora_version") == 0 && subject_is_mariadb(subject))
            continue;
        if (variables_find(subject->variables, span_str(marks[i].variable), &value) &&
            (*marks[i].part == '\0' ||
             memmem(value.data, value.len, marks[i].part, strlen(marks[i].part)))) {
            findings_set(subject->findings, finding, check->severity, "%s", marks[i].provider);
            return;
        }
    }
    findings_set(subject->findings, finding, SEVERITY_OK, "no mark of a provider");
}

static void check_clock(const struct check *check, struct subject *subject, struct finding *finding)
{
    int64_t skew = llabs(subject->clock_usec);

    findings_set(subject->findings, finding, skew > SKEW_USEC ? check->severity : SEVERITY_OK,
                 "%" PRId64 " s %s", skew / USEC_PER_SEC,
                 skew < USEC_PER_SEC       ? "apart"
                 : subject->clock_usec > 0 ? "ahead of this machine"
                                           : "behind this machine");
}

static void check_time_zones(const struct check *check, struct subject *subject,
                             struct finding *finding)
{
    char value[64];
    struct err err;

    if (!subject_ask_value(subject, "SELECT CONVERT_TZ('2000-01-01', 'UTC', 'Europe/Paris')", value,
                           sizeof value, &err))
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
    else if (*value)
        findings_set(subject->findings, finding, SEVERITY_OK, "named time zones are there");
    else
        findings_set(subject->findings, finding, check->severity, "no named time zones");
}

static void check_sql_mode(const struct check *check, struct subject *subject,
                           struct finding *finding)
{
    struct span value = span_str("");
    bool strict;

    (void)variables_find(subject->variables, span_str("sql_mode"), &value);
    strict = memmem(value.data, value.len, "STRICT_TRANS_TABLES", 19) ||
             memmem(value.data, value.len, "STRICT_ALL_TABLES", 17);
    findings_set(subject->findings, finding, strict ? SEVERITY_OK : check->severity,
                 "sql_mode = '%.*s'", (int)value.len, (const char *)value.data);
}

static void check_packet(const struct check *check, struct subject *subject,
                         struct finding *finding)
{
    uint64_t packet = subject_variable_number(subject, "max_allowed_packet", 0);

    findings_set(subject->findings, finding, packet < PACKET_LEAST ? check->severity : SEVERITY_OK,
                 "max_allowed_packet = %" PRIu64, packet);
}

static void check_connections(const struct check *check, struct subject *subject,
                              struct finding *finding)
{
    uint64_t most = subject_variable_number(subject, "max_connections", 0);
    struct result *result;
    struct err err;
    char text[32];
    uint64_t used;

    if (!subject_ask(subject, "SHOW GLOBAL STATUS LIKE 'Max_used_connections'", &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    used = strtoull(subject_text(result, 0, 1, text, sizeof text), NULL, 10);
    result_free(result);
    findings_set(subject->findings, finding,
                 used + HEADROOM_LEAST > most ? check->severity : SEVERITY_OK,
                 "at most %" PRIu64 " of %" PRIu64 " were used", used, most);
}

/* The first row's column of that name. */
static void column_text(const struct result *result, const char *name, char *text, size_t size)
{
    size_t column;

    *text = '\0';
    if (result_find(result, name, &column))
        (void)subject_text(result, 0, column, text, size);
}

/* Of several sources that MariaDB may have the first is named. */
static void check_replica(const struct check *check, struct subject *subject,
                          struct finding *finding)
{
    bool mysql_new = !subject_is_mariadb(subject) && subject->version >= 80022;
    const char *updates =
        mysql_new && subject->version >= 80026 ? "log_replica_updates" : "log_slave_updates";
    struct result *result;
    struct err err;
    char host[300];
    char only[300];
    char ignored[300];

    if (!subject_ask(subject,
                     mysql_new                     ? "SHOW REPLICA STATUS"
                     : subject_is_mariadb(subject) ? "SHOW ALL SLAVES STATUS"
                                                   : "SHOW SLAVE STATUS",
                     &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    if (result_rows(result) == 0) {
        findings_set(subject->findings, finding, SEVERITY_OK, "it is no replica");
        result_free(result);
        return;
    }
    column_text(result, mysql_new ? "Source_Host" : "Master_Host", host, sizeof host);
    column_text(result, "Replicate_Do_DB", only, sizeof only);
    column_text(result, "Replicate_Ignore_DB", ignored, sizeof ignored);
    result_free(result);
    if (!subject_variable_is(subject, updates, "ON"))
        findings_set(subject->findings, finding, SEVERITY_PROBLEM, "a replica of %s with %s = OFF",
                     host, updates);
    else
        findings_set(
            subject->findings, finding, *only || *ignored ? SEVERITY_WARN : check->severity,
            "a replica of %s with %s = ON%s%s%s%s", host, updates, *only ? ", only databases " : "",
            only, *ignored ? ", without databases " : "", ignored);
}

static void check_prepared(const struct check *check, struct subject *subject,
                           struct finding *finding)
{
    struct result *result;
    struct err err;

    if (!subject_is_mariadb(subject) && subject->version >= 80000 &&
        !grants_has(&subject->grants, "XA_RECOVER_ADMIN")) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "XA RECOVER needs XA_RECOVER_ADMIN");
        return;
    }
    if (!subject_ask(subject, "XA RECOVER", &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    findings_set(subject->findings, finding, result_rows(result) ? check->severity : SEVERITY_OK,
                 "%zu", result_rows(result));
    result_free(result);
}

static void check_long_transactions(const struct check *check, struct subject *subject,
                                    struct finding *finding)
{
    struct result *result;
    struct err err;
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "SELECT CONCAT('thread ', trx_mysql_thread_id), CONCAT('since ', trx_started) "
                   "FROM information_schema.INNODB_TRX WHERE trx_started < NOW() - INTERVAL %d "
                   "SECOND",
                   LONG_SECONDS);
    if (!subject_ask(subject, sql, &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    findings_reserve(subject->findings, finding, result_rows(result));
    for (size_t row = 0; row < result_rows(result); row++) {
        struct span name = {0};
        struct span detail = {0};

        (void)result_value(result, row, 0, &name);
        (void)result_value(result, row, 1, &detail);
        findings_add_object(subject->findings, finding, (struct span){0}, name, detail);
    }
    findings_set(subject->findings, finding, result_rows(result) ? check->severity : SEVERITY_OK,
                 "%zu", result_rows(result));
    result_free(result);
}

/* The server as such, and what is going on there now. */
const struct check server_checks[] = {
    {.id = "server.version",
     .title = "Version",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "a series that is still mended, and that Borealis is tested with",
     .why = "Nobody mends what is out of support; what is not tested may hold surprises.",
     .action = "try the migration with a copy first",
     .run = check_version},
    {.id = "server.hosted",
     .title = "Host",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "a server of your own",
     .why =
         "Providers keep SUPER, FLUSH TABLES WITH READ LOCK and the files for themselves: a copy "
         "is taken from a replica or in one transaction, and retention is a procedure.",
     .action = "CALL mysql.rds_set_configuration('binlog retention hours', 144) and its like",
     .run = check_hosted},
    {.id = "server.clock",
     .title = "Clock",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "within 5 s of this machine's",
     .why = "Lag is counted from the source's time stamps.",
     .action = "let both follow the same NTP servers",
     .run = check_clock},
    {.id = "server.time_zones",
     .title = "Time zones",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "named time zones on both sides or on none",
     .why = "A statement with a named time zone stops a replica that lacks them.",
     .action = "mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql",
     .run = check_time_zones},
    {.id = "server.sql_mode",
     .title = "SQL mode",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "STRICT_TRANS_TABLES in sql_mode",
     .why = "Rows may hold what a strict target refuses when they are loaded from a dump: zero "
            "dates, cut texts.",
     .action = "load the copy with this sql_mode",
     .run = check_sql_mode},
    {.id = "server.packet",
     .title = "Largest packet",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "max_allowed_packet of 16777216 or more",
     .why = "Replicas and loads of a dump with a smaller limit than the largest row stop there.",
     .action = "SET GLOBAL max_allowed_packet = 67108864; and the same in [mysqld]",
     .run = check_packet},
    {.id = "server.connections",
     .title = "Connections",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "10 or more that were never used",
     .why = "A relay or replica is one connection more, a copy several: they are refused when "
            "applications use all.",
     .action = "SET GLOBAL max_connections = ...; and the same in [mysqld]",
     .run = check_connections},
    {.id = "server.replica",
     .title = "Replica of another server",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "no replica, or one with log_slave_updates = ON and without filters",
     .why = "What it applies from its own source is in its binlog only with log_slave_updates.",
     .action = "log_slave_updates = ON in [mysqld] and a restart, or follow its own source instead",
     .run = check_replica},
    {.id = "activity.xa",
     .title = "Prepared XA transactions",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "0",
     .why = "They are in no copy of the data and hold locks until they are decided.",
     .action = "XA COMMIT or XA ROLLBACK each that XA RECOVER lists",
     .run = check_prepared},
    {.id = "activity.long_transactions",
     .title = "Transactions of over 10 minutes",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "none",
     .why = "FLUSH TABLES WITH READ LOCK waits for their statements, and one large transaction "
            "makes replicas lag by its length.",
     .action = "wait for their end before a copy is taken",
     .run = check_long_transactions},
    {0}};
