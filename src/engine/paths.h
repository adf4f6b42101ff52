/*
 * struct instance_paths: where things are in an instance's directory; the layout is described in
 * instance.h. The texts belong to the arena given.
 */
#pragma once

#include "base/arena.h"

#include <stdint.h>

/* Below the instance's directory: one directory an epoch, with files NAME.000001, ... */
#define INSTANCE_BINLOG_DIRECTORY "binlog"
#define INSTANCE_BINLOG_NAME      "mysql-bin-changelog"

/* The daemon's socket as the engine sees it, whose current directory is `data`. */
#define INSTANCE_DAEMON_SOCKET "../run/daemon.sock"

struct instance_paths {
    const char *dir;
    const char *data;
    const char *binlog;      /* directory of the epoch */
    const char *binlog_base; /* binlog/NNNNNNNN/mysql-bin-changelog */
    const char *relay;
    const char *tmp;
    const char *run;
    const char *socket;
    const char *own_socket; /* what the engine, whose directory `data` is, calls it */
    const char *pid_file;
    const char *config;
    const char *client_config; /* of clients of the daemon's account */
    const char *log;
    const char *plugins;     /* directory */
    const char *status_page; /* status_layout.h */
    const char *daemon_socket;
    const char *lock;
};

void instance_paths_init(struct instance_paths *paths, struct arena *arena, const char *dir,
                         uint32_t binlog_epoch);
