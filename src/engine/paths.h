/*
 * struct instance_paths: where things are in an instance's directory; the layout is described in
 * instance.h. The texts belong to the arena given.
 */
#pragma once

#include "base/arena.h"

#include <stdint.h>

struct instance_paths {
    const char *dir;
    const char *data;
    const char *binlog;      /* directory of the epoch */
    const char *binlog_base; /* binlog/NNNNNNNN/mysql-bin-changelog */
    const char *relay;
    const char *tmp;
    const char *run;
    const char *socket;
    const char *pid_file;
    const char *config;
    const char *log;
    const char *lock;
};

void instance_paths_init(struct instance_paths *paths, struct arena *arena, const char *dir,
                         uint32_t binlog_epoch);
