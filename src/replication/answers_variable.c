#include "replication/answers_internal.h"

#include "base/version.h"
#include "binlog/charset.h"
#include "binlog/number.h"
#include "replication/dump_controls.h"
#include "replication/log_answers.h"

#include <strings.h>

#define COLLATION_IDS 4096 /* the servers' are below it */

/* As SHOW VARIABLES has it; answers_select_variable() makes numbers of switches. */
static void write_control(const struct answers *answers, enum dump_control control,
                          struct buf *text)
{
    struct dump_controls *controls = channel_borrow_dump_controls(answers->context.channel);
    uint64_t value = dump_controls_get(controls, control);

    if (dump_control_info(control)->is_switch)
        buf_str(text, value ? "ON" : "OFF");
    else
        number_write_u64(text, value);
}

/* The relay's own; the rest are the source's. *ret_known says whether it is one. */
static bool own_variable(struct answers *answers, struct span name, struct text_value *value,
                         bool *ret_known, struct err *err)
{
    const struct answers_context *context = &answers->context;
    struct buf *text = &value->text;
    enum dump_control control;

    *ret_known = true;
    if (answers_is(name, "server_id"))
        number_write_u64(text, context->server_id);
    else if (answers_is(name, "server_uuid") && !context->mariadb)
        buf_str(text, context->server_uuid);
    else if (answers_is(name, "hostname"))
        buf_str(text, context->host);
    else if (answers_is(name, "port"))
        number_write_u64(text, context->port);
    else if (answers_is(name, "version"))
        buf_str(text, context->version);
    else if (answers_is(name, "version_comment"))
        buf_str(text, "Borealis relay " BOREALIS_VERSION);
    else if (answers_is(name, "read_only") ||
             (answers_is(name, "super_read_only") && !context->mariadb))
        buf_str(text, "ON");
    else if (answers_is(name, "rpl_semi_sync_master_enabled") ||
             (answers_is(name, "rpl_semi_sync_source_enabled") && !context->mariadb))
        buf_str(text, "ON");
    else if (answers_is(name, "warning_count") || answers_is(name, "error_count"))
        buf_str(text, "0");
    else if (dump_control_find(name, &control))
        write_control(answers, control, text);
    else if (log_answers_has_variable(name, context->mariadb))
        return log_answers_variable(context->channel, context->view, name, text, err);
    else
        *ret_known = false;
    return true;
}

/*
 * Switches are ON and OFF in SHOW VARIABLES and 1 and 0 in SELECT; these are enumerations that have
 * such members, and stay words.
 */
static bool is_enumeration(struct span name)
{
    static const char *const names[] = {
        "gtid_mode",       "enforce_gtid_consistency", "event_scheduler",
        "delay_key_write", "query_cache_type",         "session_track_gtids",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (answers_is(name, names[i]))
            return true;
    }
    return false;
}

bool answers_find_variable(struct answers *answers, struct span name, enum variable_scope scope,
                           struct text_value *value, struct err *err)
{
    struct span found;
    bool known;

    if (!own_variable(answers, name, value, &known, err))
        return false;
    if (known)
        return true;
    if ((scope == SCOPE_GLOBAL || !variables_find(answers->system, name, &found)) &&
        (!answers->source || !variables_find(answers->source, name, &found)))
        return err_set(err, E_USAGE, ER_UNKNOWN_SYSTEM_VARIABLE, "Unknown system variable '%.*s'",
                       (int)name.len, (const char *)name.data);
    buf_bytes(&value->text, found);
    return true;
}

static bool is_number(struct span text)
{
    struct cursor cur = cursor_of(text);
    uint64_t number;

    return cursor_decimal(&cur, UINT64_MAX, &number) && cursor_end(&cur);
}

bool answers_select_variable(struct answers *answers, struct span name, enum variable_scope scope,
                             struct text_value *value, struct err *err)
{
    struct span text;
    bool on;

    if (!answers_find_variable(answers, name, scope, value, err))
        return false;
    text = buf_span(&value->text);
    on = answers_is(text, "ON");
    if (is_number(text))
        value->type = RESULT_ULONGLONG;
    if (is_enumeration(name) || (!on && !answers_is(text, "OFF")))
        return true;
    value->type = RESULT_LONGLONG;
    buf_clear(&value->text);
    buf_u8(&value->text, on ? '1' : '0');
    return true;
}

bool answers_user_variable(const struct answers *answers, const char *name, struct span *ret_value)
{
    return variables_find(answers->users, span_str(name), ret_value);
}

bool answers_has_switched_on(const struct answers *answers, const char *name)
{
    struct span value;

    return variables_find(answers->system, span_str(name), &value) &&
           (answers_is(value, "ON") || answers_is(value, "1"));
}

/* ---- SET ---- */

static bool fail_too_many(struct err *err)
{
    return err_set(err, E_LIMIT, ER_NOT_SUPPORTED_YET,
                   "This is a binary log server: more than %u variables in a session",
                   ANSWERS_SET_MAX);
}

/* One of the session's own; NULL takes it away. */
static bool keep(struct variables *variables, struct span name, const struct text_value *value,
                 struct err *err)
{
    struct span old;

    if (value->null) {
        variables_remove(variables, name);
        return true;
    }
    if (variables_count(variables) == ANSWERS_SET_MAX && !variables_find(variables, name, &old))
        return fail_too_many(err);
    return variables_set(variables, name, buf_span(&value->text), err);
}

static bool set_user(struct answers *answers, const struct assignment *assignment, struct err *err)
{
    struct text_value value;
    bool good;

    text_value_init(&value);
    good = answers_evaluate(answers, &assignment->value, &value, err) &&
           keep(answers->users, assignment->target.value, &value, err);
    text_value_done(&value);
    return good;
}

static bool is_charset(struct span name)
{
    for (uint32_t id = 1; id < COLLATION_IDS; id++) {
        const char *known = charset_of_collation(id).name;

        if (known && strlen(known) == name.len &&
            strncasecmp(known, (const char *)name.data, name.len) == 0)
            return true;
    }
    return name.len == 4 && strncasecmp("utf8", (const char *)name.data, 4) == 0;
}

/* SET NAMES: what the relay sends is UTF-8 or bytes of the log whatever the client asks for. */
static bool set_names(struct answers *answers, const struct assignment *assignment, struct err *err)
{
    static const char *const names[] = {"character_set_client", "character_set_connection",
                                        "character_set_results"};
    struct span charset = assignment->value.value;

    if (assignment->value.kind == EXPRESSION_WORD && answers_is(charset, "default"))
        return true;
    if (!is_charset(charset))
        return err_set(err, E_USAGE, ER_UNKNOWN_CHARACTER_SET, "Unknown character set: '%.*s'",
                       (int)(charset.len < 64 ? charset.len : 64), (const char *)charset.data);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!variables_set(answers->system, span_str(names[i]), charset, err))
            return false;
    }
    return assignment->collation.len == 0 ||
           variables_set(answers->system, span_str("collation_connection"), assignment->collation,
                         err);
}

/* 1, ON, TRUE and their opposites, for a variable that is a switch. */
static void normalize(struct span old, struct text_value *value)
{
    struct span text = buf_span(&value->text);
    bool on = answers_is(text, "1") || answers_is(text, "on") || answers_is(text, "ON");

    if (!answers_is(old, "ON") && !answers_is(old, "OFF"))
        return;
    buf_clear(&value->text);
    buf_str(&value->text, on ? "ON" : "OFF");
}

static bool evaluate_setting(struct answers *answers, const struct expression *expression,
                             struct text_value *value, struct err *err)
{
    if (expression->kind != EXPRESSION_WORD || answers_is(expression->value, "true") ||
        answers_is(expression->value, "false"))
        return answers_evaluate(answers, expression, value, err);
    value->null = answers_is(expression->value, "default");
    buf_bytes(&value->text, expression->value);
    return true;
}

static bool keep_system(struct answers *answers, const struct assignment *assignment,
                        struct span old, struct err *err)
{
    struct text_value value;
    bool good;

    text_value_init(&value);
    good = evaluate_setting(answers, &assignment->value, &value, err);
    if (good) {
        normalize(old, &value);
        good = keep(answers->system, assignment->target.value, &value, err);
    }
    text_value_done(&value);
    return good;
}

/* Those of a session that have no value at a source, or none that is shown. */
static bool is_session_only(struct span name)
{
    static const char *const names[] = {"sql_log_bin", "skip_replication", "autocommit",
                                        "sql_safe_updates"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (answers_is(name, names[i]))
            return true;
    }
    return false;
}

/* It changes nothing but what the session is told of it; what does not exist is refused. */
static bool set_system(struct answers *answers, const struct assignment *assignment,
                       struct err *err)
{
    struct span name = assignment->target.value;
    struct text_value old;
    bool good;

    if (assignment->target.scope == SCOPE_GLOBAL)
        return err_set(err, E_AUTH, ER_SPECIFIC_ACCESS_DENIED,
                       "Access denied; this is a binary log server: its settings are in its "
                       "configuration file");
    if (answers_is(name, "names"))
        return set_names(answers, assignment, err);
    if (is_session_only(name))
        return keep_system(answers, assignment, span_str("ON"), err);
    text_value_init(&old);
    good = answers_find_variable(answers, name, SCOPE_SESSION, &old, err) &&
           keep_system(answers, assignment, buf_span(&old.text), err);
    text_value_done(&old);
    return good;
}

bool answers_set(struct answers *answers, const struct statement *statement, struct err *err)
{
    for (size_t i = 0; i < statement->assignment_count; i++) {
        const struct assignment *assignment = &statement->assignments[i];
        bool user = assignment->target.kind == EXPRESSION_USER_VARIABLE;

        if (!(user ? set_user(answers, assignment, err) : set_system(answers, assignment, err)))
            return false;
    }
    return true;
}
