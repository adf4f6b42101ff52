/*
 * Where in a source's binlog something is: its oldest file, the one after another, its end, a state
 * of GTIDs. Asked by one thread, over a link that is logged in.
 *
 * Nothing is held between the calls, so what was found may be purged by the time it is asked for.
 */
#pragma once

#include "replication/link_login.h"
#include "replication/source.h"

/*
 * The oldest file's beginning. Without the privilege to list files (REPLICATION CLIENT; BINLOG
 * MONITOR at MariaDB) the name is empty: a source takes that for its oldest file, and tells the
 * name when it sends it.
 */
MUST_CHECK bool source_find_oldest(struct link *link, int64_t deadline_usec,
                                   struct source_position *ret_position, struct err *err);

/* The beginning of the file after `name`. E_STATE: there is none, or not that file; E_AUTH. */
MUST_CHECK bool source_find_next(struct link *link, const char *name, int64_t deadline_usec,
                                 struct source_position *ret_position, struct err *err);

/* MariaDB: the GTID position at the beginning of one of its files; mem_free() it. */
MUST_CHECK bool source_gtids_before(struct link *link, const char *name, int64_t deadline_usec,
                                    char **ret_gtids, struct err *err);

/*
 * Whether the source would serve a replica from there, asked over a link of its own, which ends
 * with the first answer: its own refusal, with code 1236, for a file that it does not have or a
 * position past the file's end; otherwise as link_login(). A place between events passes, and one
 * past 4 GiB, which the request has no room for.
 */
MUST_CHECK bool source_check_position(struct link *link, const struct link_login_spec *login,
                                      const struct source_visitor *visitor,
                                      const struct source *source,
                                      const struct source_position *position, int64_t deadline_usec,
                                      struct err *err);

/* The end. E_AUTH without the privilege. */
MUST_CHECK bool source_find_newest(struct link *link, const struct source *source,
                                   int64_t deadline_usec, struct source_position *ret_position,
                                   struct err *err);

/*
 * The beginning of the file from which the source would serve a replica that has these GTIDs: a set
 * (MySQL), or a position with a GTID per domain (MariaDB). The source is asked to do so over a
 * link of its own, which ends with the first event: that names the file. The whole file is wanted,
 * because a mirror that began at the transaction itself would lack the state before it.
 *
 * E_USAGE: the text is not of that family; E_STATE: the source has no GTIDs, or has purged what
 * comes after them: the text says what is missing; otherwise as link_login().
 */
MUST_CHECK bool source_find_gtids(struct link *link, const struct link_login_spec *login,
                                  const struct source_visitor *visitor, const struct source *source,
                                  const char *gtids, int64_t deadline_usec,
                                  struct source_position *ret_position, struct err *err);
