/*
 * Where in mirrors of recorded files a replica stands: behind each transaction of a log in turn, of
 * its own family and of the other.
 */
#include "log_feed.h"

#include "base/file.h"
#include "replication/replica_place.h"

#define MYSQL   "tests/data/binlog/mysql-9.7/rows-full.binlog"
#define MARIADB "tests/data/binlog/mariadb-11.8/rows-full.binlog"
#define NAME    "a.000001"

static struct err err;
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct feed_file file;
static struct mirror *mirror;
static struct translator_options view;
static struct dump_limits limits;
static struct gtid_list position;
static struct log_position base;
static struct replica_stand stand;

static void make(const char *path, bool translated)
{
    view = (struct translator_options){
        .to = DIALECT_MARIADB, .domain = 7, .server_id = 99, .accounts = ACCOUNTS_REPLICATE};
    feed_make_dir(dir, log_dir);
    feed_load(&file, path);
    mirror = feed_mirror_new(log_dir, NULL);
    dump_limits_init(&limits);
    gtid_list_init(&position);
    base = (struct log_position){.offset = 0};
    stand = (struct replica_stand){
        .view = translated ? &view : NULL, .position = &position, .base = &base, .limits = &limits};
}

static void destroy(void)
{
    gtid_list_done(&position);
    dump_limits_done(&limits);
    mirror_close(mirror);
    feed_free(&file);
    ok(dir_remove(dir, &err));
}

static struct replica_place find(void)
{
    struct replica_place place = {.more = false};

    ok(replica_place_find(mirror, &stand, &place, &err));
    assert_string_equal(place.at.name, NAME);
    return place;
}

/* One transaction after the other: each place is where one of the source's ends. */
static void walk(const char *path, bool translated)
{
    struct replica_place place;
    struct log_ends ends;
    uint64_t before = 0;
    size_t found = 0;

    make(path, translated);
    feed_whole(mirror, &file, NAME);
    mirror_ends(mirror, &ends);
    for (place = find(); place.more; place = find()) {
        bool whole = false;

        for (size_t i = 0; i < file.count; i++)
            whole = whole || (file.whole[i] && file.ends[i] == place.at.offset);
        assert_true(whole || found == 0);
        assert_true(place.at.offset > before);
        before = place.at.offset;
        found++;
        gtid_list_set_position(&position, place.gtid);
    }
    assert_true(found > 3);
    assert_true(place.at.offset == ends.whole.offset);
    destroy();
}

static void test_of_mysql(void **state)
{
    (void)state;
    walk(MYSQL, true);
}

static void test_of_mariadb(void **state)
{
    (void)state;
    walk(MARIADB, false);
}

/* Before the base it has all; what the limits leave out it does not lack. */
static void check_base_and_limits(const char *path, bool translated)
{
    struct replica_place first;
    struct replica_place second;
    struct replica_place third;

    make(path, translated);
    feed_whole(mirror, &file, NAME);
    first = find();
    gtid_list_set_position(&position, first.gtid);
    second = find();
    gtid_list_done(&position);
    gtid_list_init(&position);
    base = second.at;
    assert_true(find().at.offset == second.at.offset);
    base.offset--;
    assert_true(find().at.offset == second.at.offset);
    base.name[0] = '\0';
    assert_true(find().at.offset == first.at.offset);
    if (!translated) {
        gtid_list_append(&limits.has_list, first.gtid);
        assert_true(find().at.offset == second.at.offset);
        gtid_list_append(&limits.has_list, second.gtid);
        third = find();
        assert_true(third.at.offset > second.at.offset);
    }
    destroy();
}

static void test_base_and_limits(void **state)
{
    (void)state;
    check_base_and_limits(MYSQL, true);
    check_base_and_limits(MARIADB, false);
}

/* Of one domain it is the first of all, of another there is none. */
static void test_one_domain(void **state)
{
    struct replica_place first;
    uint32_t domain;

    (void)state;
    make(MARIADB, false);
    feed_whole(mirror, &file, NAME);
    first = find();
    assert_true(first.more);
    domain = first.gtid.domain;
    stand.domain = &domain;
    assert_true(find().at.offset == first.at.offset);
    domain++;
    assert_false(find().more);
    destroy();
}

static void test_an_empty_log(void **state)
{
    struct replica_place place;

    (void)state;
    make(MYSQL, true);
    assert_false(replica_place_find(mirror, &stand, &place, &err));
    assert_int_equal(err.class, E_STATE);
    destroy();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_mysql),        cmocka_unit_test(test_of_mariadb),
        cmocka_unit_test(test_base_and_limits), cmocka_unit_test(test_one_domain),
        cmocka_unit_test(test_an_empty_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
