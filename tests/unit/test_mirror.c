#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/log_reader.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char log_dir[96];
static struct err err;

#define ok(condition)                                                                              \
    do {                                                                                           \
        err = (struct err){0};                                                                     \
        if (!(condition))                                                                          \
            fail_msg("%s: %s", #condition, err.text);                                              \
    } while (0)

static int make_dir(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(log_dir, sizeof log_dir, "%s/log", dir);
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

static void name_of(size_t i, char name[32])
{
    (void)snprintf(name, 32, "mysql-bin.%06zu", i + 1);
}

static void assert_file_is(const char *name, const struct feed_file *file, size_t size)
{
    char path[256];
    char *bytes;
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, size);
    ok(file_read(path, size, &bytes, &err));
    assert_memory_equal(bytes, file->bytes, size);
    mem_free(bytes);
}

/* Reads all that the log shows from its beginning on, and compares it with the files. */
static void assert_shows(struct mirror *mirror, const struct feed_file *files, size_t count)
{
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    size_t at = 0;
    size_t offset = 0;

    ok(log_reader_open(mirror, &from, 8192, &reader, &err));
    for (;;) {
        char name[32];

        ok(log_reader_next(reader, &batch, &err));
        if (batch.kind == LOG_BATCH_NONE)
            break;
        if (batch.kind == LOG_BATCH_FILE) {
            if (offset > 0)
                assert_int_equal(offset, files[at++].size);
            offset = LOG_FIRST_OFFSET;
            assert_int_equal(batch.format.len, files[at].format_size);
        }
        name_of(at, name);
        assert_string_equal(batch.name, name);
        assert_int_equal(batch.offset, offset);
        if (batch.kind == LOG_BATCH_FILE)
            continue;
        assert_true(batch.events.len > 0);
        assert_memory_equal(batch.events.data, files[at].bytes + offset, batch.events.len);
        offset += batch.events.len;
        if (batch.whole > 0)
            assert_int_equal(feed_whole_before(&files[at], offset),
                             offset - batch.events.len + batch.whole);
    }
    assert_int_equal(at, count - 1);
    assert_int_equal(offset, files[at].size);
    log_reader_close(reader);
}

static void test_all_recorded_files_byte_for_byte(void **state)
{
    static struct feed_file files[FEED_FILES_MAX];
    size_t count = feed_load_all(files);
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct mirror_recovery recovery;
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t from = 4 + files[i].format_size;
        char name[32];

        name_of(i, name);
        feed_begin(mirror, &files[i], name);
        for (size_t j = 1; j < files[i].count; j++) {
            if (feed_random(&seed, 3) > 0 && j + 1 < files[i].count)
                continue;
            feed_append(mirror, &files[i], from, files[i].ends[j]);
            from = files[i].ends[j];
            if (feed_random(&seed, 4) == 0)
                ok(mirror_sync(mirror, &err));
        }
    }
    ok(mirror_sync(mirror, &err));
    assert_shows(mirror, files, count);
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    /* The last one may end inside a transaction. */
    assert_int_equal(recovery.end.offset, feed_whole_before(&files[count - 1], SIZE_MAX));
    mirror_close(mirror);
    for (size_t i = 0; i + 1 < count; i++) {
        char name[32];

        name_of(i, name);
        assert_file_is(name, &files[i], files[i].size);
    }
    for (size_t i = 0; i < count; i++)
        feed_free(&files[i]);
}

static void test_nothing_is_shown_before_its_sync(void **state)
{
    struct feed_file file;
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    struct log_ends ends;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_begin(mirror, &file, "a.000001");
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.events.len, file.format_size);
    feed_append(mirror, &file, file.ends[0], file.ends[9]);
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.received.offset, file.ends[9]);
    assert_int_equal(ends.written.offset, file.ends[9]);
    assert_int_equal(ends.synced.offset, file.ends[0]);
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_NONE);
    ok(mirror_sync(mirror, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_EVENTS);
    assert_int_equal(batch.events.len, file.ends[9] - file.ends[0]);
    assert_true(batch.from_cache);
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.synced.offset, file.ends[9]);
    assert_int_equal(ends.whole.offset, feed_whole_before(&file, file.ends[9]));
    log_reader_close(reader);
    mirror_close(mirror);
    feed_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_recorded_files_byte_for_byte, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_nothing_is_shown_before_its_sync, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
