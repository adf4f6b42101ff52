#include "log/offset_maps.h"

#include "base/fd_at.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "log/mirror_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define SUFFIX      ".map"
#define NAME_SIZE   (LOG_NAME_MAX + OFFSET_MAP_VIEW_MAX + 8) /* bytes: NAME.VIEW.map */
#define WINDOW_SIZE (4 * OFFSET_MAP_BLOCK_MAX)

struct offset_map {
    struct mirror *mirror;
    struct offset_map *next; /* of those that are open; under purge_lock, as is `users` */
    unsigned users;
    char file_name[NAME_SIZE];
    struct offset_map_head head;

    pthread_mutex_t lock; /* of what follows; held over the sync */
    int fd;
    uint64_t size;           /* bytes of the file that are good, and synced unless it says: */
    bool unsynced;           /* some at the end are not */
    struct offset_pair last; /* that these have */
    struct buf made;
};

static void map_file_name(const char *name, const char *view, char file_name[NAME_SIZE])
{
    (void)snprintf(file_name, NAME_SIZE, "%s.%s" SUFFIX, name, view);
}

/* ---- Reading one from its beginning ---- */

struct walk {
    int fd;
    struct offset_map_head head;
    struct offset_pair at; /* the last pair of the blocks that were taken */
    uint64_t end;          /* bytes of the file that were taken */
    uint8_t *window;
    struct cursor rest; /* of what is in the window */
};

static void walk_done(struct walk *walk)
{
    mem_free(walk->window);
}

/* Fills the window from what was not taken on. */
static bool walk_fill(struct walk *walk, struct err *err)
{
    size_t got;

    if (!fd_read_at(walk->fd, walk->end, walk->window, WINDOW_SIZE, &got, err))
        return false;
    walk->rest = cursor_of(span_of(walk->window, got));
    return true;
}

/* Of a zeroed struct; walk_done() in any case. E_PROTO, E_STATE: no head. */
static bool walk_begin(struct walk *walk, int fd, struct err *err)
{
    *walk = (struct walk){.fd = fd, .window = mem_alloc(WINDOW_SIZE)};
    if (!walk_fill(walk, err))
        return false;
    walk->end = cursor_left(&walk->rest);
    if (!offset_map_head_decode(&walk->rest, &walk->head, err))
        return false;
    walk->end -= cursor_left(&walk->rest);
    walk->at = walk->head.first;
    return true;
}

/* The next good block; false in *ret_more where there is none. The caller moves walk->at on. */
static bool walk_next(struct walk *walk, struct cursor *ret_entries, bool *ret_more,
                      struct err *err)
{
    size_t left = cursor_left(&walk->rest);

    *ret_more = offset_map_block_decode(&walk->rest, walk->head.salt, walk->at, ret_entries);
    if (!*ret_more && left < OFFSET_MAP_BLOCK_MAX) {
        if (!walk_fill(walk, err))
            return false;
        left = cursor_left(&walk->rest);
        *ret_more = offset_map_block_decode(&walk->rest, walk->head.salt, walk->at, ret_entries);
    }
    if (*ret_more)
        walk->end += left - cursor_left(&walk->rest);
    return true;
}

/* ---- Those that are written ---- */

static bool has_head(const struct offset_map *map, const struct offset_map_head *head)
{
    return strcmp(map->head.name, head->name) == 0 && strcmp(map->head.view, head->view) == 0 &&
           map->head.first.view == head->first.view && map->head.first.source == head->first.source;
}

/* Takes all blocks; those behind the last good one are cut off. */
static bool walk_to_end(struct offset_map *map, struct walk *walk, struct err *err)
{
    struct cursor entries;
    uint64_t size;
    bool more = true;

    while (more) {
        if (!walk_next(walk, &entries, &more, err))
            return false;
        while (more && offset_map_entry(&entries, &walk->at))
            ;
    }
    map->head.salt = walk->head.salt;
    map->last = walk->at;
    map->size = walk->end;
    return fd_size(map->fd, &size, err) &&
           (size == map->size || fd_truncate(map->fd, map->size, "log/map-cut", err));
}

/* What a process before this one has left; false in *ret_good when that is no map of this view. */
static bool take_over(struct offset_map *map, bool *ret_good, struct err *err)
{
    struct walk walk;
    bool good = walk_begin(&walk, map->fd, err);

    *ret_good = good && has_head(map, &walk.head);
    if (!good)
        good = err->class != E_IO;
    /* It may have written, and was killed before the sync. */
    if (*ret_good)
        good = walk_to_end(map, &walk, err) && fd_sync(map->fd, "log/map-sync", err);
    walk_done(&walk);
    return good;
}

static bool begin_anew(struct offset_map *map, struct err *err)
{
    map->head.salt = random_u32();
    map->last = map->head.first;
    buf_clear(&map->made);
    offset_map_head_encode(&map->made, &map->head);
    map->size = map->made.len;
    return fd_truncate(map->fd, 0, "log/map-cut", err) &&
           fd_write_at(map->fd, 0, buf_span(&map->made), "log/map-head", err) &&
           fd_sync(map->fd, "log/map-head-sync", err) && dir_sync(map->mirror->directory, err);
}

static bool open_file(struct offset_map *map, struct err *err)
{
    bool good;

    map->fd = openat(map->mirror->dir_fd, map->file_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                     0600);
    if (map->fd < 0)
        return err_errno(err, "%s/%s: cannot open", map->mirror->directory, map->file_name);
    return (take_over(map, &good, err) && (good || begin_anew(map, err))) ||
           err_prefix(err, "%s/%s", map->mirror->directory, map->file_name);
}

static void free_map(struct offset_map *map)
{
    fd_close(&map->fd);
    buf_done(&map->made);
    (void)pthread_mutex_destroy(&map->lock);
    mem_free(map);
}

static struct offset_map *find_open_locked(struct mirror *mirror, const char *file_name)
{
    struct offset_map *map = mirror->maps;

    while (map && strcmp(map->file_name, file_name) != 0)
        map = map->next;
    return map;
}

/* So that none is made of a file that goes. */
static bool open_locked(struct mirror *mirror, struct offset_map *map, struct err *err)
{
    struct log_segment segment;

    return mirror_segment_named(mirror, map->head.name, &segment, err) && open_file(map, err);
}

bool offset_map_open(struct mirror *mirror, const char *name, const char *view,
                     struct offset_pair first, struct offset_map **ret_map, struct err *err)
{
    struct offset_map *map = mem_alloc(sizeof *map);
    struct offset_map *open;
    bool good = true;

    map->mirror = mirror;
    map->users = 1;
    map->fd = -1;
    map->head.first = first;
    (void)snprintf(map->head.name, sizeof map->head.name, "%s", name);
    (void)snprintf(map->head.view, sizeof map->head.view, "%s", view);
    map_file_name(name, view, map->file_name);
    (void)pthread_mutex_init(&map->lock, NULL);
    buf_init(&map->made, SIZE_MAX / 2);
    (void)pthread_mutex_lock(&mirror->purge_lock);
    open = find_open_locked(mirror, map->file_name);
    if (open) {
        open->users++;
    } else {
        good = open_locked(mirror, map, err);
        if (good) {
            map->next = mirror->maps;
            mirror->maps = map;
        }
    }
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    if (open || !good)
        free_map(map);
    if (good)
        *ret_map = open ? open : map;
    return good;
}

void offset_map_close(struct offset_map *map)
{
    struct offset_map **link;
    struct mirror *mirror;
    bool last;

    if (!map)
        return;
    mirror = map->mirror;
    (void)pthread_mutex_lock(&mirror->purge_lock);
    last = --map->users == 0;
    for (link = &mirror->maps; last && *link != map; link = &(*link)->next)
        ;
    if (last)
        *link = map->next;
    (void)pthread_mutex_unlock(&mirror->purge_lock);
    if (last)
        free_map(map);
}

/* A block at a time. What is to be synced and is not does not count, and is cut off again. */
static bool append_locked(struct offset_map *map, const struct offset_pair *ends, size_t count,
                          bool durable, struct err *err)
{
    struct offset_pair at = map->last;
    size_t done = 0;
    struct err cut;

    buf_clear(&map->made);
    while (done < count) {
        size_t n =
            offset_map_block_encode(&map->made, map->head.salt, at, ends + done, count - done);

        done += n;
        at = ends[done - 1];
    }
    if (fd_write_at(map->fd, map->size, buf_span(&map->made), "log/map", err) &&
        (!durable || fd_sync(map->fd, "log/map-sync", err))) {
        map->size += map->made.len;
        map->last = at;
        map->unsynced = !durable;
        return true;
    }
    if (!fd_truncate(map->fd, map->size, "log/map-cut", &cut))
        err_prefix(err, "%s", cut.text);
    return err_prefix(err, "%s/%s", map->mirror->directory, map->file_name);
}

bool offset_map_append(struct offset_map *map, const struct offset_pair *ends, size_t count,
                       bool durable, struct err *err)
{
    size_t known = 0;
    bool good = true;

    (void)pthread_mutex_lock(&map->lock);
    while (known < count && ends[known].view <= map->last.view)
        known++;
    if (known < count)
        good = append_locked(map, ends + known, count - known, durable, err);
    else if (durable && map->unsynced)
        good = fd_sync(map->fd, "log/map-sync", err);
    if (good && durable)
        map->unsynced = false;
    (void)pthread_mutex_unlock(&map->lock);
    return good;
}

/* ---- Those of other views ---- */

/* The last end at or before the offset; false in *ret_found when the map does not come so far. */
static bool find_end(struct walk *walk, uint64_t view_offset, struct offset_pair *ret_end,
                     bool *ret_found, struct err *err)
{
    struct offset_pair end = walk->head.first;
    struct cursor entries;
    bool more = true;

    *ret_found = view_offset <= end.view;
    while (!*ret_found && more) {
        if (!walk_next(walk, &entries, &more, err))
            return false;
        while (more && !*ret_found && offset_map_entry(&entries, &walk->at)) {
            *ret_found = walk->at.view >= view_offset;
            if (walk->at.view <= view_offset && walk->at.source > end.source)
                end = walk->at;
        }
    }
    *ret_end = end;
    return true;
}

static bool find_in(int fd, uint64_t view_offset, struct offset_pair *ret_end, struct err *err)
{
    struct offset_pair end;
    struct walk walk;
    bool found = false;
    bool good = walk_begin(&walk, fd, err) && find_end(&walk, view_offset, &end, &found, err);

    if (good && !found)
        good = err_set(err, E_STATE, 0, "ends at offset %" PRIu64 " of the view", walk.at.view);
    if (good)
        *ret_end = end;
    walk_done(&walk);
    return good;
}

bool offset_map_find(struct mirror *mirror, const char *name, const char *view,
                     uint64_t view_offset, struct offset_pair *ret_end, struct err *err)
{
    char file_name[NAME_SIZE];
    bool good;
    int fd;

    map_file_name(name, view, file_name);
    fd = openat(mirror->dir_fd, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, E_STATE, 0, "the log has no map %s", file_name);
    if (fd < 0)
        return err_errno(err, "%s/%s: cannot open", mirror->directory, file_name);
    good = find_in(fd, view_offset, ret_end, err) || err_prefix(err, "the log's map %s", file_name);
    fd_close(&fd);
    return good;
}

/* ---- Removal ---- */

/* The file that a map of this name is of; false when it is no map's name. */
static bool parse_name(const char *file_name, char name[LOG_NAME_MAX + 1])
{
    struct span base = span_str(file_name);
    size_t suffix = strlen(SUFFIX);
    struct err bad;

    if (base.len <= suffix || strcmp(file_name + base.len - suffix, SUFFIX) != 0)
        return false;
    base.len -= suffix;
    while (base.len > 0 && base.data[base.len - 1] != '.')
        base.len--;
    if (base.len == 0)
        return false;
    base.len--;
    return log_name_check(base, name, &bad);
}

bool mirror_sweep_maps(struct mirror *mirror, struct err *err)
{
    DIR *dir = opendir(mirror->directory);
    const struct dirent *entry;
    bool good = true;

    if (!dir)
        return err_errno(err, "%s: cannot open the directory", mirror->directory);
    while (good && (entry = readdir(dir))) {
        struct log_segment segment;
        char name[LOG_NAME_MAX + 1];
        struct err gone;

        if (!parse_name(entry->d_name, name) || mirror_segment_named(mirror, name, &segment, &gone))
            continue;
        good = unlinkat(mirror->dir_fd, entry->d_name, 0) == 0 || errno == ENOENT ||
               err_errno(err, "%s/%s: cannot remove", mirror->directory, entry->d_name);
    }
    (void)closedir(dir);
    return good;
}
