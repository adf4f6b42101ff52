#include "check/check.h"

#include "base/clock.h"
#include "base/quantity_text.h"
#include "check/binlog_start.h"
#include "check/copy_time.h"

#include <stdlib.h>
#include <time.h>

#define MYSQL_8_2 80200 /* SHOW BINARY LOG STATUS */

static void check_server_id(const struct check *check, struct subject *subject,
                            struct finding *finding)
{
    uint64_t id = subject_variable_number(subject, "server_id", 0);

    /* 1 is what many servers have; that of a replica must differ. */
    findings_set(subject->findings, finding,
                 id == 0   ? check->severity
                 : id == 1 ? SEVERITY_WARN
                           : SEVERITY_OK,
                 "server_id = %" PRIu64 "%s", id, id == 1 ? ", the default of many servers" : "");
}

/* Databases that are not in the binlog, by SHOW MASTER STATUS. */
static void check_filters(const struct check *check, struct subject *subject,
                          struct finding *finding)
{
    bool status = !subject_is_mariadb(subject) && subject->version >= MYSQL_8_2;
    struct result *result;
    struct err err;
    char only[512];
    char ignored[512];

    if (!subject_ask(subject, status ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", &result,
                     &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    if (result_rows(result) == 0) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "there is no binlog");
    } else {
        (void)subject_text(result, 0, 2, only, sizeof only);
        (void)subject_text(result, 0, 3, ignored, sizeof ignored);
        findings_set(subject->findings, finding, *only || *ignored ? check->severity : SEVERITY_OK,
                     "%s%s%s%s%s", *only ? "binlog_do_db = " : "", only,
                     *ignored ? " binlog_ignore_db = " : "", ignored,
                     *only || *ignored ? "" : "all databases are in it");
    }
    result_free(result);
}

/* How long ago the oldest file was begun, and what that makes a day. */
static void describe_age(struct subject *subject, struct finding *finding, size_t files,
                         const char *oldest)
{
    char size[QUANTITY_MAX];
    char age[QUANTITY_MAX];
    char rate[QUANTITY_MAX];
    int64_t began;
    int64_t seconds;
    struct err err;

    (void)quantity_size(size, subject->binlog_bytes);
    if (!binlog_start_read(subject, oldest, &began, &err)) {
        findings_set(subject->findings, finding,
                     err.class == E_AUTH ? SEVERITY_UNKNOWN : SEVERITY_WARN,
                     "%zu files, %s; %s can not be read: %s", files, size, oldest, err.text);
        return;
    }
    seconds = (clock_wall_usec() + subject->clock_usec) / USEC_PER_SEC - began;
    if (seconds < 1)
        seconds = 1;
    subject->binlog_daily = (uint64_t)((double)subject->binlog_bytes * 86400 / (double)seconds);
    findings_set(subject->findings, finding, SEVERITY_OK, "%zu files, %s, of %s: %s a day", files,
                 size, quantity_duration(age, (uint64_t)seconds),
                 quantity_size(rate, subject->binlog_daily));
}

static void check_files(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct result *result;
    struct err err;
    char oldest[600];
    char text[32];

    (void)check;
    if (!subject_ask(subject, "SHOW BINARY LOGS", &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    for (size_t row = 0; row < result_rows(result); row++)
        subject->binlog_bytes +=
            strtoull(subject_text(result, row, 1, text, sizeof text), NULL, 10);
    (void)subject_text(result, 0, 0, oldest, sizeof oldest);
    if (*oldest)
        describe_age(subject, finding, result_rows(result), oldest);
    else
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "there are none");
    result_free(result);
}

static void check_size(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct result *result;
    struct err err;
    char size[QUANTITY_MAX];
    char duration[QUANTITY_MAX];
    char text[32];
    uint64_t tables;

    (void)check;
    if (subject_variable_is(subject, "innodb_stats_on_metadata", "ON")) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "not asked: with innodb_stats_on_metadata = ON it would make InnoDB count all "
                     "tables");
        return;
    }
    if (!subject_ask(subject,
                     "SELECT COUNT(*), COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM "
                     "information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW' AND TABLE_SCHEMA NOT IN "
                     "('mysql', 'information_schema', 'performance_schema', 'sys')",
                     &result, &err)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s", err.text);
        return;
    }
    tables = strtoull(subject_text(result, 0, 0, text, sizeof text), NULL, 10);
    subject->data_bytes = strtoull(subject_text(result, 0, 1, text, sizeof text), NULL, 10);
    result_free(result);
    finding->partial = !grants_has(&subject->grants, "SELECT");
    if (finding->partial && tables == 0) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "no table that this account may see");
        return;
    }
    subject->has_data_bytes = true;
    findings_set(subject->findings, finding, SEVERITY_OK,
                 "%s in %" PRIu64 " tables%s: a copy takes about %s",
                 quantity_size(size, subject->data_bytes), tables,
                 finding->partial ? ", of what this account may see" : "",
                 quantity_duration(
                     duration, copy_time_seconds(subject->data_bytes, subject->spec->copy_rate)));
}

/* Hours after which RDS and Aurora remove files; *ret_hours -1: NULL, as soon as they can. */
static bool ask_rds_hours(struct subject *subject, int64_t *ret_hours)
{
    struct err ignored; /* elsewhere there is no such table */
    char value[32];

    if (!subject_ask_value(subject,
                           "SELECT COALESCE(value, -1) FROM mysql.rds_configuration WHERE name = "
                           "'binlog retention hours'",
                           value, sizeof value, &ignored) ||
        !*value)
        return false;
    *ret_hours = strtoll(value, NULL, 10);
    return true;
}

static void check_retention(const struct check *check, struct subject *subject,
                            struct finding *finding)
{
    struct copy_time copy = {
        .kept_seconds = copy_time_kept_seconds(subject->variables),
        .has_data = subject->has_data_bytes,
        .copy_seconds = copy_time_seconds(subject->data_bytes, subject->spec->copy_rate),
        .space_limit = subject_variable_number(subject, "max_binlog_total_size", 0),
        .binlog_daily = subject->binlog_daily,
    };
    char text[256];
    int64_t hours;
    enum severity severity;

    (void)check;
    finding->action = subject->version >= (subject_is_mariadb(subject) ? 100600 : 80000)
                          ? "SET GLOBAL binlog_expire_logs_seconds = 604800; and the same in "
                            "[mysqld]"
                          : "SET GLOBAL expire_logs_days = 7; and the same in [mysqld]";
    if (ask_rds_hours(subject, &hours)) {
        copy.kept_seconds = hours < 0 ? 0 : hours * 3600;
        finding->action = "CALL mysql.rds_set_configuration('binlog retention hours', 144)";
    }
    severity = copy_time_judge(&copy, text, sizeof text);
    findings_set(subject->findings, finding, severity, "%s", text);
}

static void check_domains(const struct check *check, struct subject *subject,
                          struct finding *finding)
{
    struct span value = {0};
    size_t domains;

    (void)variables_find(subject->variables, span_str("gtid_binlog_pos"), &value);
    domains = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        domains += value.data[i] == ',';
    findings_set(subject->findings, finding, domains > 1 ? check->severity : SEVERITY_OK,
                 "gtid_binlog_pos = '%.*s'", (int)value.len,
                 value.len ? (const char *)value.data : "");
}

const struct check binlog_checks[] = {
    {.id = "binlog.enabled",
     .title = "Binary log",
     .families = OF_BOTH,
     .severity = SEVERITY_PROBLEM,
     .variable = "log_bin",
     .good = "ON",
     .expected = "log_bin = ON",
     .why = "Without it there is nothing to replicate.",
     .action = "log_bin = mysql-bin and server_id = (a number no other server has) in [mysqld], "
               "and a restart"},
    {.id = "binlog.server_id",
     .title = "Server id",
     .families = OF_BOTH,
     .severity = SEVERITY_PROBLEM,
     .expected = "server_id of 1 to 4294967295, another one on each server",
     .why = "With 0 it serves no replicas; replicas skip events that bear their own id.",
     .action = "SET GLOBAL server_id = (a number no other server has); and the same in [mysqld]",
     .run = check_server_id},
    {.id = "binlog.format",
     .title = "Binlog format",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .variable = "binlog_format",
     .good = "ROW",
     .expected = "binlog_format = ROW",
     .why = "Statements may do something else on another version, and change-data readers and undo "
            "need rows.",
     .action = "SET GLOBAL binlog_format = 'ROW'; and the same in [mysqld]; sessions that are "
               "open keep theirs"},
    {.id = "binlog.row_image",
     .title = "Row image",
     .families = OF_BOTH,
     .since = 50602,
     .severity = SEVERITY_WARN,
     .variable = "binlog_row_image",
     .good = "FULL,FULL_NODUP",
     .expected = "binlog_row_image = FULL",
     .why = "Undo, comparison and translation need the whole row.",
     .action = "SET GLOBAL binlog_row_image = 'FULL'; and the same in [mysqld]"},
    {.id = "binlog.row_metadata",
     .title = "Column names in the binlog",
     .families = OF_MYSQL,
     .since = 80001,
     .severity = SEVERITY_NOTE,
     .variable = "binlog_row_metadata",
     .good = "FULL",
     .expected = "binlog_row_metadata = FULL",
     .why = "Readers of the binlog know columns by their names and not only by their numbers.",
     .action = "SET GLOBAL binlog_row_metadata = 'FULL'; and the same in [mysqld]"},
    {.id = "binlog.row_metadata",
     .title = "Column names in the binlog",
     .families = OF_MARIADB,
     .since = 100500,
     .severity = SEVERITY_NOTE,
     .variable = "binlog_row_metadata",
     .good = "FULL",
     .expected = "binlog_row_metadata = FULL",
     .why = "Readers of the binlog know columns by their names, and integers by their sign.",
     .action = "SET GLOBAL binlog_row_metadata = 'FULL'; and the same in [mysqld]"},
    {.id = "binlog.checksum",
     .title = "Checksums",
     .families = OF_BOTH,
     .since = 50602,
     .severity = SEVERITY_WARN,
     .variable = "binlog_checksum",
     .good = "CRC32",
     .expected = "binlog_checksum = CRC32",
     .why = "Without them a damaged event is applied, or is noticed late.",
     .action = "SET GLOBAL binlog_checksum = CRC32; and the same in [mysqld]"},
    {.id = "binlog.encryption",
     .title = "Encrypted binlog",
     .families = OF_MARIADB,
     .since = 100107,
     .severity = SEVERITY_PROBLEM,
     .variable = "encrypt_binlog",
     .good = "OFF",
     .expected = "encrypt_binlog = OFF",
     .why = "What such a source sends has other offsets than an ordinary file: borealis relay "
            "refuses it.",
     .action = "encrypt_binlog = OFF in [mysqld], and a restart"},
    {.id = "binlog.encryption",
     .title = "Encrypted binlog",
     .families = OF_MYSQL,
     .since = 80014,
     .severity = SEVERITY_NOTE,
     .variable = "binlog_encryption",
     .good = "OFF",
     .expected = "known",
     .why = "Its files are encrypted, the stream to replicas is not: use TLS, and an encrypted "
            "disk for the relay."},
    {.id = "binlog.storage",
     .title = "Where the binlog is kept",
     .families = OF_MARIADB,
     .since = 120300,
     .severity = SEVERITY_PROBLEM,
     .variable = "binlog_storage_engine",
     .good = "",
     .expected = "binlog_storage_engine = ''",
     .why = "A binlog inside of InnoDB has no files and positions that a relay could keep.",
     .action = "binlog_storage_engine = '' in [mysqld], and a restart"},
    {.id = "binlog.filters",
     .title = "Databases left out of the binlog",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "no binlog_do_db and no binlog_ignore_db",
     .why = "What is not in the binlog reaches no replica, and with statements the filter goes by "
            "the default database.",
     .action = "take them out of [mysqld], and restart",
     .run = check_filters},
    {.id = "binlog.files",
     .title = "Binlog files",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "files that the account can read as a replica does",
     .why = "Their age and size tell how much a relay takes in a day.",
     .run = check_files},
    {.id = "data.size",
     .title = "Data",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "known",
     .why = "How long a copy takes says how long the binlog must be kept; --copy-rate is the "
            "speed.",
     .run = check_size},
    {.id = "binlog.retention",
     .title = "How long binlog files are kept",
     .families = OF_BOTH,
     .severity = SEVERITY_PROBLEM,
     .expected = "a day longer than a copy of the data takes",
     .why = "When the copy is done, the binlog since its begin must still be there.",
     .run = check_retention},
    {.id = "gtid.domains",
     .title = "GTID domains",
     .families = OF_MARIADB,
     .since = 100002,
     .severity = SEVERITY_NOTE,
     .expected = "one domain",
     .why = "Transactions of several domains have no order between them: a replica may apply them "
            "side by side.",
     .action = "one gtid_domain_id on all servers that write to the same tables",
     .run = check_domains},
    {0}};
