#include "cluster/cluster_disk.h"

#include "base/disk_watch.h"
#include "base/mem.h"
#include "engine/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* NAME.000001, and not the index or what an engine writes on its way to one. */
static bool is_binlog(const char *name)
{
    size_t base = strlen(INSTANCE_BINLOG_NAME);

    return strncmp(name, INSTANCE_BINLOG_NAME, base) == 0 && name[base] == '.' &&
           name[base + 1] != '\0' &&
           strspn(name + base + 1, "0123456789") == strlen(name + base + 1);
}

/* Adds the files of one epoch; one that is purged meanwhile is none. */
static bool add_epoch(const char *path, struct cluster_disk *disk, struct err *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    struct stat info;

    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ||
               err_errno(err, "%s: reading the directory", path);
    while ((entry = readdir(dir))) {
        if (is_binlog(entry->d_name) &&
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            disk->binlog_files++;
            disk->binlog_bytes += (uint64_t)info.st_size;
        }
    }
    (void)closedir(dir);
    return true;
}

static bool add_epochs(const char *path, struct cluster_disk *disk, struct err *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool ok = true;

    if (!dir)
        return err_errno(err, "%s: reading the directory", path);
    while (ok && (entry = readdir(dir))) {
        char *epoch;

        if (*entry->d_name == '.')
            continue;
        epoch = mem_printf("%s/%s", path, entry->d_name);
        ok = add_epoch(epoch, disk, err);
        mem_free(epoch);
    }
    (void)closedir(dir);
    return ok;
}

bool cluster_disk_look(const char *instance, struct cluster_disk *ret_disk, struct err *err)
{
    char *path = mem_printf("%s/" INSTANCE_BINLOG_DIRECTORY, instance);
    struct cluster_disk disk = {0};
    struct disk_space space;
    bool ok = add_epochs(path, &disk, err) && disk_look(path, &space, err);

    mem_free(path);
    if (!ok)
        return false;
    disk.free_bytes = space.free_bytes;
    disk.size_bytes = space.size_bytes;
    *ret_disk = disk;
    return true;
}
