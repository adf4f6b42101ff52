/*
 * struct change_log: a cluster's change log: its writer's own binlog, followed (log/follower.h)
 * into a mirror, and what the dumps of it have in common.
 *
 * A thread makes or opens the mirror, follows, and begins anew after a failure: 1 s later, then
 * twice as long each time up to 30 s. A failure ends what reads the mirror first; the writer is
 * not concerned by it in any way.
 *
 * To follow costs the writer a share of the disk and of the processor. So while nobody reads the
 * thread looks every 100 ms, and at once at a file that has begun; between
 * change_log_begin_reading() and change_log_end_reading() at each write, 1 ms after the look before
 * at the earliest.
 *
 * Owned by the cluster's owner, who ends all sessions before change_log_stop(); the other calls are
 * for any thread in between.
 */
#pragma once

#include "log/mirror.h"
#include "log/retention.h"
#include "replication/dump_controls.h"
#include "replication/purge_choice.h"

struct change_log_spec {
    const char *subject;   /* of log lines */
    const char *directory; /* of the log; made when it is missing */
    const char *binlog;    /* directory of the writer's files, which is there */
    const char *base;      /* of their names */
    uint32_t server_id;    /* the writer's */
};

struct change_log;

/* The strings are copied. */
MUST_CHECK bool change_log_start(const struct change_log_spec *spec, struct change_log **ret_log,
                                 struct err *err);
void change_log_stop(struct change_log *log); /* NULL is fine */

/*
 * The mirror, which is there until change_log_leave(); whoever waits for more of it is told to
 * leave by E_STATE. Its end may be 100 ms old. E_STATE: there is none now; the text says why.
 */
MUST_CHECK bool change_log_enter(struct change_log *log, struct mirror **ret_mirror,
                                 struct err *err);
void change_log_leave(struct change_log *log);

/*
 * Once inside. The mirror has then, unless following has failed, all that the writer had written
 * before the call, and from now on gets each transaction as it is written.
 */
void change_log_begin_reading(struct change_log *log);
void change_log_end_reading(struct change_log *log);

/* Good until change_log_stop(). */
struct replicas *change_log_borrow_replicas(struct change_log *log);
struct dump_controls *change_log_borrow_controls(struct change_log *log);
uint32_t change_log_server_id(const struct change_log *log);
const char *change_log_subject(const struct change_log *log);

/*
 * Waits until the log has come to a position that the engine has told. E_TIMEOUT, E_STATE.
 */
MUST_CHECK bool change_log_wait(struct change_log *log, const struct log_position *position,
                                int64_t deadline_usec, struct err *err);

/*
 * The oldest file that stays when those go that the wish asks for (purge_choice.h); a linked file
 * was written last when its server did. False in *ret_any while none can go. E_STATE, E_IO.
 */
MUST_CHECK bool change_log_find_purge(struct change_log *log, const struct purge_wish *wish,
                                      char ret_name[LOG_NAME_MAX + 1], bool *ret_any,
                                      struct err *err);

/* Removes the oldest files that the writer has no more, as long as it has any. */
MUST_CHECK bool change_log_purge_gone(struct change_log *log, struct log_purged *ret_purged,
                                      struct err *err);
