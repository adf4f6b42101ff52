/*
 * struct answers: what a relay answers to one session's statements, as the source would: from the
 * source's own variables, the log's GTID state and files, and what the session has set.
 *
 * Refusals are errors whose `code` is the servers' number and whose text is for the client. Owned
 * by the session's thread. answers.c says which statement goes where; answers_variable.c knows the
 * variables, answers_select.c expressions, answers_show.c the lists, answers_call.c the procedures.
 */
#pragma once

#include "base/buf.h"
#include "replication/channel.h"
#include "replication/log_events.h"
#include "replication/replicas.h"
#include "translation/translator.h"
#include "wire/result.h"

/* What a session knows; all of it outlives its answers. */
struct answers_context {
    struct channel *channel;
    struct replicas *replicas;
    uint32_t server_id; /* the relay's own */
    const char *server_uuid;
    const char *host; /* where it listens */
    uint16_t port;
    bool mariadb;                          /* the family it shows */
    const struct translator_options *view; /* the source is of the other family; NULL: it is not */
    const char *version;                   /* as greeted, without MariaDB's prefix */
    uint32_t thread_id;
    const char *user;
    const char *client;      /* the client's address */
    bool admin;              /* may change the relay: retention, files, others' sessions */
    const char *tls_version; /* of the connection: "TLSv1.3"; "" in clear */
    const char *tls_cipher;  /* "" in clear */
    int64_t started_usec;    /* since 1970: the relay */
};

struct answers;

struct answers *answers_new(const struct answers_context *context);
void answers_free(struct answers *answers); /* NULL is fine */

/* What a statement is answered with: OK, or a result, whose rows may be still to come. */
struct answer {
    struct result *result;     /* NULL: OK */
    struct log_events *events; /* not NULL: the rows of the result are these */
};

MUST_CHECK bool answers_take(struct answers *answers, struct span sql, struct answer *ret_answer,
                             struct err *err);
void answer_done(struct answer *answer);

/* The session's default database, which any name may be: there are no tables in it. */
void answers_use(struct answers *answers, struct span database);

/* Ends a session by its thread, as KILL does: one's own, or any for an admin. */
MUST_CHECK bool answers_kill(struct answers *answers, uint64_t thread_id, struct err *err);

/* What COM_STATISTICS gives, appended. */
void answers_statistics(struct answers *answers, struct buf *text);

/* The text of a user variable that the session has set; false when there is none, or it is NULL. */
bool answers_user_variable(const struct answers *answers, const char *name, struct span *ret_value);

/* Whether the session has switched a system variable on. */
bool answers_has_switched_on(const struct answers *answers, const char *name);

/* Forgets what the session has set: COM_RESET_CONNECTION. */
void answers_reset(struct answers *answers);

/* The session is another user's from here on: COM_CHANGE_USER. The name outlives the answers. */
void answers_change_user(struct answers *answers, const char *user, bool admin);
