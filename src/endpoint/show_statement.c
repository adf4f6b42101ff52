#include "endpoint/show_statement.h"

#include "binlog/sql_token.h"

#include <stdio.h>
#include <strings.h>

/* A text, or what stands in quotes in it. */
struct scan {
    struct sql_tokens tokens;
    struct sql_token token; /* the next */
    struct span text;       /* the whole */
    struct show_statement found;
};

static void next(struct scan *scan)
{
    struct err ignored;

    /* What does not end is the engine's to refuse. */
    if (!sql_tokens_next(&scan->tokens, &scan->token, &ignored))
        scan->token = (struct sql_token){.kind = SQL_TOKEN_END};
    if (scan->token.kind == SQL_TOKEN_VERSION || scan->token.kind == SQL_TOKEN_VERSION_END)
        next(scan);
}

static bool take(struct scan *scan, const char *word)
{
    if (!sql_token_is(&scan->token, word))
        return false;
    next(scan);
    return true;
}

static bool is_end(const struct scan *scan)
{
    return scan->token.kind == SQL_TOKEN_END || sql_token_is_sign(&scan->token, ";");
}

static size_t offset_of(const struct scan *scan, struct span part)
{
    return (size_t)(part.data - scan->text.data);
}

/* NULL: there is no room for more. */
static struct show_asked *add(struct scan *scan, enum show_kind kind, bool new_words)
{
    struct show_asked *asked;

    if (scan->found.count == SHOW_ASKED_MAX)
        return NULL;
    asked = &scan->found.asked[scan->found.count++];
    *asked = (struct show_asked){.kind = kind, .new_words = new_words};
    return asked;
}

/* The engine is asked for its log's status instead of the words from `begin` to `last`. */
static void add_known(struct scan *scan, enum show_kind kind, bool new_words, struct span begin,
                      struct span last)
{
    struct show_asked *asked = add(scan, kind, new_words);

    if (!asked)
        return;
    asked->known = "SHOW MASTER STATUS";
    asked->begin = offset_of(scan, begin);
    asked->end = offset_of(scan, last) + last.len;
}

/* SHOW SLAVE ['name'] STATUS, SHOW SLAVE HOSTS. */
static void take_replica(struct scan *scan, bool new_words, struct span show)
{
    struct span last = scan->token.text;

    if (take(scan, "HOSTS")) {
        if (is_end(scan))
            add_known(scan, SHOW_REPLICAS, false, show, last);
        return;
    }
    if (scan->token.kind == SQL_TOKEN_STRING || scan->token.kind == SQL_TOKEN_NAME)
        next(scan);
    if (take(scan, "STATUS"))
        (void)add(scan, SHOW_SOURCE, new_words);
}

static void take_show(struct scan *scan, struct span show)
{
    struct span last = scan->token.text;

    if (take(scan, "ALL")) {
        if ((take(scan, "SLAVES") || take(scan, "REPLICAS")) && take(scan, "STATUS"))
            (void)add(scan, SHOW_SOURCES, false);
    } else if (take(scan, "SLAVE")) {
        take_replica(scan, false, show);
    } else if (take(scan, "REPLICA")) {
        take_replica(scan, true, show);
    } else if (take(scan, "REPLICAS")) {
        if (is_end(scan))
            add_known(scan, SHOW_REPLICAS, true, show, last);
    } else if (take(scan, "MASTER")) {
        if (take(scan, "LOGS"))
            (void)add(scan, SHOW_LOGS, false);
        else if (take(scan, "STATUS"))
            (void)add(scan, SHOW_LOG_STATUS, false);
    } else if (take(scan, "BINARY")) {
        if (take(scan, "LOGS")) {
            (void)add(scan, SHOW_LOGS, false);
        } else if (take(scan, "LOG")) {
            last = scan->token.text;
            if (take(scan, "STATUS") && is_end(scan))
                add_known(scan, SHOW_LOG_STATUS, false, show, last);
        }
    }
}

static void take_statements(struct scan *scan, struct span part, bool in_quotes);

/* What is in quotes is looked at as it is: no escape is part of these words. */
static void take_quoted(struct scan *scan)
{
    struct scan inner = *scan;
    struct span quoted = scan->token.text;

    if (scan->token.kind != SQL_TOKEN_STRING)
        return;
    take_statements(&inner, span_of(quoted.data + 1, quoted.len - 2), true);
    scan->found = inner.found;
}

/* The name of what is prepared by its text; one that can not be is empty. */
static void take_name(struct scan *scan, char name[SHOW_PREPARED_MAX])
{
    struct buf value;

    buf_init(&value, SHOW_PREPARED_MAX - 1);
    if (scan->token.kind == SQL_TOKEN_WORD || scan->token.kind == SQL_TOKEN_NAME)
        sql_token_value(&value, &scan->tokens, &scan->token);
    (void)snprintf(name, SHOW_PREPARED_MAX, "%s", buf_ok(&value) ? buf_borrow_cstr(&value) : "");
    buf_done(&value);
    next(scan);
}

static void take_execute(struct scan *scan)
{
    struct show_asked *asked;

    if (take(scan, "IMMEDIATE")) {
        take_quoted(scan);
        return;
    }
    asked = add(scan, SHOW_PREPARED, false);
    if (asked)
        take_name(scan, asked->name);
}

static void take_prepare(struct scan *scan)
{
    char name[SHOW_PREPARED_MAX];
    size_t at = scan->found.count;
    struct show_asked *asked;

    take_name(scan, name);
    if (!take(scan, "FROM"))
        return;
    take_quoted(scan);
    asked = scan->found.count > at ? &scan->found.asked[at] : add(scan, SHOW_OTHER, false);
    if (!asked)
        return;
    asked->prepares = true;
    memcpy(asked->name, name, sizeof name);
}

static void take_statements(struct scan *scan, struct span part, bool in_quotes)
{
    scan->tokens = sql_tokens_of(part);
    next(scan);
    while (scan->token.kind != SQL_TOKEN_END) {
        struct span begin = scan->token.text;

        if (take(scan, "SHOW"))
            take_show(scan, begin);
        else if (!in_quotes && take(scan, "EXECUTE"))
            take_execute(scan);
        else if (!in_quotes && take(scan, "PREPARE"))
            take_prepare(scan);
        else if (take(scan, "LOAD"))
            scan->found.loads = true;
        while (!is_end(scan))
            next(scan);
        if (scan->token.kind != SQL_TOKEN_END)
            next(scan);
    }
}

/* Every statement passes here: most bytes of those that ask for nothing cost little. */
static bool may_ask(struct span text)
{
    static const char *const words[] = {"show", "execute", "prepare"};

    for (size_t i = 0; i + strlen(words[0]) <= text.len; i++) {
        uint8_t first = text.data[i] | 0x20;
        uint8_t second = text.data[i + 1] | 0x20;

        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            if (first == (uint8_t)words[k][0] && second == (uint8_t)words[k][1] &&
                i + strlen(words[k]) <= text.len &&
                strncasecmp((const char *)text.data + i, words[k], strlen(words[k])) == 0)
                return true;
        }
    }
    return false;
}

bool show_statement_find(struct span text, struct show_statement *ret_statement)
{
    struct scan scan;

    if (text.len > SHOW_STATEMENT_MAX || !may_ask(text))
        return false;
    scan.text = text;
    scan.found = (struct show_statement){.count = 0};
    take_statements(&scan, text, false);
    if (scan.found.count == 0)
        return false;
    *ret_statement = scan.found;
    return true;
}

void show_statement_leave_answers(struct show_statement *statement)
{
    for (size_t i = 0; i < statement->count; i++) {
        if (statement->asked[i].kind == SHOW_REPLICAS)
            statement->asked[i].known = NULL;
    }
}

bool show_statement_write(const struct show_statement *statement, struct span text, struct buf *buf)
{
    size_t at = 0;

    for (size_t i = 0; i < statement->count; i++) {
        const struct show_asked *asked = &statement->asked[i];

        if (!asked->known)
            continue;
        buf_bytes(buf, span_of(text.data + at, asked->begin - at));
        buf_str(buf, asked->known);
        at = asked->end;
    }
    if (at == 0)
        return false;
    buf_bytes(buf, span_of(text.data + at, text.len - at));
    return true;
}
