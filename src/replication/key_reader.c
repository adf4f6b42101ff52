#include "replication/key_reader.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "replication/key_query.h"

#include <poll.h>
#include <pthread.h>

#define READING_USEC    (60 * USEC_PER_SEC)
#define REFRESH_USEC    (600 * USEC_PER_SEC)
#define PAUSE_MIN_USEC  (1 * USEC_PER_SEC)
#define PAUSE_MAX_USEC  (60 * USEC_PER_SEC)
#define PAUSE_BUSY_USEC (2 * USEC_PER_SEC)
#define REST            10 /* times as long as a reading took */
#define STACK_BYTES     ((size_t)256 << 10)

struct key_reader {
    struct key_history *history;
    pthread_t thread;
    int stop_fd; /* raised, under the lock, when it is to stop or there is another spec */
    int wake_fd; /* the history's */

    /* The thread's own. */
    struct key_reader_spec spec;
    int64_t next_usec;    /* no reading begins before */
    int64_t refresh_usec; /* one begins then, if none has before */
    int64_t pause_usec;   /* after the next failure */

    struct {
        pthread_mutex_t lock;
        struct key_reader_spec spec;
        bool stopping;
    } shared;
};

/* False: it is to stop. */
static bool take_spec(struct key_reader *reader)
{
    bool stopping;

    (void)pthread_mutex_lock(&reader->shared.lock);
    stopping = reader->shared.stopping;
    if (!stopping && wakeup_is_raised(reader->stop_fd)) {
        wakeup_clear(reader->stop_fd);
        reader->spec = reader->shared.spec;
        reader->spec.login.stop_fd = reader->stop_fd;
        reader->next_usec = 0;
        reader->pause_usec = PAUSE_MIN_USEC;
    }
    (void)pthread_mutex_unlock(&reader->shared.lock);
    return !stopping;
}

static bool is_for(const struct key_reader *reader, const struct mirror *log)
{
    return mirror_identity(log)->family == FORMAT_MARIADB ? reader->spec.of_mariadb
                                                          : reader->spec.of_mysql;
}

/* ---- A reading ---- */

static bool read_keys(struct key_reader *reader, const struct mirror *log,
                      struct key_reading *reading, bool *busy, struct err *err)
{
    int64_t limit = reader->spec.connect_usec > 0 ? reader->spec.connect_usec : READING_USEC;
    int64_t deadline = clock_deadline_usec(limit);
    struct link *link;
    bool good;

    if (!link_login(&reader->spec.login, deadline, &link, err))
        return false;
    good = key_query(link, mirror_identity(log), deadline, reading, busy, err);
    if (good)
        reading->log = log;
    link_close(link);
    return good;
}

static void note_failure(struct key_reader *reader, const struct err *why, bool busy, int64_t now)
{
    if (wakeup_is_raised(reader->stop_fd))
        return;
    key_history_note_failure(reader->history, why);
    if (busy) {
        reader->next_usec = now + PAUSE_BUSY_USEC;
        return;
    }
    log_warn(reader->spec.name, "the source's keys can not be read: %s; next attempt in %lld s",
             why->text, (long long)(reader->pause_usec / USEC_PER_SEC));
    reader->next_usec = now + reader->pause_usec;
    reader->pause_usec =
        reader->pause_usec * 2 < PAUSE_MAX_USEC ? reader->pause_usec * 2 : PAUSE_MAX_USEC;
}

static void read_once(struct key_reader *reader, const struct mirror *log)
{
    int64_t began = clock_now_usec();
    struct key_reading reading;
    struct err err = {0};
    bool busy = false;
    bool good = read_keys(reader, log, &reading, &busy, &err);
    int64_t now = clock_now_usec();
    int64_t rest = (now - began) * REST;

    if (!good) {
        note_failure(reader, &err, busy, now);
        return;
    }
    log_debug(reader->spec.name, "read the source's keys tables=%zu from=%s:%llu to=%s:%llu",
              key_catalog_count(reading.catalog), reading.before.name,
              (unsigned long long)reading.before.offset, reading.after.name,
              (unsigned long long)reading.after.offset);
    key_history_add(reader->history, &reading);
    reader->next_usec = now + (rest > PAUSE_MIN_USEC ? rest : PAUSE_MIN_USEC);
    reader->refresh_usec = now + REFRESH_USEC;
    reader->pause_usec = PAUSE_MIN_USEC;
}

/* ---- The thread ---- */

/* Until it is told something, or the time has come. */
static void wait_until(struct key_reader *reader, int64_t deadline_usec)
{
    struct pollfd told[] = {{.fd = reader->stop_fd, .events = POLLIN},
                            {.fd = reader->wake_fd, .events = POLLIN}};

    (void)poll(told, 2, clock_poll_timeout(deadline_usec));
    wakeup_clear(reader->wake_fd);
}

/* Before its time a reading is not begun, whatever the history says. */
static void wait_for_time(struct key_reader *reader)
{
    struct pollfd told = {.fd = reader->stop_fd, .events = POLLIN};

    while (clock_now_usec() < reader->next_usec && !wakeup_is_raised(reader->stop_fd))
        (void)poll(&told, 1, clock_poll_timeout(reader->next_usec));
}

static void *run(void *arg)
{
    struct key_reader *reader = arg;

    while (take_spec(reader)) {
        const struct mirror *log;
        enum key_want want = key_history_wants(reader->history, &log);
        bool wanted = want != KEY_WANT_LATER && is_for(reader, log);

        if (!wanted) {
            wait_until(reader, CLOCK_NEVER);
        } else if (want == KEY_WANT_NOT && clock_now_usec() < reader->refresh_usec) {
            wait_until(reader, reader->refresh_usec);
        } else if (clock_now_usec() < reader->next_usec) {
            wait_for_time(reader);
        } else {
            read_once(reader, log);
        }
    }
    return NULL;
}

bool key_reader_start(const struct key_reader_spec *spec, struct key_reader **ret_reader,
                      struct err *err)
{
    struct key_reader *reader = mem_alloc(sizeof *reader);

    reader->shared.spec = *spec;
    reader->pause_usec = PAUSE_MIN_USEC;
    reader->wake_fd = -1;
    (void)pthread_mutex_init(&reader->shared.lock, NULL);
    if (!wakeup_open(&reader->stop_fd, err))
        goto fail;
    if (!wakeup_open(&reader->wake_fd, err))
        goto fail_stop;
    reader->history = key_history_new(reader->wake_fd);
    wakeup_raise(reader->stop_fd); /* for the first spec */
    if (thread_start("keys", STACK_BYTES, run, reader, &reader->thread, err)) {
        *ret_reader = reader;
        return true;
    }
    key_history_free(reader->history);
    fd_close(&reader->wake_fd);
fail_stop:
    fd_close(&reader->stop_fd);
fail:
    (void)pthread_mutex_destroy(&reader->shared.lock);
    mem_free(reader);
    return false;
}

void key_reader_stop(struct key_reader *reader)
{
    if (!reader)
        return;
    (void)pthread_mutex_lock(&reader->shared.lock);
    reader->shared.stopping = true;
    wakeup_raise(reader->stop_fd);
    (void)pthread_mutex_unlock(&reader->shared.lock);
    (void)pthread_join(reader->thread, NULL);
    key_history_free(reader->history);
    fd_close(&reader->wake_fd);
    fd_close(&reader->stop_fd);
    (void)pthread_mutex_destroy(&reader->shared.lock);
    mem_free(reader);
}

void key_reader_change(struct key_reader *reader, const struct key_reader_spec *spec)
{
    (void)pthread_mutex_lock(&reader->shared.lock);
    reader->shared.spec = *spec;
    wakeup_raise(reader->stop_fd);
    (void)pthread_mutex_unlock(&reader->shared.lock);
}

struct key_history *key_reader_borrow_history(struct key_reader *reader)
{
    return reader->history;
}
