/*
 * struct process: one process that we started, or found running and took over ("adopted").
 *
 * It is known by its pid and its start time (clock ticks since boot, field 22 of /proc/PID/stat),
 * so that a pid that the kernel has given to somebody else is never signalled; and it is held by a
 * pidfd, which cannot come to mean another process. process_done() releases the descriptor and
 * leaves the process alone: an engine outlives its daemon. One thread at a time.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;            /* 0: none */
    uint64_t start_ticks; /* since boot */
    int pidfd;            /* readable once the process has ended; -1: none */
};

#define PROCESS_NONE ((struct process){.pid = 0, .pidfd = -1})

struct process_spec {
    const char *const *argv; /* argv[0] is the path of the program; NULL at the end */
    const char *workdir;     /* NULL: the root directory */
    int stdin_fd;            /* -1: /dev/null; so for the others */
    int stdout_fd;
    int stderr_fd;
    int inherit_fd; /* one more descriptor that the child keeps, under number 3; or -1 */
};

/* Starts the program in a session of its own, with default signal dispositions. */
MUST_CHECK bool process_spawn(const struct process_spec *spec, struct process *ret_process,
                              struct err *err);

/* Takes over a running process; E_STATE when pid is gone or its start time is another. */
MUST_CHECK bool process_adopt(pid_t pid, uint64_t start_ticks, struct process *ret_process,
                              struct err *err);

/* The start time of a running process; E_STATE when there is none. */
MUST_CHECK bool process_start_ticks(pid_t pid, uint64_t *ret_ticks, struct err *err);

/* When it started, since 1970, to a hundredth of a second; a clock that was set moves it. */
int64_t process_started_usec(const struct process *process);

bool process_alive(const struct process *process);

/* Sends a signal through the pidfd; false when the process has ended. */
bool process_signal(const struct process *process, int signal_number);

/*
 * Waits until the process has ended; E_TIMEOUT at the deadline. *ret_status is as waitpid()'s,
 * or -1 when the process is not our child (the kernel tells only its parent). ret_status may be
 * NULL.
 */
MUST_CHECK bool process_wait(struct process *process, int64_t deadline_usec, int *ret_status,
                             struct err *err);

void process_done(struct process *process);

/*
 * Runs a program to its end and returns what it printed on standard output (at most max bytes, as
 * a NUL-terminated string to mem_free). A program that fails or is killed is E_STATE; one that
 * runs past the deadline is killed.
 */
MUST_CHECK bool process_output(const char *const *argv, size_t max, int64_t deadline_usec,
                               char **ret_output, struct err *err);

/* As many open descriptors for us as the machine's administrator allows; nothing if that fails. */
void process_raise_descriptors(void);
