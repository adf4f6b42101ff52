#include "translation/sql_translator.h"

#include "base/mem.h"
#include "binlog/charset.h"
#include "translation/sql_rules.h"

#include <stdio.h>

#define HEAD_WORDS 6
#define HEAD_SIZE  120

struct sql_translator {
    struct sql_origin origin;
    struct sql_edits edits;
    char dropped[SQL_WORDS_SIZE];
};

struct sql_translator *sql_translator_new(const struct sql_origin *origin)
{
    struct sql_translator *translator = mem_alloc(sizeof *translator);

    translator->origin = *origin;
    sql_edits_init(&translator->edits);
    return translator;
}

void sql_translator_free(struct sql_translator *translator)
{
    if (!translator)
        return;
    sql_edits_done(&translator->edits);
    mem_free(translator);
}

/* The first words and names of a statement go before the message: no values, no passwords. */
static bool fail(const struct sql_walk *start, struct err *err)
{
    struct err ignored;
    struct sql_walk walk = sql_walk_scout(start, &ignored);
    struct buf head;

    buf_init(&head, HEAD_SIZE);
    for (unsigned i = 0; i < HEAD_WORDS; i++) {
        bool joined = sql_walk_is_sign(&walk, ".") || sql_token_is_sign(&walk.last, ".");

        if (!sql_walk_is_name(&walk) && !sql_walk_is_sign(&walk, "."))
            break;
        buf_str(&head, i == 0 || joined ? "" : " ");
        buf_bytes(&head, walk.token.text);
        sql_walk_step(&walk);
    }
    if (head.len > 0)
        (void)err_prefix(err, "%s", buf_borrow_cstr(&head));
    buf_done(&head);
    return false;
}

static const struct sql_rules *rules_of(const struct sql_origin *origin)
{
    return dialect_family(origin->to) == FORMAT_MARIADB ? &sql_rules_to_mariadb
                                                        : &sql_rules_to_mysql;
}

/* The rules for each word, and the version comments: over the whole statement. */
static void walk_words(struct sql_walk *walk, const struct sql_rules *rules)
{
    while (!sql_walk_at_end(walk) && !walk->dropped)
        if (!rules->each_word(walk))
            sql_walk_step(walk);
}

static void walk_statement(struct sql_walk *walk, const struct sql_rules *rules)
{
    for (const struct sql_rule *rule = rules->statements; rule->verb; rule++) {
        if (sql_walk_is_head(walk, rule->verb, rule->object)) {
            rule->apply(walk);
            return;
        }
    }
}

/* Statements of accounts, roles and rights; the walk is behind the head. */
static bool is_account(const struct sql_walk *walk)
{
    if (sql_walk_is_head(walk, "GRANT", NULL) || sql_walk_is_head(walk, "REVOKE", NULL))
        return true;
    if (sql_walk_is_head(walk, "SET", NULL))
        return sql_walk_is(walk, "PASSWORD") || sql_walk_is(walk, "DEFAULT");
    return sql_token_is(&walk->object, "USER") || sql_token_is(&walk->object, "ROLE");
}

/* False: nothing more is to be done with the statement. */
static bool allow_account(struct sql_walk *walk)
{
    switch (walk->origin->accounts) {
    case ACCOUNTS_REPLICATE:
        return true;
    case ACCOUNTS_DROP:
        walk->dropped = true;
        return false;
    case ACCOUNTS_KEEP:
        return false;
    case ACCOUNTS_STOP:
        break;
    }
    sql_walk_refuse(walk, "statements of accounts stop the channel, as its settings say; do the "
                          "same at the replica, and skip the transaction there");
    return false;
}

bool sql_account_goes_on(struct sql_walk *walk)
{
    return !is_account(walk) || allow_account(walk);
}

static void apply_rules(struct sql_walk *walk)
{
    const struct sql_rules *rules = rules_of(walk->origin);
    struct sql_walk words = *walk;

    walk->mends_versions = false;
    sql_walk_head(walk);
    if (!sql_account_goes_on(walk))
        return;
    words.verb = walk->verb;
    words.object = walk->object;
    walk_words(&words, rules);
    if (words.failed)
        walk->failed = true;
    else if (!words.dropped)
        walk_statement(walk, rules);
    walk->dropped |= words.dropped;
}

/*
 * The servers' lexers know what the bytes of sjis and its like are; here they could be taken for a
 * quote or a backslash.
 */
static bool is_readable(const struct sql_session *session, struct span text)
{
    struct charset charset = charset_of_collation(session->collation_client);

    return charset_has_ascii(charset.encoding) || charset.encoding == CHARSET_BINARY ||
           ascii_prefix(text) == text.len;
}

/* No more than two words: names and passwords come behind them. */
static void note_dropped(struct sql_translator *translator, const struct sql_walk *walk)
{
    const struct sql_token *second = &walk->object;

    if (sql_token_is(&walk->verb, "GRANT") || sql_token_is(&walk->verb, "REVOKE"))
        second = NULL;
    else if (walk->object.kind != SQL_TOKEN_WORD)
        second = walk->token.kind == SQL_TOKEN_WORD ? &walk->token : NULL;
    (void)snprintf(translator->dropped, sizeof translator->dropped, "%.*s%s%.*s",
                   (int)walk->verb.text.len, (const char *)walk->verb.text.data, second ? " " : "",
                   second ? (int)second->text.len : 0,
                   second ? (const char *)second->text.data : "");
}

const char *sql_translator_dropped(const struct sql_translator *translator)
{
    return translator->dropped;
}

bool sql_translate(struct sql_translator *translator, const struct sql_session *session,
                   struct span text, struct buf *buf, enum sql_outcome *ret_outcome,
                   struct err *err)
{
    const struct sql_origin *origin = &translator->origin;
    struct sql_walk walk;
    struct sql_walk start;

    if (origin->family == dialect_family(origin->to))
        return err_set(err, E_USAGE, 0, "%s reads the source's own statements",
                       dialect_title(origin->to));
    sql_edits_start(&translator->edits, text);
    sql_walk_start(&walk, origin, session, text, &translator->edits, err);
    start = walk;
    if (!is_readable(session, text))
        sql_walk_refuse(&walk,
                        "the text is in a character set that can not be read for certain, by its "
                        "collation %u; use a session with SET NAMES utf8mb4 at the source",
                        session->collation_client);
    if (!walk.failed)
        apply_rules(&walk);
    if (walk.failed)
        return fail(&start, err);
    if (walk.dropped)
        note_dropped(translator, &walk);
    if (!walk.dropped && translator->edits.count > 0 &&
        !sql_edits_apply(&translator->edits, buf, err))
        return false;
    *ret_outcome = walk.dropped                  ? SQL_DROPPED
                   : translator->edits.count > 0 ? SQL_REWRITTEN
                                                 : SQL_UNCHANGED;
    return true;
}
