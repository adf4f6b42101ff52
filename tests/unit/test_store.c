#include "check.h"

#include "base/file.h"
#include "meta/store.h"

#include <sqlite3.h>

static char dir[64];
static char path[128];
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/borealis.db", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

static void test_what_is_put_is_there_after_reopening(void **state)
{
    struct store_cluster cluster = {.name = "a",
                                    .creation = CREATION_DONE,
                                    .listen = "::1",
                                    .port = 65535,
                                    .master_user = "admin",
                                    .require_secure_transport = true,
                                    .gtid_domain_id = UINT32_MAX};
    struct store_instance instance = {.name = "a-1",
                                      .cluster = "a",
                                      .engine = "mariadb-10.11",
                                      .version = "10.11.19-MariaDB",
                                      .server_id = UINT32_MAX,
                                      .binlog_epoch = 3,
                                      .pid = 42,
                                      .start_ticks = 1234567890123};
    struct store_cluster got_cluster;
    struct store_instance got_instance;
    struct store *store;
    bool found = true;

    (void)state;
    assert_true(store_open(path, &store, &err));
    assert_true(store_get_cluster(store, &got_cluster, &found, &err));
    assert_false(found);
    assert_true(store_put_cluster(store, &cluster, &err));
    assert_true(store_put_instance(store, &instance, &err));
    instance.pid = 43;
    assert_true(store_put_instance(store, &instance, &err));
    store_close(store);

    assert_true(store_open(path, &store, &err));
    assert_true(store_get_cluster(store, &got_cluster, &found, &err));
    assert_true(found);
    assert_string_equal(got_cluster.name, "a");
    assert_int_equal(got_cluster.creation, CREATION_DONE);
    assert_string_equal(got_cluster.listen, "::1");
    assert_int_equal(got_cluster.port, 65535);
    assert_string_equal(got_cluster.master_user, "admin");
    assert_true(got_cluster.require_secure_transport);
    assert_true(got_cluster.gtid_domain_id == UINT32_MAX);
    assert_true(store_get_instance(store, "a-1", &got_instance, &found, &err));
    assert_true(found);
    assert_string_equal(got_instance.cluster, "a");
    assert_string_equal(got_instance.engine, "mariadb-10.11");
    assert_string_equal(got_instance.version, "10.11.19-MariaDB");
    assert_true(got_instance.server_id == UINT32_MAX);
    assert_int_equal(got_instance.binlog_epoch, 3);
    assert_int_equal(got_instance.pid, 43);
    assert_true(got_instance.start_ticks == 1234567890123);
    assert_true(store_get_instance(store, "a-2", &got_instance, &found, &err));
    assert_false(found);
    store_close(store);
}

static void test_a_newer_schema_is_refused(void **state)
{
    struct store *store;
    sqlite3 *db;

    (void)state;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    assert_false(store_open(path, &store, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "found 999");
}

static void test_a_file_that_is_no_database_is_refused(void **state)
{
    struct store *store;

    (void)state;
    assert_true(
        file_write(path, span_str("this is certainly not an SQLite database file"), 0600, &err));
    assert_false(store_open(path, &store, &err));
    assert_contains(err.text, "borealis.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_put_is_there_after_reopening, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_a_newer_schema_is_refused, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_no_database_is_refused, make_dir,
                                        drop_dir),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
