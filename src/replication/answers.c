#include "replication/answers_internal.h"

#include "base/mem.h"
#include "replication/log_answers.h"
#include "replication/receiver_answers.h"
#include "replication/view_variables.h"

#include <ctype.h>

#define RESULT_MAX ((size_t)64 << 20)
#define NEAR_MAX   80 /* bytes of the text that an error shows */

/* Of a source of the other family, what is true for the session's. */
static struct variables *share_source(const struct answers_context *context)
{
    struct variables *source = channel_share_variables(context->channel);
    struct variables *variables;

    if (!source || !context->view)
        return source;
    variables = view_variables_new(source, context->view);
    variables_free(source);
    return variables;
}

struct answers *answers_new(const struct answers_context *context)
{
    struct answers *answers = mem_alloc(sizeof *answers);

    answers->context = *context;
    answers->source = share_source(context);
    answers->users = variables_new();
    answers->system = variables_new();
    return answers;
}

void answers_reset(struct answers *answers)
{
    variables_free(answers->users);
    variables_free(answers->system);
    answers->users = variables_new();
    answers->system = variables_new();
}

void answers_change_user(struct answers *answers, const char *user, bool admin)
{
    answers_reset(answers);
    mem_free(answers->database);
    answers->database = NULL;
    answers->context.user = user;
    answers->context.admin = admin;
}

void answers_free(struct answers *answers)
{
    if (!answers)
        return;
    variables_free(answers->source);
    variables_free(answers->users);
    variables_free(answers->system);
    mem_free(answers->database);
    mem_free(answers);
}

void answers_use(struct answers *answers, struct span database)
{
    mem_free(answers->database);
    answers->database = mem_text(database.data, database.len);
}

/* ---- Refusals ---- */

static bool fail_other(struct span sql, struct err *err)
{
    return err_set(err, E_USAGE, ER_NOT_SUPPORTED_YET,
                   "This is a binary log server: it has no tables and does not know the "
                   "statement '%.*s'",
                   (int)(sql.len < 200 ? sql.len : 200), (const char *)sql.data);
}

static unsigned line_of(struct span sql, struct span near)
{
    unsigned line = 1;

    for (size_t i = 0; i + near.len < sql.len; i++)
        line += sql.data[i] == '\n';
    return line;
}

static bool fail_syntax(const struct answers *answers, struct span sql, struct span near,
                        struct err *err)
{
    return err_set(err, E_USAGE, ER_PARSE_ERROR,
                   "You have an error in your SQL syntax; check the manual that corresponds to "
                   "your %s server version for the right syntax to use near '%.*s' at line %u",
                   answers->context.mariadb ? "MariaDB" : "MySQL",
                   (int)(near.len < NEAR_MAX ? near.len : NEAR_MAX), (const char *)near.data,
                   line_of(sql, near));
}

static bool fail_privilege(const char *privilege, struct err *err)
{
    return err_set(err, E_AUTH, ER_SPECIFIC_ACCESS_DENIED,
                   "Access denied; you need (at least one of) the %s privilege(s) for this "
                   "operation",
                   privilege);
}

/* ---- Statements ---- */

/* Of a statement without words: a comment is fine. */
static bool is_comment(struct span sql)
{
    for (size_t i = 0; i < sql.len; i++) {
        if (!isspace(sql.data[i]))
            return true;
    }
    return false;
}

static bool is_owner(const struct answers *answers, uint32_t thread_id, bool *ret_found)
{
    struct replica_info *infos;
    bool own = answers->context.admin;
    size_t count;

    *ret_found = false;
    replicas_list(answers->context.replicas, &infos, &count);
    for (size_t i = 0; i < count; i++) {
        if (infos[i].thread_id != thread_id)
            continue;
        *ret_found = true;
        own = own || strcmp(infos[i].user, answers->context.user) == 0;
    }
    mem_free(infos);
    return own;
}

bool answers_kill(struct answers *answers, uint64_t thread_id, struct err *err)
{
    bool found = false;
    bool own = thread_id <= UINT32_MAX && is_owner(answers, (uint32_t)thread_id, &found);

    if (found && !own)
        return err_set(err, E_AUTH, ER_KILL_DENIED, "You are not owner of thread %llu",
                       (unsigned long long)thread_id);
    if (found && replicas_kill(answers->context.replicas, (uint32_t)thread_id))
        return true;
    return err_set(err, E_USAGE, ER_NO_SUCH_THREAD, "Unknown thread id: %llu",
                   (unsigned long long)thread_id);
}

static bool add_rows(struct answers *answers, const struct statement *statement, struct span sql,
                     struct result *result, struct err *err)
{
    const struct answers_context *context = &answers->context;

    switch (statement->kind) {
    case STATEMENT_SELECT:
        return answers_select(answers, statement, result, err);
    case STATEMENT_SHOW_VARIABLES:
        return answers_show_variables(answers, statement, result, err);
    case STATEMENT_SHOW_STATUS:
        return answers_show_status(answers, statement, result, err);
    case STATEMENT_SHOW_WARNINGS:
        return answers_show_warnings(result, err);
    case STATEMENT_SHOW_GRANTS:
        return answers_show_grants(answers, result, err);
    case STATEMENT_SHOW_PROCESSLIST:
        return answers_show_processes(answers, sql, result, err);
    case STATEMENT_SHOW_DATABASES:
        return answers_show_databases(answers, statement, result, err);
    case STATEMENT_SHOW_LOG_STATUS:
        return log_answers_show_status(context->channel, context->view, context->mariadb, result,
                                       err);
    case STATEMENT_SHOW_LOGS:
        return log_answers_show_logs(context->channel, context->version, result, err);
    case STATEMENT_SHOW_REPLICAS:
        return log_answers_show_replicas(context->replicas, context->server_id, context->mariadb,
                                         statement->new_words, result, err);
    case STATEMENT_SHOW_REPLICA_STATUS:
        return receiver_answers_show(context->channel, context->version, statement->new_words,
                                     result, err);
    case STATEMENT_SHOW_EVENTS:
        return log_events_add_columns(result, err);
    case STATEMENT_SET:
    case STATEMENT_USE:
    case STATEMENT_KILL:
    case STATEMENT_PURGE:
    case STATEMENT_CALL:
    case STATEMENT_EMPTY:
    case STATEMENT_NO_EFFECT:
    case STATEMENT_DENIED:
    case STATEMENT_SYNTAX:
    case STATEMENT_OTHER:
        break;
    }
    return err_set(err, E_BUG, ER_UNKNOWN_ERROR, "statement kind %d", (int)statement->kind);
}

static bool take_rows(struct answers *answers, const struct statement *statement, struct span sql,
                      struct answer *ret_answer, struct err *err)
{
    struct answer answer = {.result = result_new(RESULT_MAX)};
    struct log_events_spec events = {
        .file = statement->file,
        .from = statement->position,
        .offset = statement->limit_offset,
        .limit = statement->limit,
    };

    if (!add_rows(answers, statement, sql, answer.result, err) ||
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
        return is_comment(sql) || err_set(err, E_USAGE, ER_EMPTY_QUERY, "Query was empty");
    case STATEMENT_NO_EFFECT:
        return true;
    case STATEMENT_SET:
        return answers_set(answers, statement, err);
    case STATEMENT_USE:
        answers_use(answers, statement->name);
        return true;
    case STATEMENT_KILL:
        return answers_kill(answers, statement->position, err);
    case STATEMENT_PURGE:
        return answers->context.admin
                   ? answers_purge(answers, statement, err)
                   : fail_privilege(answers->context.mariadb ? "BINLOG ADMIN" : "BINLOG_ADMIN",
                                    err);
    case STATEMENT_CALL:
        return answers_call(answers, statement, ret_answer, err);
    case STATEMENT_DENIED:
        return fail_privilege("RELOAD", err);
    case STATEMENT_SYNTAX:
        return fail_syntax(answers, sql, statement->near, err);
    case STATEMENT_OTHER:
        return fail_other(sql, err);
    case STATEMENT_SELECT:
    case STATEMENT_SHOW_VARIABLES:
    case STATEMENT_SHOW_STATUS:
    case STATEMENT_SHOW_WARNINGS:
    case STATEMENT_SHOW_GRANTS:
    case STATEMENT_SHOW_PROCESSLIST:
    case STATEMENT_SHOW_DATABASES:
    case STATEMENT_SHOW_LOG_STATUS:
    case STATEMENT_SHOW_LOGS:
    case STATEMENT_SHOW_EVENTS:
    case STATEMENT_SHOW_REPLICAS:
    case STATEMENT_SHOW_REPLICA_STATUS:
        break;
    }
    return take_rows(answers, statement, sql, ret_answer, err);
}

bool answers_take(struct answers *answers, struct span sql, struct answer *ret_answer,
                  struct err *err)
{
    struct arena *arena = arena_new(sql.len * 4 + STATEMENT_ARENA);
    struct answer answer = {0};
    struct statement statement;
    bool good = statement_parse(sql, arena, &statement, err);

    answers->questions++;
    if (good)
        good = take(answers, &statement, sql, &answer, err);
    else
        err->code = ER_PARSE_ERROR;
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
