#include "log/mirror_internal.h"

#include "base/inject.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define USEC_PER_HOUR (INT64_C(3600) * USEC_PER_SEC)

/* ---- Holds ---- */

static bool write_holds(struct mirror *mirror, const struct log_holds *holds, struct err *err)
{
    struct buf text;
    bool ok;

    buf_init(&text, SIZE_MAX / 2);
    log_holds_encode(&text, holds);
    ok = mirror_write_file(mirror, "holds", buf_span(&text), err);
    buf_done(&text);
    return ok;
}

/* Makes the changed holds those of the log, once they are on the disk; takes them over. */
static bool replace_holds(struct mirror *mirror, struct log_holds *changed, struct err *err)
{
    bool ok = write_holds(mirror, changed, err);

    if (ok) {
        log_holds_done(&mirror->holds);
        mirror->holds = *changed;
    } else {
        log_holds_done(changed);
    }
    return ok;
}

bool log_hold_set(struct mirror *mirror, const char *replica, const char *first, uint64_t cap_bytes,
                  struct err *err)
{
    struct log_hold hold = {.cap_bytes = cap_bytes};
    struct log_holds changed = {0};
    struct log_segment segment;
    bool ok;

    if (!log_hold_name_check(replica, err))
        return false;
    (void)snprintf(hold.replica, sizeof hold.replica, "%s", replica);
    (void)pthread_mutex_lock(&mirror->purge_lock);
    ok = mirror_segment_named(mirror, first, &segment, err);
    if (ok) {
        memcpy(hold.first, segment.name, sizeof hold.first);
        log_holds_copy(&changed, &mirror->holds);
        ok = log_holds_set(&changed, &hold, err);
    }
    if (ok)
        ok = replace_holds(mirror, &changed, err);
    else
        log_holds_done(&changed);
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    return ok;
}

bool log_hold_drop(struct mirror *mirror, const char *replica, struct err *err)
{
    struct log_holds changed = {0};
    bool ok = true;

    (void)pthread_mutex_lock(&mirror->purge_lock);
    if (log_holds_find(&mirror->holds, replica)) {
        log_holds_copy(&changed, &mirror->holds);
        log_holds_drop(&changed, replica);
        ok = replace_holds(mirror, &changed, err);
    }
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    return ok;
}

void log_hold_list(struct mirror *mirror, struct log_hold **ret_holds, size_t *ret_count)
{
    struct log_holds copy = {0};

    (void)pthread_mutex_lock(&mirror->purge_lock);
    log_holds_copy(&copy, &mirror->holds);
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    *ret_holds = copy.items;
    *ret_count = copy.count;
}

static size_t index_of(const struct log_segment *segments, size_t count, const char *name)
{
    size_t at = 0;

    while (at < count && strcmp(segments[at].name, name) != 0)
        at++;
    return at;
}

static uint64_t bytes_from(const struct log_segment *segments, size_t count, size_t at)
{
    uint64_t bytes = 0;

    for (; at < count; at++)
        bytes += segments[at].end;
    return bytes;
}

/* Marks the holds that keep more than their cap. */
static bool break_holds(struct mirror *mirror, const struct log_segment *segments, size_t count,
                        struct err *err)
{
    struct log_holds changed = {0};
    bool any = false;

    log_holds_copy(&changed, &mirror->holds);
    for (size_t i = 0; i < changed.count; i++) {
        struct log_hold *hold = &changed.items[i];
        uint64_t kept = bytes_from(segments, count, index_of(segments, count, hold->first));

        if (hold->broken || hold->cap_bytes == 0 || kept <= hold->cap_bytes)
            continue;
        hold->broken = true;
        any = true;
    }
    if (any)
        return replace_holds(mirror, &changed, err);
    log_holds_done(&changed);
    return true;
}

/* How many files from the oldest on no hold keeps; *ret_hold is the one that keeps the next. */
static size_t free_of_holds(const struct mirror *mirror, const struct log_segment *segments,
                            size_t count, const struct log_hold **ret_hold)
{
    size_t least = count;

    *ret_hold = NULL;
    for (size_t i = 0; i < mirror->holds.count; i++) {
        const struct log_hold *hold = &mirror->holds.items[i];
        size_t at = index_of(segments, count, hold->first);

        if (hold->broken || at >= least)
            continue;
        least = at;
        *ret_hold = hold;
    }
    return least;
}

/* ---- Removal ---- */

/* Takes the oldest segments out of the table: nobody finds them any more. */
static void forget(struct mirror *mirror, size_t n)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    for (size_t i = 0; i < n; i++)
        mem_free(mirror->shared.segments[i]);
    mirror->shared.count -= n;
    memmove(mirror->shared.segments, mirror->shared.segments + n,
            mirror->shared.count * sizeof(struct log_segment *));
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}

static bool unlink_one(struct mirror *mirror, const char *name, const char *point, struct err *err)
{
    int failed = unlinkat(mirror->dir_fd, name, 0);

    if (INJECT(point) == INJECT_EIO) {
        failed = -1;
        errno = EIO;
    }
    if (failed != 0 && errno != ENOENT)
        return err_errno(err, "%s/%s: cannot remove", mirror->directory, name);
    return true;
}

/*
 * The manifest says first which files stay. What is not unlinked then, because of a crash or an
 * error, is removed by the next open.
 */
static bool remove_oldest(struct mirror *mirror, const struct log_segment *segments, size_t n,
                          struct log_purged *ret_purged, struct err *err)
{
    uint64_t before = mirror->manifest.first;
    bool ok = true;

    if (n == 0)
        return true;
    mirror->manifest.first = segments[n].ordinal;
    if (!mirror_write_manifest(mirror, err)) {
        mirror->manifest.first = before;
        return false;
    }
    forget(mirror, n);
    for (size_t i = 0; ok && i < n; i++) {
        char index_name[INDEX_NAME_SIZE];

        index_file_name(segments[i].name, index_name);
        ok = unlink_one(mirror, segments[i].name, "log/purge-file", err) &&
             unlink_one(mirror, index_name, "log/purge-index", err);
        ret_purged->files += ok;
        ret_purged->bytes += ok ? segments[i].end : 0;
    }
    return ok && mirror_sweep_maps(mirror, err);
}

/* How many of the oldest files the bounds ask to remove; never the last one. */
static size_t count_due(const struct log_segment *segments, size_t count,
                        const struct log_retention *retention, int64_t now_usec)
{
    uint64_t bytes = bytes_from(segments, count, 0);
    size_t due = 0;

    while (due + 1 < count && segments[due].closed &&
           (!retention->in_use || strcmp(segments[due].name, retention->in_use) != 0)) {
        int64_t age = now_usec - segments[due].closed_usec;
        bool old = retention->hours >= 0 && age / USEC_PER_HOUR >= retention->hours;

        if (!old && (retention->bytes == 0 || bytes <= retention->bytes))
            break;
        bytes -= segments[due].end;
        due++;
    }
    return due;
}

bool log_purge(struct mirror *mirror, const struct log_retention *retention, int64_t now_usec,
               struct log_purged *ret_purged, struct err *err)
{
    struct log_purged purged = {0};
    const struct log_hold *hold;
    struct log_segment *segments;
    size_t count;
    size_t due;
    size_t held;
    bool ok;

    (void)pthread_mutex_lock(&mirror->purge_lock);
    segments = mirror_segments(mirror, &count);
    due = count_due(segments, count, retention, now_usec);
    ok = break_holds(mirror, segments, count, err);
    held = free_of_holds(mirror, segments, count, &hold);
    ok = ok && remove_oldest(mirror, segments, due < held ? due : held, &purged, err);
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    mem_free(segments);
    if (ok)
        *ret_purged = purged;
    return ok;
}

bool log_purge_to(struct mirror *mirror, const char *name, struct log_purged *ret_purged,
                  struct err *err)
{
    struct log_purged purged = {0};
    const struct log_hold *hold;
    struct log_segment *segments;
    size_t count;
    size_t at;
    bool ok = true;

    (void)pthread_mutex_lock(&mirror->purge_lock);
    segments = mirror_segments(mirror, &count);
    at = index_of(segments, count, name);
    if (at == count)
        ok = err_set(err, E_STATE, 0, "%.250s: no such file in the log", name);
    else if (free_of_holds(mirror, segments, count, &hold) < at)
        ok = err_set(err, E_STATE, 0, "%.100s: the hold of %s keeps the files from %.100s on", name,
                     hold->replica, hold->first);
    ok = ok && remove_oldest(mirror, segments, at, &purged, err);
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    mem_free(segments);
    if (ok)
        *ret_purged = purged;
    return ok;
}
