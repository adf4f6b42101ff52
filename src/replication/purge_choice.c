#include "replication/purge_choice.h"

#include "base/clock.h"

#include <string.h>

#define HOUR_USEC (3600 * USEC_PER_SEC)

/* Whether a dump is in that file, in a view of it too; one that begins may be in any. */
static bool is_read(const struct replica_info *replicas, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (replicas[i].dumping &&
            (replicas[i].place.name[0] == '\0' || strcmp(replicas[i].place.name, name) == 0))
            return true;
    }
    return false;
}

size_t purge_choose(const struct log_file *files, const int64_t *written_usec, size_t count,
                    const struct replica_info *replicas, size_t n_replicas,
                    const struct purge_wish *wish)
{
    uint64_t given = 0;
    size_t n = 0;

    while (n + 1 < count && files[n].closed && !is_read(replicas, n_replicas, files[n].name)) {
        bool old = wish->hours >= 0 && wish->now_usec - written_usec[n] >= wish->hours * HOUR_USEC;

        if (!old && given >= wish->wanted_bytes)
            break;
        given += files[n].end;
        n++;
    }
    return n;
}
