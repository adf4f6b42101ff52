#include "base/process.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STAT_MAX 4096

extern char **environ;

bool process_start_ticks(pid_t pid, uint64_t *ret_ticks, struct err *err)
{
    char path[64];
    char *stat = NULL;
    char *field;
    bool ok = false;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!file_read(path, STAT_MAX, &stat, err))
        return err_set(err, E_STATE, 0, "process %d: not running", (int)pid);
    /* Field 2 is the name in parentheses and may hold anything, so count from the last one:
     * after it come field 3 (the state) and the rest, separated by single spaces (proc(5)). */
    field = strrchr(stat, ')');
    for (int number = 2; field && number < 22; number++)
        field = strchr(field + 1, ' ');
    if (field) {
        *ret_ticks = strtoull(field + 1, NULL, 10);
        ok = true;
    } else {
        (void)err_set(err, E_BUG, 0, "%s: expected 22 fields, found fewer", path);
    }
    mem_free(stat);
    return ok;
}

static bool open_pidfd(pid_t pid, struct process *ret_process, struct err *err)
{
    struct process found = {.pid = pid};

    found.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (found.pidfd < 0 && errno == ESRCH)
        return err_set(err, E_STATE, 0, "process %d: not running", (int)pid);
    if (found.pidfd < 0)
        return err_errno(err, "process %d: cannot open a pidfd", (int)pid);
    /* Read after opening: the pidfd pins this very process, so the two belong together. */
    if (!process_start_ticks(pid, &found.start_ticks, err)) {
        fd_close(&found.pidfd);
        return false;
    }
    *ret_process = found;
    return true;
}

int64_t process_started_usec(const struct process *process)
{
    struct timespec up = {0};
    int64_t age_usec;

    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    age_usec =
        up.tv_sec * USEC_PER_SEC + up.tv_nsec / 1000 -
        (int64_t)(process->start_ticks * (uint64_t)USEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
    return clock_wall_usec() - age_usec;
}

bool process_adopt(pid_t pid, uint64_t start_ticks, struct process *ret_process, struct err *err)
{
    struct process found;

    if (!open_pidfd(pid, &found, err))
        return false;
    if (found.start_ticks != start_ticks || !process_alive(&found)) {
        process_done(&found);
        return err_set(err, E_STATE, 0,
                       "process %d: expected the one started at tick %" PRIu64 ", found another",
                       (int)pid, start_ticks);
    }
    *ret_process = found;
    return true;
}

/* Descriptor `from` (or /dev/null) becomes `to` in the child. */
static void child_fd(posix_spawn_file_actions_t *actions, int from, int to)
{
    if (from < 0)
        (void)posix_spawn_file_actions_addopen(actions, to, "/dev/null", O_RDWR, 0);
    else
        (void)posix_spawn_file_actions_adddup2(actions, from, to);
}

bool process_spawn(const struct process_spec *spec, struct process *ret_process, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t all;
    sigset_t none;
    pid_t pid;
    int failed;

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setsigdefault(&attr, &all);
    (void)posix_spawn_file_actions_init(&actions);
    child_fd(&actions, spec->stdin_fd, STDIN_FILENO);
    child_fd(&actions, spec->stdout_fd, STDOUT_FILENO);
    child_fd(&actions, spec->stderr_fd, STDERR_FILENO);
    if (spec->inherit_fd >= 0)
        child_fd(&actions, spec->inherit_fd, 3);
    (void)posix_spawn_file_actions_addchdir_np(&actions, spec->workdir ? spec->workdir : "/");
    failed = posix_spawn(&pid, spec->argv[0], &actions, &attr, (char *const *)spec->argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    if (failed) {
        errno = failed;
        return err_errno(err, "%s: cannot start", spec->argv[0]);
    }
    /* It is our child, so until we wait for it the pid cannot become another process. */
    return open_pidfd(pid, ret_process, err);
}

bool process_alive(const struct process *process)
{
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

    return process->pidfd >= 0 && poll(&ended, 1, 0) == 0;
}

bool process_signal(const struct process *process, int signal_number)
{
    return process->pidfd >= 0 &&
           syscall(SYS_pidfd_send_signal, process->pidfd, signal_number, NULL, 0) == 0;
}

bool process_wait(struct process *process, int64_t deadline_usec, int *ret_status, struct err *err)
{
    int status = -1;
    int ready;

    do {
        struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

        ready = poll(&ended, 1, clock_poll_timeout(deadline_usec));
    } while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return err_errno(err, "process %d: cannot wait", (int)process->pid);
    if (ready == 0)
        return err_set(err, E_TIMEOUT, 0, "process %d: still running", (int)process->pid);
    /* Not our child when it was adopted: then there is no status, and nothing to reap. */
    if (waitpid(process->pid, &status, WNOHANG) != process->pid)
        status = -1;
    if (ret_status)
        *ret_status = status;
    return true;
}

void process_done(struct process *process)
{
    fd_close(&process->pidfd);
    *process = PROCESS_NONE;
}

/* Reads until the end of the stream; what is over max is read and dropped. */
static bool read_pipe(int fd, size_t max, int64_t deadline_usec, char *into, struct err *err)
{
    size_t len = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        char drop[512];
        bool full = len == max;
        ssize_t n;
        int waited = poll(&ready, 1, clock_poll_timeout(deadline_usec));

        if (waited < 0 && errno == EINTR)
            continue;
        if (waited == 0)
            return err_set(err, E_TIMEOUT, 0, "no end of its output in time");
        n = read(fd, full ? drop : into + len, full ? sizeof drop : max - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read its output");
        if (n == 0)
            return true;
        if (!full)
            len += (size_t)n;
    }
}

bool process_output(const char *const *argv, size_t max, int64_t deadline_usec, char **ret_output,
                    struct err *err)
{
    struct process process = PROCESS_NONE;
    char *output = mem_alloc(max + 1);
    int pipe_fds[2];
    int status = -1;
    bool ok;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        mem_free(output);
        return err_errno(err, "%s: no pipe", argv[0]);
    }
    ok = process_spawn(&(struct process_spec){.argv = argv,
                                              .stdin_fd = -1,
                                              .stdout_fd = pipe_fds[1],
                                              .stderr_fd = -1,
                                              .inherit_fd = -1},
                       &process, err);
    fd_close(&pipe_fds[1]);
    if (ok) {
        struct err ignored;

        ok = read_pipe(pipe_fds[0], max, deadline_usec, output, err) &&
             process_wait(&process, deadline_usec, &status, err);
        if (!ok) {
            (void)process_signal(&process, SIGKILL);
            (void)!process_wait(&process, CLOCK_NEVER, NULL, &ignored);
            (void)err_prefix(err, "%s", argv[0]);
        } else if (status != 0) {
            ok = err_set(err, E_STATE, 0, "%s: failed with wait status %d", argv[0], status);
        }
    }
    fd_close(&pipe_fds[0]);
    process_done(&process);
    if (ok)
        *ret_output = output;
    else
        mem_free(output);
    return ok;
}

void process_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
