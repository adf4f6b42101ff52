/*
 * A table of statements and what becomes of each, for the unit tests of their translation.
 */
#pragma once

#include "check.h"
#include "translation/sql_translator.h"

/* What is expected: the text that comes out, or one of these, or "!" and a part of the message. */
#define SAME    "="
#define DROPPED "-"

struct sql_case {
    const char *in;
    const char *out;
};

struct sql_source {
    struct sql_origin origin;
    struct sql_session session;
};

static inline void sql_check_outcome(const struct sql_case *statement, enum sql_outcome outcome,
                                     const char *text)
{
    if (strcmp(statement->out, SAME) == 0) {
        if (outcome != SQL_UNCHANGED)
            fail_msg("changed: %s: %s", statement->in, text);
    } else if (strcmp(statement->out, DROPPED) == 0) {
        if (outcome != SQL_DROPPED)
            fail_msg("not dropped: %s: %s", statement->in, text);
    } else if (outcome != SQL_REWRITTEN || strcmp(text, statement->out) != 0) {
        fail_msg("%s\nexpected: %s\ngot: %s (%d)", statement->in, statement->out, text,
                 (int)outcome);
    }
}

static inline void sql_check(const struct sql_source *source, const struct sql_case *statement)
{
    struct sql_translator *translator = sql_translator_new(&source->origin);
    enum sql_outcome outcome = SQL_UNCHANGED;
    struct err err = {0};
    struct buf buf;
    bool done;

    buf_init(&buf, 1 << 16);
    buf_str(&buf, "kept:");
    done =
        sql_translate(translator, &source->session, span_str(statement->in), &buf, &outcome, &err);
    if (statement->out[0] == '!') {
        if (done)
            fail_msg("taken: %s: %s", statement->in, buf_borrow_cstr(&buf));
        assert_int_equal(err.class, E_STATE);
        assert_contains(err.text, statement->out + 1);
    } else if (!done) {
        fail_msg("refused: %s: %s", statement->in, err.text);
    } else {
        sql_check_outcome(statement, outcome, buf_borrow_cstr(&buf) + 5);
    }
    if (!done || outcome != SQL_REWRITTEN)
        assert_string_equal(buf_borrow_cstr(&buf), "kept:");
    buf_done(&buf);
    sql_translator_free(translator);
}

#define sql_check_all(source, statements)                                                          \
    for (size_t i_ = 0; i_ < sizeof(statements) / sizeof(statements)[0]; i_++)                     \
    sql_check(source, &(statements)[i_])
