/*
 * The directories of a channel's logs: 00000001 and so on. The greatest number is the current log;
 * those before it are kept for their files until they are purged. No state; one thread purges.
 */
#pragma once

#include "log/retention.h"

/* The greatest number of a log that was made whole; 0: there is none. E_IO. */
MUST_CHECK bool incarnation_last(const char *directory, unsigned *ret_number, struct err *err);

/* DIRECTORY/00000001, to be freed (mem_free). */
char *incarnation_path(const char *directory, unsigned number);

/*
 * Removes the log `number`, which is older than the log `last`, if the retention asks for it, and
 * adds what went to *purged. It ended when its successor was made. One that is gone is fine. E_IO.
 */
MUST_CHECK bool incarnation_purge(const char *directory, unsigned number, unsigned last,
                                  const struct log_retention *retention, int64_t now_usec,
                                  struct log_purged *purged, struct err *err);
