#include "base/fd_at.h"

#include "base/inject.h"
#include "base/power_loss.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool fd_read_at(int fd, uint64_t offset, void *into, size_t size, size_t *ret_got, struct err *err)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = pread(fd, (uint8_t *)into + got, size - got, (off_t)(offset + got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read at offset %llu", (unsigned long long)(offset + got));
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *ret_got = got;
    return true;
}

void fd_read_ahead(int fd, uint64_t offset, uint64_t size)
{
    (void)posix_fadvise(fd, (off_t)offset, (off_t)size, POSIX_FADV_WILLNEED);
}

/* True when the fault makes the call fail, with errno set. */
static bool fails(enum inject_fault fault)
{
    if (fault == INJECT_EIO)
        errno = EIO;
    if (fault == INJECT_ENOSPC)
        errno = ENOSPC;
    return fault == INJECT_EIO || fault == INJECT_ENOSPC;
}

bool fd_write_at(int fd, uint64_t offset, struct span bytes, const char *point, struct err *err)
{
    enum inject_fault fault = INJECT(point);

    while (bytes.len > 0) {
        size_t piece = fault == INJECT_NONE || bytes.len == 1 ? bytes.len : bytes.len / 2;
        ssize_t n = pwrite(fd, bytes.data, piece, (off_t)offset);

        if (fault == INJECT_TORN)
            inject_die();
        if (fails(fault))
            n = -1;
        fault = INJECT_NONE;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot write at offset %llu", (unsigned long long)offset);
        power_loss_wrote(fd, offset, offset + (uint64_t)n);
        bytes.data += n;
        bytes.len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

bool fd_sync(int fd, const char *point, struct err *err)
{
    enum inject_fault fault = INJECT(point);
    uint64_t end = power_loss_sync_begins(fd);

    if (fails(fault) || fdatasync(fd) != 0)
        return err_errno(err, "cannot sync");
    power_loss_synced(fd, end);
    return true;
}

bool fd_truncate(int fd, uint64_t size, const char *point, struct err *err)
{
    if (fails(INJECT(point)) || ftruncate(fd, (off_t)size) != 0)
        return err_errno(err, "cannot cut to %llu bytes", (unsigned long long)size);
    power_loss_wrote(fd, size, size);
    return true;
}

bool fd_size(int fd, uint64_t *ret_size, struct err *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return err_errno(err, "cannot look at it");
    *ret_size = (uint64_t)info.st_size;
    return true;
}
