/*
 * What dump_start.c, of dumps of the log as it is, and dump_start_view.c, of views, share. For them
 * alone.
 */
#pragma once

#include "replication/dump_start.h"

/* ---- dump_start.c ---- */

/* Whether the log, at `end`, has what the replica has of the source. */
typedef bool dump_is_reached(const void *asked, const struct dump_spec *spec,
                             const struct log_state *end);

/*
 * Waits until the log's synced end is another than `end`; false when the time is over, the replica
 * says something, or the log does not grow any more.
 */
bool dump_wait_for_more(const struct dump_spec *spec, const struct log_position *end,
                        int64_t deadline_usec);

/* As long as the dump's patience lasts; leaves the state at the log's end in `state`. */
MUST_CHECK bool dump_start_wait(const struct dump_spec *spec, dump_is_reached *reached,
                                const void *asked, struct log_state *state, bool *ret_reached,
                                struct err *err);

/* Where the log begins; false when there is nothing in it. */
bool dump_start_first(struct mirror *mirror, struct log_position *ret_first);

/* Whether a position, in whatever file, can be one. */
MUST_CHECK bool dump_check_request(const struct dump_spec *spec, struct err *err);

/* Whether a server begins that file after `last`: mysql-bin.000010 after mysql-bin.000009. */
bool dump_is_next_name(const char *last, const char *name);

/* The servers' refusals, with code 1236. All return false. */
bool dump_fail_first_file(const struct dump_spec *spec, struct err *err);
bool dump_fail_more_gtids(const struct dump_spec *spec, struct err *err);
bool dump_fail_purged(const struct dump_spec *spec, const struct gtid_set *executed,
                      const struct gtid_set *missing, struct err *err);
bool dump_fail_not_in_log(const struct log_state *end, struct gtid_mariadb gtid, struct err *err);
bool dump_fail_too_old(struct err *err);

/* Where it is to stop: by its limits, or else as it says itself. */
MUST_CHECK bool dump_find_until(struct dump_start *start, const struct dump_spec *spec,
                                struct err *err);

/* ---- dump_start_view.c ---- */

MUST_CHECK bool dump_start_find_view(struct dump_start *start, const struct dump_spec *spec,
                                     struct err *err);
