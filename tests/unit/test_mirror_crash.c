/*
 * What a crash can leave of a log: files cut at any byte, with more behind than belongs there, with
 * a side index that is older, newer, torn or gone. The log opened again shows nothing but whole
 * transactions, all that are there, and goes on to the same bytes.
 */
#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/index.h"
#include "log/log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME    "mysql-bin.000007"
#define OPTIONS (&(struct mirror_options){.index_block = 100, .cache_bytes = 1 << 20})

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static char data_path[160];
static char index_path[160];
static struct err err;

/* In memory where there is such a place: thousands of logs are made, and synced. */
static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    (void)snprintf(data_path, sizeof data_path, "%s/" NAME, log_dir);
    (void)snprintf(index_path, sizeof index_path, "%s/" NAME ".idx", log_dir);
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

struct image {
    uint8_t *bytes;
    size_t size;
};

static struct image image_load(const char *path)
{
    struct stat info;
    struct image image = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && fstat(fd, &info) == 0);
    image.size = (size_t)info.st_size;
    image.bytes = mem_alloc(image.size + 1);
    assert_int_equal(read(fd, image.bytes, image.size), image.size);
    assert_int_equal(close(fd), 0);
    return image;
}

static void image_store(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(close(fd), 0);
}

/* A log with the file in it, appended and synced in random portions. */
static void make_log(const struct feed_file *file, uint64_t *seed, struct image *data,
                     struct image *index)
{
    struct mirror *mirror;
    size_t from = file->ends[0];

    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, OPTIONS);
    feed_begin(mirror, file, NAME);
    for (size_t j = 1; j < file->count; j++) {
        if (feed_random(seed, 3) > 0 && j + 1 < file->count)
            continue;
        feed_append(mirror, file, from, file->ends[j]);
        from = file->ends[j];
        if (feed_random(seed, 4) == 0)
            ok(mirror_sync(mirror, &err));
    }
    ok(mirror_sync(mirror, &err));
    mirror_close(mirror);
    *data = image_load(data_path);
    *index = image_load(index_path);
    assert_int_equal(data->size, file->size);
}

/* All that a reader is shown is the file's first `end` bytes. */
static void assert_shows(struct mirror *mirror, const struct feed_file *file, size_t end)
{
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    size_t offset = LOG_FIRST_OFFSET;

    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    do {
        ok(log_reader_next(reader, &batch, &err));
        if (batch.kind == LOG_BATCH_EVENTS) {
            assert_memory_equal(batch.events.data, file->bytes + offset, batch.events.len);
            offset += batch.events.len;
        }
    } while (batch.kind != LOG_BATCH_NONE);
    assert_int_equal(offset, end);
    log_reader_close(reader);
}

/* Opens the log, of which `expected` bytes must be left, and lets it go on to its end. */
static void check_reopened(const struct feed_file *file, size_t expected, bool goes_on)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;
    struct image again;

    ok(mirror_open(log_dir, OPTIONS, &mirror, &recovery, &err));
    if (expected < file->ends[0]) {
        assert_string_equal(recovery.end.name, "");
        assert_int_equal(recovery.removed, 1);
        feed_begin(mirror, file, NAME);
        expected = file->ends[0];
    } else {
        assert_string_equal(recovery.end.name, NAME);
        assert_int_equal(recovery.end.offset, expected);
    }
    assert_shows(mirror, file, expected);
    if (goes_on && expected < file->size) {
        feed_append(mirror, file, expected, file->size);
        ok(mirror_sync(mirror, &err));
        assert_shows(mirror, file, file->size);
    }
    mirror_close(mirror);
    if (!goes_on)
        return;
    again = image_load(data_path);
    assert_int_equal(again.size, file->size);
    assert_memory_equal(again.bytes, file->bytes, file->size);
    mem_free(again.bytes);
    /* What was written into the index by both is one index. */
    ok(mirror_open(log_dir, OPTIONS, &mirror, &recovery, &err));
    assert_int_equal(recovery.end.offset, feed_whole_before(file, file->size));
    mirror_close(mirror);
}

static size_t head_size_of(const struct image *index)
{
    size_t size;

    ok(index_head_size(span_of(index->bytes, index->size), &size, &err));
    return size;
}

static size_t expected_end(const struct feed_file *file, size_t cut)
{
    return cut < file->ends[0] ? 0 : feed_whole_before(file, cut);
}

static void test_cut_at_every_byte(void **state)
{
    static const char *const paths[] = {
        "tests/data/binlog/mysql-9.7/xa.binlog",
        "tests/data/binlog/mysql-5.6/rows-minimal.binlog",
        "tests/data/binlog/mariadb-11.8/mixed.binlog",
        "tests/data/binlog/mariadb-10.11/no-checksum.binlog",
    };
    uint64_t seed = 2;

    (void)state;
    for (size_t f = 0; f < sizeof paths / sizeof paths[0]; f++) {
        struct feed_file file;
        struct image data;
        struct image index;
        size_t head;

        feed_load(&file, paths[f]);
        make_log(&file, &seed, &data, &index);
        head = head_size_of(&index);
        assert_true(index.size > head + 4 * (size_t)INDEX_RECORD_SIZE);
        for (size_t cut = 0; cut <= data.size; cut++) {
            /* The index as it is: newer than the data; and cut anywhere behind its head. */
            size_t index_cut =
                cut % 2 ? index.size : head + feed_random(&seed, (uint32_t)(index.size - head + 1));

            image_store(data_path, data.bytes, cut);
            image_store(index_path, index.bytes, index_cut);
            check_reopened(&file, expected_end(&file, cut), cut % 7 == 0);
        }
        for (size_t cut = head; cut <= index.size; cut++) {
            image_store(data_path, data.bytes, data.size);
            image_store(index_path, index.bytes, cut);
            check_reopened(&file, expected_end(&file, data.size), cut % 7 == 0);
        }
        /* Without a whole head it is made anew. */
        for (size_t cut = 0; cut < head; cut += 5) {
            image_store(data_path, data.bytes, data.size);
            image_store(index_path, index.bytes, cut);
            check_reopened(&file, expected_end(&file, data.size), true);
        }
        mem_free(data.bytes);
        mem_free(index.bytes);
        feed_free(&file);
    }
}

/* A byte of the data from the last trusted record on is changed; and of the index anywhere. */
static void damage_once(const struct feed_file *file, const struct image *data,
                        const struct image *index, uint64_t *seed)
{
    size_t cut = file->ends[0] + feed_random(seed, (uint32_t)(data->size - file->ends[0] + 1));
    size_t more = feed_random(seed, 200);
    uint8_t *bytes = mem_alloc(data->size + more + 1);
    size_t size = cut;
    size_t expected = feed_whole_before(file, cut);
    bool has_crc = file->has_checksums;

    memcpy(bytes, data->bytes, cut);
    if (has_crc && feed_random(seed, 2)) {
        bool zeros = feed_random(seed, 2);

        for (size_t i = 0; i < more; i++)
            bytes[size++] = zeros ? 0 : (uint8_t)feed_random(seed, 256);
        /* What is random may go on as the file did; what came back is then as good. */
        while (size > cut && cut < data->size && bytes[cut] == data->bytes[cut])
            cut++;
        expected = feed_whole_before(file, cut);
    }
    image_store(data_path, bytes, size);
    image_store(index_path, index->bytes, index->size);
    if (feed_random(seed, 3) == 0) {
        assert_int_equal(unlink(index_path), 0);
        if (has_crc && cut > file->ends[0]) {
            size_t flip = file->ends[0] + feed_random(seed, (uint32_t)(cut - file->ends[0]));

            bytes[flip] ^= (uint8_t)(1 + feed_random(seed, 255));
            image_store(data_path, bytes, size);
            expected = feed_whole_before(file, flip);
        }
    } else if (feed_random(seed, 2)) {
        size_t at = feed_random(seed, (uint32_t)index->size);

        index->bytes[at] ^= 0x10;
        image_store(index_path, index->bytes, index->size);
        index->bytes[at] ^= 0x10;
    }
    check_reopened(file, expected, feed_random(seed, 4) == 0);
    mem_free(bytes);
}

static void test_random_damage(void **state)
{
    static struct feed_file files[FEED_FILES_MAX];
    size_t count = feed_load_all(files);
    uint64_t seed = 3;

    (void)state;
    for (size_t f = 0; f < count; f++) {
        struct image data;
        struct image index;

        make_log(&files[f], &seed, &data, &index);
        for (int i = 0; i < 25; i++)
            damage_once(&files[f], &data, &index, &seed);
        mem_free(data.bytes);
        mem_free(index.bytes);
        feed_free(&files[f]);
    }
}

/* Its beginning was synced before anything else was written: this is no crash's doing. */
static void test_a_damaged_beginning_is_refused(void **state)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;
    struct feed_file file;
    struct image data;
    struct image index;
    uint64_t seed = 4;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/xa.binlog");
    make_log(&file, &seed, &data, &index);
    for (size_t at = 0; at < file.ends[0]; at += 5) {
        data.bytes[at] ^= 0x10;
        image_store(data_path, data.bytes, data.size);
        data.bytes[at] ^= 0x10;
        assert_false(mirror_open(log_dir, OPTIONS, &mirror, &recovery, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, NAME ": damaged: it does not begin with");
    }
    image_store(data_path, data.bytes, data.size);
    check_reopened(&file, expected_end(&file, data.size), true);
    mem_free(data.bytes);
    mem_free(index.bytes);
    feed_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cut_at_every_byte, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_random_damage, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_damaged_beginning_is_refused, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
