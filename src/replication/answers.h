/*
 * struct answers: what a relay answers to one session's statements, as the source would: from the
 * source's own variables, the log's GTID state and files, and the session's user variables.
 *
 * Refusals are errors whose `code` is the servers' number and whose text is for the client. Owned
 * by the session's thread.
 */
#pragma once

#include "base/buf.h"
#include "replication/channel.h"
#include "replication/log_events.h"
#include "replication/replicas.h"
#include "wire/result.h"

/* What a session knows; all of it outlives its answers. */
struct answers_context {
    struct channel *channel;
    struct replicas *replicas;
    uint32_t server_id; /* the relay's own */
    const char *server_uuid;
    const char *host; /* where it listens */
    uint16_t port;
    bool mariadb;        /* the family it shows */
    const char *version; /* as greeted, without MariaDB's prefix */
    uint32_t thread_id;
    const char *user;
    const char *client; /* the client's address */
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

/* The text of a user variable that the session has set; false when there is none, or it is NULL. */
bool answers_user_variable(const struct answers *answers, const char *name, struct span *ret_value);

/* Whether the session wants no events that are marked so: SET skip_replication = 1. */
bool answers_skip_replication(const struct answers *answers);

/* Forgets all user variables: COM_RESET_CONNECTION, COM_CHANGE_USER. */
void answers_reset(struct answers *answers);
