/*
 * The files of a binary log that its engine does not have open, because it runs without one: they
 * go by the same retention, but nobody can ask the engine to remove them.
 *
 * Only while no engine uses the log: its index file, which lists the files by their paths, a line
 * each, is replaced. The last file stays as long as the log, for the engine begins its next after
 * it. Any thread.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

/*
 * Removes the files before `first` of the log DIRECTORY/BASE, from the index first: a crash in
 * between leaves files that the next call removes.
 */
MUST_CHECK bool binlog_files_remove(const char *directory, const char *base, const char *first,
                                    uint32_t *ret_removed, struct err *err);
