/*
 * What opening a log does with its files: which belong to it, in what order, and where each ends.
 * doc/log-format.md has the rules; recover_segment.h is about one file.
 */
#include "log/mirror_internal.h"

#include "base/fd_at.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/recover_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* One name found in the directory. */
struct found {
    char name[LOG_NAME_MAX + 1];
    bool has_file;
    bool has_index;     /* and its head is good */
    bool has_bad_index; /* there, but its head is not good: it is made anew */
    uint64_t ordinal;   /* from the index; inferred without one */
    uint64_t records;
};

struct opening {
    struct mirror *mirror;
    struct mirror_recovery *recovery;
    struct found *items; /* by name at first, then by ordinal */
    size_t count;
};

/* ---- What is there ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static int by_ordinal(const void *a, const void *b)
{
    const struct found *left = a;
    const struct found *right = b;

    return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

/* Takes NAME or NAME.idx; everything else in the directory is not a file of the log. */
static void add_entry(struct opening *opening, const char *entry, size_t *cap)
{
    struct span name = span_str(entry);
    struct found item = {0};
    struct err err;

    item.has_bad_index = name.len > 4 && strcmp(entry + name.len - 4, ".idx") == 0;
    if (item.has_bad_index)
        name.len -= 4;
    item.has_file = !item.has_bad_index;
    if (!log_name_check(name, item.name, &err))
        return;
    if (opening->count == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        opening->items = mem_realloc(opening->items, *cap * sizeof item);
    }
    opening->items[opening->count++] = item;
}

static bool list_directory(struct opening *opening, struct err *err)
{
    DIR *dir = opendir(opening->mirror->directory);
    const struct dirent *entry;
    size_t cap = 0;
    size_t kept = 0;

    if (!dir)
        return err_errno(err, "%s: cannot open the directory", opening->mirror->directory);
    while ((entry = readdir(dir)))
        add_entry(opening, entry->d_name, &cap);
    (void)closedir(dir);
    if (opening->count > 0)
        qsort(opening->items, opening->count, sizeof *opening->items, by_name);
    for (size_t i = 0; i < opening->count; i++) {
        struct found *item = &opening->items[i];

        if (kept > 0 && strcmp(opening->items[kept - 1].name, item->name) == 0) {
            opening->items[kept - 1].has_file |= item->has_file;
            opening->items[kept - 1].has_bad_index |= item->has_bad_index;
        } else {
            opening->items[kept++] = *item;
        }
    }
    opening->count = kept;
    return true;
}

/* An index of another version of the format is not a damaged one: nothing may be done to it. */
static bool load_index(struct opening *opening, struct found *item, struct err *err)
{
    struct index_file index;

    if (!item->has_bad_index)
        return true;
    if (!index_file_open(opening->mirror->dir_fd, item->name, &index, err))
        return err->class == E_PROTO;
    item->has_bad_index = false;
    item->has_index = true;
    item->ordinal = index.head.ordinal;
    item->records = index.records;
    index_file_close(&index);
    return true;
}

/* ---- Their order ---- */

static bool same_base(const struct found *a, const struct found *b)
{
    size_t length = log_name_base_length(a->name);

    return length == log_name_base_length(b->name) && memcmp(a->name, b->name, length) == 0;
}

/* Without an index, a file's place follows from its number and that of another of its base name. */
static bool infer_ordinal(const struct opening *opening, struct found *item, struct err *err)
{
    const struct found *known = NULL;
    bool any = false;

    for (size_t i = 0; i < opening->count && !known; i++) {
        any |= opening->items[i].has_index;
        if (opening->items[i].has_index && same_base(&opening->items[i], item))
            known = &opening->items[i];
    }
    item->ordinal = log_name_number(item->name);
    if (known)
        item->ordinal += known->ordinal - log_name_number(known->name);
    else if (any || !same_base(&opening->items[0], item) ||
             item->ordinal < opening->mirror->manifest.first) /* not to be taken for purged */
        return err_set(err, E_STATE, 0,
                       "%s/%s: its side index is missing, and no other file tells its place in the "
                       "log",
                       opening->mirror->directory, item->name);
    return true;
}

static bool order_items(struct opening *opening, struct err *err)
{
    for (size_t i = 0; i < opening->count; i++) {
        if (!load_index(opening, &opening->items[i], err))
            return err_prefix(err, "%s", opening->mirror->directory);
    }
    for (size_t i = 0; i < opening->count; i++) {
        if (!opening->items[i].has_index && !infer_ordinal(opening, &opening->items[i], err))
            return false;
    }
    if (opening->count > 0)
        qsort(opening->items, opening->count, sizeof *opening->items, by_ordinal);
    return true;
}

static bool check_gaps(const struct opening *opening, struct err *err)
{
    for (size_t i = 0; i < opening->count; i++) {
        const struct found *item = &opening->items[i];
        const struct found *before = i > 0 ? item - 1 : NULL;

        if (!item->has_file)
            return err_set(err, E_STATE, 0, "%s/%s: the file is missing, its side index is there",
                           opening->mirror->directory, item->name);
        if (before && item->ordinal != before->ordinal + 1)
            return err_set(err, E_STATE, 0,
                           "%s: files are missing between %s and %s: they are files %llu and %llu "
                           "of the log",
                           opening->mirror->directory, before->name, item->name,
                           (unsigned long long)before->ordinal, (unsigned long long)item->ordinal);
    }
    return true;
}

/* ---- Left-overs ---- */

static bool remove_item(struct opening *opening, const struct found *item, struct err *err)
{
    char index_name[INDEX_NAME_SIZE];

    index_file_name(item->name, index_name);
    if ((unlinkat(opening->mirror->dir_fd, item->name, 0) != 0 && errno != ENOENT) ||
        (unlinkat(opening->mirror->dir_fd, index_name, 0) != 0 && errno != ENOENT))
        return err_errno(err, "%s/%s: cannot remove", opening->mirror->directory, item->name);
    opening->recovery->removed++;
    return true;
}

/*
 * Whether the file begins with the magic and the format description that its index has, but for the
 * flag IN_USE, which a file may have that is not the log's own.
 */
static bool has_front(int fd, const struct index_head *head, bool *ret_has, struct err *err)
{
    size_t size = sizeof mirror_magic + head->format.len;
    uint8_t *bytes = mem_alloc(size);
    size_t got = 0;
    bool ok = fd < 0 || fd_read_at(fd, 0, bytes, size, &got, err);

    if (got > LOG_FIRST_OFFSET + EVENT_FLAGS_AT)
        bytes[LOG_FIRST_OFFSET + EVENT_FLAGS_AT] &= (uint8_t)~EVENT_FLAG_IN_USE;
    if (ok)
        *ret_has = got == size && memcmp(bytes, mirror_magic, sizeof mirror_magic) == 0 &&
                   memcmp(bytes + sizeof mirror_magic, head->format.data, head->format.len) == 0;
    mem_free(bytes);
    return ok;
}

static bool is_void_by_index(const struct opening *opening, const struct found *item, int fd,
                             uint64_t size, bool *ret_void, struct err *err)
{
    struct index_file index;
    bool has = false;
    bool ok;

    if (!index_file_open(opening->mirror->dir_fd, item->name, &index, err))
        return false;
    ok = has_front(fd, &index.head, &has, err);
    if (ok && !has && item->records > 0 && size >= LOG_FIRST_OFFSET + index.head.format.len)
        ok = err_set(err, E_PROTO, 0,
                     "damaged: it does not begin with the format description of its side index");
    if (ok)
        *ret_void = !has;
    index_file_close(&index);
    return ok;
}

/*
 * A file of which nothing is valid: begun, and the crash came before its format description was on
 * the disk. One that is not there although its index has records was lost, which is another thing;
 * so is one that has another beginning and records, which are written after that was synced.
 */
static bool is_void(const struct opening *opening, const struct found *item, bool *ret_void,
                    struct err *err)
{
    uint64_t size = 0;
    bool ok = true;
    int fd;

    *ret_void = false;
    if (!item->has_file && item->records > 0)
        return true;
    fd = openat(opening->mirror->dir_fd, item->name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return err_errno(err, "%s/%s: cannot open", opening->mirror->directory, item->name);
    if (fd >= 0)
        ok = fd_size(fd, &size, err);
    if (ok && !item->has_index)
        *ret_void = size < LOG_FIRST_OFFSET + EVENT_HEADER_SIZE;
    else if (ok)
        ok = is_void_by_index(opening, item, fd, size, ret_void, err);
    fd_close(&fd);
    return ok || err_prefix(err, "%s/%s", opening->mirror->directory, item->name);
}

/* Takes out what an interrupted purge has left, and a last file that was only just begun. */
static bool remove_left_overs(struct opening *opening, struct err *err)
{
    size_t kept = 0;
    bool gone = false;

    for (size_t i = 0; i < opening->count; i++) {
        if (opening->items[i].ordinal >= opening->mirror->manifest.first)
            opening->items[kept++] = opening->items[i];
        else if (!remove_item(opening, &opening->items[i], err))
            return false;
    }
    opening->count = kept;
    if (kept > 0 && !is_void(opening, &opening->items[kept - 1], &gone, err))
        return false;
    if (gone) {
        if (!remove_item(opening, &opening->items[kept - 1], err))
            return false;
        opening->count--;
    }
    return true;
}

/* ---- All together ---- */

/* The last file of the log goes on to be written, unless it was closed. */
static void take_active(struct mirror *mirror, struct recovered_segment *recovered)
{
    mirror->active.fd = recovered->fd;
    mirror->active.index = recovered->index;
    mirror->active.builder = recovered->builder;
    mirror->active.index_synced = recovered->builder.last.offset;
    mirror->shared.written_last = recovered->builder.last;
    recovered->fd = -1;
}

static bool recover_item(struct opening *opening, size_t i, struct err *err)
{
    struct mirror *mirror = opening->mirror;
    const struct found *item = &opening->items[i];
    bool last = i + 1 == opening->count;
    struct recovered_segment recovered;
    struct log_segment *segment;

    if (!recover_segment(mirror, item->name, item->ordinal, item->has_index, last, &recovered, err))
        return err_prefix(err, "%s", mirror->directory);
    segment = mem_alloc(sizeof *segment);
    *segment = recovered.segment;
    mirror_add_segment(mirror, segment);
    opening->recovery->scanned_bytes += recovered.scanned_bytes;
    opening->recovery->rebuilt += !item->has_index;
    if (recovered.cut_bytes > 0) {
        opening->recovery->cut_bytes += recovered.cut_bytes;
        opening->recovery->cut_from = recovered.segment.end;
        memcpy(opening->recovery->cut_name, item->name, sizeof item->name);
    }
    if (!segment->closed)
        take_active(mirror, &recovered);
    recovered_segment_done(&recovered);
    return true;
}

bool mirror_recover(struct mirror *mirror, struct mirror_recovery *ret_recovery, struct err *err)
{
    struct mirror_recovery recovery = {0};
    struct opening opening = {.mirror = mirror, .recovery = &recovery};
    bool ok = list_directory(&opening, err) && order_items(&opening, err) &&
              remove_left_overs(&opening, err) && check_gaps(&opening, err);

    for (size_t i = 0; ok && i < opening.count; i++)
        ok = recover_item(&opening, i, err);
    mem_free(opening.items);
    ok = ok && mirror_sweep_maps(mirror, err);
    if (ok) {
        struct log_ends ends;

        mirror_ends(mirror, &ends);
        recovery.end = ends.synced;
        recovery.end_closed = ends.synced.name[0] && mirror->active.fd < 0;
        *ret_recovery = recovery;
    }
    return ok;
}
