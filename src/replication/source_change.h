/*
 * A source that is not as it was: what was found instead of the binlog that a mirror is of, and
 * whether a new log may be begun for it. Nothing of another history is ever appended to a mirror.
 *
 * Asked for by the receiver's thread; no state.
 */
#pragma once

#include "log/mirror.h"
#include "replication/link_login.h"
#include "replication/source.h"

enum source_change {
    SOURCE_SAME,
    SOURCE_OTHER_SERVER, /* its UUID, or without one its server id, is another: a failover */
    SOURCE_OTHER_BINLOG, /* the same server, whose logs began anew, or that lost some of them */
    SOURCE_PURGED,       /* what comes next is not there any more */
};

/* What the operator wants to be done then. */
enum source_change_policy {
    SOURCE_CHANGE_STOP,   /* nothing */
    SOURCE_CHANGE_FOLLOW, /* a new log, if the source has all GTIDs that the old one has */
    SOURCE_CHANGE_ANEW,   /* a new log in any case */
};

/* MySQL's servers are known by UUID from 5.6 on, all others by their server id. */
bool source_is_same(const struct log_identity *ours, const struct log_identity *theirs);

/*
 * Why a source has refused to go on from where the mirror ends: looks at its list of files, over a
 * link of its own. SOURCE_SAME when the files do not tell, or may not be listed: the refusal stands
 * then. Otherwise *ret_reason says what was expected and found.
 */
enum source_change source_change_find(const struct link_login_spec *login, struct mirror *mirror,
                                      int64_t deadline_usec, struct err *ret_reason);

/*
 * Whether a new log may be begun in place of the mirror's, under the policy. `reason` tells what
 * has changed; the error adds why not, and what the operator can do.
 */
MUST_CHECK bool source_change_may_follow(struct link *link, const struct source *source,
                                         struct mirror *mirror, enum source_change_policy policy,
                                         const struct err *reason, int64_t deadline_usec,
                                         struct err *err);
