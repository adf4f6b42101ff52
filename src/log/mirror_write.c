/*
 * The writer's half of struct mirror: files begin, events are appended, what was written is synced.
 */
#include "log/mirror_internal.h"

#include "base/clock.h"
#include "base/fd_at.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define INDEX_SYNC_BYTES (UINT64_C(8) << 20) /* of data between two syncs of the side index */
#define FREE_CHECK_BYTES (UINT64_C(1) << 20) /* of data between two looks at the free space */

const uint8_t mirror_magic[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};

/* The segment that is written. */
static struct log_segment *active_segment_locked(struct mirror *mirror)
{
    return mirror->shared.segments[mirror->shared.count - 1];
}

/* LOG_FULL: what failed may be repeated. */
static bool set_full(struct mirror *mirror, struct err *err)
{
    err->retriable = true;
    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.status == LOG_OPEN) {
        mirror->shared.status = LOG_FULL;
        mirror->shared.reason = *err;
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return false;
}

static void set_open(struct mirror *mirror)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.status == LOG_FULL)
        mirror->shared.status = LOG_OPEN;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}

static bool check_status(struct mirror *mirror, struct err *err)
{
    struct log_ends ends;

    mirror_ends(mirror, &ends);
    if (ends.status != LOG_FAILED)
        return true;
    return err_set(err, E_STATE, ends.reason.code,
                   "%.120s: the log has failed and must be opened again: %.300s", mirror->directory,
                   ends.reason.text);
}

static bool check_free_space(struct mirror *mirror, struct err *err)
{
    struct statvfs info;
    uint64_t left;

    if (mirror->options.keep_free_bytes == 0)
        return true;
    if (fstatvfs(mirror->dir_fd, &info) != 0)
        return err_errno(err, "%s: cannot look at the file system", mirror->directory);
    left = (uint64_t)info.f_bavail * info.f_frsize;
    if (left >= mirror->options.keep_free_bytes)
        return true;
    return err_set(err, E_IO, ENOSPC, "%s: %llu bytes are free on the file system, %llu are kept",
                   mirror->directory, (unsigned long long)left,
                   (unsigned long long)mirror->options.keep_free_bytes);
}

static void set_received(struct mirror *mirror, uint64_t offset)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    mirror->shared.received = offset;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}

/* ---- Sync ---- */

/* Writes the records of synced bytes. The index is an aid: on a full disk they wait. */
static bool write_records(struct mirror *mirror, struct err *err)
{
    struct index_file *index = &mirror->active.index;
    struct buf *unwritten = &mirror->active.unwritten;
    uint64_t at = index->head_size + index->records * INDEX_RECORD_SIZE;

    if (unwritten->len == 0)
        return true;
    if (!fd_write_at(index->fd, at, buf_span(unwritten), "log/index", err)) {
        (void)err_prefix(err, "%s.idx", index->head.name);
        return err->code == ENOSPC;
    }
    index->records += unwritten->len / INDEX_RECORD_SIZE;
    buf_clear(unwritten);
    (void)pthread_mutex_lock(&mirror->shared.lock);
    active_segment_locked(mirror)->records = index->records;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return true;
}

static bool sync_index(struct mirror *mirror, uint64_t offset, struct err *err)
{
    if (!fd_sync(mirror->active.index.fd, "log/index-sync", err))
        return err_prefix(err, "%s.idx", mirror->active.index.head.name);
    mirror->active.index_synced = offset;
    return true;
}

/* Lets readers see the file up to where `last` says it stands. */
static void publish(struct mirror *mirror, const struct index_record *last)
{
    struct log_segment *segment;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    segment = active_segment_locked(mirror);
    segment->end = last->offset;
    segment->whole = last->transaction_offset;
    segment->first_timestamp = last->first_timestamp;
    segment->last_timestamp = last->last_timestamp;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
}

/*
 * After a failed fdatasync() the kernel may hold pages as clean that never reached the disk: what
 * was not synced is taken out of the file, so that nobody reads them, and the log fails.
 */
static bool fail_sync(struct mirror *mirror, uint64_t synced, struct err *err)
{
    struct err ignored;

    (void)err_prefix(err, "%s/%s", mirror->directory, mirror->active.index.head.name);
    (void)mirror_fail(mirror, err);
    /* That this may fail too changes nothing: the next open looks at what the disk holds. */
    if (!mirror->options.linked)
        (void)!fd_truncate(mirror->active.fd, synced, "log/truncate", &ignored);
    return false;
}

const int64_t log_sync_bounds_usec[LOG_SYNC_BUCKETS - 1] = {100, 1000, 10000, 100000, 1000000};

static void count_sync(struct mirror *mirror, uint64_t bytes, int64_t usec)
{
    struct log_sync_counters *syncs = &mirror->shared.syncs;
    size_t bucket = 0;

    while (bucket < LOG_SYNC_BUCKETS - 1 && usec > log_sync_bounds_usec[bucket])
        bucket++;
    (void)pthread_mutex_lock(&mirror->shared.lock);
    syncs->count++;
    syncs->bytes += bytes;
    syncs->usec += (uint64_t)usec;
    syncs->within[bucket]++;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
}

static bool sync_locked(struct mirror *mirror, struct err *err)
{
    struct index_record last;
    int64_t begun_usec;
    uint64_t synced;
    bool due;

    if (mirror->active.fd < 0)
        return true;
    (void)pthread_mutex_lock(&mirror->shared.lock);
    last = mirror->shared.written_last;
    synced = active_segment_locked(mirror)->end;
    buf_bytes(&mirror->active.unwritten, buf_span(&mirror->shared.pending));
    buf_clear(&mirror->shared.pending);
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    due = last.offset > synced;
    if (due) {
        begun_usec = clock_now_usec();
        if (!fd_sync(mirror->active.fd, "log/sync", err))
            return fail_sync(mirror, synced, err);
        count_sync(mirror, last.offset - synced, clock_now_usec() - begun_usec);
        publish(mirror, &last);
    }
    if (!write_records(mirror, err) ||
        (last.offset - mirror->active.index_synced >= INDEX_SYNC_BYTES &&
         !sync_index(mirror, last.offset, err)))
        return mirror_fail(mirror, err);
    return true;
}

bool mirror_sync(struct mirror *mirror, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&mirror->sync_lock);
    ok = check_status(mirror, err) && sync_locked(mirror, err);
    (void)pthread_mutex_unlock(&mirror->sync_lock);
    return ok;
}

/* ---- Files ---- */

/* Those of a file's end have to get onto the disk, full or not. */
static bool write_last_records(struct mirror *mirror, struct err *err)
{
    bool ok = write_records(mirror, err);

    if (ok && mirror->active.unwritten.len > 0) {
        mirror_drop_reserve(mirror);
        ok = write_records(mirror, err) && mirror->active.unwritten.len == 0;
        mirror_make_reserve(mirror);
    }
    return ok;
}

/* Ends the active file where it stands: all of it and its index, END record included, synced. */
static bool close_active(struct mirror *mirror, struct err *err)
{
    struct index_builder *builder = &mirror->active.builder;
    int64_t now = clock_wall_usec();
    struct log_segment *segment;

    if (mirror->active.fd < 0)
        return true;
    if (!sync_locked(mirror, err))
        return false;
    index_builder_end(builder, now, &mirror->active.unwritten);
    if (!write_last_records(mirror, err) || !sync_index(mirror, builder->last.offset, err))
        return mirror_fail(mirror, err);
    (void)pthread_mutex_lock(&mirror->shared.lock);
    segment = active_segment_locked(mirror);
    segment->closed = true;
    segment->closed_usec = now;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    fd_close(&mirror->active.fd);
    index_file_close(&mirror->active.index);
    index_builder_done(builder);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_CLOSED);
    return true;
}

/* The format description with IN_USE cleared, as it stands in a file that its server has closed. */
static bool copy_format(struct span format, struct buf *into, struct err *err)
{
    struct reader reader;
    struct reader_event event;

    reader_init(&reader);
    reader.verify_checksums = true;
    if (!reader_event_parse(&reader, format, false, &event, err))
        return false;
    if (event.header.type != EVENT_FORMAT_DESCRIPTION)
        return err_set(err, E_PROTO, 0, "%s event found, expected Format_desc",
                       event_type_name(event.header.type));
    buf_bytes(into, format);
    buf_patch_le(into, EVENT_FLAGS_AT, event.header.flags & (uint16_t)~EVENT_FLAG_IN_USE, 2);
    return true;
}

static bool check_start(struct mirror *mirror, uint64_t start, struct span format, struct err *err)
{
    struct log_ends ends;
    uint64_t behind = LOG_FIRST_OFFSET + format.len;
    struct event_header header;

    if (!event_header_decode(format, &header, err))
        return false;
    if (start == LOG_FIRST_OFFSET && header.log_pos == behind)
        return true;
    if (start == LOG_FIRST_OFFSET)
        return err_set(err, E_PROTO, 0,
                       "Format_desc event: log_pos %u, expected %llu: it is not the one that "
                       "stands in the file",
                       header.log_pos, (unsigned long long)behind);
    mirror_ends(mirror, &ends);
    if (ends.synced.name[0])
        return err_set(err, E_USAGE, 0, "start %llu: only a log's first file begins later than %d",
                       (unsigned long long)start, LOG_FIRST_OFFSET);
    if (start < behind)
        return err_set(err, E_USAGE, 0, "start %llu: expected %d, or %llu or more",
                       (unsigned long long)start, LOG_FIRST_OFFSET, (unsigned long long)behind);
    return true;
}

static void encode_state(const struct log_state *state, struct buf *buf)
{
    switch (state->kind) {
    case LOG_STATE_UNKNOWN:
        break;
    case LOG_STATE_MYSQL:
        gtid_set_encode(buf, &state->set);
        break;
    case LOG_STATE_MARIADB:
        gtid_list_encode(buf, &state->list);
        break;
    }
}

/* Magic and format description, synced: a file with less than that does not count. */
static bool write_front(int fd, struct span format, struct err *err)
{
    return fd_write_at(fd, 0, span_of(mirror_magic, sizeof mirror_magic), "log/front", err) &&
           fd_write_at(fd, LOG_FIRST_OFFSET, format, "log/front-format", err) &&
           fd_sync(fd, "log/front-sync", err);
}

static bool make_file(struct mirror *mirror, const struct index_head *head, struct err *err)
{
    int fd = openat(mirror->dir_fd, head->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    0600);

    if (fd < 0)
        return err_errno(err, "%s/%s: cannot create", mirror->directory, head->name);
    mirror->active.fd = fd;
    return write_front(fd, head->format, err) ||
           err_prefix(err, "%s/%s", mirror->directory, head->name);
}

/* The name that its own process knows it by is made durable first: ours must not outlive it. */
static bool link_file(struct mirror *mirror, const char *path, const char *name, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return err_errno(err, "%s: cannot open", path);
    if (!fd_sync(fd, "log/front-sync", err) || !dir_sync_parent(path, err)) {
        fd_close(&fd);
        return err_prefix(err, "%s", path);
    }
    if (linkat(AT_FDCWD, path, mirror->dir_fd, name, 0) != 0) {
        fd_close(&fd);
        return err_errno(err, "%s/%s: cannot link %s to it", mirror->directory, name, path);
    }
    mirror->active.fd = fd;
    return true;
}

/* The index first: without it a file that begins with a hole could not be told from a broken one.
 */
static bool make_files(struct mirror *mirror, const struct index_head *head, const char *path,
                       struct err *err)
{
    return index_file_create(mirror->dir_fd, head, &mirror->active.index, err) &&
           (path ? link_file(mirror, path, head->name, err) : make_file(mirror, head, err)) &&
           dir_sync(mirror->directory, err);
}

static void remove_files(struct mirror *mirror, const char *name)
{
    char index_name[INDEX_NAME_SIZE];

    index_file_name(name, index_name);
    if (mirror->active.fd >= 0)
        (void)unlinkat(mirror->dir_fd, name, 0);
    (void)unlinkat(mirror->dir_fd, index_name, 0);
    fd_close(&mirror->active.fd);
    index_file_close(&mirror->active.index);
    index_builder_done(&mirror->active.builder);
}

/* What follows once both files are there. */
static bool activate(struct mirror *mirror, const struct index_head *head, struct err *err)
{
    struct index_builder *builder = &mirror->active.builder;
    struct log_segment *segment;

    if (head->start == LOG_FIRST_OFFSET &&
        !index_builder_feed(builder, head->format, &mirror->active.unwritten, err))
        return false;
    segment = mem_alloc(sizeof *segment);
    memcpy(segment->name, head->name, sizeof segment->name);
    segment->ordinal = head->ordinal;
    segment->start = head->start;
    segment->end = segment->whole = builder->last.offset;
    segment->first_timestamp = builder->last.first_timestamp;
    segment->last_timestamp = builder->last.last_timestamp;
    mirror->active.index_synced = segment->end;
    mirror->active.checked_free = 0;
    if (head->start == LOG_FIRST_OFFSET)
        log_cache_put(mirror->cache, head->ordinal, LOG_FIRST_OFFSET, head->format);
    (void)pthread_mutex_lock(&mirror->shared.lock);
    mirror->shared.written_last = builder->last;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    mirror_add_segment(mirror, segment);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
    return true;
}

static bool begin_file(struct mirror *mirror, struct index_head *head, const char *path,
                       struct err *err)
{
    struct err failure;

    if (!index_builder_init(&mirror->active.builder, head, mirror->options.index_block, err))
        return false;
    mirror->active.builder.reader.check_positions = true;
    if (make_files(mirror, head, path, &failure) && activate(mirror, head, &failure)) {
        set_open(mirror);
        return true;
    }
    remove_files(mirror, head->name);
    *err = failure;
    if (err->code == ENOSPC)
        return set_full(mirror, err);
    return err->retriable ? false : mirror_fail(mirror, err);
}

static uint64_t next_ordinal(struct mirror *mirror, const char *name)
{
    uint64_t ordinal = 0;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.count > 0)
        ordinal = active_segment_locked(mirror)->ordinal + 1;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    if (ordinal > 0)
        return ordinal;
    return mirror->manifest.first > 0 ? mirror->manifest.first : log_name_number(name);
}

static bool next_locked(struct mirror *mirror, struct index_head *head, const char *path,
                        struct span format, const struct log_state *state, struct err *err)
{
    struct log_segment there;
    struct buf copy;
    struct buf encoded;
    bool ok;

    if (mirror_segment_named(mirror, head->name, &there, err))
        return err_set(err, E_USAGE, 0, "%s/%s: the log has that file already", mirror->directory,
                       head->name);
    buf_init(&copy, EVENT_LENGTH_MAX);
    buf_init(&encoded, INDEX_HEAD_MAX);
    if (state) {
        head->state_kind = state->kind;
        encode_state(state, &encoded);
    }
    ok = check_start(mirror, head->start, format, err) && copy_format(format, &copy, err);
    if (ok && !buf_ok(&encoded))
        ok = err_set(err, E_LIMIT, 0, "GTID state of more than %u bytes", INDEX_HEAD_MAX);
    if (ok) {
        head->format = buf_span(&copy);
        head->state = buf_span(&encoded);
        head->ordinal = next_ordinal(mirror, head->name);
        head->salt = random_u32();
        ok = check_free_space(mirror, err) || set_full(mirror, err);
    }
    ok = ok && close_active(mirror, err) && begin_file(mirror, head, path, err);
    buf_done(&copy);
    buf_done(&encoded);
    return ok;
}

static bool next_file(struct mirror *mirror, struct index_head *head, const char *path,
                      struct span format, const struct log_state *state, struct err *err)
{
    bool ok;

    if (mirror->options.linked != (path != NULL))
        return err_set(err, E_USAGE, 0, "%s/%s: the log's files are %s", mirror->directory,
                       head->name, path ? "its own: none is linked" : "linked: none is made");
    (void)pthread_mutex_lock(&mirror->sync_lock);
    ok = check_status(mirror, err) && next_locked(mirror, head, path, format, state, err);
    (void)pthread_mutex_unlock(&mirror->sync_lock);
    return ok;
}

bool mirror_next(struct mirror *mirror, struct span name, uint64_t start, struct span format,
                 const struct log_state *state, struct err *err)
{
    struct index_head head = {.start = start};

    return log_name_check(name, head.name, err) &&
           next_file(mirror, &head, NULL, format, state, err);
}

static bool is_void_locked(const struct mirror *mirror)
{
    const struct log_segment *first = mirror->shared.count == 1 ? mirror->shared.segments[0] : NULL;

    return first && !first->closed && first->start > LOG_FIRST_OFFSET &&
           mirror->shared.received == first->start;
}

bool mirror_is_void(struct mirror *mirror, struct log_position *ret_begun)
{
    bool is_void;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    is_void = is_void_locked(mirror);
    if (is_void) {
        ret_begun->offset = mirror->shared.segments[0]->start;
        memcpy(ret_begun->name, mirror->shared.segments[0]->name, sizeof ret_begun->name);
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return is_void;
}

/* Nobody finds the file any more. */
static bool forget_void(struct mirror *mirror, struct log_segment *ret_segment)
{
    bool is_void;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    is_void = is_void_locked(mirror);
    if (is_void) {
        *ret_segment = *mirror->shared.segments[0];
        mem_free(mirror->shared.segments[0]);
        mirror->shared.count = 0;
        mirror->shared.received = mirror->shared.written = 0;
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return is_void;
}

/* The file goes before its index, which without records and file is removed by the next open. */
bool mirror_drop_void(struct mirror *mirror, struct err *err)
{
    struct log_segment segment;
    bool ok;

    (void)pthread_mutex_lock(&mirror->sync_lock);
    ok = check_status(mirror, err) &&
         (forget_void(mirror, &segment) ||
          err_set(err, E_USAGE, 0, "%s: the log is not without events", mirror->directory));
    if (ok) {
        remove_files(mirror, segment.name);
        log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
        ok = dir_sync(mirror->directory, err);
    }
    (void)pthread_mutex_unlock(&mirror->sync_lock);
    return ok;
}

bool mirror_link(struct mirror *mirror, const char *path, struct span format, struct err *err)
{
    struct index_head head = {.start = LOG_FIRST_OFFSET};
    const char *slash = strrchr(path, '/');

    return log_name_check(span_str(slash ? slash + 1 : path), head.name, err) &&
           next_file(mirror, &head, path, format, NULL, err);
}

/* ---- Events ---- */

static bool check_append(struct mirror *mirror, uint64_t at, size_t size, struct err *err)
{
    uint64_t received = mirror->active.builder.reader.offset;

    if (mirror->active.fd < 0)
        return err_set(err, E_USAGE, 0, "%s: events, but no file to append them to has begun",
                       mirror->directory);
    if (at != received)
        return err_set(err, E_USAGE, 0, "%s: events of offset %llu, expected %llu",
                       mirror->active.index.head.name, (unsigned long long)at,
                       (unsigned long long)received);
    if (at + size - mirror->active.checked_free < FREE_CHECK_BYTES &&
        mirror->active.checked_free > 0)
        return true;
    if (!check_free_space(mirror, err))
        return err->code == ENOSPC && set_full(mirror, err);
    mirror->active.checked_free = at + size;
    return true;
}

/* On a full disk what was written of the events is taken back. */
static bool write_events(struct mirror *mirror, uint64_t at, struct span events, struct err *err)
{
    struct err ignored;

    if (mirror->options.linked || fd_write_at(mirror->active.fd, at, events, "log/append", err))
        return true;
    (void)err_prefix(err, "%s/%s", mirror->directory, mirror->active.index.head.name);
    if (err->code != ENOSPC || !fd_truncate(mirror->active.fd, at, "log/truncate", &ignored))
        return mirror_fail(mirror, err);
    set_received(mirror, at);
    return set_full(mirror, err);
}

/* Takes the events into the index and writes them; both or none. */
static bool take_events(struct mirror *mirror, uint64_t at, struct span events, struct err *err)
{
    struct index_builder *builder = &mirror->active.builder;
    struct index_builder before;
    bool ok;

    index_builder_copy(&before, builder);
    buf_clear(&mirror->active.records);
    builder->reader.verify_checksums = !mirror->options.trust_checksums;
    ok = index_builder_feed(builder, events, &mirror->active.records, err) ||
         err_prefix(err, "%s", mirror->active.index.head.name);
    if (ok) {
        set_received(mirror, at + events.len);
        ok = write_events(mirror, at, events, err);
    }
    if (ok) {
        index_builder_done(&before);
    } else {
        index_builder_done(builder);
        *builder = before;
    }
    return ok;
}

bool mirror_append(struct mirror *mirror, uint64_t at, struct span events, struct err *err)
{
    const struct index_record *last = &mirror->active.builder.last;

    if (!check_status(mirror, err) || !check_append(mirror, at, events.len, err))
        return false;
    if (events.len == 0)
        return true;
    if (!take_events(mirror, at, events, err))
        return false;
    log_cache_put(mirror->cache, mirror->active.index.head.ordinal, at, events);
    (void)pthread_mutex_lock(&mirror->shared.lock);
    mirror->shared.written = last->offset;
    mirror->shared.written_last = *last;
    buf_bytes(&mirror->shared.pending, buf_span(&mirror->active.records));
    if (mirror->shared.status == LOG_FULL)
        mirror->shared.status = LOG_OPEN;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_WRITTEN);
    return true;
}
