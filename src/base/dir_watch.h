/*
 * A descriptor that becomes readable when a file of a directory is made, renamed into it or
 * written to, through that directory, by any process of this machine (inotify).
 *
 * Many changes are one: clear it, then look at the files. The caller owns it (fd_close()). Not seen
 * are writes through another name of a file, and those of other machines.
 */
#pragma once

#include "base/err.h"

/* E_IO: ENOENT; EMFILE when the user has too many (fs.inotify.max_user_instances). */
MUST_CHECK bool dir_watch_open(const char *path, int *ret_fd, struct err *err);

/*
 * It is readable again after the next change. True when a file was made or renamed into it since
 * the last time, or too much has changed to tell.
 */
bool dir_watch_clear(int fd);

/*
 * From now on writes are told (so it begins) or passed over; what comes into the directory is told
 * either way. The path is the one it was opened with. E_IO.
 */
MUST_CHECK bool dir_watch_writes(int fd, const char *path, bool told, struct err *err);
