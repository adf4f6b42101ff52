#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "log/index.h"
#include "log/log_reader.h"
#include "log/lookup.h"
#include "log/retention.h"

#include <glob.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
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
        feed_name(at + 1, name);
        assert_string_equal(batch.name, name);
        assert_int_equal(batch.offset, offset);
        if (batch.kind == LOG_BATCH_FILE)
            continue;
        assert_true(batch.events.len > 0);
        assert_memory_equal(batch.events.data, files[at].bytes + offset, batch.events.len);
        offset += batch.events.len;
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

        feed_name(i + 1, name);
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

        feed_name(i + 1, name);
        assert_file_is(name, &files[i], files[i].size);
    }
    for (size_t i = 0; i < count; i++)
        feed_free(&files[i]);
}

/* One event of what a server sent to a replica; true for the heartbeat that ends it. */
static bool receive(struct mirror *mirror, struct span event)
{
    struct event_header header = {0};
    struct log_ends ends;

    ok(event_header_decode(event, &header, &err));
    mirror_ends(mirror, &ends);
    if (header.type == EVENT_HEARTBEAT || header.type == EVENT_HEARTBEAT_V2) {
        assert_int_equal(ends.received.offset, header.log_pos);
        assert_false(mirror_append(mirror, ends.received.offset, event, &err));
        assert_int_equal(err.class, E_PROTO);
        return true;
    }
    if (header.flags & EVENT_FLAG_ARTIFICIAL)
        return false;
    if (header.type == EVENT_FORMAT_DESCRIPTION) {
        assert_int_equal(header.flags & EVENT_FLAG_IN_USE, 0);
        ok(mirror_next(mirror, span_str("mysql-bin.000001"), LOG_FIRST_OFFSET, event, NULL, &err));
    } else {
        ok(mirror_append(mirror, ends.received.offset, event, &err));
    }
    return false;
}

/* What servers of both families send, at the offsets that they say. */
static void test_recorded_streams(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob("tests/data/binlog/*/*.stream", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 7);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct mirror *mirror;
        struct cursor cur;
        struct stat info;
        bool ended = false;
        char *bytes;

        ok(dir_remove(log_dir, &err));
        mirror = feed_mirror_new(log_dir, NULL);
        assert_int_equal(stat(found.gl_pathv[i], &info), 0);
        ok(file_read(found.gl_pathv[i], 1 << 20, &bytes, &err));
        cur = cursor_of(span_of(bytes, (size_t)info.st_size));
        while (cursor_left(&cur) > 0 && !ended) {
            struct event_header header = {0};

            ok(event_header_decode(cur.rest, &header, &err));
            ended = receive(mirror, cursor_bytes(&cur, header.length));
        }
        assert_true(ended);
        ok(mirror_sync(mirror, &err));
        mirror_close(mirror);
        mem_free(bytes);
    }
    globfree(&found);
}

static void test_nothing_is_shown_before_its_sync(void **state)
{
    struct feed_file file;
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    enum log_wait waited;
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
    assert_false(wakeup_is_raised(log_reader_fd(reader)));
    ok(log_reader_wait(reader, 0, -1, &waited, &err));
    assert_int_equal(waited, LOG_WAIT_TIMEOUT);
    ok(mirror_sync(mirror, &err));
    assert_true(wakeup_is_raised(log_reader_fd(reader)));
    ok(log_reader_wait(reader, 0, -1, &waited, &err));
    assert_int_equal(waited, LOG_WAIT_READY);
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_EVENTS);
    assert_int_equal(batch.events.len, file.ends[9] - file.ends[0]);
    assert_true(batch.from_cache);
    assert_string_equal(batch.name, "a.000001");
    assert_int_equal(batch.offset, file.ends[0]);
    mirror_ends(mirror, &ends);
    assert_int_equal(ends.synced.offset, file.ends[9]);
    assert_int_equal(ends.whole.offset, feed_whole_before(&file, file.ends[9]));
    log_reader_close(reader);
    mirror_close(mirror);
    feed_free(&file);
}

/* Copies a stored log, of which the original must stay as it is. */
static void copy_log(const char *from)
{
    glob_t found;
    char pattern[128];

    (void)snprintf(pattern, sizeof pattern, "%s/*", from);
    ok(dir_make(log_dir, 0700, &err));
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char to[256];
        struct stat info;
        FILE *file = fopen(found.gl_pathv[i], "rb");
        char *bytes;

        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &info), 0);
        bytes = mem_alloc((size_t)info.st_size + 1);
        assert_int_equal(fread(bytes, 1, (size_t)info.st_size, file), info.st_size);
        (void)fclose(file);
        (void)snprintf(to, sizeof to, "%s%s", log_dir, strrchr(found.gl_pathv[i], '/'));
        ok(file_write(to, span_of(bytes, (size_t)info.st_size), 0600, &err));
        mem_free(bytes);
    }
    globfree(&found);
}

static void change_byte(const char *name, long at, uint8_t value)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(value, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    assert_int_equal(unlink(path), 0);
}

/* Four files, the last one open. */
static void make_files(struct feed_file *file)
{
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);

    feed_load(file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    for (size_t i = 0; i < 4; i++) {
        char name[32];

        feed_name(i + 1, name);
        feed_begin(mirror, file, name);
        feed_append(mirror, file, file->ends[0], file->size);
        ok(mirror_sync(mirror, &err));
    }
    mirror_close(mirror);
}

static void assert_refused(enum err_class class, const char *text)
{
    struct mirror_recovery recovery;
    struct mirror *mirror;

    err = (struct err){0};
    assert_false(mirror_open(log_dir, NULL, &mirror, &recovery, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, text);
}

static void test_a_missing_file_is_refused(void **state)
{
    struct feed_file file;

    (void)state;
    make_files(&file);
    remove_file("mysql-bin.000002");
    assert_refused(E_STATE, "mysql-bin.000002: the file is missing");
    remove_file("mysql-bin.000002.idx");
    assert_refused(E_STATE, "files are missing between mysql-bin.000001 and mysql-bin.000003");
    feed_free(&file);
}

static void test_a_file_shorter_than_its_end_is_refused(void **state)
{
    struct feed_file file;
    char path[256];

    (void)state;
    make_files(&file);
    (void)snprintf(path, sizeof path, "%s/mysql-bin.000003", log_dir);
    assert_int_equal(truncate(path, (off_t)file.size - 1), 0);
    assert_refused(E_STATE, "bytes that were synced are missing");
    feed_free(&file);
}

static void test_bytes_behind_a_file_are_void(void **state)
{
    struct mirror_recovery recovery;
    struct feed_file file;
    struct mirror *mirror;
    struct feed_file four[4];

    (void)state;
    make_files(&file);
    change_byte("mysql-bin.000002", (long)file.size + 3, 7);
    mirror = feed_mirror_open(log_dir, &recovery);
    for (size_t i = 0; i < 4; i++)
        four[i] = file;
    assert_shows(mirror, four, 4);
    mirror_close(mirror);
    feed_free(&file);
}

static void test_indexes_are_made_anew(void **state)
{
    static const char *const gone[] = {"mysql-bin.000001.idx", "mysql-bin.000002.idx",
                                       "mysql-bin.000003.idx", "mysql-bin.000004.idx"};
    struct mirror_recovery recovery;
    struct feed_file four[4];
    struct feed_file file;

    (void)state;
    for (unsigned mask = 1; mask < 16; mask++) {
        struct mirror *mirror;
        unsigned removed = 0;

        ok(dir_remove(log_dir, &err));
        make_files(&file);
        for (unsigned i = 0; i < 4; i++) {
            if (mask & (1U << i))
                remove_file(gone[i]);
            removed += mask >> i & 1;
            four[i] = file;
        }
        mirror = feed_mirror_open(log_dir, &recovery);
        assert_int_equal(recovery.rebuilt, removed);
        assert_int_equal(recovery.cut_bytes, 0);
        assert_shows(mirror, four, 4);
        mirror_close(mirror);
        mirror = feed_mirror_open(log_dir, &recovery);
        assert_int_equal(recovery.rebuilt, 0);
        mirror_close(mirror);
        feed_free(&file);
    }
}

/* The source was renamed, its first files were purged, then all indexes were lost. */
static void test_a_file_whose_place_is_not_known_is_refused(void **state)
{
    struct mirror_recovery recovery;
    struct log_purged purged;
    struct mirror *mirror;
    struct feed_file file;
    char path[256];

    (void)state;
    make_files(&file);
    mirror = feed_mirror_open(log_dir, &recovery);
    feed_begin(mirror, &file, "renamed.000001");
    feed_append(mirror, &file, file.ends[0], file.size);
    ok(log_purge_to(mirror, "renamed.000001", &purged, &err));
    mirror_close(mirror);
    remove_file("renamed.000001.idx");
    assert_refused(E_STATE, "renamed.000001: its side index is missing");
    (void)snprintf(path, sizeof path, "%s/renamed.000001", log_dir);
    assert_true(path_exists(path));
    feed_free(&file);
}

static void test_damage_before_the_last_file_is_refused(void **state)
{
    struct feed_file file;

    (void)state;
    make_files(&file);
    remove_file("mysql-bin.000002.idx");
    change_byte("mysql-bin.000002", (long)file.ends[5] + 30, 0x5a);
    assert_refused(E_PROTO, "mysql-bin.000002: damaged: no event at offset");
    feed_free(&file);
}

/* Gives an index's head that version, and the checksum that such a head would have. */
static void set_version(const char *name, char version)
{
    char path[256];
    size_t size;
    char *bytes;
    uint32_t crc;

    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    ok(file_read(path, 1 << 20, &bytes, &err));
    ok(index_head_size(span_of(bytes, INDEX_PREFIX_SIZE), &size, &err));
    bytes[8] = version;
    crc = libdeflate_crc32(0, bytes, size - 4);
    for (size_t i = 0; i < 4; i++)
        change_byte(name, (long)(size - 4 + i), (uint8_t)(crc >> (8 * i)));
    change_byte(name, 8, (uint8_t)version);
    mem_free(bytes);
}

static void test_other_versions_are_refused(void **state)
{
    struct feed_file file;
    char path[256];

    (void)state;
    make_files(&file);
    set_version("mysql-bin.000004.idx", 2);
    assert_refused(E_STATE, "side index of format version 2, expected 1");
    set_version("mysql-bin.000004.idx", 1);
    (void)snprintf(path, sizeof path, "%s/manifest", log_dir);
    ok(file_write(path, span_str("borealis-log 2\nnew=things\n"), 0600, &err));
    assert_refused(E_STATE, "manifest: format version 2, expected 1");
    ok(file_write(path, span_str("borealis-log 1\nfamily=mysql\n"), 0600, &err));
    assert_refused(E_PROTO, "manifest: ");
    assert_int_equal(unlink(path), 0);
    assert_refused(E_IO, "manifest: cannot open");
    feed_free(&file);
}

static void test_one_opens_it_at_a_time(void **state)
{
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);

    (void)state;
    assert_refused(E_STATE, "locked by another process");
    mirror_close(mirror);
}

static void test_a_directory_in_use_is_not_taken(void **state)
{
    struct log_identity identity = {.family = FORMAT_MARIADB};

    (void)state;
    mirror_close(feed_mirror_new(log_dir, NULL));
    assert_false(mirror_create(log_dir, &identity, &err));
    assert_contains(err.text, "expected to be empty");
}

/* The mirror of a source's file from the middle on, which starts with a hole. */
static void test_a_start_in_the_middle(void **state)
{
    struct log_position from = {"mysql-bin.000007", 0};
    struct mirror_recovery recovery;
    struct log_reader *reader;
    struct log_batch batch;
    struct feed_file file;
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct span format;
    uint64_t start;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    format = span_of(file.bytes + LOG_FIRST_OFFSET, file.format_size);
    start = feed_whole_before(&file, file.size / 2);
    assert_false(mirror_next(mirror, span_str("mysql-bin.000007"), 6, format, NULL, &err));
    assert_int_equal(err.class, E_USAGE);
    ok(mirror_next(mirror, span_str("mysql-bin.000007"), start, format, NULL, &err));
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_int_equal(recovery.end.offset, start);
    feed_append(mirror, &file, start, file.size);
    ok(mirror_sync(mirror, &err));
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_int_equal(recovery.end.offset, file.size);
    from.offset = LOG_FIRST_OFFSET;
    assert_false(log_reader_open(mirror, &from, 0, &reader, &err));
    assert_int_equal(err.class, E_STATE);
    from.offset = start;
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.kind, LOG_BATCH_FILE);
    assert_true(span_eq(batch.format, format));
    ok(log_reader_next(reader, &batch, &err));
    assert_int_equal(batch.offset, start);
    assert_int_equal(batch.events.len, file.size - start);
    assert_memory_equal(batch.events.data, file.bytes + start, batch.events.len);
    log_reader_close(reader);
    /* Only the first file may begin so. */
    assert_false(mirror_next(mirror, span_str("mysql-bin.000008"), start, format, NULL, &err));
    assert_contains(err.text, "only a log's first file");
    mirror_close(mirror);
    /* Nothing but the index tells where it begins. */
    remove_file("mysql-bin.000007.idx");
    assert_refused(E_STATE, "nothing else tells where its bytes begin");
    feed_free(&file);
}

/* A start that was mistyped: as long as nothing came, the log may begin somewhere else. */
static void test_a_start_may_be_another(void **state)
{
    struct log_position begun = {"mysql-bin.000007", 0};
    struct mirror_recovery recovery;
    struct log_reader *reader;
    struct log_batch batch;
    struct feed_file file;
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct span format;
    uint64_t start;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    format = span_of(file.bytes + LOG_FIRST_OFFSET, file.format_size);
    start = feed_whole_before(&file, file.size / 2);
    assert_false(mirror_is_void(mirror, &begun));
    assert_false(mirror_drop_void(mirror, &err));
    ok(mirror_next(mirror, span_str("mysql-bin.000007"), start - 3, format, NULL, &err));
    begun.offset = start - 3;
    ok(log_reader_open(mirror, &begun, 0, &reader, &err));
    ok(log_reader_next(reader, &batch, &err));
    assert_true(mirror_is_void(mirror, &begun));
    assert_string_equal(begun.name, "mysql-bin.000007");
    assert_int_equal(begun.offset, start - 3);
    ok(mirror_drop_void(mirror, &err));
    assert_false(mirror_is_void(mirror, &begun));
    ok(mirror_sync(mirror, &err));
    ok(mirror_next(mirror, span_str("mysql-bin.000007"), start, format, NULL, &err));
    feed_append(mirror, &file, start, file.size);
    ok(mirror_sync(mirror, &err));
    assert_false(log_reader_next(reader, &batch, &err));
    assert_int_equal(err.class, E_STATE);
    log_reader_close(reader);
    assert_false(mirror_is_void(mirror, &begun));
    assert_false(mirror_drop_void(mirror, &err));
    assert_int_equal(err.class, E_USAGE);
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_int_equal(recovery.end.offset, file.size);
    mirror_close(mirror);
    feed_free(&file);
}

static void test_a_reader_begins_where_an_event_does(void **state)
{
    struct log_position from = {"mysql-bin.000001", 0};
    struct mirror_recovery recovery;
    struct log_reader *reader;
    struct log_batch batch;
    struct feed_file file;
    struct mirror *mirror;

    (void)state;
    make_files(&file);
    mirror = feed_mirror_open(log_dir, &recovery);
    for (size_t i = 0; i < file.count; i++) {
        from.offset = file.ends[i];
        ok(log_reader_open(mirror, &from, 0, &reader, &err));
        ok(log_reader_next(reader, &batch, &err));
        assert_int_equal(batch.offset, file.ends[i]);
        ok(log_reader_next(reader, &batch, &err));
        assert_int_equal(batch.kind, i + 1 < file.count ? LOG_BATCH_EVENTS : LOG_BATCH_FILE);
        log_reader_close(reader);
        from.offset++;
        assert_false(log_reader_open(mirror, &from, 0, &reader, &err));
        assert_int_equal(err.class, i + 1 < file.count ? E_USAGE : E_STATE);
    }
    (void)snprintf(from.name, sizeof from.name, "mysql-bin.000009");
    assert_false(log_reader_open(mirror, &from, 0, &reader, &err));
    assert_contains(err.text, "mysql-bin.000009: no such file in the log");
    mirror_close(mirror);
    feed_free(&file);
}

/* Larger than a block of the cache, and than the reader's buffer. */
static void test_a_large_event(void **state)
{
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct log_position from = {"mysql-bin.000001", 0};
    struct event_header header = {.type = EVENT_ROWS_QUERY, .length = 3 << 20};
    struct log_reader *reader;
    struct log_batch batch;
    struct feed_file file;
    struct buf event;
    size_t sizes[] = {0, 0};

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    feed_begin(mirror, &file, "mysql-bin.000001");
    from.offset = file.ends[0];
    header.log_pos = (uint32_t)from.offset + header.length;
    buf_init(&event, 4 << 20);
    event_header_encode(&event, &header);
    (void)buf_reserve(&event, header.length - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE);
    checksum_append(&event, 0);
    ok(mirror_append(mirror, from.offset, buf_span(&event), &err));
    ok(mirror_sync(mirror, &err));
    ok(log_reader_open(mirror, &from, 0, &reader, &err));
    log_reader_set_buffer(reader, 1);
    for (int i = 0; i < 2; i++) {
        ok(log_reader_next(reader, &batch, &err));
        sizes[i] = batch.events.len;
    }
    assert_int_equal(sizes[0], 0);
    assert_int_equal(sizes[1], header.length);
    assert_false(batch.from_cache);
    assert_memory_equal(batch.events.data, event.data, event.len);
    log_reader_close(reader);
    buf_done(&event);
    mirror_close(mirror);
    feed_free(&file);
}

static void test_a_reader_tells_what_is_damaged(void **state)
{
    static const uint8_t lengths[] = {5, 60, 255};
    struct log_position from = {{0}, 0};
    struct mirror_recovery recovery;
    struct log_reader *reader;
    struct log_batch batch;
    struct feed_file file;
    struct mirror *mirror;
    bool more;

    (void)state;
    make_files(&file);
    for (size_t i = 0; i < sizeof lengths; i++) {
        char where[64];

        mirror = feed_mirror_open(log_dir, &recovery);
        change_byte("mysql-bin.000002", (long)file.ends[4] + 9, lengths[i]);
        change_byte("mysql-bin.000002", (long)file.ends[4] + 12, lengths[i] == 255 ? 0x30 : 0);
        ok(log_reader_open(mirror, &from, 0, &reader, &err));
        do
            more = log_reader_next(reader, &batch, &err);
        while (more && batch.kind != LOG_BATCH_NONE);
        assert_false(more);
        (void)snprintf(where, sizeof where, "mysql-bin.000002: offset %zu: ", file.ends[4]);
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, where);
        log_reader_close(reader);
        mirror_close(mirror);
    }
    feed_free(&file);
}

static void test_what_is_no_part_of_a_file_is_refused(void **state)
{
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct feed_file file;
    struct log_ends before;
    struct log_ends after;
    uint8_t *event;
    size_t at;
    size_t length;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    assert_false(mirror_append(mirror, 4, span_of(file.bytes, 100), &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(
        mirror_next(mirror, span_str("../x.000001"), 4, span_of(file.bytes, 50), NULL, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(
        mirror_next(mirror, span_str("a.000001"), 4, span_of(file.bytes + 4, 50), NULL, &err));
    feed_begin(mirror, &file, "a.000001");
    assert_false(mirror_next(mirror, span_str("a.000001"), 4,
                             span_of(file.bytes + 4, file.format_size), NULL, &err));
    assert_contains(err.text, "has that file already");
    at = file.ends[0];
    length = file.ends[3] - at;
    mirror_ends(mirror, &before);
    /* At another offset; cut; with a wrong checksum; with the flag of a sender. */
    assert_false(mirror_append(mirror, at + 1, span_of(file.bytes + at, length), &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(mirror_append(mirror, at, span_of(file.bytes + at, length - 1), &err));
    assert_int_equal(err.class, E_PROTO);
    event = (uint8_t *)file.bytes + file.ends[2];
    event[25] ^= 1;
    assert_false(mirror_append(mirror, at, span_of(file.bytes + at, length), &err));
    assert_contains(err.text, "checksum");
    event[25] ^= 1;
    /* Nothing of them was kept. */
    mirror_ends(mirror, &after);
    assert_memory_equal(&before, &after, sizeof before);
    feed_append(mirror, &file, at, file.ends[3]);
    /* A format description in the middle; and anything behind a file's last event. */
    assert_false(
        mirror_append(mirror, file.ends[3], span_of(file.bytes + 4, file.format_size), &err));
    assert_int_equal(err.class, E_PROTO);
    feed_append(mirror, &file, file.ends[3], file.size);
    assert_false(mirror_append(mirror, file.size, span_of(file.bytes + at, length), &err));
    assert_contains(err.text, "events follow the file's last one");
    mirror_close(mirror);
    feed_free(&file);
}

static void test_a_source_that_has_its_file_open(void **state)
{
    struct mirror *mirror = feed_mirror_new(log_dir, NULL);
    struct feed_file file;

    (void)state;
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    file.bytes[4 + 17] = (char)(file.bytes[4 + 17] | EVENT_FLAG_IN_USE);
    feed_begin(mirror, &file, "mysql-bin.000001");
    mirror_close(mirror);
    file.bytes[4 + 17] = (char)(file.bytes[4 + 17] & ~EVENT_FLAG_IN_USE);
    assert_file_is("mysql-bin.000001", &file, file.ends[0]);
    feed_free(&file);
}

static void test_identity_is_kept(void **state)
{
    struct log_identity identity = {
        .family = FORMAT_MARIADB,
        .server_id = 4,
        .server_version = "11.8.1-MariaDB-log",
        .format_created = 1763700000,
    };
    struct mirror_recovery recovery;
    struct mirror *mirror;
    const struct log_identity *kept;

    (void)state;
    (void)snprintf(identity.server_uuid, sizeof identity.server_uuid,
                   "3e11fa47-71ca-11e1-9e33-c80aa9429562");
    ok(mirror_create(log_dir, &identity, &err));
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_string_equal(recovery.end.name, "");
    kept = mirror_identity(mirror);
    assert_int_equal(kept->family, FORMAT_MARIADB);
    assert_int_equal(kept->server_id, 4);
    assert_string_equal(kept->server_uuid, identity.server_uuid);
    assert_string_equal(kept->server_version, identity.server_version);
    assert_int_equal(kept->format_created, 1763700000);
    assert_true(kept->created_usec > INT64_C(1700000000) * USEC_PER_SEC);
    mirror_close(mirror);
}

/* Written by format version 1: this and every later version must open it. */
static void test_the_stored_log_of_version_1(void **state)
{
    struct mirror_recovery recovery;
    struct log_position found;
    struct log_hold *holds;
    struct log_file *list;
    struct gtid_set executed;
    struct mirror *mirror;
    struct log_state got;
    size_t count;

    (void)state;
    copy_log("tests/data/log-v1");
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_string_equal(recovery.end.name, "mysql-bin.000002");
    assert_int_equal(recovery.cut_bytes, 0);
    assert_int_equal(recovery.rebuilt, 0);
    mirror_list(mirror, &list, &count);
    assert_int_equal(count, 2);
    assert_true(list[0].closed && list[0].closed_usec > 0 && !list[1].closed);
    mem_free(list);
    log_hold_list(mirror, &holds, &count);
    assert_int_equal(count, 1);
    assert_string_equal(holds[0].replica, "replica-1");
    mem_free(holds);
    gtid_set_init(&executed);
    assert_false(log_find_gtid_set(mirror, &executed, &found, &err));
    assert_contains(err.text, "11111111-2222-3333-4444-555555555555:1-2:5");
    log_state_init(&got);
    ok(log_state_at(mirror, &recovery.end, &got, &err));
    assert_int_equal(got.kind, LOG_STATE_MYSQL);
    assert_false(gtid_set_is_empty(&got.set));
    log_state_done(&got);
    mirror_close(mirror);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_recorded_files_byte_for_byte, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_recorded_streams, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_nothing_is_shown_before_its_sync, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_missing_file_is_refused, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_shorter_than_its_end_is_refused, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_bytes_behind_a_file_are_void, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_indexes_are_made_anew, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_whose_place_is_not_known_is_refused, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_damage_before_the_last_file_is_refused, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_other_versions_are_refused, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_one_opens_it_at_a_time, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_directory_in_use_is_not_taken, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_start_in_the_middle, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_start_may_be_another, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_reader_begins_where_an_event_does, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_large_event, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_reader_tells_what_is_damaged, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_what_is_no_part_of_a_file_is_refused, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_source_that_has_its_file_open, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_identity_is_kept, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_the_stored_log_of_version_1, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
