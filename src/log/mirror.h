/*
 * struct mirror: the durable mirror of a source's binary log: one directory with the source's
 * files, byte for byte under the source's names, and a side index beside each (doc/log-format.md).
 *
 * Whose files they are: the mirror writes them itself, out of what its owner appends; or, when it
 * was opened as `linked`, another process of this machine does, and each is hard-linked here: then
 * an append says what stands in the file already, and the mirror never changes a byte of it.
 *
 * Of the bytes that a source sent, three ends are told apart:
 *
 *     received  taken by mirror_append(): checked, whole events
 *     written   given to the operating system
 *     synced    on the disk: an fdatasync() of our own descriptor that began after they were
 *               written has returned. Readers, lookups and lists see these and nothing more.
 *
 * Threads: one thread, the *writer*, calls mirror_next() and mirror_append(). mirror_sync() may be
 * called by the writer or by one other thread at the same time (struct log_syncer); appends go on
 * while it runs. All else may be called by any thread. The owner closes every log_reader and stops
 * the syncer before mirror_close(). One process at a time has a log open: it holds a lock on the
 * directory's file "lock".
 *
 * States: a mirror is LOG_OPEN until an append finds the disk full (LOG_FULL: nothing of the batch
 * is kept, the append may be repeated) or a write or sync fails (LOG_FAILED: after a failed
 * fdatasync nothing may be assumed of what was written, so it takes no more until it is closed and
 * opened again, which looks at what the disk holds). What was synced stays readable in every state.
 */
#pragma once

#include "base/clock.h"
#include "binlog/format.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "log/position.h"
#include "log/waiter.h"

struct mirror;

/*
 * Whose binlog an incarnation is: what the caller compares with the source before it goes on, and
 * begins another directory when it differs. The version is for people: upgrades change it.
 */
struct log_identity {
    enum format_family family;
    uint32_t server_id;
    char server_uuid[GTID_UUID_TEXT + 1];         /* MySQL; empty otherwise */
    char server_version[FORMAT_VERSION_SIZE + 1]; /* when the log was created */
    uint32_t format_created;                      /* `created` of the first format description */
    int64_t created_usec;                         /* since 1970: of the log; set by mirror_create */
};

struct mirror_options {
    uint64_t cache_bytes;     /* of the I/O cache: 1 MiB to 1 TiB; 0: LOG_CACHE_DEFAULT */
    uint64_t keep_free_bytes; /* an append that would leave less on the file system is refused */
    uint32_t index_block;     /* bytes of data between two records of a side index; 0: 65536 */
    bool trust_checksums;     /* appended events are not verified: their sender did that */
    bool linked;              /* the files are another process's: mirror_link() */
};

#define LOG_CACHE_DEFAULT (UINT64_C(64) << 20)

/* What opening found and did. */
struct mirror_recovery {
    struct log_position end; /* where the log goes on; empty name: nothing in it yet */
    bool end_closed;         /* that file is complete: mirror_next() comes next */
    uint64_t cut_bytes;      /* taken off the last file: not a whole transaction, or not whole */
                             /* (of a linked one nothing is: what is there may become whole) */
    char cut_name[LOG_NAME_MAX + 1];
    uint64_t cut_from;      /* the offset at which cut_name was cut */
    uint64_t scanned_bytes; /* read event by event, because no index record vouched for them */
    uint32_t rebuilt;       /* side indexes that were missing or damaged and made anew */
    uint32_t removed;       /* left-overs of an interrupted purge or of a file just begun */
};

/*
 * Makes a new, empty log; the directory must be missing or empty. The identity is kept in its
 * manifest.
 */
MUST_CHECK bool mirror_create(const char *directory, const struct log_identity *identity,
                              struct err *err);

/*
 * Opens a log and brings it back to its last whole transaction (of the last file; a file before it
 * ends with the last whole event). `options` may be NULL. E_STATE: of a format version that is not
 * known, locked by another process, or files are missing in the middle; E_PROTO: damaged so that it
 * can not be repaired. Nothing is changed then.
 */
MUST_CHECK bool mirror_open(const char *directory, const struct mirror_options *options,
                            struct mirror **ret_mirror, struct mirror_recovery *ret_recovery,
                            struct err *err);

/*
 * Ends every wait with E_STATE, now and later, so that readers can be closed. What is synced can
 * still be read.
 */
void mirror_shutdown(struct mirror *mirror);

/* Without a sync: what was not synced is cut to a transaction at the next open. NULL is fine. */
void mirror_close(struct mirror *mirror);

const struct log_identity *mirror_identity(const struct mirror *mirror);
const char *mirror_directory(const struct mirror *mirror);

/*
 * Replaces a small file of the directory durably: the log's own, or one of another name that its
 * owner keeps there. The log's reserve gives way when the disk is full. E_IO.
 */
MUST_CHECK bool mirror_write_file(struct mirror *mirror, const char *name, struct span content,
                                  struct err *err);

/* ---- The writer ---- */

/* GTID state of the source at a position, where the file's own head does not tell it, or not all.
 */
enum log_state_kind { LOG_STATE_UNKNOWN, LOG_STATE_MYSQL, LOG_STATE_MARIADB };

struct log_state {
    enum log_state_kind kind;
    struct gtid_set set;   /* MYSQL: executed */
    struct gtid_list list; /* MARIADB: binlog state */
};

void log_state_init(struct log_state *state);
void log_state_done(struct log_state *state);

/*
 * Begins the file `name`, whose first event comes next; the file before ends where it stands, with
 * all of its bytes synced. `format` is the file's format description event as it came (or as it
 * stands in the file): its flag IN_USE is cleared, as the source does when it closes the file.
 * `start` is LOG_FIRST_OFFSET, or, in a log's first file, the offset at which the mirror begins:
 * the bytes before it are a hole that no reader is given. `state` is that of `start`, or, where the
 * file's own head will tell it, GTIDs of MySQL's that were executed before the file whatever the
 * head says (log_state_of_file()); NULL for none. E_USAGE: the name or start is impossible or the
 * file exists; E_PROTO: no format description; E_IO, retriable when it may be called again: the
 * disk is full (LOG_FULL), or there are no descriptors; nothing of the file is left then.
 */
MUST_CHECK bool mirror_next(struct mirror *mirror, struct span name, uint64_t start,
                            struct span format, const struct log_state *state, struct err *err);

/*
 * Whether the log has one file, which begins in the middle, and nothing of it yet; *ret_begun is
 * that place then.
 */
bool mirror_is_void(struct mirror *mirror, struct log_position *ret_begun);

/* Takes that file away: the log is as new. Readers of it fail. E_USAGE: it is not void; E_IO. */
MUST_CHECK bool mirror_drop_void(struct mirror *mirror, struct err *err);

/*
 * mirror_next() of a linked log: the file that another process writes at `path`, on the same file
 * system, gets a second name, its own, in the log's directory. E_USAGE, E_PROTO, E_IO (EXDEV: on
 * another file system; EEXIST: a file of that name is there which the log does not know).
 */
MUST_CHECK bool mirror_link(struct mirror *mirror, const char *path, struct span format,
                            struct err *err);

/*
 * Appends whole events, one after the other as they stand in the source's file. `at` is where they
 * begin there, which must be the log's received position. Each is checked: length, type, checksum,
 * its log_pos. Artificial events and heartbeats are the receiver's, not the log's: E_PROTO, as for
 * any broken event; then nothing of the call is kept. E_IO with ENOSPC (LOG_FULL, retriable) or
 * another errno (LOG_FAILED); E_STATE when the log has failed before. Of a linked file they are
 * what stands there, which the caller has read: nothing is written.
 *
 * The more bytes a call has, the better: one write() is made of them.
 */
MUST_CHECK bool mirror_append(struct mirror *mirror, uint64_t at, struct span events,
                              struct err *err);

/*
 * Makes synced what was written when it was called, and lets readers see it. True at once when
 * there is nothing to do. E_IO, E_STATE: the log has failed.
 */
MUST_CHECK bool mirror_sync(struct mirror *mirror, struct err *err);

/* ---- What is there ---- */

enum log_status { LOG_OPEN, LOG_FULL, LOG_FAILED };

struct log_ends {
    struct log_position received;
    struct log_position written;
    struct log_position synced;
    struct log_position whole; /* the last end of a transaction that is synced */
    enum log_status status;
    struct err reason; /* unless LOG_OPEN */
    bool shutdown;     /* mirror_shutdown() was called: no more comes */
};

/* Names are empty in a log without files. */
void mirror_ends(struct mirror *mirror, struct log_ends *ret_ends);

/*
 * Waits until `position` is synced; LOG_WAIT_INTERRUPTED as soon as `interrupt_fd` (-1: none) is
 * readable. E_STATE: the log failed before that, was shut down, or never had the file.
 */
MUST_CHECK bool mirror_wait_synced(struct mirror *mirror, const struct log_position *position,
                                   int64_t deadline_usec, int interrupt_fd, enum log_wait *ret,
                                   struct err *err);

/*
 * Waits until the synced end is another than `end`: more came into its file, or a file began, be it
 * the first. As above.
 */
MUST_CHECK bool mirror_wait_beyond(struct mirror *mirror, const struct log_position *end,
                                   int64_t deadline_usec, int interrupt_fd, enum log_wait *ret,
                                   struct err *err);

/*
 * Waits until something is written that is not synced. For the thread that syncs, which brings a
 * waiter of its own: that it could get none would end it, and nobody would know.
 */
MUST_CHECK bool mirror_wait_written(struct mirror *mirror, struct log_waiter *waiter,
                                    int interrupt_fd, enum log_wait *ret, struct err *err);

struct log_file {
    char name[LOG_NAME_MAX + 1];
    uint64_t start;           /* offset from which its bytes are there: LOG_FIRST_OFFSET or more */
    uint64_t end;             /* synced */
    bool closed;              /* no more comes: the next file has begun */
    uint32_t first_timestamp; /* of its events, seconds since 1970; 0: no event has one */
    uint32_t last_timestamp;  /* the latest of them */
    int64_t closed_usec;      /* since 1970, by our own clock, when the next file began; 0 */
};

/* All files, oldest first, in a new array (mem_free). */
void mirror_list(struct mirror *mirror, struct log_file **ret_files, size_t *ret_count);

/* E_STATE: not in the log (purged, or never there). */
MUST_CHECK bool mirror_find(struct mirror *mirror, const char *name, struct log_file *ret_file,
                            struct err *err);

/*
 * Synced bytes of events from a position to the log's end, those of the files between included; of
 * an empty name or a file that is not there any more: of the whole log.
 */
uint64_t mirror_bytes_after(struct mirror *mirror, const struct log_position *position);

/* Counters of the I/O cache since the open, as aurora_binlog_io_cache_*. */
struct log_cache_counters {
    uint64_t read_requests; /* of all readers: batches of bytes asked for */
    uint64_t reads;         /* those that the cache had */
    uint64_t allocated;     /* bytes of memory that it holds now */
};

void mirror_cache_counters(struct mirror *mirror, struct log_cache_counters *ret_counters);

/* fdatasync() of the data, since the open. */
#define LOG_SYNC_BUCKETS 6
extern const int64_t log_sync_bounds_usec[LOG_SYNC_BUCKETS - 1]; /* of all but the last */

struct log_sync_counters {
    uint64_t count;
    uint64_t bytes;                    /* that they made synced */
    uint64_t usec;                     /* in all */
    uint64_t within[LOG_SYNC_BUCKETS]; /* took up to the bound, and more than the one before */
};

void mirror_sync_counters(struct mirror *mirror, struct log_sync_counters *ret_counters);
