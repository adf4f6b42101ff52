/*
 * struct file_writer: a file written piece by piece that appears under its name only when it is
 * whole: write -> fsync -> rename -> fsync(directory) lives here and nowhere else.
 *
 * Until the end the bytes are in "PATH.new"; a left-over one of an interrupted writer is
 * overwritten by the next. The descriptor is CLOEXEC. Owned by one thread; file_writer_free() ends
 * it, and removes what was not committed.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <sys/types.h>

struct file_writer;

/*
 * `mode` is the file's, exactly. Without `replace` the name must not exist, now and at the end.
 * E_IO; E_USAGE for a name that exists, or is something other than a file.
 */
MUST_CHECK bool file_writer_open(const char *path, mode_t mode, bool replace,
                                 struct file_writer **ret_writer, struct err *err);
void file_writer_free(struct file_writer *writer); /* NULL is fine */

/* E_IO. */
MUST_CHECK bool file_writer_write(struct file_writer *writer, struct span bytes, struct err *err);

/*
 * When it returns true the whole content is synced under its name; when it fails, or the machine
 * stops on the way, what was there before still is. The last call but file_writer_free(). E_IO,
 * E_USAGE.
 */
MUST_CHECK bool file_writer_commit(struct file_writer *writer, struct err *err);
