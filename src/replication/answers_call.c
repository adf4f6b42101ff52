/*
 * Procedures with which an administrator sets how long the relay keeps files, by the names, limits
 * and messages that Aurora has (source: Aurora MySQL user guide, "mysql.rds_set_configuration",
 * "mysql.rds_show_configuration"), and PURGE BINARY LOGS.
 */
#include "replication/answers_internal.h"

#include "base/log.h"
#include "log/retention.h"
#include "replication/purge_choice.h"
#include "replication/retention_setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#define SETTING "binlog retention hours"
#define DESCRIPTION                                                                                \
    SETTING " specifies the duration in hours before binary logs are automatically deleted."
#define RESULT_MAX 4096
#define HOURS_TEXT 24

static bool fail_arguments(const struct statement *statement, unsigned expected, struct err *err)
{
    return err_set(err, E_USAGE, ER_SP_WRONG_NO_OF_ARGS,
                   "Incorrect number of arguments for PROCEDURE %.*s; expected %u, got %zu",
                   (int)statement->name.len, (const char *)statement->name.data, expected,
                   statement->item_count);
}

static bool is_setting(const struct text_value *name)
{
    return !name->null && name->text.len == strlen(SETTING) &&
           strncasecmp((const char *)name->text.data, SETTING, name->text.len) == 0;
}

/* The second argument: NULL takes the setting away. */
static bool parse_hours(const struct text_value *value, int64_t *ret_hours, struct err *err)
{
    struct cursor cur = cursor_of(buf_span(&value->text));
    uint64_t hours = 0;

    if (!value->null &&
        (!cursor_decimal(&cur, INT32_MAX, &hours) || cursor_left(&cur) > 0 || hours == 0))
        return err_set(err, E_USAGE, ER_SIGNAL_EXCEPTION,
                       "For " SETTING " the value must be between 1 and %d inclusive or be NULL",
                       RETENTION_HOURS_MAX);
    *ret_hours = (int64_t)hours;
    return true;
}

static bool set_configuration(struct answers *answers, const struct text_value *name,
                              const struct text_value *value, struct err *err)
{
    struct channel *channel = answers->context.channel;
    int64_t hours = 0;

    if (!is_setting(name))
        return err_set(err, E_USAGE, ER_SIGNAL_EXCEPTION,
                       "Cannot set unknown configuration parameter '%.*s' using "
                       "mysql.rds_set_configuration.",
                       name->null ? 4 : (int)(name->text.len < 64 ? name->text.len : 64),
                       name->null ? "NULL" : (const char *)name->text.data);
    if (!parse_hours(value, &hours, err) ||
        !retention_setting_set(channel_borrow_retention(channel), hours, err))
        return false;
    log_info(channel_name(channel), "retention set hours=%" PRId64 " user=%s client=%s", hours,
             answers->context.user, answers->context.client);
    return true;
}

static bool take_set_configuration(struct answers *answers, const struct statement *statement,
                                   struct err *err)
{
    struct text_value name;
    struct text_value value;
    bool good;

    if (statement->item_count != 2)
        return fail_arguments(statement, 2, err);
    text_value_init(&name);
    text_value_init(&value);
    good = answers_evaluate(answers, &statement->items[0], &name, err) &&
           answers_evaluate(answers, &statement->items[1], &value, err) &&
           set_configuration(answers, &name, &value, err);
    text_value_done(&name);
    text_value_done(&value);
    return good;
}

static bool show_configuration(struct answers *answers, struct result *result, struct err *err)
{
    struct span row[3] = {span_str(SETTING), {0}, span_str(DESCRIPTION)};
    char text[HOURS_TEXT];
    int64_t hours;

    if (retention_setting_hours(channel_borrow_retention(answers->context.channel), &hours)) {
        (void)snprintf(text, sizeof text, "%" PRId64, hours);
        row[1] = span_str(text);
    }
    return result_add_column(result, "name", RESULT_VARCHAR, err) &&
           result_add_column(result, "value", RESULT_VARCHAR, err) &&
           result_add_column(result, "description", RESULT_VARCHAR, err) &&
           result_add_row(result, row, err);
}

static bool take_show_configuration(struct answers *answers, const struct statement *statement,
                                    struct answer *ret_answer, struct err *err)
{
    struct answer answer = {0};

    if (statement->item_count != 0)
        return fail_arguments(statement, 0, err);
    answer.result = result_new(RESULT_MAX);
    if (!show_configuration(answers, answer.result, err)) {
        answer_done(&answer);
        return false;
    }
    *ret_answer = answer;
    return true;
}

/* Nobody learns by a call that he may not make whether a procedure exists. */
bool answers_call(struct answers *answers, const struct statement *statement,
                  struct answer *ret_answer, struct err *err)
{
    const struct answers_context *context = &answers->context;

    if (!context->admin)
        return err_set(err, E_AUTH, ER_PROCACCESS_DENIED,
                       "execute command denied to user '%s'@'%s' for routine '%.*s'", context->user,
                       context->client, (int)statement->name.len,
                       (const char *)statement->name.data);
    if (answers_is(statement->name, "mysql.rds_set_configuration"))
        return take_set_configuration(answers, statement, err);
    if (answers_is(statement->name, "mysql.rds_show_configuration"))
        return take_show_configuration(answers, statement, ret_answer, err);
    return err_set(err, E_USAGE, ER_NO_FUNCTION, "PROCEDURE %.*s does not exist",
                   (int)statement->name.len, (const char *)statement->name.data);
}

bool answers_purge(struct answers *answers, const struct statement *statement, struct err *err)
{
    struct channel *channel = answers->context.channel;
    struct mirror *mirror = channel_borrow_mirror(channel);
    char name[LOG_NAME_MAX + 1] = {0};
    struct log_purged purged;
    struct log_file file;

    if (statement->file.len <= LOG_NAME_MAX)
        memcpy(name, statement->file.data, statement->file.len);
    if (!mirror || !mirror_find(mirror, name, &file, err))
        return err_set(err, E_STATE, ER_UNKNOWN_TARGET_BINLOG,
                       "Target log not found in binlog index");
    purge_limit(mirror, answers->context.replicas, name, name);
    if (!channel_purge_to(channel, name, &purged, err)) {
        err->code = ER_BINLOG_PURGE_FATAL;
        return false;
    }
    log_info(channel_name(channel),
             "purged to=%s files=%" PRIu32 " bytes=%" PRIu64 " user=%s client=%s", name,
             purged.files, purged.bytes, answers->context.user, answers->context.client);
    return true;
}
