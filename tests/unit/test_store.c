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

static const struct store_cluster cluster_a = {.name = "a",
                                               .lifecycle = LIFECYCLE_MADE,
                                               .listen = "::1",
                                               .port = 65535,
                                               .master_user = "admin",
                                               .require_secure_transport = true,
                                               .gtid_domain_id = UINT32_MAX,
                                               .compatibility = 2,
                                               .client_networks = "192.0.2.0/24,::1",
                                               .created_usec = 1234567890123456,
                                               .reader = {.listen = "::2", .port = 65534},
                                               .instance = {.listen = "::3", .port = 65533},
                                               .parameter_group = "own",
                                               .instance_parameter_group = "tuned"};
static const struct store_instance instance_a = {.name = "a-1",
                                                 .cluster = "a",
                                                 .engine = "mariadb-10.11",
                                                 .version = "10.11.19-MariaDB",
                                                 .server_id = UINT32_MAX,
                                                 .binlog_epoch = 3,
                                                 .pid = 42,
                                                 .start_ticks = 1234567890123,
                                                 .parameter_group = "other",
                                                 .instance_parameter_group = "tuned"};

static struct store *open_store(void)
{
    struct store *store = NULL;

    assert_true(store_open(path, &store, &err));
    return store;
}

static void apply(struct store *store, const struct store_change *change)
{
    assert_true(store_apply(store, change, &err));
}

static void test_what_is_put_is_there_after_reopening(void **state)
{
    struct store_instance instance = instance_a;
    struct store_cluster got_cluster;
    struct store_instance got_instance;
    struct store *store = open_store();
    bool found = true;

    (void)state;
    assert_true(store_get_cluster(store, "a", &got_cluster, &found, &err));
    assert_false(found);
    apply(store,
          &(struct store_change){.cluster = &cluster_a, .is_new = true, .instance = &instance_a});
    instance.pid = 43;
    apply(store, &(struct store_change){.instance = &instance});
    store_close(store);

    store = open_store();
    assert_true(store_get_cluster(store, "a", &got_cluster, &found, &err));
    assert_true(found);
    assert_memory_equal(&got_cluster, &cluster_a, sizeof cluster_a);
    assert_true(store_get_writer(store, "a", &got_instance, &found, &err));
    assert_true(found);
    assert_memory_equal(&got_instance, &instance, sizeof instance);
    assert_true(store_get_writer(store, "b", &got_instance, &found, &err));
    assert_false(found);
    assert_true(store_has_instance(store, "a-1", &found, &err));
    assert_true(found);
    assert_true(store_has_instance(store, "a-2", &found, &err));
    assert_false(found);
    store_close(store);
}

/* What fails leaves nothing of the change behind. */
static void test_a_change_is_whole_or_not_at_all(void **state)
{
    const struct store_cluster other = {.name = "b", .listen = "::", .master_user = "admin"};
    const struct store_instance stray = {.name = "c-1", .cluster = "c"};
    struct store_cluster got;
    struct store *store = open_store();
    bool found = true;

    (void)state;
    apply(store, &(struct store_change){.cluster = &cluster_a, .is_new = true});
    assert_false(
        store_apply(store, &(struct store_change){.cluster = &cluster_a, .is_new = true}, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "cluster a: there is one already");
    assert_false(
        store_apply(store, &(struct store_change){.cluster = &other, .instance = &stray}, &err));
    assert_int_equal(err.class, E_IO);
    assert_true(store_get_cluster(store, "b", &got, &found, &err));
    assert_false(found);
    store_close(store);
}

static void test_clusters_are_listed_and_removed_with_their_instances(void **state)
{
    struct arena *arena = arena_new(1u << 20);
    struct store *store = open_store();
    struct store_cluster other = cluster_a;
    struct store_cluster *list = NULL;
    size_t count = 0;
    bool found = true;

    (void)state;
    other.name[0] = 'B';
    apply(store, &(struct store_change){.cluster = &cluster_a, .instance = &instance_a});
    apply(store, &(struct store_change){.cluster = &other});
    assert_true(store_list_clusters(store, 2, arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "B");
    assert_string_equal(list[1].name, "a");
    assert_false(store_list_clusters(store, 1, arena, &list, &count, &err));
    assert_int_equal(err.class, E_LIMIT);
    apply(store, &(struct store_change){.remove = "a"});
    assert_true(store_list_clusters(store, 2, arena, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_true(store_has_instance(store, "a-1", &found, &err));
    assert_false(found);
    store_close(store);
    arena_free(arena);
}

static struct store_event make_event(int64_t at_usec, const char *cluster, const char *message)
{
    struct store_event event = {.at_usec = at_usec,
                                .source_type = "db-cluster",
                                .category = "creation",
                                .id = "RDS-EVENT-0170"};

    (void)snprintf(event.cluster, sizeof event.cluster, "%s", cluster);
    (void)snprintf(event.source, sizeof event.source, "%s", cluster);
    (void)snprintf(event.message, sizeof event.message, "%s", message);
    return event;
}

static void test_events_are_listed_and_forgotten(void **state)
{
    const struct store_event events[] = {make_event(1000, "a", "first"),
                                         make_event(1001, "b", "second"),
                                         make_event(1002, "a", "third")};
    struct store_event later;
    struct arena *arena = arena_new(1u << 20);
    struct store *store = open_store();
    struct store_event *list = NULL;
    size_t count = 0;

    (void)state;
    apply(store, &(struct store_change){.events = events, .n_events = 3});
    assert_true(store_list_events(store, NULL, 0, 10, arena, &list, &count, &err));
    assert_int_equal(count, 3);
    assert_memory_equal(list, events, sizeof events);
    assert_true(store_list_events(store, "a", 1001, 10, arena, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].message, "third");
    assert_true(store_list_events(store, "a", 0, 1, arena, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].message, "third");

    /* 14 days after the second one, the first is older than that. */
    later = make_event(1001 + STORE_EVENT_KEPT_USEC, "a", "later");
    apply(store, &(struct store_change){.events = &later, .n_events = 1});
    assert_true(store_list_events(store, NULL, 0, 10, arena, &list, &count, &err));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].message, "second");
    assert_string_equal(list[2].message, "later");
    store_close(store);
    arena_free(arena);
}

static void test_events_are_counted(void **state)
{
    struct store_event events[] = {make_event(1000, "a", "first"), make_event(1001, "b", "second"),
                                   make_event(1002, "a", "third"), make_event(1003, "a", "fourth")};
    struct store *store = open_store();
    struct store_event_count counts[2];
    size_t n = 9;

    (void)state;
    (void)snprintf(events[3].category, sizeof events[3].category, "another");
    assert_true(store_count_events(store, "a", 0, 2, counts, &n, &err));
    assert_int_equal(n, 0);
    apply(store, &(struct store_change){.events = events, .n_events = 4});
    assert_true(store_count_events(store, "a", 0, 2, counts, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(counts[0].category, "another");
    assert_string_equal(counts[1].category, events[0].category);
    assert_int_equal(counts[1].count, 2);
    assert_int_equal(counts[1].last_usec, 1002);
    assert_true(store_count_events(store, "a", 1001, 2, counts, &n, &err));
    assert_int_equal(counts[1].count, 1);
    assert_false(store_count_events(store, "a", 0, 1, counts, &n, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(n, 2);
    store_close(store);
}

static void test_parameter_groups(void **state)
{
    const struct store_group group = {.kind = STORE_GROUP_INSTANCE,
                                      .name = "tuned",
                                      .family = "aurora-mysql8.0",
                                      .description = "what it is for"};
    const struct store_group other = {.kind = STORE_GROUP_CLUSTER, .name = "tuned"};
    const struct store_parameter parameters[] = {{"b", "2", true}, {"a", "", false}};
    struct arena *arena = arena_new(1u << 20);
    struct store_parameter *list = NULL;
    struct store_group *groups = NULL;
    struct store *store = open_store();
    struct store_group got;
    size_t count = 0;
    bool found = true;

    (void)state;
    apply(store, &(struct store_change){.cluster = &cluster_a,
                                        .instance = &instance_a,
                                        .in_force = parameters,
                                        .n_in_force = 2});
    apply(store,
          &(struct store_change){
              .group = &group, .group_is_new = true, .parameters = parameters, .n_parameters = 2});
    apply(store, &(struct store_change){.group = &other, .group_is_new = true});
    assert_false(
        store_apply(store, &(struct store_change){.group = &group, .group_is_new = true}, &err));
    assert_contains(err.text, "parameter group tuned: there is one already");
    assert_true(store_get_group(store, STORE_GROUP_INSTANCE, "tuned", &got, &found, &err));
    assert_true(found);
    assert_memory_equal(&got, &group, sizeof group);
    assert_true(store_list_groups(store, 2, arena, &groups, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(groups[0].kind, STORE_GROUP_CLUSTER);
    assert_false(store_list_groups(store, 1, arena, &groups, &count, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_true(
        store_list_parameters(store, STORE_GROUP_INSTANCE, "tuned", 2, arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "a");
    assert_string_equal(list[0].value, "");
    assert_false(list[0].immediate);
    assert_true(list[1].immediate);
    assert_false(
        store_list_parameters(store, STORE_GROUP_INSTANCE, "tuned", 1, arena, &list, &count, &err));
    assert_true(store_list_in_force(store, "a-1", 2, arena, &list, &count, &err));
    assert_int_equal(count, 2);

    /* An instance's row by itself leaves what is in force alone. */
    apply(store, &(struct store_change){.instance = &instance_a});
    assert_true(store_list_in_force(store, "a-1", 2, arena, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_false(store_apply(store, &(struct store_change){.remove_group = &group}, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "used by cluster a");
    apply(store, &(struct store_change){.remove_group = &other});
    apply(store, &(struct store_change){.remove = "a"});
    apply(store, &(struct store_change){.remove_group = &group});
    assert_true(store_get_group(store, STORE_GROUP_INSTANCE, "tuned", &got, &found, &err));
    assert_false(found);
    assert_true(store_list_in_force(store, "a-1", 2, arena, &list, &count, &err));
    assert_int_equal(count, 0);
    store_close(store);
    arena_free(arena);
}

static void copy_store(const char *from_path)
{
    FILE *from = fopen(from_path, "rb");
    char bytes[65536];
    size_t count;

    assert_non_null(from);
    count = fread(bytes, 1, sizeof bytes, from);
    (void)fclose(from);
    assert_true(file_write(path, span_of(bytes, count), 0600, &err));
}

/* As the first version wrote it: tests/data/store-v1 is never made again. */
static void test_an_older_store_is_brought_up_to_date(void **state)
{
    struct store_cluster cluster;
    struct store_instance instance;
    struct store_event *events = NULL;
    struct arena *arena = arena_new(1u << 20);
    struct store *store;
    size_t count = 1;
    bool found = false;

    (void)state;
    copy_store("tests/data/store-v1/borealis.db");
    for (int opened = 0; opened < 2; opened++) {
        store = open_store();
        assert_true(store_get_cluster(store, "borealis", &cluster, &found, &err));
        assert_true(found);
        assert_int_equal(cluster.lifecycle, LIFECYCLE_MADE);
        assert_string_equal(cluster.listen, "127.0.0.1");
        assert_int_equal(cluster.port, 23309);
        assert_string_equal(cluster.master_user, "admin");
        assert_false(cluster.require_secure_transport);
        assert_true(cluster.gtid_domain_id == 2009653353);
        assert_int_equal(cluster.compatibility, 3);
        assert_string_equal(cluster.client_networks, "");
        assert_true(cluster.created_usec == 0);
        assert_string_equal(cluster.reader.listen, "");
        assert_int_equal(cluster.reader.port, 0);
        assert_string_equal(cluster.instance.listen, "");
        assert_int_equal(cluster.instance.port, 0);
        assert_true(store_get_writer(store, "borealis", &instance, &found, &err));
        assert_true(found);
        assert_string_equal(instance.name, "borealis-1");
        assert_string_equal(instance.engine, "mariadb-10.11");
        assert_true(instance.server_id == 1214266169);
        assert_true(store_list_events(store, NULL, 0, 10, arena, &events, &count, &err));
        assert_int_equal(count, 0);
        store_close(store);
    }
    arena_free(arena);
}

/* As version 2 wrote it: the same of tests/data/store-v2. */
static void test_a_store_without_parameter_groups_is_brought_up_to_date(void **state)
{
    const struct store_group group = {.name = "own", .family = "aurora-mysql8.0"};
    struct arena *arena = arena_new(1u << 20);
    struct store_parameter *list = NULL;
    struct store_event *events = NULL;
    struct store_instance instance;
    struct store_cluster cluster;
    size_t count = 1;
    bool found = false;

    (void)state;
    copy_store("tests/data/store-v2/borealis.db");
    for (int opened = 0; opened < 2; opened++) {
        struct store *store = open_store();

        assert_true(store_get_cluster(store, "borealis", &cluster, &found, &err));
        assert_true(found);
        assert_int_equal(cluster.compatibility, 3);
        assert_int_equal(cluster.port, 23409);
        assert_true(cluster.created_usec > 0);
        assert_string_equal(cluster.parameter_group, "");
        assert_string_equal(cluster.instance_parameter_group, "");
        assert_true(store_get_writer(store, "borealis", &instance, &found, &err));
        assert_string_equal(instance.version, "10.11.19-MariaDB");
        assert_string_equal(instance.parameter_group, "");
        assert_true(store_list_events(store, NULL, 0, 10, arena, &events, &count, &err));
        assert_int_equal(count, 4);
        assert_true(store_list_in_force(store, instance.name, 10, arena, &list, &count, &err));
        assert_int_equal(count, 0);
        apply(store, &(struct store_change){.group = &group, .group_is_new = opened == 0});
        store_close(store);
    }
    arena_free(arena);
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
        cmocka_unit_test_setup_teardown(test_a_change_is_whole_or_not_at_all, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_clusters_are_listed_and_removed_with_their_instances,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_events_are_listed_and_forgotten, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_events_are_counted, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_an_older_store_is_brought_up_to_date, make_dir,
                                        drop_dir),
        cmocka_unit_test_setup_teardown(test_parameter_groups, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_store_without_parameter_groups_is_brought_up_to_date,
                                        make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_newer_schema_is_refused, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_no_database_is_refused, make_dir,
                                        drop_dir),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
