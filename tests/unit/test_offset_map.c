/*
 * Offset maps: their bytes, what is left of them after a crash at any byte, who shares them, and
 * that they go with their file.
 */
#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "log/offset_maps.h"
#include "log/retention.h"

#include <stdio.h>
#include <unistd.h>

#define SOURCE "tests/data/binlog/mysql-9.7/rows-full.binlog"
#define ENDS   40
#define FIRST  ((struct offset_pair){.view = 200, .source = 130})

static struct err err;
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct mirror *mirror;
static struct offset_pair ends[ENDS];

static int make(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, SOURCE);
    mirror = feed_mirror_new(log_dir, NULL);
    feed_whole(mirror, &file, "a.000001");
    ends[0] = (struct offset_pair){.view = 300, .source = 190};
    for (size_t i = 1; i < ENDS; i++) {
        ends[i].view = ends[i - 1].view + 100 + i * (i % 5 ? 1 : 70000);
        ends[i].source = ends[i - 1].source + (i % 7 ? 250 * i : 0);
    }
    return inject_set(NULL, &err) ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    mirror_close(mirror);
    feed_free(&file);
    return inject_set(NULL, &err) && dir_remove(dir, &err) ? 0 : -1;
}

static struct offset_map *open_map(void)
{
    struct offset_map *map;

    ok(offset_map_open(mirror, "a.000001", "mariadb1", FIRST, &map, &err));
    return map;
}

/* The first `count`, in calls of `step`. */
static void record(size_t count, size_t step)
{
    struct offset_map *map = open_map();

    for (size_t i = 0; i < count; i += step)
        ok(offset_map_append(map, ends + i, count - i < step ? count - i : step, true, &err));
    offset_map_close(map);
}

static void expect_place(uint64_t offset, struct offset_pair expected)
{
    struct offset_pair found;

    ok(offset_map_find(mirror, "a.000001", "mariadb1", offset, &found, &err));
    assert_int_equal(found.view, expected.view);
    assert_int_equal(found.source, expected.source);
}

/* Pairs that have the source's offset of those before are inside of a transaction. */
static void expect_places(size_t count)
{
    struct offset_pair end = FIRST;
    struct offset_pair found;

    expect_place(4, end);
    expect_place(FIRST.view, end);
    for (size_t i = 0; i < count; i++) {
        expect_place(ends[i].view - 1, end);
        if (ends[i].source > end.source)
            end = ends[i];
        expect_place(ends[i].view, end);
    }
    assert_false(offset_map_find(mirror, "a.000001", "mariadb1",
                                 (count > 0 ? ends[count - 1] : FIRST).view + 1, &found, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "ends at offset");
}

static char *map_path(const char *name)
{
    return mem_printf("%s/%s", log_dir, name);
}

static struct buf read_map(void)
{
    char *path = map_path("a.000001.mariadb1.map");
    struct buf bytes;
    char *content;

    buf_init(&bytes, 1 << 20);
    ok(file_read(path, 1 << 20, &content, &err));
    buf_bytes(&bytes, span_of(content, (size_t)file_size(path)));
    mem_free(content);
    mem_free(path);
    return bytes;
}

static void write_map(struct span bytes)
{
    char *path = map_path("a.000001.mariadb1.map");

    ok(file_write(path, bytes, 0600, &err));
    mem_free(path);
}

static void test_head(void **state)
{
    struct offset_map_head head = {
        .name = "mysql-bin.000042", .view = "mysql81a", .salt = 7, .first = FIRST};
    struct offset_map_head got;
    struct cursor cur;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, OFFSET_MAP_HEAD_MAX);
    offset_map_head_encode(&bytes, &head);
    cur = cursor_of(buf_span(&bytes));
    ok(offset_map_head_decode(&cur, &got, &err));
    assert_int_equal(cursor_left(&cur), 0);
    assert_string_equal(got.name, head.name); /* and not what the compiler left between them */
    assert_string_equal(got.view, head.view);
    assert_int_equal(got.salt, head.salt);
    assert_int_equal(got.first.source, head.first.source);
    assert_int_equal(got.first.view, head.first.view);
    for (size_t i = 0; i < bytes.len; i++) {
        cur = cursor_of(span_of(bytes.data, i));
        assert_false(offset_map_head_decode(&cur, &got, &err));
        assert_int_equal(cursor_left(&cur), i);
        bytes.data[i] ^= 0x20;
        cur = cursor_of(buf_span(&bytes));
        assert_false(offset_map_head_decode(&cur, &got, &err));
        bytes.data[i] ^= 0x20;
    }
    bytes.data[8]++;
    cur = cursor_of(buf_span(&bytes));
    assert_false(offset_map_head_decode(&cur, &got, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "version 2, expected 1");
    buf_done(&bytes);
}

/* A block holds for its place and its map alone, and one has only so much. */
static void test_blocks(void **state)
{
    size_t count = 50000;
    struct offset_pair *many = mem_alloc(count * sizeof *many);
    struct offset_pair at = FIRST;
    struct cursor entries;
    struct cursor cur;
    struct buf bytes;
    size_t done;
    size_t n;

    (void)state;
    for (size_t i = 0; i < count; i++)
        many[i] = (struct offset_pair){.view = 1000 + i * 300, .source = 1000 + i * 290};
    buf_init(&bytes, 1 << 20);
    assert_int_equal(offset_map_block_encode(&bytes, 9, FIRST, many, 0), 0);
    assert_int_equal(bytes.len, 0);
    done = offset_map_block_encode(&bytes, 9, FIRST, many, count);
    assert_true(done > 5000 && done < count && bytes.len <= OFFSET_MAP_BLOCK_MAX);
    cur = cursor_of(buf_span(&bytes));
    assert_false(offset_map_block_decode(&cur, 8, FIRST, &entries));
    assert_false(offset_map_block_decode(&cur, 9, many[0], &entries));
    assert_int_equal(cursor_left(&cur), bytes.len);
    assert_true(offset_map_block_decode(&cur, 9, FIRST, &entries));
    for (n = 0; offset_map_entry(&entries, &at); n++)
        assert_memory_equal(&at, &many[n], sizeof at);
    assert_int_equal(n, done);
    buf_done(&bytes);
    mem_free(many);
}

static void test_places(void **state)
{
    struct offset_pair found;

    (void)state;
    assert_false(offset_map_find(mirror, "a.000001", "mariadb1", 300, &found, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "the log has no map a.000001.mariadb1.map");
    for (size_t step = 1; step < ENDS; step += 6) {
        char *path = map_path("a.000001.mariadb1.map");

        record(ENDS, step);
        expect_places(ENDS);
        record(ENDS, 3); /* once more: nothing is new */
        expect_places(ENDS);
        assert_int_equal(unlink(path), 0);
        mem_free(path);
    }
}

/* What is left after a kill or a loss of power: as much as is good, and it is made whole again. */
static void test_crash_at_each_byte(void **state)
{
    struct buf whole;
    size_t blocks = 0;
    size_t before = 0;

    (void)state;
    record(12, 2);
    whole = read_map();
    for (size_t size = 0; size <= whole.len; size++) {
        struct buf left;
        struct buf kept;

        buf_init(&left, 1 << 20);
        buf_bytes(&left, span_of(whole.data, size));
        if (size % 3 == 1)
            buf_reserve(&left, 9); /* zeros, or garbage: the file had grown */
        if (size % 3 == 2)
            buf_str(&left, "\x03garbage that is no block");
        write_map(buf_span(&left));
        record(0, 1);
        kept = read_map();
        assert_true(kept.len <= whole.len);
        blocks += kept.len != before;
        before = kept.len;
        record(12, 5);
        expect_places(12);
        buf_done(&left);
        buf_done(&kept);
    }
    assert_true(blocks >= 7);
    buf_done(&whole);
}

/* Damage before the end costs what is behind it, until that is recorded again. */
static void test_damage(void **state)
{
    struct buf whole;

    (void)state;
    record(12, 2);
    whole = read_map();
    for (size_t i = 0; i < whole.len; i++) {
        whole.data[i] ^= 0x10;
        write_map(buf_span(&whole));
        whole.data[i] ^= 0x10;
        record(12, 12);
        expect_places(12);
    }
    buf_done(&whole);
}

static void test_another_view(void **state)
{
    struct offset_pair first = {.view = 216, .source = 130};
    struct offset_map *map;
    struct offset_pair found;

    (void)state;
    record(12, 4);
    ok(offset_map_open(mirror, "a.000001", "mariadb1", first, &map, &err));
    offset_map_close(map);
    assert_false(offset_map_find(mirror, "a.000001", "mariadb1", 300, &found, &err));
    assert_contains(err.text, "ends at offset 216");
    assert_false(offset_map_open(mirror, "a.000009", "mariadb1", first, &map, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "no such file");
}

static void test_shared(void **state)
{
    struct offset_map *one = open_map();
    struct offset_map *two = open_map();

    (void)state;
    assert_ptr_equal(one, two);
    ok(offset_map_append(one, ends, 5, true, &err));
    ok(offset_map_append(two, ends, 3, true, &err));
    expect_places(5);
    offset_map_close(one);
    ok(offset_map_append(two, ends, 9, true, &err));
    offset_map_close(two);
    expect_places(9);
}

/* What could not be written or synced is not there, and may be tried again. */
static void test_faults(void **state)
{
    static const char *const faults[] = {"log/map:eio", "log/map:enospc", "log/map:short",
                                         "log/map-sync:eio"};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct offset_map *map = open_map();
        bool fails = strstr(faults[i], "short") == NULL;

        ok(offset_map_append(map, ends, i + 1, true, &err));
        ok(inject_set(faults[i], &err));
        assert_int_equal(offset_map_append(map, ends, i + 6, true, &err), !fails);
        if (fails) {
            assert_int_equal(err.class, E_IO);
            assert_contains(err.text, "a.000001.mariadb1.map: cannot");
            if (i == 0)
                expect_places(1);
            ok(offset_map_append(map, ends, i + 6, true, &err));
        }
        expect_places(i + 6);
        offset_map_close(map);
    }
    expect_places(9);
}

static void test_goes_with_its_file(void **state)
{
    struct log_purged purged;
    struct mirror_recovery recovery;
    struct offset_map *map;
    char *old = map_path("a.000001.mariadb1.map");
    char *kept = map_path("a.000002.mysql81a.map");
    char *other = map_path("a.map");

    (void)state;
    feed_whole(mirror, &file, "a.000002");
    record(12, 4);
    ok(offset_map_open(mirror, "a.000002", "mysql81a", FIRST, &map, &err));
    ok(file_write(other, span_str("somebody's"), 0600, &err));
    ok(log_purge_to(mirror, "a.000002", &purged, &err));
    assert_false(path_exists(old));
    assert_true(path_exists(kept) && path_exists(other));
    ok(offset_map_append(map, ends, ENDS, true, &err));
    offset_map_close(map);
    /* What a purge has left that was interrupted. */
    ok(file_write(old, span_str("left"), 0600, &err));
    mirror_close(mirror);
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_false(path_exists(old));
    assert_true(path_exists(kept) && path_exists(other));
    mem_free(old);
    mem_free(kept);
    mem_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test_setup_teardown(test_places, make, destroy),
        cmocka_unit_test_setup_teardown(test_crash_at_each_byte, make, destroy),
        cmocka_unit_test_setup_teardown(test_damage, make, destroy),
        cmocka_unit_test_setup_teardown(test_another_view, make, destroy),
        cmocka_unit_test_setup_teardown(test_shared, make, destroy),
        cmocka_unit_test_setup_teardown(test_faults, make, destroy),
        cmocka_unit_test_setup_teardown(test_goes_with_its_file, make, destroy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
