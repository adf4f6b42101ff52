/*
 * What a replica with a base (dump.h) has, in GTIDs: what it names itself, and the rest by the
 * state of the log at the base. So a replica may begin with no GTID at all at a copy of the source,
 * and what it has committed since, with each transaction, says where it goes on. Runs in the dump's
 * thread.
 */
#pragma once

#include "replication/dump.h"

/*
 * Adds to a position (a GTID per domain) the domains that it lacks; nothing without a base. Of a
 * base that the log does not have any more, its beginning is taken: files are removed once the
 * replica has them. E_TIMEOUT: the log has not come so far; 1236: the base is no place in its file;
 * those of the lookups. With a base
 * where the log begins, a replica of the log as it is says all, and the log is waited for:
 * E_TIMEOUT.
 */
MUST_CHECK bool dump_base_complete(const struct dump_spec *spec, struct gtid_list *position,
                                   struct err *err);
