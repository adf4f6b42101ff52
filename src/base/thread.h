/*
 * Threads: named, with a stack of our choosing, all signals blocked (the main thread reads them
 * from a signalfd). A started thread is joined by its owner or detached at start.
 */
#pragma once

#include "base/err.h"

#include <pthread.h>

/*
 * Starts `run(arg)`. `name` has at most 15 characters (the kernel's limit). `stack_bytes` is a
 * multiple of 4096 and at least 65536. With ret_thread NULL the thread is detached.
 */
MUST_CHECK bool thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg,
                             pthread_t *ret_thread, struct err *err);

/* Blocks every signal in the calling thread: call it in main before any thread starts. */
void thread_block_signals(void);

/*
 * The calling thread waits its turn from now on: when it wakes it does not interrupt what runs, of
 * this process or another (Linux's SCHED_BATCH, without a right of any kind). For work that many
 * threads do at once beside something that must answer soon.
 */
void thread_wait_turns(void);
