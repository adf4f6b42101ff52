#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "log/follower.h"
#include "log/log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE "changelog"

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static char server_dir[FEED_LOG_DIR];
static struct err err;
static struct feed_file file;

static int make_dir(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    (void)snprintf(server_dir, sizeof server_dir, "%s/server", dir);
    ok(dir_make(server_dir, 0700, &err));
    feed_load(&file, "tests/data/binlog/mariadb-10.11/rows-full.binlog");
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    feed_free(&file);
    return dir_remove(dir, &err) ? 0 : -1;
}

static void path_of(const char *directory, unsigned number, char path[160])
{
    (void)snprintf(path, 160, "%s/" BASE ".%06u", directory, number);
}

/* The server writes part of its file; with the flag that it has while the file is open. */
static void server_writes(unsigned number, size_t from, size_t to)
{
    char path[160];
    char in_use;
    int fd;

    path_of(server_dir, number, path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, file.bytes + from, to - from, (off_t)from), to - from);
    in_use = (char)(file.bytes[4 + EVENT_FLAGS_AT] | EVENT_FLAG_IN_USE);
    if (to > 4 + EVENT_FLAGS_AT)
        assert_int_equal(pwrite(fd, &in_use, 1, 4 + EVENT_FLAGS_AT), 1);
    assert_int_equal(close(fd), 0);
}

struct following {
    struct mirror *mirror;
    struct log_follower *follower;
    struct log_follower_torn torn;
};

static struct following follow(bool linked)
{
    struct mirror_options options = {.linked = linked};
    struct log_identity identity;
    struct mirror_recovery recovery;
    struct following following = {0};
    char manifest[160];
    bool there = false;

    (void)snprintf(manifest, sizeof manifest, "%s/manifest", log_dir);
    if (!path_exists(manifest)) {
        ok(log_follower_identity(server_dir, BASE, &identity, &there, &err));
        assert_true(there);
        assert_int_equal(identity.family, FORMAT_MARIADB);
        ok(mirror_create(log_dir, &identity, &err));
    }
    ok(mirror_open(log_dir, &options, &following.mirror, &recovery, &err));
    assert_int_equal(recovery.cut_bytes, 0);
    ok(log_follower_open(
        &(struct log_follower_spec){
            .mirror = following.mirror, .directory = server_dir, .base = BASE, .linked = linked},
        &following.follower, &err));
    return following;
}

static void take(struct following *following)
{
    ok(log_follower_take(following->follower, &following->torn, &err));
}

static void leave(struct following *following)
{
    log_follower_close(following->follower);
    mirror_close(following->mirror);
}

static void assert_end(const struct following *following, unsigned number, size_t offset)
{
    struct log_ends ends;
    char name[32];

    (void)snprintf(name, sizeof name, BASE ".%06u", number);
    mirror_ends(following->mirror, &ends);
    assert_string_equal(ends.synced.name, name);
    assert_int_equal(ends.synced.offset, offset);
    assert_int_equal(ends.whole.offset, offset);
}

/* The index of the first event that ends a transaction from `from` on. */
static size_t next_whole(size_t from)
{
    while (!file.whole[from])
        from++;
    return from;
}

/* An event that ends inside of a transaction. */
static size_t inside(void)
{
    size_t i = 0;

    while (file.whole[i])
        i++;
    return i;
}

static ino_t inode(const char *directory, unsigned number)
{
    struct stat info;
    char path[160];

    path_of(directory, number, path);
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

static void assert_reads_as_recorded(const struct following *following)
{
    struct log_position from = {{0}, 0};
    struct log_reader *reader;
    struct log_batch batch;
    size_t offset = 0;

    ok(log_reader_open(following->mirror, &from, 8192, &reader, &err));
    for (;;) {
        ok(log_reader_next(reader, &batch, &err));
        if (batch.kind == LOG_BATCH_NONE)
            break;
        if (batch.kind == LOG_BATCH_FILE) {
            offset = LOG_FIRST_OFFSET;
            continue;
        }
        /* Without the flag IN_USE, which the file itself has. */
        assert_memory_equal(batch.events.data, file.bytes + offset, batch.events.len);
        offset += batch.events.len;
    }
    log_reader_close(reader);
}

static void test_only_whole_transactions_are_shown(void **state)
{
    size_t cut = inside();
    size_t whole = next_whole(cut);
    struct following following;

    (void)state;
    server_writes(1, 0, file.ends[cut]);
    following = follow(true);
    take(&following);
    assert_end(&following, 1, feed_whole_before(&file, file.ends[cut]));
    /* One byte of the last event is missing. */
    server_writes(1, file.ends[cut], file.ends[whole] - 1);
    take(&following);
    assert_end(&following, 1, feed_whole_before(&file, file.ends[cut]));
    server_writes(1, file.ends[whole] - 1, file.ends[whole]);
    take(&following);
    assert_end(&following, 1, file.ends[whole]);
    assert_int_equal(inode(log_dir, 1), inode(server_dir, 1));
    server_writes(1, file.ends[whole], file.size);
    take(&following);
    assert_end(&following, 1, file.size);
    assert_reads_as_recorded(&following);
    leave(&following);
}

/* Whatever is in the middle of being written when the daemon starts again is not touched. */
static void test_opening_again_changes_no_byte(void **state)
{
    size_t cut = inside();
    struct following following;
    char path[160];

    (void)state;
    for (size_t i = 0; i < file.count; i++) {
        server_writes(1, i > 0 ? file.ends[i - 1] : 0, file.ends[i]);
        following = follow(true);
        take(&following);
        assert_end(&following, 1, feed_whole_before(&file, file.ends[i]));
        leave(&following);
        path_of(server_dir, 1, path);
        assert_int_equal(file_size(path), file.ends[i]);
    }
    assert_true(cut > 0);
    following = follow(true);
    assert_reads_as_recorded(&following);
    leave(&following);
}

static void test_a_torn_tail_is_void_once_the_next_file_begins(void **state)
{
    size_t cut = inside();
    size_t end = feed_whole_before(&file, file.ends[cut]);
    struct following following;
    struct log_file found;

    (void)state;
    server_writes(1, 0, file.ends[cut] + 7);
    following = follow(true);
    take(&following);
    assert_int_equal(following.torn.bytes, 0);
    server_writes(2, 0, 3); /* the server has begun it, and not come far */
    take(&following);
    assert_end(&following, 1, end);
    server_writes(2, 3, file.size);
    take(&following);
    assert_end(&following, 2, file.size);
    ok(mirror_find(following.mirror, BASE ".000001", &found, &err));
    assert_true(found.closed);
    assert_int_equal(found.end, end);
    leave(&following);
    following = follow(true);
    assert_end(&following, 2, file.size);
    leave(&following);
}

static void test_void_bytes_are_told(void **state)
{
    size_t cut = inside();
    struct following following;

    (void)state;
    server_writes(1, 0, file.ends[cut] + 7);
    server_writes(2, 0, file.size);
    following = follow(true);
    take(&following);
    assert_string_equal(following.torn.end.name, BASE ".000001");
    assert_int_equal(following.torn.end.offset, feed_whole_before(&file, file.ends[cut]));
    assert_int_equal(following.torn.bytes, file.ends[cut] + 7 - following.torn.end.offset);
    leave(&following);
}

/* A file that ends with a STOP was closed: what is wrong in it is no left-over of a crash. */
static void test_damage_is_no_torn_tail(void **state)
{
    size_t cut = inside();
    struct following following;
    uint8_t stop[EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE] = {0};
    uint32_t end = (uint32_t)(file.size + sizeof stop);
    char path[160];
    int fd;

    (void)state;
    server_writes(1, 0, file.size);
    stop[4] = EVENT_STOP;
    stop[9] = sizeof stop;
    memcpy(stop + 13, &end, sizeof end);
    path_of(server_dir, 1, path);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, stop, sizeof stop, (off_t)file.size), sizeof stop);
    assert_int_equal(pwrite(fd, "\0\0\0\0", 4, (off_t)file.ends[cut] + 9), 4); /* a length */
    assert_int_equal(close(fd), 0);
    server_writes(2, 0, file.size);
    following = follow(true);
    assert_false(log_follower_take(following.follower, &following.torn, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, BASE ".000001: damaged: no whole transaction at offset");
    leave(&following);
}

static void test_a_missing_file_is_named(void **state)
{
    struct following following;

    (void)state;
    server_writes(1, 0, file.size);
    server_writes(3, 0, file.size);
    following = follow(true);
    assert_false(log_follower_take(following.follower, &following.torn, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "files are missing before " BASE ".000003");
    leave(&following);
}

static void test_another_file_of_the_same_name_is_refused(void **state)
{
    struct following following;
    struct mirror_recovery recovery;
    struct mirror_options options = {.linked = true};
    char path[160];

    (void)state;
    server_writes(1, 0, file.size);
    following = follow(true);
    take(&following);
    leave(&following);
    path_of(server_dir, 1, path);
    assert_int_equal(unlink(path), 0);
    server_writes(1, 0, file.ends[0]);
    ok(mirror_open(log_dir, &options, &following.mirror, &recovery, &err));
    assert_false(log_follower_open(
        &(struct log_follower_spec){
            .mirror = following.mirror, .directory = server_dir, .base = BASE, .linked = true},
        &following.follower, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "expected the same file as the mirror's, found two");
    mirror_close(following.mirror);
}

/* A server whose log is reset begins with the first number again: nothing comes behind the last. */
static void test_a_reset_is_noticed_while_following(void **state)
{
    struct following following;
    char path[160];

    (void)state;
    server_writes(1, 0, file.size);
    server_writes(2, 0, file.size);
    following = follow(true);
    take(&following);
    path_of(server_dir, 1, path);
    assert_int_equal(unlink(path), 0);
    take(&following); /* a purge is none */
    path_of(server_dir, 2, path);
    assert_int_equal(unlink(path), 0);
    server_writes(1, 0, file.ends[0]);
    assert_false(log_follower_take(following.follower, &following.torn, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "expected the file that is followed, found none");
    assert_contains(err.text, "move ");
    assert_contains(err.text, log_dir);
    server_writes(2, 0, file.ends[0]);
    assert_false(log_follower_take(following.follower, &following.torn, &err));
    assert_contains(err.text, "expected the file that is followed, found another");
    leave(&following);
}

static void test_a_reset_is_noticed_at_opening(void **state)
{
    struct following following;
    struct mirror_recovery recovery;
    struct mirror_options options = {.linked = true};
    char path[160];

    (void)state;
    server_writes(1, 0, file.size);
    server_writes(2, 0, file.size);
    following = follow(true);
    take(&following);
    leave(&following);
    path_of(server_dir, 2, path);
    assert_int_equal(unlink(path), 0);
    ok(mirror_open(log_dir, &options, &following.mirror, &recovery, &err));
    assert_false(log_follower_open(
        &(struct log_follower_spec){
            .mirror = following.mirror, .directory = server_dir, .base = BASE, .linked = true},
        &following.follower, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "expected the mirror's last file, found none");
    mirror_close(following.mirror);
}

static void test_copies_where_links_can_not_be(void **state)
{
    size_t cut = inside();
    struct following following;

    (void)state;
    server_writes(1, 0, file.ends[cut]);
    following = follow(false);
    take(&following);
    assert_end(&following, 1, feed_whole_before(&file, file.ends[cut]));
    leave(&following);
    server_writes(1, file.ends[cut], file.size);
    server_writes(2, 0, file.size);
    following = follow(false);
    take(&following);
    assert_end(&following, 2, file.size);
    assert_int_not_equal(inode(log_dir, 1), inode(server_dir, 1));
    assert_reads_as_recorded(&following);
    leave(&following);
}

static void test_links_and_own_files_do_not_mix(void **state)
{
    struct following following;
    char path[160];
    struct span format;

    (void)state;
    server_writes(1, 0, file.size);
    format = span_of(file.bytes + LOG_FIRST_OFFSET, file.format_size);
    following = follow(true);
    assert_false(mirror_next(following.mirror, span_str(BASE ".000001"), LOG_FIRST_OFFSET, format,
                             NULL, &err));
    assert_int_equal(err.class, E_USAGE);
    leave(&following);
    following = follow(false);
    path_of(server_dir, 1, path);
    assert_false(mirror_link(following.mirror, path, format, &err));
    assert_int_equal(err.class, E_USAGE);
    leave(&following);
}

/* A sync that fails takes nothing out of the server's file, and shows nothing. */
static void test_a_failed_sync_leaves_the_file_alone(void **state)
{
    size_t whole = next_whole(inside());
    struct following following;
    char path[160];

    (void)state;
    server_writes(1, 0, file.ends[0]);
    following = follow(true);
    take(&following);
    server_writes(1, file.ends[0], file.ends[whole]);
    ok(inject_set("log/sync:eio", &err));
    assert_false(log_follower_take(following.follower, &following.torn, &err));
    assert_int_equal(err.class, E_IO);
    ok(inject_set(NULL, &err));
    assert_end(&following, 1, file.ends[0]);
    path_of(server_dir, 1, path);
    assert_int_equal(file_size(path), file.ends[whole]);
    leave(&following);
    following = follow(true);
    take(&following);
    assert_end(&following, 1, file.ends[whole]);
    leave(&following);
}

static void test_waiting_ends_when_the_server_writes(void **state)
{
    enum log_wait wait = LOG_WAIT_TIMEOUT;
    struct following following;

    (void)state;
    server_writes(1, 0, file.ends[0]);
    following = follow(true);
    take(&following);
    ok(log_follower_wait(following.follower, 0, -1, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_TIMEOUT);
    server_writes(1, file.ends[0], file.size);
    ok(log_follower_wait(following.follower, CLOCK_NEVER, -1, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_READY);
    take(&following);
    assert_end(&following, 1, file.size);
    leave(&following);
}

/* So that one sync is for all that came meanwhile. */
static void test_a_rest_goes_on_while_the_server_writes_in_its_file(void **state)
{
    enum log_wait wait = LOG_WAIT_READY;
    struct following following;
    int call_fd;

    (void)state;
    ok(wakeup_open(&call_fd, &err));
    server_writes(1, 0, file.ends[0]);
    following = follow(true);
    take(&following);
    server_writes(1, file.ends[0], file.ends[1]);
    ok(log_follower_rest(following.follower, 0, call_fd, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_TIMEOUT);
    take(&following);
    assert_end(&following, 1, file.ends[1]);

    /* Writes are told again behind it. */
    server_writes(1, file.ends[1], file.ends[2]);
    ok(log_follower_wait(following.follower, CLOCK_NEVER, call_fd, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_READY);

    /* Who calls ends it; the interruption comes first. */
    wakeup_raise(call_fd);
    ok(log_follower_rest(following.follower, CLOCK_NEVER, call_fd, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_READY);
    ok(log_follower_rest(following.follower, CLOCK_NEVER, call_fd, call_fd, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_INTERRUPTED);
    leave(&following);
    fd_close(&call_fd);
}

/* It could be gone before the rest's end, and the log would lack it. */
static void test_a_rest_ends_when_the_server_begins_a_file(void **state)
{
    enum log_wait wait = LOG_WAIT_TIMEOUT;
    struct following following;

    (void)state;
    server_writes(1, 0, file.size);
    following = follow(true);
    take(&following);
    server_writes(2, 0, file.ends[0]);
    ok(log_follower_rest(following.follower, CLOCK_NEVER, -1, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_READY);
    take(&following);
    assert_end(&following, 2, file.ends[0]);
    leave(&following);
}

int main(void)
{
#define with_dir(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        with_dir(test_only_whole_transactions_are_shown),
        with_dir(test_opening_again_changes_no_byte),
        with_dir(test_a_torn_tail_is_void_once_the_next_file_begins),
        with_dir(test_void_bytes_are_told),
        with_dir(test_damage_is_no_torn_tail),
        with_dir(test_a_missing_file_is_named),
        with_dir(test_another_file_of_the_same_name_is_refused),
        with_dir(test_a_reset_is_noticed_while_following),
        with_dir(test_a_reset_is_noticed_at_opening),
        with_dir(test_copies_where_links_can_not_be),
        with_dir(test_links_and_own_files_do_not_mix),
        with_dir(test_a_failed_sync_leaves_the_file_alone),
        with_dir(test_waiting_ends_when_the_server_writes),
        with_dir(test_a_rest_goes_on_while_the_server_writes_in_its_file),
        with_dir(test_a_rest_ends_when_the_server_begins_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
