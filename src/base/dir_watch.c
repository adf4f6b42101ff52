#include "base/dir_watch.h"

#include "base/file.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS_MAX 4096 /* bytes of one read */

bool dir_watch_open(const char *path, int *ret_fd, struct err *err)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd < 0)
        return err_errno(err, "%s: no inotify to watch it with", path);
    if (!dir_watch_writes(fd, path, true, err)) {
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool dir_watch_writes(int fd, const char *path, bool told, struct err *err)
{
    uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | (told ? IN_MODIFY : 0);

    /* A directory has one watch: the mask takes the place of the one before. */
    return inotify_add_watch(fd, path, mask) >= 0 || err_errno(err, "%s: cannot watch", path);
}

/* Whether one of these events is more than a write to a file. */
static bool has_new(const char *events, size_t size)
{
    struct inotify_event event;

    for (size_t at = 0; size - at >= sizeof event; at += sizeof event + event.len) {
        memcpy(&event, events + at, sizeof event);
        if (event.mask & ~(uint32_t)IN_MODIFY)
            return true;
    }
    return false;
}

bool dir_watch_clear(int fd)
{
    char events[EVENTS_MAX];
    bool any = false;
    ssize_t n;

    while ((n = read(fd, events, sizeof events)) > 0)
        any = has_new(events, (size_t)n) || any;
    return any;
}
