/*
 * binlog_start_read(): the time at which a binlog file was begun, read as a replica reads: the
 * proof that the account may, and the only way to learn how far back the files go.
 *
 * Over a connection of its own, as a replica without server id, which a source neither registers
 * nor takes for a newer connection of another replica. Some servers log the request.
 */
#pragma once

#include "check/subject.h"

/* Seconds since 1970. As link_login() and link_query(); E_PROTO. */
MUST_CHECK bool binlog_start_read(const struct subject *subject, const char *file,
                                  int64_t *ret_seconds, struct err *err);
