#include "replication/answers.h"

#include "base/mem.h"
#include "base/version.h"
#include "binlog/number.h"
#include "log/lookup.h"
#include "replication/log_answers.h"
#include "replication/receiver_answers.h"
#include "replication/statement.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define USER_VARIABLES_MAX 64
#define RESULT_MAX         ((size_t)64 << 20)
#define VALUE_MAX          ((size_t)16 << 20)

enum {
    ER_BAD_FIELD = 1054,
    ER_PARSE = 1064,
    ER_NO_FUNCTION = 1305,
    ER_WRONG_ARGUMENTS = 1210,
};

struct user_variable {
    char *name;
    char *value; /* NULL: SQL's NULL */
    size_t len;
};

struct answers {
    struct answers_context context;
    struct variables *source; /* NULL: none seen yet */
    struct user_variable users[USER_VARIABLES_MAX];
    size_t user_count;
    bool skip_replication;
};

/* A value of SQL: text, or NULL. */
struct text_value {
    struct buf text;
    bool null;
};

struct answers *answers_new(const struct answers_context *context)
{
    struct answers *answers = mem_alloc(sizeof *answers);

    answers->context = *context;
    answers->source = channel_share_variables(context->channel);
    return answers;
}

void answers_reset(struct answers *answers)
{
    for (size_t i = 0; i < answers->user_count; i++) {
        mem_free(answers->users[i].name);
        mem_free(answers->users[i].value);
    }
    answers->user_count = 0;
    answers->skip_replication = false;
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    answers_reset(answers);
    variables_free(answers->source);
    mem_free(answers);
}

/* ---- User variables ---- */

static char *copy_text(struct span text)
{
    char *copy = mem_alloc(text.len + 1);

    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    return copy;
}

static const struct user_variable *find_user(const struct answers *answers, struct span name)
{
    for (size_t i = 0; i < answers->user_count; i++) {
        const struct user_variable *user = &answers->users[i];

        if (strlen(user->name) == name.len &&
            strncasecmp(user->name, (const char *)name.data, name.len) == 0)
            return user;
    }
    return NULL;
}

bool answers_user_variable(const struct answers *answers, const char *name, struct span *ret_value)
{
    const struct user_variable *user = find_user(answers, span_str(name));

    if (!user || !user->value)
        return false;
    *ret_value = span_of(user->value, user->len);
    return true;
}

static bool set_user(struct answers *answers, struct span name, const struct text_value *value,
                     struct err *err)
{
    struct user_variable *user = NULL;

    for (size_t i = 0; i < answers->user_count; i++) {
        if (&answers->users[i] == find_user(answers, name))
            user = &answers->users[i];
    }
    if (!user) {
        if (answers->user_count == USER_VARIABLES_MAX)
            return err_set(err, E_LIMIT, ER_NOT_SUPPORTED_YET,
                           "This is a binary log server: more than %u user variables",
                           USER_VARIABLES_MAX);
        user = &answers->users[answers->user_count++];
        *user = (struct user_variable){.name = copy_text(name)};
    }
    mem_free(user->value);
    user->value = value->null ? NULL : copy_text(buf_span(&value->text));
    user->len = value->null ? 0 : value->text.len;
    return true;
}

/* ---- System variables ---- */

static bool is_name(struct span name, const char *other)
{
    return span_eq(name, span_str(other));
}

/* As SHOW VARIABLES has it; select_variable() makes numbers of switches. */
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
    if (is_name(name, "server_id"))
        number_write_u64(text, context->server_id);
    else if (is_name(name, "server_uuid") && !context->mariadb)
        buf_str(text, context->server_uuid);
    else if (is_name(name, "hostname"))
        buf_str(text, context->host);
    else if (is_name(name, "port"))
        number_write_u64(text, context->port);
    else if (is_name(name, "version"))
        buf_str(text, context->version);
    else if (is_name(name, "version_comment"))
        buf_str(text, "Borealis relay " BOREALIS_VERSION);
    else if (is_name(name, "read_only") || (is_name(name, "super_read_only") && !context->mariadb))
        buf_str(text, "ON");
    else if (is_name(name, "rpl_semi_sync_master_enabled") ||
             (is_name(name, "rpl_semi_sync_source_enabled") && !context->mariadb))
        buf_str(text, "ON");
    else if (dump_control_find(name, &control))
        write_control(answers, control, text);
    else if (log_answers_has_variable(name, context->mariadb))
        return log_answers_variable(context->channel, name, text, err);
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
        if (is_name(name, names[i]))
            return true;
    }
    return false;
}

static bool fail_variable(struct span name, struct err *err)
{
    return err_set(err, E_USAGE, ER_UNKNOWN_SYSTEM_VARIABLE, "Unknown system variable '%.*s'",
                   (int)name.len, (const char *)name.data);
}

static bool find_variable(struct answers *answers, struct span name, struct text_value *value,
                          struct err *err)
{
    struct span found;
    bool known;

    if (!own_variable(answers, name, value, &known, err))
        return false;
    if (known)
        return true;
    if (!answers->source || !variables_find(answers->source, name, &found))
        return fail_variable(name, err);
    buf_bytes(&value->text, found);
    return true;
}

static bool select_variable(struct answers *answers, struct span name, struct text_value *value,
                            struct err *err)
{
    struct span text;

    if (!find_variable(answers, name, value, err))
        return false;
    text = buf_span(&value->text);
    if (is_enumeration(name) || (!is_name(text, "ON") && !is_name(text, "OFF")))
        return true;
    text.len = text.len == 2 ? 1 : 0;
    buf_clear(&value->text);
    buf_u8(&value->text, text.len == 1 ? '1' : '0');
    return true;
}

/* ---- Expressions ---- */

static bool evaluate(struct answers *answers, const struct expression *expression,
                     struct text_value *value, struct err *err);

static bool evaluate_gtid_call(struct answers *answers, const struct expression *call,
                               struct text_value *value, struct err *err)
{
    struct text_value left = {0};
    struct text_value right = {0};
    bool good;

    buf_init(&left.text, VALUE_MAX);
    buf_init(&right.text, VALUE_MAX);
    good = evaluate(answers, &call->arguments[0], &left, err) &&
           evaluate(answers, &call->arguments[1], &right, err);
    value->null = good && (left.null || right.null);
    if (good && !value->null)
        good = is_name(call->value, "binlog_gtid_pos")
                   ? log_answers_gtid_pos(answers->context.channel, buf_span(&left.text),
                                          buf_span(&right.text), &value->text, &value->null, err)
                   : log_answers_gtid_call(call->value, buf_span(&left.text), buf_span(&right.text),
                                           &value->text, err);
    buf_done(&left.text);
    buf_done(&right.text);
    return good;
}

static bool is_gtid_call(const struct answers *answers, struct span name)
{
    if (answers->context.mariadb)
        return is_name(name, "binlog_gtid_pos");
    return is_name(name, "gtid_subset") || is_name(name, "gtid_subtract");
}

static bool evaluate_call(struct answers *answers, const struct expression *call,
                          struct text_value *value, struct err *err)
{
    const struct answers_context *context = &answers->context;
    struct span name = call->value;

    if (is_gtid_call(answers, name)) {
        if (call->argument_count != 2)
            return err_set(err, E_USAGE, ER_WRONG_ARGUMENTS, "Incorrect arguments to %.*s",
                           (int)name.len, (const char *)name.data);
        return evaluate_gtid_call(answers, call, value, err);
    }
    if (call->argument_count > 0)
        return err_set(err, E_USAGE, ER_NO_FUNCTION, "FUNCTION %.*s does not exist", (int)name.len,
                       (const char *)name.data);
    if (is_name(name, "unix_timestamp"))
        number_write_i64(&value->text, (int64_t)time(NULL));
    else if (is_name(name, "version"))
        buf_str(&value->text, context->version);
    else if (is_name(name, "connection_id"))
        number_write_u64(&value->text, context->thread_id);
    else if (is_name(name, "user") || is_name(name, "session_user") ||
             is_name(name, "current_user"))
        buf_printf(&value->text, "%s@%s", context->user, context->client);
    else if (is_name(name, "database") || is_name(name, "schema"))
        value->null = true;
    else
        return err_set(err, E_USAGE, ER_NO_FUNCTION, "FUNCTION %.*s does not exist", (int)name.len,
                       (const char *)name.data);
    return true;
}

static bool evaluate_user(struct answers *answers, struct span name, struct text_value *value)
{
    const struct user_variable *user = find_user(answers, name);

    value->null = !user || !user->value;
    if (!value->null)
        buf_bytes(&value->text, span_of(user->value, user->len));
    return true;
}

/* A word alone: true, false, current_user; in a SELECT all others are columns, of no table. */
static bool evaluate_word(struct answers *answers, const struct expression *word,
                          struct text_value *value, struct err *err)
{
    if (is_name(word->value, "true") || is_name(word->value, "false")) {
        buf_u8(&value->text, is_name(word->value, "true") ? '1' : '0');
        return true;
    }
    if (is_name(word->value, "current_user"))
        return evaluate_call(answers, word, value, err);
    return err_set(err, E_USAGE, ER_BAD_FIELD, "Unknown column '%.*s' in 'field list'",
                   (int)word->value.len, (const char *)word->value.data);
}

/* Appends to value->text, which is empty. */
static bool evaluate(struct answers *answers, const struct expression *expression,
                     struct text_value *value, struct err *err)
{
    switch (expression->kind) {
    case EXPRESSION_NULL:
        value->null = true;
        return true;
    case EXPRESSION_TEXT:
    case EXPRESSION_NUMBER:
        buf_bytes(&value->text, expression->value);
        return true;
    case EXPRESSION_WORD:
        return evaluate_word(answers, expression, value, err);
    case EXPRESSION_USER_VARIABLE:
        return evaluate_user(answers, expression->value, value);
    case EXPRESSION_SYSTEM_VARIABLE:
        return select_variable(answers, expression->value, value, err);
    case EXPRESSION_CALL:
        return evaluate_call(answers, expression, value, err);
    }
    return err_set(err, E_BUG, ER_UNKNOWN_ERROR, "expression kind %d", (int)expression->kind);
}

static enum result_type type_of(struct span text, bool null)
{
    if (null || text.len == 0 || text.len > 18)
        return RESULT_VARCHAR;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return RESULT_VARCHAR;
    }
    return RESULT_LONGLONG;
}

static bool add_column(struct result *result, struct span title, enum result_type type,
                       struct err *err)
{
    char *name = copy_text(title);
    bool good = result_add_column(result, name, type, err);

    mem_free(name);
    return good;
}

static bool take_select(struct answers *answers, const struct statement *statement,
                        struct result *result, struct err *err)
{
    struct text_value *values = mem_alloc(statement->item_count * sizeof *values);
    struct span *row = mem_alloc(statement->item_count * sizeof *row);
    bool good = true;

    for (size_t i = 0; i < statement->item_count; i++)
        buf_init(&values[i].text, VALUE_MAX);
    for (size_t i = 0; i < statement->item_count && good; i++) {
        good = evaluate(answers, &statement->items[i], &values[i], err);
        row[i] = buf_span(&values[i].text);
        if (values[i].null)
            row[i] = (struct span){0};
        else if (row[i].len == 0)
            row[i] = span_str("");
        good = good &&
               add_column(result, statement->items[i].title, type_of(row[i], values[i].null), err);
    }
    if (good && statement->limit > 0 && statement->limit_offset == 0)
        good = result_add_row(result, row, err);
    for (size_t i = 0; i < statement->item_count; i++)
        buf_done(&values[i].text);
    mem_free(values);
    mem_free(row);
    return good;
}

/* ---- SET ---- */

bool answers_skip_replication(const struct answers *answers)
{
    return answers->skip_replication;
}

static bool set_skip_replication(struct answers *answers, const struct expression *expression,
                                 struct err *err)
{
    struct text_value value = {0};
    bool good;

    buf_init(&value.text, VALUE_MAX);
    if (expression->kind == EXPRESSION_WORD)
        buf_u8(&value.text, is_name(expression->value, "on") ? '1' : '0');
    good = expression->kind == EXPRESSION_WORD || evaluate(answers, expression, &value, err);
    answers->skip_replication = good && value.text.len == 1 && value.text.data[0] == '1';
    buf_done(&value.text);
    return good;
}

/* A system variable of the session. It changes nothing here, but what does not exist is refused. */
static bool set_system(struct answers *answers, const struct assignment *assignment,
                       struct err *err)
{
    struct span name = assignment->target.value;
    struct text_value old = {0};
    bool good;

    if (assignment->target.scope == SCOPE_GLOBAL)
        return err_set(err, E_AUTH, ER_SPECIFIC_ACCESS_DENIED,
                       "Access denied; this is a binary log server: its settings are in its "
                       "configuration file");
    if (is_name(name, "skip_replication"))
        return set_skip_replication(answers, &assignment->value, err);
    if (is_name(name, "names") || is_name(name, "sql_log_bin") || is_name(name, "autocommit"))
        return true;
    buf_init(&old.text, VALUE_MAX);
    good = find_variable(answers, name, &old, err);
    buf_done(&old.text);
    return good;
}

static bool take_set(struct answers *answers, const struct statement *statement, struct err *err)
{
    for (size_t i = 0; i < statement->assignment_count; i++) {
        const struct assignment *assignment = &statement->assignments[i];
        struct text_value value = {0};
        bool good;

        if (assignment->target.kind != EXPRESSION_USER_VARIABLE) {
            if (!set_system(answers, assignment, err))
                return false;
            continue;
        }
        buf_init(&value.text, VALUE_MAX);
        good = evaluate(answers, &assignment->value, &value, err) &&
               set_user(answers, assignment->target.value, &value, err);
        buf_done(&value.text);
        if (!good)
            return false;
    }
    return true;
}

/* ---- SHOW ---- */

static bool is_wanted(const struct statement *statement, struct span name)
{
    for (size_t i = 0; i < statement->pattern_count; i++) {
        if (statement_like(name, statement->patterns[i]))
            return true;
    }
    return statement->pattern_count == 0;
}

static bool add_variable(struct answers *answers, const struct statement *statement,
                         struct span name, struct result *result, struct err *err)
{
    struct text_value value = {0};
    struct span row[2];
    bool good = true;

    if (!is_wanted(statement, name))
        return true;
    buf_init(&value.text, VALUE_MAX);
    good = find_variable(answers, name, &value, err);
    row[0] = name;
    row[1] = value.text.len > 0 ? buf_span(&value.text) : span_str("");
    good = good && result_add_row(result, row, err);
    buf_done(&value.text);
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
        if (!is_name(until, name) && !add_variable(answers, statement, span_str(name), result, err))
            return false;
    }
    return true;
}

static bool show_variables(struct answers *answers, const struct statement *statement,
                           struct result *result, struct err *err)
{
    size_t next = 0;

    if (!result_add_column(result, "Variable_name", RESULT_VARCHAR, err) ||
        !result_add_column(result, "Value", RESULT_VARCHAR, err))
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

static bool show_status(struct answers *answers, const struct statement *statement,
                        struct result *result, struct err *err)
{
    struct log_status_source source = {answers->context.channel, answers->context.replicas,
                                       answers->context.mariadb};

    if (!result_add_column(result, "Variable_name", RESULT_VARCHAR, err) ||
        !result_add_column(result, "Value", RESULT_VARCHAR, err))
        return false;
    for (size_t i = 0;; i++) {
        struct span row[2];
        char value[32];

        if (!log_answers_status(&source, i, &row[0], value, sizeof value))
            return true;
        row[1] = span_str(value);
        if (is_wanted(statement, row[0]) && !result_add_row(result, row, err))
            return false;
    }
}

/* The three columns of an empty list. */
static bool show_warnings(struct result *result, struct err *err)
{
    return result_add_column(result, "Level", RESULT_VARCHAR, err) &&
           result_add_column(result, "Code", RESULT_LONG, err) &&
           result_add_column(result, "Message", RESULT_VARCHAR, err);
}

static bool show_grants(const struct answers *answers, struct result *result, struct err *err)
{
    char *title = mem_printf("Grants for %s@%%", answers->context.user);
    char *grant = mem_printf("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `%s`@`%%`",
                             answers->context.user);
    struct span row = span_str(grant);
    bool good =
        result_add_column(result, title, RESULT_VARCHAR, err) && result_add_row(result, &row, err);

    mem_free(title);
    mem_free(grant);
    return good;
}

static bool take_kill(struct answers *answers, const struct statement *statement, struct err *err)
{
    if (statement->position <= UINT32_MAX &&
        replicas_kill(answers->context.replicas, (uint32_t)statement->position))
        return true;
    return err_set(err, E_USAGE, ER_NO_SUCH_THREAD, "Unknown thread id: %llu",
                   (unsigned long long)statement->position);
}

static bool fail_other(struct span sql, struct err *err)
{
    return err_set(err, E_USAGE, ER_NOT_SUPPORTED_YET,
                   "This is a binary log server: it has no tables and does not know the "
                   "statement '%.*s'",
                   (int)(sql.len < 200 ? sql.len : 200), (const char *)sql.data);
}

static bool add_rows(struct answers *answers, const struct statement *statement,
                     struct result *result, struct err *err)
{
    const struct answers_context *context = &answers->context;

    switch (statement->kind) {
    case STATEMENT_SELECT:
        return take_select(answers, statement, result, err);
    case STATEMENT_SHOW_VARIABLES:
        return show_variables(answers, statement, result, err);
    case STATEMENT_SHOW_STATUS:
        return show_status(answers, statement, result, err);
    case STATEMENT_SHOW_WARNINGS:
        return show_warnings(result, err);
    case STATEMENT_SHOW_GRANTS:
        return show_grants(answers, result, err);
    case STATEMENT_SHOW_LOG_STATUS:
        return log_answers_show_status(context->channel, context->mariadb, result, err);
    case STATEMENT_SHOW_LOGS:
        return log_answers_show_logs(context->channel, result, err);
    case STATEMENT_SHOW_REPLICAS:
        return log_answers_show_replicas(context->replicas, context->server_id,
                                         statement->new_words, result, err);
    case STATEMENT_SHOW_REPLICA_STATUS:
        return receiver_answers_show(context->channel, statement->new_words, result, err);
    case STATEMENT_SHOW_EVENTS:
        return log_events_add_columns(result, err);
    case STATEMENT_SET:
    case STATEMENT_KILL:
    case STATEMENT_EMPTY:
    case STATEMENT_NO_EFFECT:
    case STATEMENT_OTHER:
        break;
    }
    return err_set(err, E_BUG, ER_UNKNOWN_ERROR, "statement kind %d", (int)statement->kind);
}

static bool take_rows(struct answers *answers, const struct statement *statement,
                      struct answer *ret_answer, struct err *err)
{
    struct answer answer = {.result = result_new(RESULT_MAX)};
    struct log_events_spec events = {
        .file = statement->file,
        .from = statement->position,
        .offset = statement->limit_offset,
        .limit = statement->limit,
    };

    if (!add_rows(answers, statement, answer.result, err) ||
        (statement->kind == STATEMENT_SHOW_EVENTS &&
         !log_events_open(channel_borrow_mirror(answers->context.channel), &events, &answer.events,
                          err))) {
        answer_done(&answer);
        return false;
    }
    *ret_answer = answer;
    return true;
}

static bool take(struct answers *answers, const struct statement *statement, struct span sql,
                 struct answer *ret_answer, struct err *err)
{
    switch (statement->kind) {
    case STATEMENT_EMPTY:
        return err_set(err, E_USAGE, 1065, "Query was empty");
    case STATEMENT_NO_EFFECT:
        return true;
    case STATEMENT_SET:
        return take_set(answers, statement, err);
    case STATEMENT_KILL:
        return take_kill(answers, statement, err);
    case STATEMENT_OTHER:
        return fail_other(sql, err);
    case STATEMENT_SELECT:
    case STATEMENT_SHOW_VARIABLES:
    case STATEMENT_SHOW_STATUS:
    case STATEMENT_SHOW_WARNINGS:
    case STATEMENT_SHOW_GRANTS:
    case STATEMENT_SHOW_LOG_STATUS:
    case STATEMENT_SHOW_LOGS:
    case STATEMENT_SHOW_EVENTS:
    case STATEMENT_SHOW_REPLICAS:
    case STATEMENT_SHOW_REPLICA_STATUS:
        break;
    }
    return take_rows(answers, statement, ret_answer, err);
}

bool answers_take(struct answers *answers, struct span sql, struct answer *ret_answer,
                  struct err *err)
{
    struct arena *arena = arena_new(sql.len * 4 + STATEMENT_ARENA);
    struct answer answer = {0};
    struct statement statement;
    bool good = statement_parse(sql, arena, &statement, err);

    if (good)
        good = take(answers, &statement, sql, &answer, err);
    else
        err->code = ER_PARSE;
    arena_free(arena);
    if (good)
        *ret_answer = answer;
    return good;
}

void answer_done(struct answer *answer)
{
    result_free(answer->result);
    log_events_close(answer->events);
    *answer = (struct answer){0};
}
