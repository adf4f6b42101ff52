/*
 * What the files of src/log share of struct mirror. Nothing outside this directory includes it.
 *
 * Locks, in the order in which they may be taken: purge_lock, sync_lock, shared.lock; the waiters'
 * and the cache's own are taken last and alone. No lock but sync_lock (and purge_lock) is held over
 * a system call that waits for the disk.
 */
#pragma once

#include "log/cache.h"
#include "log/hold.h"
#include "log/index_builder.h"
#include "log/index_file.h"
#include "log/manifest.h"
#include "log/mirror.h"
#include "log/offset_maps.h"

#include <pthread.h>

/* Every file begins with it; its format description follows. */
extern const uint8_t mirror_magic[READER_MAGIC_SIZE];

/* One file of the log. Those in the table belong to it; copies are made under the lock. */
struct log_segment {
    char name[LOG_NAME_MAX + 1];
    uint64_t ordinal;
    uint64_t start;
    uint64_t end;     /* synced; once closed: the end of what is valid */
    uint64_t whole;   /* the last end of a transaction up to there */
    uint64_t records; /* of its side index that may be read */
    bool closed;
    uint32_t first_timestamp;
    uint32_t last_timestamp;
    int64_t closed_usec;
};

struct mirror {
    char *directory;
    int dir_fd;
    int lock_fd;
    struct manifest manifest; /* `first` changes under purge_lock */
    struct mirror_options options;
    struct log_cache *cache;
    struct log_holds holds; /* under purge_lock */

    pthread_mutex_t purge_lock;
    struct offset_map *maps; /* those that are open; under purge_lock */

    /* The file that is written. It changes under sync_lock, by the writer only. */
    pthread_mutex_t sync_lock;
    struct {
        int fd; /* -1: none, the next event needs mirror_next() */
        struct index_file index;
        struct index_builder builder; /* the writer's alone */
        struct buf records;           /* the writer's: new ones, of one append */
        struct buf unwritten;         /* under sync_lock: records of synced bytes */
        uint64_t index_synced;        /* offset in the file that a synced record vouches for */
        uint64_t checked_free;        /* offset at which free space was last looked at */
    } active;

    struct {
        pthread_mutex_t lock;
        struct log_segment **segments; /* by ordinal, without a gap */
        size_t count;
        size_t cap;
        uint64_t received; /* in the last segment */
        uint64_t written;
        struct index_record written_last; /* how things stand at `written` */
        struct buf pending;               /* records of bytes up to `written` */
        enum log_status status;
        struct err reason;
        bool shutdown;
        struct log_sync_counters syncs;
    } shared;

    struct log_waiters waiters;
};

/* Of a log that is being opened: the table is filled by mirror_recover(). */
MUST_CHECK bool mirror_recover(struct mirror *mirror, struct mirror_recovery *ret_recovery,
                               struct err *err);

/* Adds a segment at the end of the table, which takes it over. */
void mirror_add_segment(struct mirror *mirror, struct log_segment *segment);

MUST_CHECK bool mirror_write_manifest(struct mirror *mirror, struct err *err);

/* Makes the reserve when it is missing and the disk has room. */
void mirror_make_reserve(struct mirror *mirror);
void mirror_drop_reserve(struct mirror *mirror);

/* LOG_FAILED, for good; the first reason stays. Returns false. */
bool mirror_fail(struct mirror *mirror, const struct err *reason);

/* Removes the offset maps of files that are not in the table. E_IO. */
MUST_CHECK bool mirror_sweep_maps(struct mirror *mirror, struct err *err);

/* Copies of segments. E_STATE when it is not there; by_ordinal tells a purged one by its text. */
MUST_CHECK bool mirror_segment_named(struct mirror *mirror, const char *name,
                                     struct log_segment *ret_segment, struct err *err);
MUST_CHECK bool mirror_segment_at(struct mirror *mirror, uint64_t ordinal,
                                  struct log_segment *ret_segment, struct err *err);

/* All of them, in a new array (mem_free). */
struct log_segment *mirror_segments(struct mirror *mirror, size_t *ret_count);

/* E_STATE once the log was shut down, or has failed (the text has the reason). */
MUST_CHECK bool mirror_check_alive(struct mirror *mirror, struct err *err);
