/*
 * struct directory: the one directory that holds everything of a Borealis: found, locked.
 *
 *     DIR/borealis.db        metadata (meta/store.h)
 *     DIR/borealis.sock      control socket of the running daemon (control.h)
 *     DIR/daemon.lock        flock()ed by the daemon; holds its pid
 *     DIR/clusters/NAME/     see cluster/cluster.h
 */
#pragma once

#include "base/err.h"

struct directory {
    char *path; /* absolute */
    char *store;
    char *control_socket;
    int lock_fd; /* -1: not locked */
};

/*
 * Where its things are, or would be: changes nothing, and need not find a directory. E_LIMIT when
 * the control socket's path would be too long.
 */
MUST_CHECK bool directory_find(const char *path, struct directory *ret_directory, struct err *err);

/*
 * Makes a directory that was found (mode 0700) when it is missing, and takes the daemon's lock;
 * E_STATE when another has it. What a daemon that is dead has left of it is waited for, up to 5 s.
 */
MUST_CHECK bool directory_lock(struct directory *directory, struct err *err);

/* The absolute control socket of an existing directory, for the tools; mem_free it. */
MUST_CHECK bool directory_control_socket(const char *path, char **ret_socket, struct err *err);

void directory_close(struct directory *directory);
