#include "replication/incarnation.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "log/manifest.h"
#include "log/sealed_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIGITS    8
#define HOUR_USEC (INT64_C(3600) * USEC_PER_SEC)

static char *manifest_path(const char *directory, unsigned number)
{
    return mem_printf("%s/%0*u/manifest", directory, DIGITS, number);
}

bool incarnation_last(const char *directory, unsigned *ret_number, struct err *err)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    unsigned last = 0;

    if (!dir)
        return err_errno(err, "%s: reading the directory", directory);
    while ((entry = readdir(dir))) {
        if (strspn(entry->d_name, "0123456789") == DIGITS && entry->d_name[DIGITS] == '\0') {
            unsigned number = (unsigned)strtoul(entry->d_name, NULL, 10);
            char *manifest = manifest_path(directory, number);

            if (number > last && path_exists(manifest))
                last = number;
            mem_free(manifest);
        }
    }
    (void)closedir(dir);
    *ret_number = last;
    return true;
}

char *incarnation_path(const char *directory, unsigned number)
{
    return mem_printf("%s/%0*u", directory, DIGITS, number);
}

/* Files and bytes of a log's binlog files; nothing when its directory is gone. */
static bool measure(const char *directory, unsigned number, struct log_purged *ret_size,
                    struct err *err)
{
    char *path = incarnation_path(directory, number);
    struct log_purged size = {0};
    struct dirent *entry;
    DIR *dir = opendir(path);
    bool good = dir || errno == ENOENT || err_errno(err, "%s: reading the directory", path);

    while (dir && (entry = readdir(dir))) {
        char name[LOG_NAME_MAX + 1];
        struct stat info;
        struct err other;

        if (log_name_check(span_str(entry->d_name), name, &other) &&
            fstatat(dirfd(dir), name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            size.files++;
            size.bytes += (uint64_t)info.st_size;
        }
    }
    if (dir)
        (void)closedir(dir);
    mem_free(path);
    if (good)
        *ret_size = size;
    return good;
}

/* When a log was made, which is when the one before it ended. */
static bool read_created(const char *directory, unsigned number, int64_t *ret_usec, struct err *err)
{
    char *path = manifest_path(directory, number);
    struct manifest manifest;
    char *text = NULL;
    bool good = file_read(path, SEALED_TEXT_MAX, &text, err) &&
                (manifest_decode(span_str(text), &manifest, err) || err_prefix(err, "%s", path));

    if (good)
        *ret_usec = manifest.identity.created_usec;
    mem_free(text);
    mem_free(path);
    return good;
}

/* Of the logs from `number` to `last`. */
static bool sum_bytes(const char *directory, unsigned number, unsigned last, uint64_t *ret_bytes,
                      struct err *err)
{
    uint64_t bytes = 0;

    for (; number <= last; number++) {
        struct log_purged size;

        if (!measure(directory, number, &size, err))
            return false;
        bytes += size.bytes;
    }
    *ret_bytes = bytes;
    return true;
}

static bool is_due(const char *directory, unsigned number, unsigned last,
                   const struct log_retention *retention, int64_t now_usec, bool *ret_due,
                   struct err *err)
{
    unsigned successor = number + 1;
    int64_t ended_usec = 0;
    uint64_t bytes = 0;
    char *path = NULL;

    /* A successor may be gone, but never the last. */
    for (;; successor++) {
        bool there;

        path = incarnation_path(directory, successor);
        there = path_exists(path);
        mem_free(path);
        if (there || successor >= last)
            break;
    }
    if (retention->hours >= 0 && !read_created(directory, successor, &ended_usec, err))
        return false;
    if (retention->bytes > 0 && !sum_bytes(directory, number, last, &bytes, err))
        return false;
    *ret_due = (retention->hours >= 0 && now_usec - ended_usec >= retention->hours * HOUR_USEC) ||
               (retention->bytes > 0 && bytes > retention->bytes);
    return true;
}

bool incarnation_purge(const char *directory, unsigned number, unsigned last,
                       const struct log_retention *retention, int64_t now_usec,
                       struct log_purged *purged, struct err *err)
{
    char *path = incarnation_path(directory, number);
    struct log_purged size = {0};
    bool due = false;
    bool good = true;

    if (path_exists(path))
        good = is_due(directory, number, last, retention, now_usec, &due, err);
    if (good && due)
        good = measure(directory, number, &size, err) && dir_remove(path, err);
    if (good) {
        purged->files += size.files;
        purged->bytes += size.bytes;
    }
    mem_free(path);
    return good;
}
