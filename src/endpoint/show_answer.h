/*
 * struct show_answer: the engine's answer to one command on its way to the client, in which the
 * results that show_statement.h tells of are shown by their view (show_view.h). What else the
 * command is answered, other statements' results of the same text among it, passes with the numbers
 * of its packets put right.
 *
 * Text and binary protocol, and what a prepared statement is described by, also when it is prepared
 * and executed at once (source: MySQL internals, "COM_QUERY Response", "COM_STMT_PREPARE Response";
 * MariaDB's protocol documentation, "COM_STMT_EXECUTE", statement -1, and
 * MARIADB_CLIENT_CACHE_METADATA; COM_STMT_FETCH). Belongs to a session. No I/O but what the
 * environment's calls do.
 */
#pragma once

#include "endpoint/show_view.h"

#define SHOW_ANSWER_STATEMENTS 16 /* prepared ones that are known; the oldest are forgotten */
#define SHOW_ANSWER_NAMED      8  /* and by their texts */
#define SHOW_ANSWER_MAX        ((size_t)64 << 20) /* bytes that are made of what came */
#define SHOW_STATEMENT_LAST    0xffffffffu        /* the statement that was prepared last */

enum show_command { SHOW_QUERY, SHOW_PREPARE, SHOW_EXECUTE };

enum show_state {
    SHOW_NONE, /* no answer is awaited */
    SHOW_HEAD, /* of a result, or of what was prepared */
    SHOW_COLUMNS,
    SHOW_COLUMNS_END,
    SHOW_ROWS,
};

struct show_known {
    uint32_t statement;
    struct show_asked asked;
    struct show_view *view; /* as it was last described; NULL: that comes when it is executed */
};

struct show_answer {
    const struct show_environment *environment;
    bool with_eof; /* descriptions end with a packet of their own: no CAP_DEPRECATE_EOF */
    enum show_state state;
    enum show_command command;
    struct show_statement asked; /* that is not answered yet */
    uint32_t statement;          /* that is executed */
    bool execute_follows;        /* was sent without waiting for what is prepared */

    uint8_t shift;          /* packets that there are now more than were */
    uint64_t columns;       /* still to come */
    size_t pass_left;       /* bytes of a packet that pass unread */
    bool continued;         /* and its next packet is part of it */
    struct buf input;       /* what has come of a packet that is not whole */
    struct show_view *view; /* of the rows that come; NULL: they pass */
    bool owns_view;         /* a known statement does else */

    struct show_known known[SHOW_ANSWER_STATEMENTS];
    unsigned n_known;   /* how many were noted */
    bool last_is_known; /* what was prepared last: the... */
    uint32_t last;      /* ...statement */

    struct show_asked named[SHOW_ANSWER_NAMED]; /* prepared by their texts */
    unsigned n_named;                           /* how many were noted */
};

void show_answer_init(struct show_answer *answer, const struct show_environment *environment,
                      bool with_eof);
void show_answer_done(struct show_answer *answer);

/*
 * Whether the answer to a text with these statements can be looked at: not behind an answer that is
 * still awaited, and not where a file of the client's is asked for, which numbers packets, too.
 */
bool show_answer_is_free(const struct show_answer *answer, const struct show_statement *statement);

/* The client has sent such a text, to be answered or to be prepared. */
void show_answer_await(struct show_answer *answer, const struct show_statement *statement,
                       bool prepares);

/* The client prepares something else. */
void show_answer_forget_last(struct show_answer *answer);

/* The session begins anew: nothing is prepared in it any more. */
void show_answer_forget_all(struct show_answer *answer);

/* Whether it matters which statement is executed, or fetched from. */
bool show_answer_minds_execute(const struct show_answer *answer);

/* It executes a statement of that number. */
void show_answer_execute(struct show_answer *answer, uint32_t statement);

/* It fetches rows of a statement of that number, which it has executed with a cursor. */
void show_answer_fetch(struct show_answer *answer, uint32_t statement);

/*
 * Takes bytes that the engine has sent, while the state is not SHOW_NONE, and appends what goes on
 * instead. False: they are no answer, or too long a one.
 */
MUST_CHECK bool show_answer_take(struct show_answer *answer, struct span bytes, struct buf *buf);
