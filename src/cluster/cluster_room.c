/* What a cluster does as its disk fills, step by step; see cluster_watch_disk() in cluster.h. */
#include "cluster/cluster_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/quantity_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CUT_INTERVAL (5 * USEC_PER_SEC)
#define CUT_PAUSE    (30 * USEC_PER_SEC) /* after a failure */

/* ---- What is told ---- */

/* The store may lack room, too: then it is told once there is some. */
static void tell_waiting(struct cluster *cluster)
{
    struct store_change change = {.events = cluster->untold, .n_events = cluster->n_untold};
    struct err err;

    if (cluster->n_untold > 0 && store_apply(cluster->store, &change, &err))
        cluster->n_untold = 0;
}

static void tell(struct cluster *cluster, enum event_kind kind, const char *detail)
{
    struct store_event event = cluster_event(cluster, kind, detail);

    log_warn(cluster->subject, "event %s", event.message);
    if (cluster->n_untold < DISK_STEPS_MAX)
        cluster->untold[cluster->n_untold++] = event;
}

static uint64_t leave_bytes(const struct cluster *cluster, enum disk_stage stage,
                            const struct disk_space *disk)
{
    return disk_leave_bytes(&cluster->disk_limits, stage, disk->size_bytes);
}

static void tell_entered(struct cluster *cluster, enum disk_stage stage,
                         const struct disk_space *disk)
{
    char free_text[QUANTITY_MAX];
    char size_text[QUANTITY_MAX];
    char leave_text[QUANTITY_MAX];
    char detail[STORE_MESSAGE_MAX];

    (void)quantity_size(free_text, disk->free_bytes);
    (void)quantity_size(size_text, disk->size_bytes);
    (void)quantity_size(leave_text, leave_bytes(cluster, stage, disk));
    switch (stage) {
    case DISK_LOW:
        (void)snprintf(detail, sizeof detail,
                       "%s is low at %u%% of the provisioned storage [Provisioned Storage: %s, "
                       "Free Storage: %s]. Until %s are free nothing is received from an external "
                       "source.",
                       cluster->record.name,
                       (unsigned)(disk->free_bytes / (disk->size_bytes / 100 + 1)), size_text,
                       free_text, leave_text);
        tell(cluster, EVENT_STORAGE_LOW, detail);
        break;
    case DISK_SHORT:
        (void)snprintf(detail, sizeof detail,
                       "%s of %s are free. Until %s are, the oldest binary logs go before their "
                       "retention hours are over.",
                       free_text, size_text, leave_text);
        tell(cluster, EVENT_RETENTION_CUT, detail);
        break;
    case DISK_FULL:
        tell(cluster, EVENT_STORAGE_FULL, NULL);
        break;
    case DISK_ENOUGH:
    case DISK_STAGES:
        break;
    }
}

static void tell_left(struct cluster *cluster, enum disk_stage stage, const struct disk_space *disk)
{
    static const char *const again[DISK_STAGES] = {
        [DISK_LOW] = "replication from an external source goes on",
        [DISK_SHORT] = "binary logs are kept for their retention hours",
        [DISK_FULL] = "the writer does not have to wait",
    };
    char free_text[QUANTITY_MAX];
    char size_text[QUANTITY_MAX];
    char detail[STORE_MESSAGE_MAX];

    (void)snprintf(detail, sizeof detail, "%s of %s: %s.",
                   quantity_size(free_text, disk->free_bytes),
                   quantity_size(size_text, disk->size_bytes), again[stage]);
    tell(cluster, EVENT_STORAGE_BACK, detail);
}

/* Each of the steps between, in its order. */
static void tell_steps(struct cluster *cluster, enum disk_stage from, enum disk_stage to,
                       const struct disk_space *disk)
{
    for (int i = (int)from + 1; i <= (int)to; i++)
        tell_entered(cluster, (enum disk_stage)i, disk);
    for (int i = (int)from; i > (int)to; i--)
        tell_left(cluster, (enum disk_stage)i, disk);
}

/* ---- What is done ---- */

static void hold_source(struct cluster *cluster, enum disk_stage stage,
                        const struct disk_space *disk)
{
    char enter[QUANTITY_MAX];
    char leave[QUANTITY_MAX];
    struct err why;

    if (!cluster->replication)
        return;
    (void)err_set(
        &why, E_IO, ENOSPC,
        "the disk is nearly full: less than %s are free; it goes on once %s are",
        quantity_size(enter, disk_enter_bytes(&cluster->disk_limits, DISK_LOW, disk->size_bytes)),
        quantity_size(leave, leave_bytes(cluster, DISK_LOW, disk)));
    source_replication_hold(cluster->replication, stage >= DISK_LOW ? &why : NULL);
}

uint64_t cluster_wanted_bytes(struct cluster *cluster)
{
    enum disk_stage stage;
    struct disk_space disk;
    uint64_t leave;

    (void)pthread_mutex_lock(&cluster->shared.lock);
    stage = cluster->shared.disk_stage;
    disk = cluster->shared.disk;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    leave = leave_bytes(cluster, DISK_SHORT, &disk);
    return stage >= DISK_SHORT && leave > disk.free_bytes ? leave - disk.free_bytes : 0;
}

void cluster_note_cut(struct cluster *cluster, const struct log_purged *purged)
{
    (void)pthread_mutex_lock(&cluster->shared.lock);
    cluster->shared.cut.files += purged->files;
    cluster->shared.cut.bytes += purged->bytes;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (purged->files > 0)
        log_warn(cluster->subject,
                 "binary logs removed before their time files=%" PRIu32 " bytes=%" PRIu64,
                 purged->files, purged->bytes);
}

/* What can be given back, every few seconds. */
static void give_room(struct cluster *cluster, enum disk_stage stage)
{
    struct err err;

    if (clock_now_usec() < cluster->cut_at_usec)
        return;
    cluster->cut_at_usec = clock_deadline_usec(CUT_INTERVAL);
    if (stage >= DISK_SHORT && !cluster_purge_binlogs(cluster, &err)) {
        log_warn(cluster->subject, "binary logs are not removed: %s", err.text);
        cluster->cut_at_usec = clock_deadline_usec(CUT_PAUSE);
    }
    if (cluster_is_replicating(cluster) && !cluster_purge_source(cluster, &err)) {
        log_warn(cluster->subject, "the relay's log is not removed: %s", err.text);
        cluster->cut_at_usec = clock_deadline_usec(CUT_PAUSE);
    }
}

void cluster_watch_disk(struct cluster *cluster, bool up)
{
    enum disk_stage before;
    enum disk_stage stage;
    struct disk_space disk;
    struct err unknown;

    /* A cluster that is still to be made has no directory. */
    if (!disk_look(cluster->own, &disk, &unknown))
        return;
    (void)pthread_mutex_lock(&cluster->shared.lock);
    before = cluster->shared.disk_stage;
    stage = disk_stage_next(&cluster->disk_limits, before, &disk);
    cluster->shared.disk_stage = stage;
    cluster->shared.disk = disk;
    (void)pthread_mutex_unlock(&cluster->shared.lock);
    if (stage != before) {
        tell_steps(cluster, before, stage, &disk);
        cluster->cut_at_usec = 0;
    }
    hold_source(cluster, stage, &disk);
    tell_waiting(cluster);
    if (up && stage >= DISK_LOW)
        give_room(cluster, stage);
}
