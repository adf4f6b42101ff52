/*
 * One writer, one thread that syncs, many readers, and purges, all at once: every reader sees the
 * same bytes in order. Most useful under ThreadSanitizer.
 */
#include "log_feed.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "log/log_reader.h"
#include "log/lookup.h"
#include "log/retention.h"
#include "log/syncer.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#define READERS 8
#define ROUNDS  30 /* times the recorded files are written, under new names */
#define STACK   (256 * 1024)
/* A test that waits for this long has failed. */
#define DEADLINE_USEC (120 * USEC_PER_SEC)

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct err err;
static struct feed_file files[4];

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&files[0], "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_load(&files[1], "tests/data/binlog/mysql-9.7/xa.binlog");
    feed_load(&files[2], "tests/data/binlog/mysql-9.7/mixed.binlog");
    feed_load(&files[3], "tests/data/binlog/mysql-9.7/types.binlog");
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        feed_free(&files[i]);
    return dir_remove(dir, &err) ? 0 : -1;
}

struct shared {
    struct mirror *mirror;
    atomic_bool done;          /* the writer has synced all */
    atomic_size_t at[READERS]; /* per reader */
    int stop_fd;
};

struct reading {
    struct shared *shared;
    size_t number;
    size_t buffer;
    pthread_t thread;
    const char *failed; /* what was wrong */
    struct err err;
};

static size_t number_of(const char *name)
{
    return (size_t)strtol(strrchr(name, '.') + 1, NULL, 10) - 1;
}

/* The batch is what the files have there. */
static const char *check_batch(const struct log_batch *batch, size_t *at, uint64_t *offset)
{
    const struct feed_file *file = &files[number_of(batch->name) % 4];

    if (batch->kind == LOG_BATCH_FILE) {
        if (*offset > 0 && number_of(batch->name) != *at + 1)
            return "a file was left out";
        *at = number_of(batch->name);
        *offset = batch->offset;
        return NULL;
    }
    if (number_of(batch->name) != *at || batch->offset != *offset)
        return "bytes were left out";
    *offset += batch->events.len;
    if (*offset > file->size ||
        memcmp(batch->events.data, file->bytes + batch->offset, batch->events.len) != 0)
        return "other bytes";
    return NULL;
}

static void *read_all(void *arg)
{
    struct reading *reading = arg;
    struct shared *shared = reading->shared;
    struct log_position from = {{0}, 0};
    struct log_reader *reader = NULL;
    uint64_t offset = 0;
    size_t at = 0;
    bool good = log_reader_open(shared->mirror, &from, reading->buffer, &reader, &reading->err);

    while (good && !reading->failed) {
        bool was_done = atomic_load(&shared->done);
        struct log_batch batch;
        enum log_wait waited;

        good = log_reader_next(reader, &batch, &reading->err);
        if (!good)
            break;
        if (batch.kind != LOG_BATCH_NONE) {
            reading->failed = check_batch(&batch, &at, &offset);
            atomic_store(&shared->at[reading->number], at);
            continue;
        }
        if (was_done)
            break;
        good = log_reader_wait(reader, clock_deadline_usec(DEADLINE_USEC), shared->stop_fd, &waited,
                               &reading->err);
        if (good && waited == LOG_WAIT_TIMEOUT)
            reading->failed = "waited too long";
    }
    if (!good)
        reading->failed = reading->err.text;
    else if (!reading->failed && (at != 4 * ROUNDS - 1 || offset != files[3].size))
        reading->failed = "not read to the end";
    log_reader_close(reader);
    return NULL;
}

/* Up to the file that the slowest reader is in. */
static void purge_some(struct shared *shared)
{
    size_t least = SIZE_MAX;
    struct log_purged purged;
    char name[32];

    for (size_t i = 0; i < READERS; i++) {
        size_t at = atomic_load(&shared->at[i]);

        if (at < least)
            least = at;
    }
    (void)snprintf(name, sizeof name, "mysql-bin.%06zu", least + 1);
    ok(log_purge_to(shared->mirror, name, &purged, &err));
}

static void write_all(struct shared *shared)
{
    uint64_t seed = 9;

    for (size_t i = 0; i < (size_t)4 * ROUNDS; i++) {
        const struct feed_file *file = &files[i % 4];
        size_t from = file->ends[0];
        char name[32];

        (void)snprintf(name, sizeof name, "mysql-bin.%06zu", i + 1);
        if (i > 0)
            feed_begin(shared->mirror, file, name);
        for (size_t j = 1; j < file->count; j++) {
            if (feed_random(&seed, 4) > 0 && j + 1 < file->count)
                continue;
            feed_append(shared->mirror, file, from, file->ends[j]);
            from = file->ends[j];
        }
        if (i % 8 == 7)
            purge_some(shared);
    }
}

static void test_readers_writer_and_purges(void **state)
{
    struct mirror_options options = {.cache_bytes = 1 << 20, .index_block = 500};
    struct shared shared = {.mirror = feed_mirror_new(log_dir, &options)};
    struct reading readings[READERS] = {0};
    struct log_position end = {{0}, files[3].size};
    struct log_syncer *syncer;
    struct log_cache_counters counters;
    enum log_wait waited;

    (void)state;
    ok(wakeup_open(&shared.stop_fd, &err));
    feed_begin(shared.mirror, &files[0], "mysql-bin.000001");
    ok(log_syncer_start(shared.mirror, &syncer, &err));
    for (size_t i = 0; i < READERS; i++) {
        readings[i] = (struct reading){
            .shared = &shared, .number = i, .buffer = i % 2 ? 0 : LOG_READ_BUFFER_MIN};
        ok(thread_start("reader", STACK, read_all, &readings[i], &readings[i].thread, &err));
    }
    write_all(&shared);
    (void)snprintf(end.name, sizeof end.name, "mysql-bin.%06d", 4 * ROUNDS);
    ok(mirror_wait_synced(shared.mirror, &end, clock_deadline_usec(DEADLINE_USEC), -1, &waited,
                          &err));
    assert_int_equal(waited, LOG_WAIT_READY);
    atomic_store(&shared.done, true);
    wakeup_raise(shared.stop_fd);
    for (size_t i = 0; i < READERS; i++) {
        (void)pthread_join(readings[i].thread, NULL);
        if (readings[i].failed)
            fail_msg("reader %zu: %s", i, readings[i].failed);
    }
    mirror_cache_counters(shared.mirror, &counters);
    assert_true(counters.reads > 0 && counters.reads <= counters.read_requests);
    assert_true(counters.allocated <= (UINT64_C(1) << 20) * 5 / 4 + 4096);
    log_syncer_stop(syncer);
    mirror_close(shared.mirror);
    fd_close(&shared.stop_fd);
}

struct waiting {
    struct mirror *mirror;
    int interrupt_fd;
    enum log_wait waited;
    bool ended_with_error;
    struct err err;
};

static void *wait_for_more(void *arg)
{
    struct waiting *waiting = arg;
    struct log_position end = {"mysql-bin.000001", 1 << 30};

    waiting->ended_with_error =
        !mirror_wait_synced(waiting->mirror, &end, clock_deadline_usec(DEADLINE_USEC),
                            waiting->interrupt_fd, &waiting->waited, &waiting->err);
    return NULL;
}

static void test_waits_end(void **state)
{
    struct waiting waiting = {.mirror = feed_mirror_new(log_dir, NULL)};
    struct log_position end = {"mysql-bin.000001", 1 << 30};
    pthread_t thread;

    (void)state;
    feed_begin(waiting.mirror, &files[0], "mysql-bin.000001");
    ok(mirror_wait_synced(waiting.mirror, &end, 0, -1, &waiting.waited, &err));
    assert_int_equal(waiting.waited, LOG_WAIT_TIMEOUT);
    ok(wakeup_open(&waiting.interrupt_fd, &err));
    ok(thread_start("waiter", STACK, wait_for_more, &waiting, &thread, &err));
    wakeup_raise(waiting.interrupt_fd);
    (void)pthread_join(thread, NULL);
    assert_false(waiting.ended_with_error);
    assert_int_equal(waiting.waited, LOG_WAIT_INTERRUPTED);
    wakeup_clear(waiting.interrupt_fd);
    ok(thread_start("waiter", STACK, wait_for_more, &waiting, &thread, &err));
    mirror_shutdown(waiting.mirror);
    (void)pthread_join(thread, NULL);
    assert_true(waiting.ended_with_error);
    assert_int_equal(waiting.err.class, E_STATE);
    fd_close(&waiting.interrupt_fd);
    mirror_close(waiting.mirror);
}

/* The log fails under the thread that syncs; a reader that waits is told. */
static void test_a_failure_reaches_those_who_wait(void **state)
{
    struct waiting waiting = {.mirror = feed_mirror_new(log_dir, NULL), .interrupt_fd = -1};
    struct log_syncer *syncer;
    pthread_t thread;

    (void)state;
    feed_begin(waiting.mirror, &files[0], "mysql-bin.000001");
    ok(inject_set("log/sync:eio", &err));
    ok(log_syncer_start(waiting.mirror, &syncer, &err));
    ok(thread_start("waiter", STACK, wait_for_more, &waiting, &thread, &err));
    feed_append(waiting.mirror, &files[0], files[0].ends[0], files[0].ends[3]);
    (void)pthread_join(thread, NULL);
    assert_true(waiting.ended_with_error);
    assert_contains(waiting.err.text, "cannot sync");
    log_syncer_stop(syncer);
    mirror_close(waiting.mirror);
}

/* That no descriptor is to be had, as with too many clients, does not end the thread that syncs. */
static void test_it_syncs_without_new_descriptors(void **state)
{
    int64_t deadline = clock_deadline_usec(DEADLINE_USEC);
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct log_syncer *syncer;
    struct rlimit before;
    struct log_ends ends;

    (void)state;
    feed_begin(mirror, &files[0], "mysql-bin.000001");
    ok(log_syncer_start(mirror, &syncer, &err));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max}), 0);
    for (size_t i = 1; i < files[0].count; i++) {
        feed_append(mirror, &files[0], files[0].ends[i - 1], files[0].ends[i]);
        do {
            mirror_ends(mirror, &ends);
            (void)sched_yield();
        } while (ends.synced.offset < files[0].ends[i] && clock_now_usec() < deadline);
        assert_int_equal(ends.synced.offset, files[0].ends[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    log_syncer_stop(syncer);
    mirror_close(mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_readers_writer_and_purges, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_waits_end, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_failure_reaches_those_who_wait, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_it_syncs_without_new_descriptors, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
