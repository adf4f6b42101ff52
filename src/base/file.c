#include "base/file.h"

#include "base/file_writer.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

bool dir_sync(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return err_errno(err, "%s: cannot open the directory", path);
    ok = fsync(fd) == 0;
    if (!ok)
        (void)err_errno(err, "%s: cannot sync the directory", path);
    fd_close(&fd);
    return ok;
}

bool dir_sync_parent(const char *path, struct err *err)
{
    char *copy = mem_strdup(path);
    bool ok = dir_sync(dirname(copy), err);

    mem_free(copy);
    return ok;
}

bool dir_make(const char *path, mode_t mode, struct err *err)
{
    struct stat info;

    if (mkdir(path, mode) == 0) {
        /* The umask may have taken bits away. */
        if (chmod(path, mode) != 0)
            return err_errno(err, "%s: cannot set mode %o", path, (unsigned)mode);
        return dir_sync_parent(path, err);
    }
    if (errno != EEXIST)
        return err_errno(err, "%s: cannot make the directory", path);
    if (stat(path, &info) != 0)
        return err_errno(err, "%s: cannot look at it", path);
    if (!S_ISDIR(info.st_mode))
        return err_set(err, E_STATE, 0, "%s: expected a directory, found something else", path);
    return true;
}

bool dir_make_all(const char *path, mode_t mode, struct err *err)
{
    char *copy = mem_strdup(path);
    bool ok = true;

    for (char *slash = strchr(copy + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!path_exists(copy))
            ok = dir_make(copy, mode, err);
        *slash = '/';
    }
    ok = ok && dir_make(path, mode, err);
    mem_free(copy);
    return ok;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

bool dir_remove(const char *path, struct err *err)
{
    if (!path_exists(path))
        return true;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return err_errno(err, "%s: cannot remove", path);
    return true;
}

bool path_exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

uint64_t file_size(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}

bool fd_write_all(int fd, struct span bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot write");
        bytes.data += n;
        bytes.len -= (size_t)n;
    }
    return true;
}

bool file_write(const char *path, struct span content, mode_t mode, struct err *err)
{
    struct file_writer *writer = NULL;
    bool ok = file_writer_open(path, mode, true, &writer, err) &&
              file_writer_write(writer, content, err) && file_writer_commit(writer, err);

    file_writer_free(writer);
    return ok;
}

static bool read_up_to(int fd, const char *path, size_t max, char **ret_content, struct err *err)
{
    char *content = mem_alloc(max + 2);
    size_t len = 0;

    while (len <= max) {
        ssize_t n = read(fd, content + len, max + 1 - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            mem_free(content);
            return err_errno(err, "%s: cannot read", path);
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len > max) {
        mem_free(content);
        return err_set(err, E_LIMIT, 0, "%s: expected at most %zu bytes, found more", path, max);
    }
    content[len] = 0;
    *ret_content = content;
    return true;
}

bool file_read(const char *path, size_t max, char **ret_content, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return err_errno(err, "%s: cannot open", path);
    ok = read_up_to(fd, path, max, ret_content, err);
    fd_close(&fd);
    return ok;
}

bool file_read_tail(const char *path, size_t max, char **ret_content, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *content;
    off_t end;
    ssize_t n;

    if (fd < 0)
        return err_errno(err, "%s: cannot open", path);
    content = mem_alloc(max + 1);
    end = lseek(fd, 0, SEEK_END);
    n = pread(fd, content, max, end > (off_t)max ? end - (off_t)max : 0);
    if (n < 0)
        (void)err_errno(err, "%s: cannot read", path);
    fd_close(&fd);
    if (n < 0) {
        mem_free(content);
        return false;
    }
    content[n] = 0;
    *ret_content = content;
    return true;
}

bool file_lock(const char *path, int *ret_fd, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(err, "%s: cannot open", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            (void)err_set(err, E_STATE, 0, "%s: locked by another process", path);
        else
            (void)err_errno(err, "%s: cannot lock", path);
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}
