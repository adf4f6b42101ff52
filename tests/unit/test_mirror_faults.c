/*
 * Disks that are full or broken, and processes that die at any step: what was synced stays, and the
 * log goes on to the same bytes.
 */
#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/log_reader.h"
#include "log/retention.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 3

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file files[FILES];
static struct err err;

#define OPTIONS (&(struct mirror_options){.index_block = 200, .cache_bytes = 1 << 20})

static int load(void **state)
{
    (void)state;
    feed_load(&files[0], "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    feed_load(&files[1], "tests/data/binlog/mysql-9.7/xa.binlog");
    feed_load(&files[2], "tests/data/binlog/mysql-9.7/mixed.binlog");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++)
        feed_free(&files[i]);
    return 0;
}

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    return inject_set(NULL, &err) && dir_remove(dir, &err) ? 0 : -1;
}

static size_t number_of(const char *name)
{
    return (size_t)strtol(name + strlen("mysql-bin."), NULL, 10) - 1;
}

/* What of the log was told to be synced. */
struct acked {
    size_t file;
    size_t offset;
};

/*
 * Appends all that the log does not have yet, in portions of a few events, and syncs each; after
 * each sync says so through the pipe. The oldest file is removed when the last one begins.
 */
static bool go_on(struct mirror *mirror, int pipe_fd, struct err *ret_err)
{
    struct log_purged purged;
    struct log_ends ends;
    size_t at = 0;
    size_t offset = 0;

    mirror_ends(mirror, &ends);
    if (ends.received.name[0]) {
        at = number_of(ends.received.name);
        offset = ends.received.offset;
    }
    for (; at < FILES; at++, offset = 0) {
        const struct feed_file *file = &files[at];
        char name[32];

        feed_name(at + 1, name);
        if (offset == 0) {
            if (!mirror_next(mirror, span_str(name), LOG_FIRST_OFFSET,
                             span_of(file->bytes + LOG_FIRST_OFFSET, file->format_size), NULL,
                             ret_err) ||
                (at + 1 == FILES && !log_purge_to(mirror, name, &purged, ret_err)))
                return false;
            offset = file->ends[0];
        }
        for (size_t i = 0; i < file->count; i++) {
            struct acked acked = {at, file->ends[i]};

            if (file->ends[i] <= offset || (i % 3 && i + 1 < file->count))
                continue;
            if (!mirror_append(mirror, offset,
                               span_of(file->bytes + offset, file->ends[i] - offset), ret_err) ||
                !mirror_sync(mirror, ret_err))
                return false;
            offset = file->ends[i];
            if (pipe_fd >= 0 && write(pipe_fd, &acked, sizeof acked) != sizeof acked)
                return false;
        }
    }
    return true;
}

static void assert_file_is(size_t at)
{
    char path[256];
    char name[32];
    char *bytes;

    feed_name(at + 1, name);
    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    ok(file_read(path, files[at].size, &bytes, &err));
    assert_memory_equal(bytes, files[at].bytes, files[at].size);
    mem_free(bytes);
}

static struct mirror *open_log(struct mirror_recovery *ret_recovery)
{
    struct mirror *mirror;

    ok(mirror_open(log_dir, OPTIONS, &mirror, ret_recovery, &err));
    return mirror;
}

static void make_log(void)
{
    struct log_identity identity = {.family = FORMAT_MYSQL, .server_id = 7};

    ok(dir_remove(log_dir, &err));
    ok(mirror_create(log_dir, &identity, &err));
}

/* In a process of its own. Its exit status: 0 all was done, INJECT_EXIT it died, 1 an error. */
static int run_child(const char *faults, struct acked *ret_acked)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;
    int fds[2];
    int status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err child;

        _exit(inject_set(faults, &child) &&
                      mirror_open(log_dir, OPTIONS, &mirror, &recovery, &child) &&
                      go_on(mirror, fds[1], &child)
                  ? 0
                  : 1);
    }
    assert_int_equal(close(fds[1]), 0);
    *ret_acked = (struct acked){0, 0};
    while (read(fds[0], ret_acked, sizeof *ret_acked) == sizeof *ret_acked)
        ;
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The log is as good as told, and the process that opens it now brings it to its end. */
static void check_and_finish(const char *faults, const struct acked *acked)
{
    struct mirror_recovery recovery;
    struct mirror *mirror = open_log(&recovery);
    struct log_file *left;
    size_t count;
    size_t at = 0;

    if (acked->offset > 0) {
        size_t least = feed_whole_before(&files[acked->file], acked->offset);

        assert_true(recovery.end.name[0]);
        at = number_of(recovery.end.name);
        if (at < acked->file || (at == acked->file && recovery.end.offset < least))
            fail_msg("%s: ends at %s %llu, %zu of file %zu was synced", faults, recovery.end.name,
                     (unsigned long long)recovery.end.offset, least, acked->file + 1);
    }
    if (!go_on(mirror, -1, &err))
        fail_msg("%s: going on: %s", faults, err.text);
    mirror_list(mirror, &left, &count);
    assert_true(count >= 1 && count <= FILES);
    for (size_t i = 0; i < count; i++)
        assert_file_is(number_of(left[i].name));
    mem_free(left);
    mirror_close(mirror);
}

static void die_at_each_pass(const char *fault, const char *place)
{
    int died = 0;
    int status = INJECT_EXIT;

    for (unsigned n = 1; status == INJECT_EXIT; n++) {
        char faults[64];
        struct acked acked;

        (void)snprintf(faults, sizeof faults, "%s:%u%s", fault, n, place);
        make_log();
        status = run_child(faults, &acked);
        assert_true(status == 0 || status == INJECT_EXIT);
        died += status == INJECT_EXIT;
        check_and_finish(faults, &acked);
    }
    assert_true(died > 0);
}

static void test_dies_at_every_step(void **state)
{
    static const char *const points[] = {
        "log/front:crash",           "log/front:torn",
        "log/front-format:torn",     "log/front-sync:crash",
        "log/index-head:crash",      "log/index-head:torn",
        "log/index-head-sync:crash", "log/append:crash",
        "log/append:torn",           "log/sync:crash",
        "log/index:crash",           "log/index:torn",
        "log/index-sync:crash",      "log/metadata:crash",
        "log/purge-file:crash",      "log/purge-index:crash",
    };

    (void)state;
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++)
        die_at_each_pass(points[p], "");
}

/* What was not synced is cut off, zeros or garbage then, from a place on or up to it (hole). */
static void test_loses_power_at_every_step(void **state)
{
    static const struct {
        const char *fault;
        const char *place;
    } losses[] = {
        {"log/index-head-sync:zeros", ":0"},
        {"log/index-head-sync:garbage", ":5"},
        {"log/front-format:garbage", ":0"},
        {"log/front-sync:cut", ":60"},
        {"log/front-sync:zeros", ":0"},
        {"log/front-sync:hole", ":60"},
        {"log/append:garbage", ":5"},
        {"log/sync:cut", ":60"},
        {"log/sync:zeros", ":0"},
        {"log/sync:hole", ":60"},
        {"log/index:zeros", ":0"},
        {"log/index-sync:garbage", ":5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
        die_at_each_pass(losses[i].fault, losses[i].place);
}

/* Dies while it repairs what another death has left. */
static void test_dies_while_opening(void **state)
{
    static const char *const points[] = {
        "log/recover-before:crash", "log/recover-cut:crash",       "log/recover-sync:crash",
        "log/recover-index:torn",   "log/recover-index-cut:crash", "log/recover-index-sync:crash",
    };

    (void)state;
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++) {
        for (unsigned n = 3; n < 12; n += 4) {
            char faults[64];
            struct acked acked;
            struct acked more;

            make_log();
            (void)snprintf(faults, sizeof faults, "log/append:torn:%u", n);
            assert_int_equal(run_child(faults, &acked), INJECT_EXIT);
            (void)run_child(points[p], &more);
            check_and_finish(points[p], more.offset > 0 ? &more : &acked);
        }
    }
}

static void begin(struct mirror **ret_mirror)
{
    struct mirror_recovery recovery;

    make_log();
    *ret_mirror = open_log(&recovery);
    feed_begin(*ret_mirror, &files[0], "mysql-bin.000001");
    feed_append(*ret_mirror, &files[0], files[0].ends[0], files[0].ends[6]);
    ok(mirror_sync(*ret_mirror, &err));
}

static bool append_rest(struct mirror *mirror, size_t from)
{
    return mirror_append(mirror, from, span_of(files[0].bytes + from, files[0].size - from), &err);
}

static void assert_shown(struct mirror *mirror, size_t end)
{
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    size_t offset = LOG_FIRST_OFFSET;

    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    while (log_reader_next(reader, &batch, &err) && batch.kind != LOG_BATCH_NONE)
        offset += batch.events.len;
    assert_int_equal(offset, end);
    log_reader_close(reader);
}

static void test_a_failed_sync_ends_it(void **state)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;
    struct log_reader *reader;
    struct log_position end = {"mysql-bin.000001", 0};
    struct log_batch batch;
    struct log_ends ends;
    enum log_wait waited;

    (void)state;
    begin(&mirror);
    ok(append_rest(mirror, files[0].ends[6]));
    ok(inject_set("log/sync:eio", &err));
    assert_false(mirror_sync(mirror, &err));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, EIO);
    assert_contains(err.text, "mysql-bin.000001: cannot sync");
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_FAILED);
    assert_int_equal(ends.synced.offset, files[0].ends[6]);
    assert_contains(ends.reason.text, "cannot sync");
    /* The next sync would succeed: that is the trap. */
    assert_false(mirror_sync(mirror, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "must be opened again");
    assert_false(append_rest(mirror, files[0].size));
    assert_int_equal(err.class, E_STATE);
    /* What was synced is there; then the reason. */
    assert_shown(mirror, files[0].ends[6]);
    end.offset = files[0].ends[6];
    ok(log_reader_open(mirror, &end, 0, &reader, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    assert_false(log_reader_next(reader, &batch, &err));
    assert_contains(err.text, "cannot sync");
    log_reader_close(reader);
    end.offset = files[0].size;
    assert_false(mirror_wait_synced(mirror, &end, CLOCK_NEVER, -1, &waited, &err));
    assert_int_equal(err.class, E_STATE);
    mirror_close(mirror);
    mirror = open_log(&recovery);
    assert_int_equal(recovery.end.offset, feed_whole_before(&files[0], files[0].ends[6]));
    mirror_close(mirror);
}

static void test_a_full_disk_refuses_the_batch_only(void **state)
{
    struct mirror *mirror;
    struct log_ends ends;

    (void)state;
    begin(&mirror);
    ok(inject_set("log/append:enospc", &err));
    assert_false(append_rest(mirror, files[0].ends[6]));
    assert_int_equal(err.code, ENOSPC);
    assert_true(err.retriable);
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_FULL);
    assert_int_equal(ends.reason.code, ENOSPC);
    assert_int_equal(ends.received.offset, files[0].ends[6]);
    assert_shown(mirror, files[0].ends[6]);
    ok(append_rest(mirror, files[0].ends[6]));
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_OPEN);
    ok(mirror_sync(mirror, &err));
    assert_shown(mirror, files[0].size);
    mirror_close(mirror);
    assert_file_is(0);
}

static void test_a_file_that_can_not_begin_may_be_begun_again(void **state)
{
    static const char *const points[] = {"log/front:enospc", "log/front-format:enospc",
                                         "log/index-head:enospc"};

    (void)state;
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++) {
        struct mirror *mirror;
        struct mirror_recovery recovery;

        begin(&mirror);
        ok(inject_set(points[p], &err));
        assert_false(mirror_next(mirror, span_str("mysql-bin.000002"), LOG_FIRST_OFFSET,
                                 span_of(files[1].bytes + LOG_FIRST_OFFSET, files[1].format_size),
                                 NULL, &err));
        assert_int_equal(err.code, ENOSPC);
        assert_true(err.retriable);
        /* After a restart, too: the file before is complete. */
        mirror_close(mirror);
        mirror = open_log(&recovery);
        assert_string_equal(recovery.end.name, "mysql-bin.000001");
        assert_true(recovery.end_closed);
        feed_begin(mirror, &files[1], "mysql-bin.000002");
        feed_append(mirror, &files[1], files[1].ends[0], files[1].size);
        ok(mirror_sync(mirror, &err));
        mirror_close(mirror);
        mirror = open_log(&recovery);
        assert_string_equal(recovery.end.name, "mysql-bin.000002");
        assert_false(recovery.end_closed);
        mirror_close(mirror);
    }
}

/* What a crash has left can be served again on a full disk: the log's reserve is for that, too. */
static void test_it_opens_on_a_full_disk(void **state)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;

    (void)state;
    begin(&mirror);
    ok(append_rest(mirror, files[0].ends[6]));
    ok(mirror_sync(mirror, &err));
    mirror_close(mirror);
    ok(inject_set("log/recover-index:enospc", &err));
    mirror = open_log(&recovery);
    ok(inject_set(NULL, &err));
    assert_int_equal(recovery.end.offset, feed_whole_before(&files[0], files[0].size));
    assert_shown(mirror, feed_whole_before(&files[0], files[0].size));
    mirror_close(mirror);
}

static void test_a_file_waits_for_descriptors(void **state)
{
    struct span format = span_of(files[1].bytes + LOG_FIRST_OFFSET, files[1].format_size);
    struct rlimit before;
    struct mirror *mirror;
    struct log_ends ends;

    (void)state;
    begin(&mirror);
    ok(append_rest(mirror, files[0].ends[6]));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max}), 0);
    assert_false(
        mirror_next(mirror, span_str("mysql-bin.000002"), LOG_FIRST_OFFSET, format, NULL, &err));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err.code, EMFILE);
    assert_true(err.retriable);
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_OPEN);
    assert_string_equal(ends.synced.name, "mysql-bin.000001");
    assert_int_equal(ends.synced.offset, files[0].size);
    feed_begin(mirror, &files[1], "mysql-bin.000002");
    feed_append(mirror, &files[1], files[1].ends[0], files[1].size);
    ok(mirror_sync(mirror, &err));
    assert_shown(mirror, files[0].size + files[1].size - LOG_FIRST_OFFSET);
    mirror_close(mirror);
}

static void test_a_short_write_is_continued(void **state)
{
    struct mirror *mirror;

    (void)state;
    begin(&mirror);
    ok(inject_set("log/append:short,log/index:short", &err));
    ok(append_rest(mirror, files[0].ends[6]));
    ok(mirror_sync(mirror, &err));
    assert_shown(mirror, files[0].size);
    mirror_close(mirror);
    assert_file_is(0);
}

static void test_an_index_that_finds_no_room_waits(void **state)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;

    (void)state;
    begin(&mirror);
    ok(inject_set("log/index:enospc:1", &err));
    ok(append_rest(mirror, files[0].ends[6]));
    ok(mirror_sync(mirror, &err));
    assert_shown(mirror, files[0].size);
    /* At the file's end it is written; the reserve gives way for it. */
    ok(inject_set("log/index:enospc:1", &err));
    feed_begin(mirror, &files[1], "mysql-bin.000002");
    mirror_close(mirror);
    mirror = open_log(&recovery);
    assert_int_equal(recovery.rebuilt, 0);
    assert_shown(mirror, files[0].size + files[1].ends[0] - LOG_FIRST_OFFSET);
    mirror_close(mirror);
}

static void test_an_index_that_can_not_be_written_ends_it(void **state)
{
    struct mirror *mirror;
    struct log_ends ends;

    (void)state;
    begin(&mirror);
    ok(inject_set("log/index:eio", &err));
    ok(append_rest(mirror, files[0].ends[6]));
    assert_false(mirror_sync(mirror, &err));
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_FAILED);
    /* The bytes themselves were synced before. */
    assert_shown(mirror, files[0].size);
    mirror_close(mirror);
}

static void test_metadata_uses_the_reserve(void **state)
{
    struct mirror *mirror;
    char path[160];

    (void)state;
    begin(&mirror);
    (void)snprintf(path, sizeof path, "%s/reserve", log_dir);
    assert_true(path_exists(path));
    ok(inject_set("log/metadata:enospc", &err));
    ok(log_hold_set(mirror, "replica-1", "mysql-bin.000001", 0, &err));
    assert_int_equal(inject_passes("log/metadata"), 2);
    assert_true(path_exists(path));
    mirror_close(mirror);
}

static void test_keeps_space_free(void **state)
{
    struct mirror_options options = {.keep_free_bytes = UINT64_MAX};
    struct mirror_recovery recovery;
    struct mirror *mirror;
    struct log_ends ends;

    (void)state;
    begin(&mirror);
    mirror_close(mirror);
    ok(mirror_open(log_dir, &options, &mirror, &recovery, &err));
    assert_false(append_rest(mirror, recovery.end.offset));
    assert_int_equal(err.code, ENOSPC);
    assert_contains(err.text, "are free on the file system");
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.status, LOG_FULL);
    mirror_close(mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dies_at_every_step, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_loses_power_at_every_step, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_dies_while_opening, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_failed_sync_ends_it, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_full_disk_refuses_the_batch_only, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_that_can_not_begin_may_be_begun_again, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_waits_for_descriptors, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_it_opens_on_a_full_disk, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_short_write_is_continued, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_an_index_that_finds_no_room_waits, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_an_index_that_can_not_be_written_ends_it, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_metadata_uses_the_reserve, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_keeps_space_free, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
