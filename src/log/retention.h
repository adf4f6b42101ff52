/*
 * Which files of a log may go, and their removal.
 *
 * The file being written is never removed, nor what a hold keeps. Files go from the oldest on. The
 * manifest first says which file is the oldest that stays; then each file is unlinked, then its
 * index; whatever a crash leaves of them is removed by the next open. Any thread; purges exclude
 * each other. Readers that have a file open go on reading it.
 */
#pragma once

#include "log/mirror.h"

/* Both bounds may be given; a file goes when either asks for it. */
struct log_retention {
    /*
     * `binlog retention hours`: a file goes once it has been closed for that long by our own clock.
     * Negative: no bound by age. 0: every closed file goes that no hold keeps.
     */
    int64_t hours;
    uint64_t bytes;     /* the oldest closed files go while all are larger; 0: no bound */
    const char *in_use; /* this file and those after it stay all the same; NULL: none */
};

struct log_purged {
    uint32_t files;
    uint64_t bytes;
};

/* `now_usec` is the time since 1970. E_IO: some may be gone. */
MUST_CHECK bool log_purge(struct mirror *mirror, const struct log_retention *retention,
                          int64_t now_usec, struct log_purged *ret_purged, struct err *err);

/*
 * As PURGE BINARY LOGS TO 'name': removes the files before it. E_STATE: the log does not have the
 * file, or a hold keeps one before it (the text names it); nothing is removed then.
 */
MUST_CHECK bool log_purge_to(struct mirror *mirror, const char *name, struct log_purged *ret_purged,
                             struct err *err);

/*
 * A replica that must not lose files: those from `first` on are kept. Holds are stored in the
 * directory and survive restarts. One that would keep more than `cap_bytes` (0: no cap) of the log
 * no longer counts: `broken` is set, and stays so until it is set anew.
 */
#define LOG_HOLD_NAME_MAX 64
#define LOG_HOLDS_MAX     1024

struct log_hold {
    char replica[LOG_HOLD_NAME_MAX + 1]; /* printable ASCII, no space */
    char first[LOG_NAME_MAX + 1];
    uint64_t cap_bytes;
    bool broken;
};

/* Makes or replaces it, durably. E_USAGE: its name; E_STATE: the log lacks the file; E_LIMIT. */
MUST_CHECK bool log_hold_set(struct mirror *mirror, const char *replica, const char *first,
                             uint64_t cap_bytes, struct err *err);

/* One that is not there is fine. */
MUST_CHECK bool log_hold_drop(struct mirror *mirror, const char *replica, struct err *err);

/* In a new array (mem_free). */
void log_hold_list(struct mirror *mirror, struct log_hold **ret_holds, size_t *ret_count);
