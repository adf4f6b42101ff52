#include "base/file_writer.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_writer {
    char *path;
    char *next; /* where it is until the end */
    int fd;
    bool replace;
    bool committed;
};

static bool refuse_existing(const char *path, struct err *err)
{
    return err_set(err, E_USAGE, EEXIST, "%s: expected a new name, found a file", path);
}

static bool check_name(const char *path, bool replace, struct err *err)
{
    struct stat info;

    if (lstat(path, &info) != 0) {
        if (errno == ENOENT)
            return true;
        return err_errno(err, "%s: cannot look at it", path);
    }
    if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
        return err_set(err, E_USAGE, 0, "%s: expected the name of a file, found something else",
                       path);
    return replace || refuse_existing(path, err);
}

bool file_writer_open(const char *path, mode_t mode, bool replace, struct file_writer **ret_writer,
                      struct err *err)
{
    struct file_writer *writer;

    if (!check_name(path, replace, err))
        return false;
    writer = mem_alloc(sizeof *writer);
    writer->path = mem_strdup(path);
    writer->next = mem_printf("%s.new", path);
    writer->replace = replace;
    writer->fd = open(writer->next, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (writer->fd < 0) {
        (void)err_errno(err, "%s: cannot create", writer->next);
        file_writer_free(writer);
        return false;
    }
    /* A left-over file keeps its own mode; a secret must not be written into a readable one. */
    if (fchmod(writer->fd, mode) != 0) {
        (void)err_errno(err, "%s: cannot set mode %o", writer->next, (unsigned)mode);
        file_writer_free(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

void file_writer_free(struct file_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0 && !writer->committed)
        (void)unlink(writer->next);
    fd_close(&writer->fd);
    mem_free(writer->path);
    mem_free(writer->next);
    mem_free(writer);
}

bool file_writer_write(struct file_writer *writer, struct span bytes, struct err *err)
{
    return fd_write_all(writer->fd, bytes, err) || err_prefix(err, "%s", writer->next);
}

/* Not over a name that exists by now; some file systems know that only by a second link. */
static bool name_new(const struct file_writer *writer, struct err *err)
{
    if (renameat2(AT_FDCWD, writer->next, AT_FDCWD, writer->path, RENAME_NOREPLACE) == 0)
        return true;
    if ((errno == EINVAL || errno == ENOSYS) && link(writer->next, writer->path) == 0) {
        (void)unlink(writer->next);
        return true;
    }
    if (errno == EEXIST)
        return refuse_existing(writer->path, err);
    return err_errno(err, "%s: cannot rename to %s", writer->next, writer->path);
}

bool file_writer_commit(struct file_writer *writer, struct err *err)
{
    if (fsync(writer->fd) != 0)
        return err_errno(err, "%s: cannot sync", writer->next);
    if (writer->replace) {
        if (rename(writer->next, writer->path) != 0)
            return err_errno(err, "%s: cannot rename to %s", writer->next, writer->path);
    } else if (!name_new(writer, err)) {
        return false;
    }
    writer->committed = true;
    return dir_sync_parent(writer->path, err);
}
