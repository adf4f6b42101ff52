/*
 * struct sql_walk: one reading of a statement by rules that change it: its words as the source's
 * server saw them, one to look at and those before and after it, and the edits that the rules make.
 *
 * Version comments are read as the source took them: what it executed is a part of the statement,
 * what it did not is passed over. A rule that can not go on says so with sql_walk_refuse() and
 * returns: from then on the walk is at its end and takes nothing, so that rules need not check each
 * step. Copying the struct is looking ahead; only edits and errors are shared. One thread.
 */
#pragma once

#include "translation/sql_edits.h"
#include "translation/sql_translator.h"

struct sql_walk {
    const struct sql_origin *origin;
    const struct sql_session *session;
    struct sql_edits *edits;
    struct err *err;
    struct sql_tokens tokens; /* behind `token` */
    struct sql_token token;   /* the next one, not taken yet; at the end END */
    struct sql_token last;    /* that was taken before it; at the beginning END */
    struct sql_token operand; /* where a name with dots begins whose last part was taken; or END */
    struct sql_token verb;    /* see sql_walk_head() */
    struct sql_token object;
    unsigned depth; /* how many "(" are open before `token` */
    uint64_t casts; /* a bit for each of them, the lowest for the last: that of CAST or CONVERT */
    bool collated;  /* COLLATE came in what has not yet ended by a comma or parenthesis */
    bool failed;    /* *err is set */
    bool dropped;   /* a rule found that nothing is left to be done on the other side */
    bool mends_versions; /* what it comes by of version comments is edited: in one reading only */
    bool unwraps;        /* of sql_walk.c: in a version comment whose two ends go */
};

/* The one reading that mends version comments; to look ahead there is sql_walk_scout(). */
void sql_walk_start(struct sql_walk *walk, const struct sql_origin *origin,
                    const struct sql_session *session, struct span text, struct sql_edits *edits,
                    struct err *err);

/* E_STATE: which clause, why, what can be done. The first one counts. */
void sql_walk_refuse(struct sql_walk *walk, const char *format, ...) PRINTF_LIKE(2, 3);

/* A walk from here to look ahead with: what it can not read is in *ignored, and no error yet. */
struct sql_walk sql_walk_scout(const struct sql_walk *walk, struct err *ignored);

/* ---- What comes ---- */

bool sql_walk_at_end(const struct sql_walk *walk);
bool sql_walk_is(const struct sql_walk *walk, const char *word);
bool sql_walk_is_sign(const struct sql_walk *walk, const char *sign);
bool sql_walk_is_name(const struct sql_walk *walk); /* or a word that may be one */

/* The n-th token after the next one; n = 0 is the next one. */
struct sql_token sql_walk_ahead(const struct sql_walk *walk, unsigned n);

/* Whether these words come, up to a NULL. */
bool sql_walk_are(const struct sql_walk *walk, const char *const words[]);

/* ---- Going on ---- */

void sql_walk_step(struct sql_walk *walk);

/* These go on if the word or sign comes, and say whether it did. */
bool sql_walk_take(struct sql_walk *walk, const char *word);
bool sql_walk_take_sign(struct sql_walk *walk, const char *sign);

/* From "(" behind the ")" that belongs to it; nothing if there is none. */
void sql_walk_pass_parens(struct sql_walk *walk);

/* To the "," or ")" that ends what the walk is in, at the same depth; or to the end. */
void sql_walk_seek_part_end(struct sql_walk *walk);

/* NAME, DATABASE.NAME: the last part. False, and nothing taken, when none comes. */
bool sql_walk_take_name(struct sql_walk *walk, struct sql_token *ret_name);

/*
 * The statement's first words: its verb (CREATE, INSERT) and, for those that make, change or take
 * away objects, what kind of object (TABLE, USER), whatever stands between them: OR REPLACE,
 * DEFINER and so on. The walk stands behind them then.
 */
void sql_walk_head(struct sql_walk *walk);

/* Whether these are the words of the head; NULL object: any. */
bool sql_walk_is_head(const struct sql_walk *walk, const char *verb, const char *object);

/* ---- Text ---- */

/* What a name, string or word means, without its quotes, in `text` of `size` bytes; cut there. */
const char *sql_walk_value(const struct sql_walk *walk, const struct sql_token *token, char *text,
                           size_t size);

/* The empty place before and behind a token. */
struct span sql_before(const struct sql_token *token);
struct span sql_behind(const struct sql_token *token);
