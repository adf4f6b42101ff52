/*
 * struct log_follower: brings into a mirror the binlog that a server of this machine writes into a
 * directory of its own: BASE.000001 and on.
 *
 * Each file is hard-linked into the mirror (which is opened as `linked`), or, where the directories
 * are on two file systems, copied. Taken are whole transactions only: what stands behind the last
 * one is one that is being written, or what a crash has left of one. A file is at its end once the
 * server has begun the next: then what is behind its last whole transaction is void. So the
 * server's own file is never changed, and its size means nothing.
 *
 * A transaction is shown once our own fdatasync() of the file has returned: the mirror's, which has
 * the same file open, or of a copy first the original's, so that nothing is shown that the server
 * would not have any more after a loss of power.
 *
 * Owned by one thread, which is the mirror's writer and syncs it too.
 */
#pragma once

#include "log/mirror.h"

struct log_follower_spec {
    struct mirror *mirror;
    const char *directory; /* of the server's files */
    const char *base;      /* of their names, without dot and number */
    bool linked;           /* as the mirror was opened */
};

struct log_follower;

/* All of the spec must stay. E_IO, E_STATE: the mirror's last file is not the server's any more. */
MUST_CHECK bool log_follower_open(const struct log_follower_spec *spec,
                                  struct log_follower **ret_follower, struct err *err);
void log_follower_close(struct log_follower *follower); /* NULL is fine */

/* Void bytes behind a file's last whole transaction: where it ends and how many. */
struct log_follower_torn {
    struct log_position end; /* empty name: none */
    uint64_t bytes;
};

/*
 * Takes and syncs what there is. E_IO (retriable: the disk is full), E_PROTO: a file that its
 * server has closed is damaged; E_STATE: a file is missing, or the log has failed. *ret_torn tells
 * of the last file that ended so.
 */
MUST_CHECK bool log_follower_take(struct log_follower *follower, struct log_follower_torn *ret_torn,
                                  struct err *err);

/*
 * Waits until there may be more, or call_fd is readable; LOG_WAIT_INTERRUPTED when interrupt_fd is.
 * E_IO.
 */
MUST_CHECK bool log_follower_wait(struct log_follower *follower, int64_t deadline_usec, int call_fd,
                                  int interrupt_fd, enum log_wait *ret, struct err *err);

/*
 * The same, but that the server goes on to write in its file ends nothing: only a file that it
 * begins, and the deadline, with LOG_WAIT_TIMEOUT. One log_follower_take() then has all that came
 * meanwhile, by one sync.
 */
MUST_CHECK bool log_follower_rest(struct log_follower *follower, int64_t deadline_usec, int call_fd,
                                  int interrupt_fd, enum log_wait *ret, struct err *err);

/*
 * Of a directory's files the oldest: whose log it is. False in *ret_there while there is none whose
 * beginning is whole. E_IO, E_PROTO.
 */
MUST_CHECK bool log_follower_identity(const char *directory, const char *base,
                                      struct log_identity *ret_identity, bool *ret_there,
                                      struct err *err);
