/*
 * Which files of a log go: the oldest that are due by their age, and, where the disk lacks room,
 * as many more as give it. None goes that a dump is in, or that comes after one; the file that is
 * written stays: as a server has it. No state, any thread.
 */
#pragma once

#include "replication/replicas.h"

#include <stdint.h>

struct purge_wish {
    int64_t hours;         /* of a file that was written last so long ago; negative: none by age */
    int64_t now_usec;      /* since 1970 */
    uint64_t wanted_bytes; /* to be given, whatever the age; 0: none for that */
};

/*
 * How many of the oldest go. `written_usec` has when each was written last, since 1970; NULL if the
 * age does not count.
 */
size_t purge_choose(const struct log_file *files, const int64_t *written_usec, size_t count,
                    const struct replica_info *replicas, size_t n_replicas,
                    const struct purge_wish *wish);

/*
 * Up to which file the oldest of a log may go, all before it, whatever they are asked for: `name`,
 * or an older one that a dump is in. NULL for no name: the last one. "" in a log without files.
 */
void purge_limit(struct mirror *mirror, struct replicas *replicas, const char *name,
                 char ret_first[LOG_NAME_MAX + 1]);
