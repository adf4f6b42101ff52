#include "replication/answers_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "binlog/gtid.h"
#include "binlog/number.h"
#include "replication/log_answers.h"

#include <time.h>

void text_value_init(struct text_value *value)
{
    *value = (struct text_value){.type = RESULT_VARCHAR};
    buf_init(&value->text, ANSWERS_VALUE_MAX);
}

void text_value_done(struct text_value *value)
{
    buf_done(&value->text);
}

/* ---- Functions ---- */

/* Of the family that is shown, with two arguments. */
static bool is_gtid_call(const struct answers *answers, struct span name)
{
    if (answers->context.mariadb)
        return answers_is(name, "binlog_gtid_pos");
    return answers_is(name, "gtid_subset") || answers_is(name, "gtid_subtract");
}

static bool evaluate_gtid_call(struct answers *answers, const struct expression *call,
                               struct text_value *value, struct err *err)
{
    struct channel *channel = answers->context.channel;
    struct text_value left;
    struct text_value right;
    bool good;

    if (call->argument_count != 2)
        return err_set(err, E_USAGE, ER_WRONG_PARAMETER_COUNT,
                       "Incorrect parameter count in the call to native function '%.*s'",
                       (int)call->typed.len, (const char *)call->typed.data);
    text_value_init(&left);
    text_value_init(&right);
    good = answers_evaluate(answers, &call->arguments[0], &left, err) &&
           answers_evaluate(answers, &call->arguments[1], &right, err);
    value->null = good && (left.null || right.null);
    if (answers_is(call->value, "gtid_subset"))
        value->type = RESULT_LONGLONG;
    if (good && !value->null && answers->context.mariadb)
        value->null = !log_answers_gtid_pos(channel, answers->context.view, buf_span(&left.text),
                                            buf_span(&right.text), &value->text);
    else if (good && !value->null)
        good = log_answers_gtid_call(call->value, buf_span(&left.text), buf_span(&right.text),
                                     &value->text, err);
    text_value_done(&left);
    text_value_done(&right);
    return good;
}

/* In the time zone of the relay, or in UTC. */
static void write_now(struct text_value *value, bool utc)
{
    time_t now = (time_t)(clock_wall_usec() / USEC_PER_SEC);
    struct tm parts = {0};
    char text[32];

    if (utc)
        (void)gmtime_r(&now, &parts);
    else
        (void)localtime_r(&now, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    buf_str(&value->text, text);
    value->type = RESULT_DATETIME;
}

/* A random one: readers name themselves by it. */
static void write_uuid(struct buf *text)
{
    char printed[GTID_UUID_TEXT + 1];
    struct gtid_uuid uuid;

    random_bytes(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    gtid_uuid_print(&uuid, printed);
    buf_str(text, printed);
}

enum function {
    FUNCTION_CLOCK,
    FUNCTION_CONNECTION,
    FUNCTION_DATABASE,
    FUNCTION_NOW,
    FUNCTION_UTC,
    FUNCTION_USER,
    FUNCTION_UUID,
    FUNCTION_VERSION,
    FUNCTION_ZERO,
};

/* Those without arguments. */
static bool find_function(struct span name, enum function *ret_function)
{
    static const struct {
        const char *name;
        enum function function;
    } functions[] = {
        {"connection_id", FUNCTION_CONNECTION},
        {"current_timestamp", FUNCTION_NOW},
        {"current_user", FUNCTION_USER},
        {"database", FUNCTION_DATABASE},
        {"last_insert_id", FUNCTION_ZERO},
        {"localtimestamp", FUNCTION_NOW},
        {"now", FUNCTION_NOW},
        {"schema", FUNCTION_DATABASE},
        {"session_user", FUNCTION_USER},
        {"sysdate", FUNCTION_NOW},
        {"system_user", FUNCTION_USER},
        {"unix_timestamp", FUNCTION_CLOCK},
        {"user", FUNCTION_USER},
        {"utc_timestamp", FUNCTION_UTC},
        {"uuid", FUNCTION_UUID},
        {"version", FUNCTION_VERSION},
    };

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (answers_is(name, functions[i].name)) {
            *ret_function = functions[i].function;
            return true;
        }
    }
    return false;
}

static void call_function(struct answers *answers, enum function function, struct text_value *value)
{
    const struct answers_context *context = &answers->context;

    switch (function) {
    case FUNCTION_CLOCK:
        number_write_i64(&value->text, clock_wall_usec() / USEC_PER_SEC);
        value->type = RESULT_LONGLONG;
        return;
    case FUNCTION_CONNECTION:
        number_write_u64(&value->text, context->thread_id);
        value->type = context->mariadb ? RESULT_ULONG : RESULT_ULONGLONG;
        return;
    case FUNCTION_DATABASE:
        value->null = !answers->database;
        buf_str(&value->text, answers->database ? answers->database : "");
        return;
    case FUNCTION_NOW:
    case FUNCTION_UTC:
        write_now(value, function == FUNCTION_UTC);
        return;
    case FUNCTION_USER:
        buf_printf(&value->text, "%s@%s", context->user, context->client);
        return;
    case FUNCTION_UUID:
        write_uuid(&value->text);
        return;
    case FUNCTION_VERSION:
        buf_str(&value->text, context->version);
        return;
    case FUNCTION_ZERO:
        buf_u8(&value->text, '0');
        value->type = RESULT_ULONGLONG;
        return;
    }
}

static bool evaluate_call(struct answers *answers, const struct expression *call,
                          struct text_value *value, struct err *err)
{
    enum function function;

    if (is_gtid_call(answers, call->value))
        return evaluate_gtid_call(answers, call, value, err);
    if (!find_function(call->value, &function))
        return err_set(err, E_USAGE, ER_NO_FUNCTION, "FUNCTION %.*s does not exist",
                       (int)call->typed.len, (const char *)call->typed.data);
    if (call->argument_count > 0)
        return err_set(err, E_USAGE, ER_NOT_SUPPORTED_YET,
                       "This is a binary log server: it does not know %.*s with arguments",
                       (int)call->typed.len, (const char *)call->typed.data);
    call_function(answers, function, value);
    return true;
}

/* ---- Other expressions ---- */

/* A word alone: true, false, current_user; in a SELECT all others are columns, of no table. */
static bool evaluate_word(struct answers *answers, const struct expression *word,
                          struct text_value *value, struct err *err)
{
    if (answers_is(word->value, "true") || answers_is(word->value, "false")) {
        buf_u8(&value->text, answers_is(word->value, "true") ? '1' : '0');
        value->type = answers->context.mariadb ? RESULT_LONG : RESULT_LONGLONG;
        return true;
    }
    if (answers_is(word->value, "current_user") || answers_is(word->value, "current_timestamp"))
        return evaluate_call(answers, word, value, err);
    return err_set(err, E_USAGE, ER_BAD_FIELD, "Unknown column '%.*s' in '%s'",
                   (int)word->typed.len, (const char *)word->typed.data,
                   answers->context.mariadb ? "SELECT" : "field list");
}

/* MySQL has BIGINT always; MariaDB INT where that is enough. 0x12 and 0b01 are bytes, not asked. */
static bool evaluate_number(const struct answers *answers, struct span number,
                            struct text_value *value, struct err *err)
{
    struct cursor cur = cursor_of(number);
    uint64_t magnitude;

    if (number.len > 1 && number.data[0] == '0' && (number.data[1] | 0x20) > '9')
        return err_set(err, E_USAGE, ER_NOT_SUPPORTED_YET,
                       "This is a binary log server: it does not know the literal '%.*s'",
                       (int)(number.len < 64 ? number.len : 64), (const char *)number.data);
    buf_bytes(&value->text, number);
    if (number.len > 0 && number.data[0] == '-')
        cursor_skip(&cur, 1);
    if (cursor_decimal(&cur, UINT64_MAX, &magnitude) && cursor_left(&cur) == 0)
        value->type =
            answers->context.mariadb && magnitude <= INT32_MAX ? RESULT_LONG : RESULT_LONGLONG;
    else if (memchr(number.data, 'e', number.len) || memchr(number.data, 'E', number.len))
        value->type = RESULT_DOUBLE;
    else
        value->type = RESULT_DECIMAL;
    return true;
}

/* Appends to value->text, which is empty. */
bool answers_evaluate(struct answers *answers, const struct expression *expression,
                      struct text_value *value, struct err *err)
{
    struct span found = {0};

    switch (expression->kind) {
    case EXPRESSION_NULL:
        value->null = true;
        value->type = RESULT_NULL;
        return true;
    case EXPRESSION_TEXT:
        buf_bytes(&value->text, expression->value);
        return true;
    case EXPRESSION_NUMBER:
        return evaluate_number(answers, expression->value, value, err);
    case EXPRESSION_WORD:
        return evaluate_word(answers, expression, value, err);
    case EXPRESSION_USER_VARIABLE:
        value->null = !variables_find(answers->users, expression->value, &found);
        buf_bytes(&value->text, found);
        return true;
    case EXPRESSION_SYSTEM_VARIABLE:
        return answers_select_variable(answers, expression->value, expression->scope, value, err);
    case EXPRESSION_CALL:
        return evaluate_call(answers, expression, value, err);
    }
    return err_set(err, E_BUG, ER_UNKNOWN_ERROR, "expression kind %d", (int)expression->kind);
}

/* ---- SELECT ---- */

static bool add_column(struct result *result, struct span title, enum result_type type,
                       struct err *err)
{
    char *name = mem_text(title.data, title.len);
    bool good = result_add_column(result, name, type, err);

    mem_free(name);
    return good;
}

bool answers_select(struct answers *answers, const struct statement *statement,
                    struct result *result, struct err *err)
{
    struct text_value *values = mem_alloc(statement->item_count * sizeof *values);
    struct span *row = mem_alloc(statement->item_count * sizeof *row);
    bool good = true;

    for (size_t i = 0; i < statement->item_count; i++)
        text_value_init(&values[i]);
    for (size_t i = 0; i < statement->item_count && good; i++) {
        good = answers_evaluate(answers, &statement->items[i], &values[i], err);
        row[i] = values[i].text.len > 0 ? buf_span(&values[i].text) : span_str("");
        if (values[i].null)
            row[i] = (struct span){0};
        good = good && add_column(result, statement->items[i].title, values[i].type, err);
    }
    if (good && statement->limit > 0 && statement->limit_offset == 0)
        good = result_add_row(result, row, err);
    for (size_t i = 0; i < statement->item_count; i++)
        text_value_done(&values[i]);
    mem_free(values);
    mem_free(row);
    return good;
}
