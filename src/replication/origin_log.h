/*
 * struct origin_log: what the numbers were that a channel's MySQL transactions have at MariaDB
 * replicas (translation/gtid_origins.h), for the channels through which they come back.
 *
 * It reads the channel's log as far as it is asked, from its indexes where these tell the order,
 * and keeps what it has read in the log's directory before files are purged. Where the channel has
 * begun a new log, the kept ones of its old logs still tell: a number that two logs know as
 * different GTIDs is refused.
 *
 * Counted: the channel's owner and the maps that name it have a share each; it outlives the
 * channel. While the channel is closed it knows what it has read. Any thread.
 */
#pragma once

#include "log/mirror.h"
#include "translation/gtid_origins.h"

struct origin_log;

struct origin_log *origin_log_new(const char *channel); /* its name, for errors */
struct origin_log *origin_log_share(struct origin_log *log);
void origin_log_free(struct origin_log *log); /* the last share frees; NULL is fine */

/* ---- The channel's side ---- */

/*
 * The channel's log is this one from now on; what was kept of it is read. Its old logs are in
 * `older`, `count` directories; those that kept nothing are passed over. E_STATE, E_PROTO, E_LIMIT:
 * a kept file is of another version, damaged, or too large; E_IO. Nothing has changed then.
 */
MUST_CHECK bool origin_log_attach(struct origin_log *log, struct mirror *mirror, char *const *older,
                                  size_t count, struct err *err);

/* The mirror is about to be closed, and was shut down; when it returns nobody uses it. */
void origin_log_detach(struct origin_log *log);

/*
 * Keeps all that the log has now, if a map names it: before files are purged, or with `whole`
 * before another log takes its place. E_IO and the others of reading.
 */
MUST_CHECK bool origin_log_keep(struct origin_log *log, bool whole, struct err *err);

/* Old logs that were removed tell no more. */
void origin_log_forget_older(struct origin_log *log);

/* A map names it, or does not any more. */
void origin_log_want(struct origin_log *log, bool wanted);

/* ---- Answers, as those of a gtid_resolver ---- */

/*
 * What is ahead of the log is waited for, `patience_usec` at most: E_TIMEOUT, with a code that
 * replicas try again after. E_STATE: it is before all that is known, or two logs disagree.
 */
MUST_CHECK bool origin_log_find(struct origin_log *log, uint64_t sequence, int64_t patience_usec,
                                struct gtid_origin *ret_origin, struct err *err);
MUST_CHECK bool origin_log_executed(struct origin_log *log, uint64_t sequence,
                                    int64_t patience_usec, struct gtid_set *set, struct err *err);
bool origin_log_held(struct origin_log *log, uint64_t first, uint64_t last,
                     const struct gtid_set *set);
