#include "net/notify.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 512

/* A path, or "@NAME" of the abstract namespace. */
static bool open_socket(const char *path, int *ret_fd, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd;

    if ((*path != '/' && *path != '@') || length >= sizeof address.sun_path)
        return err_set(err, E_USAGE, 0,
                       "NOTIFY_SOCKET: expected a path or @NAME of at most %zu bytes, found '%s'",
                       sizeof address.sun_path - 1, path);
    memcpy(address.sun_path, path, length);
    if (*path == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(err, "NOTIFY_SOCKET: no socket");
    if (connect(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        (void)err_errno(err, "NOTIFY_SOCKET %s", path);
        fd_close(&fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* Half of the manager's bound; 0 when there is none, or it is for another process. */
static int64_t find_watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");

    if (!usec || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    return strtoll(usec, NULL, 10) / 2;
}

bool notify_open(struct notify *ret_notify, struct err *err)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct notify notify = {.fd = -1, .watchdog_usec = find_watchdog()};

    if (path && *path && !open_socket(path, &notify.fd, err))
        return false;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    if (notify.fd < 0 || notify.watchdog_usec < 0)
        notify.watchdog_usec = 0;
    *ret_notify = notify;
    return true;
}

void notify_close(struct notify *notify)
{
    fd_close(&notify->fd);
}

static void tell(struct notify *notify, const char *format, ...) PRINTF_LIKE(2, 3);

static void tell(struct notify *notify, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    int length;

    if (notify->fd < 0)
        return;
    va_start(args, format);
    length = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (length > 0)
        (void)send(notify->fd, message,
                   (size_t)length < sizeof message ? (size_t)length : sizeof message - 1,
                   MSG_NOSIGNAL | MSG_DONTWAIT);
}

void notify_ready(struct notify *notify, const char *status)
{
    tell(notify, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(struct notify *notify)
{
    tell(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now_usec());
}

void notify_stopping(struct notify *notify)
{
    tell(notify, "STOPPING=1");
}

void notify_alive(struct notify *notify)
{
    int64_t now = clock_now_usec();

    if (notify->watchdog_usec == 0 || now - notify->alive_usec < notify->watchdog_usec)
        return;
    notify->alive_usec = now;
    tell(notify, "WATCHDOG=1");
}
