#include "log_feed.h"

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "daemon/relay_holds.h"

#define FILES  6
#define HASHES "*AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct err err;
static struct mirror *mirror;
static struct replicas *replicas;
static struct relay_holds holds;

/* Six equal files, the last one open. */
static int make_log(void **state)
{
    (void)state;
    feed_make_dir(dir, log_dir);
    feed_load(&file, "tests/data/binlog/mysql-9.7/rows-minimal.binlog");
    mirror = feed_mirror_new(log_dir, NULL);
    for (size_t i = 1; i <= FILES; i++) {
        char name[FEED_NAME];

        feed_name(i, name);
        feed_whole(mirror, &file, name);
    }
    replicas = replicas_new();
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_log(void **state)
{
    (void)state;
    relay_holds_done(&holds);
    replicas_free(replicas);
    mirror_close(mirror);
    feed_free(&file);
    return inject_set(NULL, &err) && dir_remove(dir, &err) ? 0 : -1;
}

/* Accounts r and s; r's hold has room for so many files, 0: it has none. */
static struct relay_config *make_config(unsigned most_files)
{
    struct relay_config *config = relay_config_new();
    char size[32];

    (void)snprintf(size, sizeof size, "%zu", (most_files * file.size) + 1);
    ok(relay_config_begin(config, "relay", "", &err));
    ok(relay_config_set(config, "dir", dir, &err));
    ok(relay_config_begin(config, "channel", "shop", &err));
    ok(relay_config_begin(config, "account", "r", &err));
    ok(relay_config_set(config, "password_hash", HASHES, &err));
    if (most_files > 0)
        ok(relay_config_set(config, "hold", size, &err));
    ok(relay_config_begin(config, "account", "s", &err));
    ok(relay_config_set(config, "password_hash", HASHES, &err));
    return config;
}

static void follow(struct relay_config *config, const char *channel)
{
    relay_holds_follow(&holds, config, channel, mirror, replicas);
    assert_string_equal(holds.failure, "");
}

static struct replica *begin_dump(const char *user, size_t number)
{
    static uint32_t server_id;
    struct replica_info info = {.server_id = ++server_id};
    struct replica *replica;

    (void)snprintf(info.user, sizeof info.user, "%s", user);
    info.dumping = true;
    replica = replicas_enter(replicas, NULL, &info);
    (void)replicas_begin_dump(replicas, replica, mirror, &info);
    if (number > 0) {
        struct log_position place = {.offset = 4};

        feed_name(number, place.name);
        replica_note_sent(replica, &place, &place, 0, 0);
    }
    return replica;
}

/* Of r; 0: there is none. */
static void assert_hold(size_t number, bool broken)
{
    struct log_hold *found;
    char name[FEED_NAME];
    size_t count;

    log_hold_list(mirror, &found, &count);
    assert_int_equal(count, number > 0);
    if (number > 0) {
        feed_name(number, name);
        assert_string_equal(found[0].replica, "r");
        assert_string_equal(found[0].first, name);
        assert_int_equal(found[0].broken, broken);
    }
    mem_free(found);
}

static size_t held_from(void)
{
    struct log_file *files;
    size_t count;
    size_t limit;

    mirror_list(mirror, &files, &count);
    limit = relay_holds_limit(mirror, files, count);
    mem_free(files);
    return limit;
}

/* All closed files go that nothing keeps. Returns how many did. */
static uint32_t purge(void)
{
    struct log_retention all = {.hours = 0};
    struct log_purged purged;

    ok(log_purge(mirror, &all, INT64_MAX, &purged, &err));
    return purged.files;
}

static void test_it_begins_with_what_there_is(void **state)
{
    struct relay_config *config = make_config(FILES);

    (void)state;
    follow(config, "shop");
    assert_hold(1, false);
    assert_int_equal(held_from(), 0);
    assert_int_equal(purge(), 0);
    relay_config_free(config);
}

static void test_it_begins_with_what_its_size_has_room_for(void **state)
{
    struct relay_config *config = make_config(2);

    (void)state;
    follow(config, "shop");
    assert_hold(FILES - 1, false);
    assert_int_equal(held_from(), FILES - 2);
    assert_int_equal(purge(), FILES - 2);
    assert_hold(FILES - 1, false);
    relay_config_free(config);
}

static void test_it_follows_the_accounts_last_dump(void **state)
{
    struct relay_config *config = make_config(FILES);
    struct replica *other = begin_dump("s", 6);
    struct replica *one = begin_dump("r", 0);
    struct replica *two;

    (void)state;
    follow(config, "shop");
    assert_hold(1, false); /* where the dump begins is not known yet */
    replicas_leave(replicas, one);
    one = begin_dump("r", 4);
    follow(config, "shop");
    assert_hold(4, false);
    two = begin_dump("r", 3);
    follow(config, "shop");
    assert_hold(3, false);
    replicas_leave(replicas, two);
    follow(config, "shop");
    assert_hold(4, false);

    replicas_leave(replicas, one); /* it is away: the hold waits */
    follow(config, "shop");
    assert_hold(4, false);
    assert_int_equal(purge(), 3);
    assert_int_equal(purge(), 0);
    replicas_leave(replicas, other);
    relay_config_free(config);
}

static void test_one_that_is_too_far_behind_is_given_up(void **state)
{
    struct relay_config *small = make_config(2);
    struct relay_config *large = make_config(FILES);
    struct replica *replica = begin_dump("r", 3);

    (void)state;
    follow(large, "shop");
    replicas_leave(replicas, replica);
    follow(small, "shop");
    assert_hold(3, false);
    assert_int_equal(purge(), FILES - 1);
    assert_hold(3, true);
    assert_int_equal(held_from(), 1);
    follow(small, "shop");
    assert_hold(3, true);

    /* It has come back, where the log still has what it lacks. */
    replica = begin_dump("r", FILES);
    follow(small, "shop");
    assert_hold(FILES, false);
    replicas_leave(replicas, replica);
    relay_config_free(small);
    relay_config_free(large);
}

static void test_it_goes_with_its_key(void **state)
{
    struct relay_config *with = make_config(FILES);
    struct relay_config *without = make_config(0);

    (void)state;
    follow(with, "shop");
    assert_hold(1, false);
    follow(without, "shop");
    assert_hold(0, false);
    assert_int_equal(purge(), FILES - 1);
    relay_config_free(with);
    relay_config_free(without);
}

static void test_a_failure_is_kept_until_it_is_over(void **state)
{
    struct relay_config *config = make_config(FILES);
    char path[FEED_LOG_DIR + 8];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/holds", log_dir);
    ok(dir_make(path, 0700, &err));
    relay_holds_follow(&holds, config, "shop", mirror, replicas);
    assert_contains(holds.failure, path);
    assert_hold(0, false);
    ok(dir_remove(path, &err));
    follow(config, "shop");
    assert_hold(1, false);
    relay_config_free(config);
}

int main(void)
{
#define with_log(test) cmocka_unit_test_setup_teardown(test, make_log, drop_log)
    const struct CMUnitTest tests[] = {
        with_log(test_it_begins_with_what_there_is),
        with_log(test_it_begins_with_what_its_size_has_room_for),
        with_log(test_it_follows_the_accounts_last_dump),
        with_log(test_one_that_is_too_far_behind_is_given_up),
        with_log(test_it_goes_with_its_key),
        with_log(test_a_failure_is_kept_until_it_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
