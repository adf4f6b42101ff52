#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

bool thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg,
                  pthread_t *ret_thread, struct err *err)
{
    pthread_attr_t attr;
    pthread_t thread;

    (void)pthread_attr_init(&attr);
    errno = pthread_attr_setstacksize(&attr, stack_bytes);
    if (errno == 0 && !ret_thread)
        errno = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (errno == 0)
        errno = pthread_create(&thread, &attr, run, arg);
    (void)pthread_attr_destroy(&attr);
    if (errno != 0)
        return err_errno(err, "thread %s: cannot start", name);
    if (ret_thread) {
        (void)pthread_setname_np(thread, name);
        *ret_thread = thread;
    }
    return true;
}

void thread_block_signals(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void thread_wait_turns(void)
{
    struct sched_param param = {0};

    (void)sched_setscheduler(0, SCHED_BATCH, &param); /* of the thread, not of the process */
}
