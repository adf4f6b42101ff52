#include "daemon/directory.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "net/socket.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PID_TEXT_MAX 32
#define LEFT_USEC    (5 * USEC_PER_SEC)
#define LOOK_MSEC    10

/* What is missing at the end of a path is taken as it stands. */
static bool absolute_path(const char *path, char **ret_absolute, struct err *err)
{
    char *absolute = realpath(path, NULL);
    char *above;
    char *name;
    bool ok;

    if (absolute) {
        *ret_absolute = absolute;
        return true;
    }
    if (errno != ENOENT || *path == 0)
        return err_errno(err, "directory %s", path);
    above = mem_strdup(path);
    name = mem_strdup(path);
    ok = absolute_path(dirname(above), &absolute, err);
    if (ok)
        *ret_absolute =
            mem_printf("%s/%s", strcmp(absolute, "/") == 0 ? "" : absolute, basename(name));
    mem_free(absolute);
    mem_free(name);
    mem_free(above);
    return ok;
}

/* Whether the process that the lock's file names is there; yes, if that can not be told. */
static bool owner_is_there(const char *lock)
{
    char *text = NULL;
    struct err why = {.class = E_NONE};
    uint64_t ticks;
    long pid = 0;

    if (file_read(lock, PID_TEXT_MAX, &text, &why))
        pid = strtol(text, NULL, 10);
    mem_free(text);
    return pid <= 0 || process_start_ticks((pid_t)pid, &ticks, &why) || why.class != E_STATE;
}

/*
 * A daemon that has died may have left a child that was to become an engine: until that runs its
 * program it has the lock, too.
 */
static bool take_lock(const char *lock, int *ret_fd, struct err *err)
{
    int64_t deadline = clock_deadline_usec(LEFT_USEC);

    while (!file_lock(lock, ret_fd, err)) {
        if (err->class != E_STATE || owner_is_there(lock) || clock_now_usec() >= deadline)
            return false;
        (void)poll(NULL, 0, LOOK_MSEC);
    }
    return true;
}

/* Says whose lock it is, as far as the file tells. */
static bool locked_by_another(const char *dir, const char *lock, struct err *err)
{
    char *pid = NULL;
    struct err ignored;

    if (!file_read(lock, PID_TEXT_MAX, &pid, &ignored))
        pid = mem_strdup("?");
    pid[strcspn(pid, "\n")] = 0;
    (void)err_set(err, E_STATE, 0,
                  "%s: another borealis daemon (pid %s) serves this directory; look at it with "
                  "'borealis status', or 'borealis relay status' if it is a relay, or choose "
                  "another with --dir",
                  dir, pid);
    mem_free(pid);
    return false;
}

bool directory_lock(struct directory *directory, struct err *err)
{
    char *lock = mem_printf("%s/daemon.lock", directory->path);
    char pid[PID_TEXT_MAX];
    bool ok = dir_make_all(directory->path, 0700, err) && take_lock(lock, &directory->lock_fd, err);

    if (ok) {
        int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());

        /* Over the one before, which takes no room: the disk may be full. */
        ok = fd_write_all(directory->lock_fd, span_of(pid, (size_t)n), err) &&
             (ftruncate(directory->lock_fd, n) == 0 || err_errno(err, "%s: cannot truncate", lock));
    } else if (err->class == E_STATE) {
        (void)locked_by_another(directory->path, lock, err);
    }
    mem_free(lock);
    return ok;
}

bool directory_find(const char *path, struct directory *ret_directory, struct err *err)
{
    struct directory directory = {.lock_fd = -1};

    if (!absolute_path(path, &directory.path, err))
        return false;
    directory.store = mem_printf("%s/borealis.db", directory.path);
    directory.control_socket = mem_printf("%s/borealis.sock", directory.path);
    if (!socket_check_path(directory.control_socket, err)) {
        directory_close(&directory);
        return false;
    }
    *ret_directory = directory;
    return true;
}

bool directory_control_socket(const char *path, char **ret_socket, struct err *err)
{
    char *absolute = NULL;

    if (!absolute_path(path, &absolute, err))
        return false;
    *ret_socket = mem_printf("%s/borealis.sock", absolute);
    mem_free(absolute);
    return true;
}

void directory_close(struct directory *directory)
{
    fd_close(&directory->lock_fd);
    mem_free(directory->control_socket);
    mem_free(directory->store);
    mem_free(directory->path);
    *directory = (struct directory){.lock_fd = -1};
}
