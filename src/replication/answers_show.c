#include "replication/answers_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "binlog/format.h"
#include "replication/dump_controls.h"
#include "replication/log_answers.h"

#include <inttypes.h>
#include <stdio.h>

#define MYSQL_5_7    50700
#define MYSQL_8      80000
#define MYSQL_8_0_26 80026 /* "source" and "replica" in words */
#define NUMBER_TEXT  24
#define STATUS_TEXT  256

#define PROCESS_COLUMNS 9 /* the last is MariaDB's */

static uint32_t version_of(const struct answers *answers)
{
    enum format_family family;
    uint32_t version;

    format_parse_version(answers->context.version, &family, &version);
    return version;
}

/* ---- Variables and status ---- */

static bool is_wanted(const struct statement *statement, struct span name)
{
    for (size_t i = 0; i < statement->pattern_count; i++) {
        if (statement_like(name, statement->patterns[i]))
            return true;
    }
    return statement->pattern_count == 0;
}

static bool add_pair_columns(struct result *result, struct err *err)
{
    return result_add_column(result, "Variable_name", RESULT_VARCHAR, err) &&
           result_add_column(result, "Value", RESULT_VARCHAR, err);
}

static bool add_variable(struct answers *answers, const struct statement *statement,
                         struct span name, struct result *result, struct err *err)
{
    struct text_value value;
    struct span row[2];
    bool good;

    if (!is_wanted(statement, name))
        return true;
    text_value_init(&value);
    good = answers_find_variable(answers, name, statement->scope, &value, err);
    row[0] = name;
    row[1] = value.text.len > 0 ? buf_span(&value.text) : span_str("");
    good = good && result_add_row(result, row, err);
    text_value_done(&value);
    return good;
}

/* What the relay has whatever its source has, sorted by name; NULL after the last. */
static const char *own_name(const struct answers *answers, size_t i)
{
    static const char *const semisync[] = {"rpl_semi_sync_master_enabled",
                                           "rpl_semi_sync_source_enabled"};

    if (i < DUMP_CONTROL_COUNT)
        return dump_control_info((enum dump_control)i)->name;
    i -= DUMP_CONTROL_COUNT;
    return i < (answers->context.mariadb ? 1 : 2) ? semisync[i] : NULL;
}

/* Those whose names come before `until`, from *next on; the source may have one itself. */
static bool add_own(struct answers *answers, const struct statement *statement, size_t *next,
                    struct span until, struct result *result, struct err *err)
{
    const char *name;

    for (; (name = own_name(answers, *next)); (*next)++) {
        size_t n = strlen(name) < until.len ? strlen(name) : until.len;
        int order = until.data ? memcmp(name, until.data, n) : -1;

        if (order > 0 || (order == 0 && strlen(name) > until.len))
            return true;
        if (!answers_is(until, name) &&
            !add_variable(answers, statement, span_str(name), result, err))
            return false;
    }
    return true;
}

bool answers_show_variables(struct answers *answers, const struct statement *statement,
                            struct result *result, struct err *err)
{
    size_t next = 0;

    if (!add_pair_columns(result, err))
        return false;
    for (size_t i = 0; answers->source && i < variables_count(answers->source); i++) {
        struct span name;
        struct span value;

        variables_at(answers->source, i, &name, &value);
        if (!add_own(answers, statement, &next, name, result, err) ||
            !add_variable(answers, statement, name, result, err))
            return false;
    }
    return add_own(answers, statement, &next, (struct span){0}, result, err);
}

static size_t count_sessions(const struct answers *answers)
{
    struct replica_info *infos;
    size_t count;

    replicas_list(answers->context.replicas, &infos, &count);
    mem_free(infos);
    return count;
}

static uint64_t uptime(const struct answers *answers)
{
    int64_t usec = clock_wall_usec() - answers->context.started_usec;

    return usec > 0 ? (uint64_t)(usec / USEC_PER_SEC) : 0;
}

/* Of the session and the relay as a whole. False after the last. */
static bool session_status(const struct answers *answers, size_t i, const char **ret_name,
                           char value[STATUS_TEXT])
{
    switch (i) {
    case 0:
        *ret_name = "Ssl_cipher";
        (void)snprintf(value, STATUS_TEXT, "%s", answers->context.tls_cipher);
        return true;
    case 1:
        *ret_name = "Ssl_version";
        (void)snprintf(value, STATUS_TEXT, "%s", answers->context.tls_version);
        return true;
    case 2:
        *ret_name = "Threads_connected";
        (void)snprintf(value, STATUS_TEXT, "%zu", count_sessions(answers));
        return true;
    case 3:
        *ret_name = "Uptime";
        (void)snprintf(value, STATUS_TEXT, "%" PRIu64, uptime(answers));
        return true;
    default:
        return false;
    }
}

static bool add_status(const struct statement *statement, struct span name, const char *value,
                       struct result *result, struct err *err)
{
    const struct span row[2] = {name, span_str(value)};

    return !is_wanted(statement, name) || result_add_row(result, row, err);
}

bool answers_show_status(struct answers *answers, const struct statement *statement,
                         struct result *result, struct err *err)
{
    struct log_status_source source = {answers->context.channel, answers->context.replicas,
                                       answers->context.mariadb};
    char value[STATUS_TEXT];
    struct span name;
    const char *text;

    if (!add_pair_columns(result, err))
        return false;
    for (size_t i = 0; session_status(answers, i, &text, value); i++) {
        if (!add_status(statement, span_str(text), value, result, err))
            return false;
    }
    for (size_t i = 0; log_answers_status(&source, i, &name, value, sizeof value); i++) {
        if (!add_status(statement, name, value, result, err))
            return false;
    }
    return true;
}

void answers_statistics(struct answers *answers, struct buf *text)
{
    buf_printf(text, "Uptime: %" PRIu64 "  Threads: %zu  Questions: %" PRIu64, uptime(answers),
               count_sessions(answers), answers->questions);
}

/* ---- Lists ---- */

/* The columns of an empty list. */
bool answers_show_warnings(struct result *result, struct err *err)
{
    return result_add_column(result, "Level", RESULT_VARCHAR, err) &&
           result_add_column(result, "Code", RESULT_ULONG, err) &&
           result_add_column(result, "Message", RESULT_VARCHAR, err);
}

bool answers_show_grants(const struct answers *answers, struct result *result, struct err *err)
{
    const struct answers_context *context = &answers->context;
    char quote = !context->mariadb && version_of(answers) < MYSQL_8 ? '\'' : '`';
    char *title = mem_printf("Grants for %s@%s", context->user, context->client);
    char *grant = mem_printf("GRANT REPLICATION SLAVE, %s ON *.* TO %c%s%c@%c%s%c",
                             context->mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", quote,
                             context->user, quote, quote, context->client, quote);
    struct span row = span_str(grant);
    bool good =
        result_add_column(result, title, RESULT_VARCHAR, err) && result_add_row(result, &row, err);

    mem_free(title);
    mem_free(grant);
    return good;
}

/* What a source shows to an account that may read no table. */
bool answers_show_databases(const struct answers *answers, const struct statement *statement,
                            struct result *result, struct err *err)
{
    static const char *const names[] = {"information_schema", "performance_schema"};
    bool both = !answers->context.mariadb && version_of(answers) >= MYSQL_5_7;
    char *title = statement->pattern_count > 0
                      ? mem_printf("Database (%.*s)", (int)statement->patterns[0].len,
                                   (const char *)statement->patterns[0].data)
                      : mem_strdup("Database");
    bool good = result_add_column(result, title, RESULT_VARCHAR, err);

    for (size_t i = 0; i < (both ? 2 : 1) && good; i++) {
        struct span row = span_str(names[i]);

        good = !is_wanted(statement, row) || result_add_row(result, &row, err);
    }
    mem_free(title);
    return good;
}

/* ---- Processes ---- */

/* As the family's servers call what a dump does. */
static const char *dump_state(const struct answers *answers, const struct replica_info *info)
{
    struct mirror *mirror = channel_borrow_mirror(answers->context.channel);
    bool new_words = !answers->context.mariadb && version_of(answers) >= MYSQL_8_0_26;
    struct log_ends ends = {0};

    if (mirror)
        mirror_ends(mirror, &ends);
    if (strcmp(ends.synced.name, info->place.name) != 0 || ends.synced.offset > info->place.offset)
        return new_words ? "Sending binlog event to replica" : "Sending binlog event to slave";
    if (new_words)
        return "Source has sent all binlog to replica; waiting for more updates";
    if (!answers->context.mariadb && version_of(answers) < MYSQL_5_7)
        return "Master has sent all binlog to slave; waiting for binlog to be updated";
    return "Master has sent all binlog to slave; waiting for more updates";
}

static bool add_process(const struct answers *answers, const struct replica_info *info,
                        struct span sql, struct result *result, struct err *err)
{
    bool own = info->thread_id == answers->context.thread_id;
    int64_t seconds = (clock_wall_usec() - info->since_usec) / USEC_PER_SEC;
    struct span row[PROCESS_COLUMNS] = {0};
    char id[NUMBER_TEXT];
    char time[NUMBER_TEXT];

    (void)snprintf(id, sizeof id, "%" PRIu32, info->thread_id);
    (void)snprintf(time, sizeof time, "%" PRId64, info->dumping && seconds > 0 ? seconds : 0);
    row[0] = span_str(id);
    row[1] = span_str(info->user);
    row[2] = span_str(info->peer);
    row[4] = span_str(own ? "Query" : info->dumping ? "Binlog Dump" : "Sleep");
    row[5] = span_str(time);
    row[6] = span_str(own ? "starting" : info->dumping ? dump_state(answers, info) : "");
    if (own)
        row[7] = sql;
    row[8] = span_str("0.000");
    return result_add_row(result, row, err);
}

static bool add_process_columns(const struct answers *answers, struct result *result,
                                struct err *err)
{
    return result_add_column(result, "Id", RESULT_LONGLONG, err) &&
           result_add_column(result, "User", RESULT_VARCHAR, err) &&
           result_add_column(result, "Host", RESULT_VARCHAR, err) &&
           result_add_column(result, "db", RESULT_VARCHAR, err) &&
           result_add_column(result, "Command", RESULT_VARCHAR, err) &&
           result_add_column(result, "Time", RESULT_LONG, err) &&
           result_add_column(result, "State", RESULT_VARCHAR, err) &&
           result_add_column(result, "Info", RESULT_VARCHAR, err) &&
           (!answers->context.mariadb || result_add_column(result, "Progress", RESULT_DOUBLE, err));
}

bool answers_show_processes(struct answers *answers, struct span sql, struct result *result,
                            struct err *err)
{
    struct replica_info *infos;
    size_t count;
    bool good = add_process_columns(answers, result, err);

    replicas_list(answers->context.replicas, &infos, &count);
    for (size_t i = 0; i < count && good; i++) {
        if (answers->context.admin || strcmp(infos[i].user, answers->context.user) == 0)
            good = add_process(answers, &infos[i], sql, result, err);
    }
    mem_free(infos);
    return good;
}
