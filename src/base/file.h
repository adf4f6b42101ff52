/*
 * Files and directories, written so that a crash at any byte leaves the old content or the new.
 *
 * What is larger than memory is written through file_writer.h, which file_write() uses too. Every
 * descriptor is CLOEXEC. Paths are NUL-terminated. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <sys/types.h>

/* Makes one directory with exactly `mode`, synced into its parent; an existing one is fine. */
MUST_CHECK bool dir_make(const char *path, mode_t mode, struct err *err);

/* dir_make() for the path and each missing parent. */
MUST_CHECK bool dir_make_all(const char *path, mode_t mode, struct err *err);

/* Removes a directory and all below it; never follows a symbolic link; a missing one is fine. */
MUST_CHECK bool dir_remove(const char *path, struct err *err);

MUST_CHECK bool dir_sync(const char *path, struct err *err);
MUST_CHECK bool dir_sync_parent(const char *path, struct err *err); /* of a file */

bool path_exists(const char *path);

/* Bytes of a regular file; 0 for what has no size or is not there. */
uint64_t file_size(const char *path);

/*
 * Replaces the file's whole content durably and atomically: when it returns true the content is
 * synced; when it fails, or the machine stops on the way, the old file (or none) is still there.
 * A left-over "PATH.new" of an interrupted call is overwritten by the next.
 */
MUST_CHECK bool file_write(const char *path, struct span content, mode_t mode, struct err *err);

/* Reads a whole file of at most `max` bytes into a new NUL-terminated string (mem_free). */
MUST_CHECK bool file_read(const char *path, size_t max, char **ret_content, struct err *err);

/* The last `max` bytes of a file, or fewer, in the same form. */
MUST_CHECK bool file_read_tail(const char *path, size_t max, char **ret_content, struct err *err);

/*
 * Takes an exclusive flock() on the file, made when missing. The lock belongs to the descriptor:
 * a child process that inherits it holds the lock too, until the last copy closes. E_STATE when
 * somebody else holds it. The descriptor is CLOEXEC.
 */
MUST_CHECK bool file_lock(const char *path, int *ret_fd, struct err *err);

/* write() until all is written. */
MUST_CHECK bool fd_write_all(int fd, struct span bytes, struct err *err);

/* Closes *fd if it is not negative and sets it to -1. */
void fd_close(int *fd);
