#include "log_feed.h"

#include "base/file.h"
#include "base/mem.h"
#include "binlog/reader.h"

#include <glob.h>

static struct err err;

void feed_make_dir(char dir[FEED_DIR], char log_dir[FEED_LOG_DIR])
{
    (void)snprintf(dir, FEED_DIR, "/dev/shm/borealis-unit-XXXXXX");
    if (!mkdtemp(dir))
        check_make_dir(dir);
    (void)snprintf(log_dir, FEED_LOG_DIR, "%s/log", dir);
}

void feed_name(size_t number, char name[FEED_NAME])
{
    (void)snprintf(name, FEED_NAME, "mysql-bin.%06zu", number);
}

static size_t file_bytes(const char *path, char **ret_bytes)
{
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    *ret_bytes = mem_alloc((size_t)size + 1);
    assert_int_equal(fread(*ret_bytes, 1, (size_t)size, file), size);
    (void)fclose(file);
    return (size_t)size;
}

void feed_load(struct feed_file *file, const char *path)
{
    struct reader reader;
    struct reader_event event = {.bytes = {.len = 1}};
    struct span window;
    size_t size;

    *file = (struct feed_file){0};
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    size = file_bytes(path, &file->bytes);
    file->ends = mem_alloc((size / EVENT_HEADER_SIZE + 2) * sizeof *file->ends);
    file->whole = mem_alloc((size / EVENT_HEADER_SIZE + 2) * sizeof *file->whole);
    /* A source clears the flag IN_USE before it sends, or when it closes the file. */
    file->bytes[4 + 17] = (char)(file->bytes[4 + 17] & ~EVENT_FLAG_IN_USE);
    window = span_of(file->bytes, size);
    reader_init(&reader);
    while (event.bytes.len > 0) {
        ok(reader_next(&reader, &window, &event, &err));
        if (event.bytes.len == 0)
            break;
        if (file->count == 0)
            file->format_size = event.bytes.len;
        file->whole[file->count] = reader.transaction == READER_OUTSIDE;
        file->ends[file->count++] = reader.offset;
    }
    file->size = reader.offset;
    file->has_checksums = reader.format.checksum == CHECKSUM_CRC32;
}

void feed_free(struct feed_file *file)
{
    mem_free(file->bytes);
    mem_free(file->ends);
    mem_free(file->whole);
}

size_t feed_load_all(struct feed_file files[FEED_FILES_MAX])
{
    glob_t found;
    size_t count = 0;

    assert_int_equal(glob("tests/data/binlog/*/*.binlog", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (strstr(found.gl_pathv[i], "encrypted"))
            continue;
        assert_true(count < FEED_FILES_MAX);
        feed_load(&files[count++], found.gl_pathv[i]);
    }
    globfree(&found);
    assert_true(count > 60);
    return count;
}

void feed_begin(struct mirror *mirror, const struct feed_file *file, const char *name)
{
    ok(mirror_next(mirror, span_str(name), LOG_FIRST_OFFSET,
                   span_of(file->bytes + LOG_FIRST_OFFSET, file->format_size), NULL, &err));
}

void feed_append(struct mirror *mirror, const struct feed_file *file, size_t from, size_t to)
{
    ok(mirror_append(mirror, from, span_of(file->bytes + from, to - from), &err));
}

void feed_whole(struct mirror *mirror, const struct feed_file *file, const char *name)
{
    feed_begin(mirror, file, name);
    feed_append(mirror, file, file->format_size + LOG_FIRST_OFFSET, file->size);
    ok(mirror_sync(mirror, &err));
}

struct mirror *feed_mirror_new(const char *directory, const struct mirror_options *options)
{
    struct log_identity identity = {.family = FORMAT_MYSQL, .server_id = 7};
    struct mirror_recovery recovery;
    struct mirror *mirror;

    (void)snprintf(identity.server_version, sizeof identity.server_version, "9.7.4");
    ok(mirror_create(directory, &identity, &err));
    ok(mirror_open(directory, options, &mirror, &recovery, &err));
    return mirror;
}

struct mirror *feed_mirror_open(const char *directory, struct mirror_recovery *ret_recovery)
{
    struct mirror *mirror;

    ok(mirror_open(directory, NULL, &mirror, ret_recovery, &err));
    return mirror;
}

size_t feed_whole_before(const struct feed_file *file, size_t offset)
{
    size_t best = 0;

    for (size_t i = 0; i < file->count && file->ends[i] <= offset; i++) {
        if (file->whole[i])
            best = file->ends[i];
    }
    return best;
}

uint32_t feed_random(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % below;
}
