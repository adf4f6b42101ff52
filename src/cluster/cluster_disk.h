/*
 * struct cluster_disk: what a cluster takes of the disk, as a value, found by looking at its files:
 * no engine is asked, so it is known while none runs.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct cluster_disk {
    uint64_t binlog_files; /* of the writer, in all epochs */
    uint64_t binlog_bytes; /* of these files */
    uint64_t free_bytes;   /* of the file system that has the instance, for this user */
    uint64_t size_bytes;   /* of that file system */
};

/* `instance` is an instance's directory (engine/instance.h). E_IO, also when there is none. */
MUST_CHECK bool cluster_disk_look(const char *instance, struct cluster_disk *ret_disk,
                                  struct err *err);
