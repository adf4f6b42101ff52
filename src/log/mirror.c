#include "log/mirror_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/sealed_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_NAME "reserve"
#define RESERVE_SIZE (1 << 20) /* bytes: room for manifest, holds and their successors */

void log_state_init(struct log_state *state)
{
    *state = (struct log_state){0};
}

void log_state_done(struct log_state *state)
{
    gtid_set_done(&state->set);
    gtid_list_done(&state->list);
    state->kind = LOG_STATE_UNKNOWN;
}

/* ---- Files beside the segments ---- */

void mirror_make_reserve(struct mirror *mirror)
{
    int fd =
        openat(mirror->dir_fd, RESERVE_NAME, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return;
    if (posix_fallocate(fd, 0, RESERVE_SIZE) != 0)
        mirror_drop_reserve(mirror);
    fd_close(&fd);
}

void mirror_drop_reserve(struct mirror *mirror)
{
    (void)unlinkat(mirror->dir_fd, RESERVE_NAME, 0);
}

static bool write_file_once(const char *path, struct span content, struct err *err)
{
    if (INJECT("log/metadata") == INJECT_ENOSPC) {
        errno = ENOSPC;
        return err_errno(err, "%s: cannot write", path);
    }
    return file_write(path, content, 0600, err);
}

bool mirror_write_file(struct mirror *mirror, const char *name, struct span content,
                       struct err *err)
{
    char *path = mem_printf("%s/%s", mirror->directory, name);
    bool ok = write_file_once(path, content, err);

    if (!ok && err->code == ENOSPC) {
        mirror_drop_reserve(mirror);
        ok = write_file_once(path, content, err);
        mirror_make_reserve(mirror);
    }
    mem_free(path);
    return ok;
}

bool mirror_write_manifest(struct mirror *mirror, struct err *err)
{
    struct buf text;
    bool ok;

    buf_init(&text, SEALED_TEXT_MAX);
    manifest_encode(&text, &mirror->manifest);
    ok = mirror_write_file(mirror, "manifest", buf_span(&text), err);
    buf_done(&text);
    return ok;
}

/* What stands in a text file must be in one line of it. */
static bool check_identity(const struct log_identity *identity, struct err *err)
{
    struct gtid_uuid uuid;

    for (const char *c = identity->server_version; *c; c++) {
        if (*c < ' ')
            return err_set(err, E_USAGE, 0, "server version: has control characters");
    }
    return identity->server_uuid[0] == 0 ||
           gtid_uuid_parse(span_str(identity->server_uuid), &uuid, err);
}

static bool is_empty_dir(const char *directory, struct err *err)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    bool empty = true;

    if (!dir)
        return err_errno(err, "%s: cannot open the directory", directory);
    while (empty && (entry = readdir(dir)))
        /* The last is what an interrupted call has left. */
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, "manifest.new") == 0;
    (void)closedir(dir);
    return empty
               ? true
               : err_set(err, E_STATE, 0, "%s: expected to be empty, found files in it", directory);
}

bool mirror_create(const char *directory, const struct log_identity *identity, struct err *err)
{
    struct manifest manifest = {.identity = *identity};
    struct buf text;
    char *path;
    bool ok;

    if (!check_identity(identity, err) || !dir_make_all(directory, 0700, err) ||
        !is_empty_dir(directory, err))
        return false;
    manifest.identity.created_usec = clock_wall_usec();
    path = mem_printf("%s/manifest", directory);
    buf_init(&text, SEALED_TEXT_MAX);
    manifest_encode(&text, &manifest);
    ok = file_write(path, buf_span(&text), 0600, err);
    buf_done(&text);
    mem_free(path);
    return ok;
}

/* ---- Opening and closing ---- */

static bool read_text(const char *directory, const char *name, char **ret_text, struct err *err)
{
    char *path = mem_printf("%s/%s", directory, name);
    bool ok = file_read(path, SEALED_TEXT_MAX, ret_text, err);

    mem_free(path);
    return ok;
}

static bool load_manifest(struct mirror *mirror, struct err *err)
{
    char *text;
    bool ok;

    if (!read_text(mirror->directory, "manifest", &text, err))
        return false;
    ok = manifest_decode(span_str(text), &mirror->manifest, err);
    if (!ok)
        (void)err_prefix(err, "%s/manifest", mirror->directory);
    mem_free(text);
    return ok;
}

static bool load_holds(struct mirror *mirror, struct err *err)
{
    char *text;
    bool ok;

    if (!read_text(mirror->directory, "holds", &text, err))
        return err->code == ENOENT;
    ok = log_holds_decode(span_str(text), &mirror->holds, err);
    if (!ok)
        (void)err_prefix(err, "%s/holds", mirror->directory);
    mem_free(text);
    return ok;
}

static bool open_directory(struct mirror *mirror, struct err *err)
{
    char *lock = mem_printf("%s/lock", mirror->directory);
    bool ok = file_lock(lock, &mirror->lock_fd, err);

    mem_free(lock);
    if (!ok)
        return false;
    mirror->dir_fd = open(mirror->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mirror->dir_fd < 0)
        return err_errno(err, "%s: cannot open the directory", mirror->directory);
    return true;
}

bool mirror_open(const char *directory, const struct mirror_options *options,
                 struct mirror **ret_mirror, struct mirror_recovery *ret_recovery, struct err *err)
{
    struct mirror *mirror = mem_alloc(sizeof *mirror);
    struct mirror_recovery recovery = {0};

    mirror->directory = mem_strdup(directory);
    if (options)
        mirror->options = *options;
    mirror->dir_fd = mirror->lock_fd = mirror->active.fd = mirror->active.index.fd = -1;
    (void)pthread_mutex_init(&mirror->purge_lock, NULL);
    (void)pthread_mutex_init(&mirror->sync_lock, NULL);
    (void)pthread_mutex_init(&mirror->shared.lock, NULL);
    log_waiters_init(&mirror->waiters);
    buf_init(&mirror->active.records, SIZE_MAX / 2);
    buf_init(&mirror->active.unwritten, SIZE_MAX / 2);
    buf_init(&mirror->shared.pending, SIZE_MAX / 2);
    mirror->cache = log_cache_new(mirror->options.cache_bytes ? mirror->options.cache_bytes
                                                              : LOG_CACHE_DEFAULT);
    /* The manifest first: of another version, or of no log at all, nothing is touched. */
    if (!load_manifest(mirror, err) || !open_directory(mirror, err) || !load_holds(mirror, err) ||
        !mirror_recover(mirror, &recovery, err)) {
        mirror_close(mirror);
        return false;
    }
    mirror_make_reserve(mirror);
    *ret_mirror = mirror;
    *ret_recovery = recovery;
    return true;
}

void mirror_close(struct mirror *mirror)
{
    if (!mirror)
        return;
    for (size_t i = 0; i < mirror->shared.count; i++)
        mem_free(mirror->shared.segments[i]);
    mem_free(mirror->shared.segments);
    fd_close(&mirror->active.fd);
    index_file_close(&mirror->active.index);
    index_builder_done(&mirror->active.builder);
    buf_done(&mirror->active.records);
    buf_done(&mirror->active.unwritten);
    buf_done(&mirror->shared.pending);
    log_holds_done(&mirror->holds);
    log_cache_free(mirror->cache);
    (void)pthread_mutex_destroy(&mirror->purge_lock);
    (void)pthread_mutex_destroy(&mirror->sync_lock);
    (void)pthread_mutex_destroy(&mirror->shared.lock);
    log_waiters_done(&mirror->waiters);
    fd_close(&mirror->dir_fd);
    fd_close(&mirror->lock_fd);
    mem_free(mirror->directory);
    mem_free(mirror);
}

const struct log_identity *mirror_identity(const struct mirror *mirror)
{
    return &mirror->manifest.identity;
}

const char *mirror_directory(const struct mirror *mirror)
{
    return mirror->directory;
}

/* ---- The table of segments ---- */

void mirror_add_segment(struct mirror *mirror, struct log_segment *segment)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.count == mirror->shared.cap) {
        mirror->shared.cap = mirror->shared.cap ? mirror->shared.cap * 2 : 16;
        mirror->shared.segments =
            mem_realloc(mirror->shared.segments, mirror->shared.cap * sizeof(struct log_segment *));
    }
    mirror->shared.segments[mirror->shared.count++] = segment;
    mirror->shared.received = segment->end;
    mirror->shared.written = segment->end;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}

bool mirror_segment_named(struct mirror *mirror, const char *name, struct log_segment *ret_segment,
                          struct err *err)
{
    bool found = false;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    /* From the newest on: that is where most are looked for. */
    for (size_t i = mirror->shared.count; i > 0 && !found; i--) {
        found = strcmp(mirror->shared.segments[i - 1]->name, name) == 0;
        if (found)
            *ret_segment = *mirror->shared.segments[i - 1];
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return found ? true : err_set(err, E_STATE, 0, "%.250s: no such file in the log", name);
}

bool mirror_segment_at(struct mirror *mirror, uint64_t ordinal, struct log_segment *ret_segment,
                       struct err *err)
{
    uint64_t first;
    bool found = false;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    first = mirror->shared.count ? mirror->shared.segments[0]->ordinal : 0;
    found = ordinal >= first && ordinal - first < mirror->shared.count;
    if (found)
        *ret_segment = *mirror->shared.segments[ordinal - first];
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return found ? true
                 : err_set(err, E_STATE, 0, "file %llu of the log was purged; it begins at %llu",
                           (unsigned long long)ordinal, (unsigned long long)first);
}

struct log_segment *mirror_segments(struct mirror *mirror, size_t *ret_count)
{
    struct log_segment *copies;
    size_t count;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    count = mirror->shared.count;
    copies = mem_alloc((count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = *mirror->shared.segments[i];
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    *ret_count = count;
    return copies;
}

static struct log_file file_of(const struct log_segment *segment)
{
    struct log_file file = {
        .start = segment->start,
        .end = segment->end,
        .closed = segment->closed,
        .first_timestamp = segment->first_timestamp,
        .last_timestamp = segment->last_timestamp,
        .closed_usec = segment->closed_usec,
    };

    memcpy(file.name, segment->name, sizeof file.name);
    return file;
}

void mirror_list(struct mirror *mirror, struct log_file **ret_files, size_t *ret_count)
{
    size_t count;
    struct log_segment *segments = mirror_segments(mirror, &count);
    struct log_file *files = mem_alloc((count + 1) * sizeof *files);

    for (size_t i = 0; i < count; i++)
        files[i] = file_of(&segments[i]);
    mem_free(segments);
    *ret_files = files;
    *ret_count = count;
}

bool mirror_find(struct mirror *mirror, const char *name, struct log_file *ret_file,
                 struct err *err)
{
    struct log_segment segment;

    if (!mirror_segment_named(mirror, name, &segment, err))
        return false;
    *ret_file = file_of(&segment);
    return true;
}

static void set_position(struct log_position *position, const struct log_segment *segment,
                         uint64_t offset)
{
    memcpy(position->name, segment->name, sizeof position->name);
    position->offset = offset;
}

void mirror_ends(struct mirror *mirror, struct log_ends *ret_ends)
{
    struct log_ends ends = {0};

    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.count > 0) {
        const struct log_segment *last = mirror->shared.segments[mirror->shared.count - 1];

        set_position(&ends.received, last, mirror->shared.received);
        set_position(&ends.written, last, mirror->shared.written);
        set_position(&ends.synced, last, last->end);
        set_position(&ends.whole, last, last->whole);
    }
    ends.status = mirror->shared.status;
    ends.reason = mirror->shared.reason;
    ends.shutdown = mirror->shared.shutdown;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    *ret_ends = ends;
}

uint64_t mirror_bytes_after(struct mirror *mirror, const struct log_position *position)
{
    uint64_t bytes = 0;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    for (size_t i = mirror->shared.count; i-- > 0;) {
        const struct log_segment *segment = mirror->shared.segments[i];

        if (strcmp(segment->name, position->name) == 0) {
            bytes += position->offset < segment->end ? segment->end - position->offset : 0;
            break;
        }
        bytes += segment->end - segment->start;
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return bytes;
}

void mirror_cache_counters(struct mirror *mirror, struct log_cache_counters *ret_counters)
{
    log_cache_counters(mirror->cache, ret_counters);
}

void mirror_sync_counters(struct mirror *mirror, struct log_sync_counters *ret_counters)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    *ret_counters = mirror->shared.syncs;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}
