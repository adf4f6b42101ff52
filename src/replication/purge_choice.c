#include "replication/purge_choice.h"

#include "base/clock.h"
#include "base/mem.h"

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

/* How many of the oldest no dump is in, or has before it. */
static size_t count_unread(const struct log_file *files, size_t count,
                           const struct replica_info *replicas, size_t n_replicas)
{
    size_t n = 0;

    while (n + 1 < count && files[n].closed && !is_read(replicas, n_replicas, files[n].name))
        n++;
    return n;
}

size_t purge_choose(const struct log_file *files, const int64_t *written_usec, size_t count,
                    const struct replica_info *replicas, size_t n_replicas,
                    const struct purge_wish *wish)
{
    size_t unread = count_unread(files, count, replicas, n_replicas);
    uint64_t given = 0;
    size_t n = 0;

    while (n < unread) {
        bool old = wish->hours >= 0 && wish->now_usec - written_usec[n] >= wish->hours * HOUR_USEC;

        if (!old && given >= wish->wanted_bytes)
            break;
        given += files[n].end;
        n++;
    }
    return n;
}

void purge_limit(struct mirror *mirror, struct replicas *replicas, const char *name,
                 char ret_first[LOG_NAME_MAX + 1])
{
    struct replica_info *infos;
    struct log_file *files;
    size_t n_infos;
    size_t count;
    size_t unread;
    size_t n = 0;

    mirror_list(mirror, &files, &count);
    replicas_list(replicas, &infos, &n_infos);
    unread = count_unread(files, count, infos, n_infos);
    while (n < unread && (!name || strcmp(files[n].name, name) != 0))
        n++;
    if (count > 0)
        memcpy(ret_first, files[n].name, sizeof files[n].name);
    else
        ret_first[0] = '\0';
    mem_free(infos);
    mem_free(files);
}
