#include "log/syncer.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "log/mirror_internal.h"

#define STACK_BYTES 262144

struct log_syncer {
    struct mirror *mirror;
    struct log_waiter waiter;
    pthread_t thread;
    int stop_fd;
};

static void *run(void *arg)
{
    struct log_syncer *syncer = arg;
    enum log_wait waited = LOG_WAIT_READY;
    struct err err;

    bool ok = true;

    while (ok && waited != LOG_WAIT_INTERRUPTED)
        ok = mirror_wait_written(syncer->mirror, &syncer->waiter, syncer->stop_fd, &waited, &err) &&
             mirror_sync(syncer->mirror, &err);
    /* The mirror's own status has the error. After a shutdown there may be something left. */
    if (!ok)
        ok = mirror_sync(syncer->mirror, &err);
    return ok ? NULL : syncer;
}

bool log_syncer_start(struct mirror *mirror, struct log_syncer **ret_syncer, struct err *err)
{
    struct log_syncer *syncer = mem_alloc(sizeof *syncer);

    syncer->mirror = mirror;
    if (!wakeup_open(&syncer->stop_fd, err)) {
        mem_free(syncer);
        return false;
    }
    if (!log_waiter_init(&syncer->waiter, &mirror->waiters, err))
        goto fail;
    if (!thread_start("log/sync", STACK_BYTES, run, syncer, &syncer->thread, err)) {
        log_waiter_done(&syncer->waiter);
        goto fail;
    }
    *ret_syncer = syncer;
    return true;

fail:
    fd_close(&syncer->stop_fd);
    mem_free(syncer);
    return false;
}

void log_syncer_stop(struct log_syncer *syncer)
{
    if (!syncer)
        return;
    wakeup_raise(syncer->stop_fd);
    (void)pthread_join(syncer->thread, NULL);
    log_waiter_done(&syncer->waiter);
    fd_close(&syncer->stop_fd);
    mem_free(syncer);
}
