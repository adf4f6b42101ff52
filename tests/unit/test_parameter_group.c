#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "cluster/cluster_plan.h"
#include "cluster/parameter_group.h"

#define OF_CLUSTER  STORE_GROUP_CLUSTER
#define OF_INSTANCE STORE_GROUP_INSTANCE

static char dir[64];
static struct store *store;
static struct err err;

static const struct store_cluster shop = {.name = "shop",
                                          .lifecycle = LIFECYCLE_MADE,
                                          .listen = "127.0.0.1",
                                          .port = 20000,
                                          .master_user = "admin",
                                          .gtid_domain_id = 1,
                                          .compatibility = 3};

static int set_up(void **state)
{
    char path[128];

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/borealis.db", dir);
    return store_open(path, &store, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    return dir_remove(dir, &err) ? 0 : -1;
}

static void create(enum store_group_kind kind, const char *name)
{
    if (!parameter_group_create(store, kind, name, "aurora-mysql8.0", NULL, &err))
        fail_msg("%s", err.text);
}

static bool modify_by(enum store_group_kind kind, const char *group, const char *name,
                      const char *value, enum parameter_method method)
{
    const struct parameter_change change = {name, value};

    return parameter_group_modify(store, kind, group, &change, 1, method, &err);
}

static bool modify(enum store_group_kind kind, const char *group, const char *name,
                   const char *value)
{
    return modify_by(kind, group, name, value, METHOD_DEFAULT);
}

/* The value of a parameter in a group; static until the next call. */
static const char *value_of(enum store_group_kind kind, const char *name, const char *parameter)
{
    static char value[PARAMETER_VALUE_MAX];
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    struct store_group group;

    assert_true(parameter_group_find(store, kind, name, &group, &err));
    assert_true(parameter_group_values(store, &group, &set, &origins, &err));
    (void)snprintf(value, sizeof value, "%s", parameter_set_find(set, parameter));
    parameter_set_free(set);
    mem_free(origins);
    return value;
}

static void test_names_and_families(void **state)
{
    static const char *const bad[] = {"",  "1a",  "a-",        "a--b", "a.b",
                                      "ä", "a b", "default.x", "a/b",  "-"};
    char longest[STORE_GROUP_MAX + 1];
    struct store_group group;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(
            parameter_group_create(store, OF_CLUSTER, bad[i], "aurora-mysql8.0", NULL, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, "parameter group name");
    }
    memset(longest, 'a', sizeof longest);
    longest[STORE_GROUP_MAX] = '\0';
    assert_false(parameter_group_create(store, OF_CLUSTER, longest, "aurora-mysql8.0", NULL, &err));
    longest[STORE_GROUP_MAX - 1] = '\0';
    create(OF_CLUSTER, longest);
    assert_true(parameter_group_find(store, OF_CLUSTER, longest, &group, &err));
    assert_false(parameter_group_create(store, OF_CLUSTER, "x", "mysql8.0", NULL, &err));
    assert_contains(err.text, "expected aurora-mysql5.7 or aurora-mysql8.0, found 'mysql8.0'");

    create(OF_CLUSTER, "Own");
    assert_false(parameter_group_create(store, OF_CLUSTER, "oWN", "aurora-mysql8.0", NULL, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "parameter group own: there is one already");
    create(OF_INSTANCE, "own"); /* the kinds have names of their own */
    assert_true(parameter_group_find(store, OF_CLUSTER, "OWN", &group, &err));
    assert_string_equal(group.name, "own");
    assert_string_equal(group.family, "aurora-mysql8.0");
    assert_false(parameter_group_find(store, OF_CLUSTER, "other", &group, &err));
    assert_contains(err.text, "DB cluster parameter group not found: other");
}

static void test_defaults_are_there_and_do_not_change(void **state)
{
    struct store_group group;

    (void)state;
    assert_true(parameter_group_find(store, OF_CLUSTER, "Default.aurora-mysql5.7", &group, &err));
    assert_string_equal(group.name, "default.aurora-mysql5.7");
    assert_string_equal(group.description, "Default cluster parameter group for aurora-mysql5.7");
    assert_false(parameter_group_find(store, OF_CLUSTER, "default.aurora-mysql9.0", &group, &err));
    assert_false(modify(OF_CLUSTER, "default.aurora-mysql8.0", "binlog_format", "OFF"));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "a default group can not be changed");
    assert_false(parameter_group_reset_all(store, OF_CLUSTER, "default.aurora-mysql8.0", &err));
    assert_false(parameter_group_delete(store, OF_CLUSTER, "default.aurora-mysql8.0", &err));
    assert_string_equal(value_of(OF_CLUSTER, "default.aurora-mysql8.0", "binlog_format"), "ROW");
}

static void test_modify_all_or_nothing(void **state)
{
    const struct parameter_change half[] = {{"binlog_format", "MIXED"}, {"binlog_checksum", "MD5"}};
    const struct parameter_change twice[] = {{"gtid-mode", "ON"}, {"gtid_mode", "OFF"}};
    const struct parameter_change trio[] = {{"aurora_enhanced_binlog", "1"},
                                            {"binlog_backup", "0"},
                                            {"binlog_replication_globaldb", "0"}};
    struct store_event *events = NULL;
    struct arena *arena = arena_new(1u << 20);
    size_t count = 0;

    (void)state;
    create(OF_CLUSTER, "own");
    assert_false(parameter_group_modify(store, OF_CLUSTER, "own", half, 2, METHOD_DEFAULT, &err));
    assert_contains(err.text, "parameter binlog_checksum: expected one of NONE,CRC32, found 'MD5'");
    assert_string_equal(value_of(OF_CLUSTER, "own", "binlog_format"), "ROW");
    assert_false(parameter_group_modify(store, OF_CLUSTER, "own", twice, 2, METHOD_DEFAULT, &err));
    assert_contains(err.text, "gtid-mode: expected it once, found it twice");
    assert_false(parameter_group_modify(store, OF_CLUSTER, "own", trio, 2, METHOD_DEFAULT, &err));
    assert_contains(err.text, "binlog_replication_globaldb");
    assert_false(parameter_group_modify(store, OF_CLUSTER, "own", trio, 0, METHOD_DEFAULT, &err));
    assert_true(store_list_events(store, NULL, 0, 10, arena, &events, &count, &err));
    assert_int_equal(count, 0);
    assert_true(parameter_group_modify(store, OF_CLUSTER, "own", trio, 3, METHOD_DEFAULT, &err));
    assert_string_equal(value_of(OF_CLUSTER, "own", "binlog_backup"), "OFF");
    assert_true(store_list_events(store, NULL, 0, 10, arena, &events, &count, &err));
    assert_int_equal(count, 3);
    assert_string_equal(events[0].id, "RDS-EVENT-0037");
    assert_string_equal(events[0].source, "own");
    assert_string_equal(
        events[0].message,
        "Updated parameter aurora_enhanced_binlog to ON with apply method pending-reboot");
    arena_free(arena);
}

static void test_apply_methods(void **state)
{
    struct store_cluster settings = shop;
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    size_t index = 0;

    (void)state;
    create(OF_CLUSTER, "own");
    assert_false(modify_by(OF_CLUSTER, "own", "gtid-mode", "ON", METHOD_IMMEDIATE));
    assert_contains(err.text, "cannot use immediate apply method for static parameter");
    assert_true(modify_by(OF_CLUSTER, "own", "binlog_row_image", "NOBLOB", METHOD_PENDING_REBOOT));
    assert_true(modify_by(OF_CLUSTER, "own", "binlog_checksum", "NONE", METHOD_IMMEDIATE));
    (void)snprintf(settings.parameter_group, sizeof settings.parameter_group, "own");
    assert_true(parameter_group_effective(store, &settings, &set, &origins, &err));
    assert_true(parameter_find("binlog_row_image", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_false(origins[index].immediate);
    assert_int_equal(origins[index].level, PARAMETER_OF_CLUSTER);
    assert_true(parameter_find("binlog_checksum", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_true(origins[index].immediate);
    assert_true(parameter_find("gtid-mode", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_int_equal(origins[index].level, 0);
    parameter_set_free(set);
    mem_free(origins);
}

static void test_the_instances_group_wins(void **state)
{
    struct store_cluster settings = shop;
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;

    (void)state;
    create(OF_CLUSTER, "own");
    create(OF_INSTANCE, "tuned");
    assert_true(modify(OF_CLUSTER, "own", "binlog_transaction_compression", "1"));
    assert_true(modify(OF_CLUSTER, "own", "aurora_in_memory_relaylog", "1"));
    assert_true(modify(OF_INSTANCE, "tuned", "binlog_transaction_compression", "0"));
    assert_true(modify(OF_INSTANCE, "tuned", "max_connections", "77"));
    (void)snprintf(settings.parameter_group, sizeof settings.parameter_group, "own");
    (void)snprintf(settings.instance_parameter_group, sizeof settings.instance_parameter_group,
                   "tuned");
    assert_true(parameter_group_effective(store, &settings, &set, &origins, &err));
    assert_string_equal(parameter_set_find(set, "binlog_transaction_compression"), "OFF");
    assert_string_equal(parameter_set_find(set, "aurora_in_memory_relaylog"), "ON");
    assert_string_equal(parameter_set_find(set, "max_connections"), "77");
    parameter_set_free(set);
    mem_free(origins);
}

static void test_copy_and_reset(void **state)
{
    (void)state;
    create(OF_CLUSTER, "own");
    assert_true(modify(OF_CLUSTER, "own", "binlog_format", "MIXED"));
    assert_true(modify(OF_CLUSTER, "own", "binlog_checksum", "NONE"));
    assert_true(parameter_group_copy(store, OF_CLUSTER, "own", "twin", "a twin", &err));
    assert_false(parameter_group_copy(store, OF_CLUSTER, "own", "twin", NULL, &err));
    assert_false(parameter_group_copy(store, OF_CLUSTER, "none", "other", NULL, &err));
    assert_true(modify(OF_CLUSTER, "own", "binlog_format", NULL));
    assert_string_equal(value_of(OF_CLUSTER, "own", "binlog_format"), "ROW");
    assert_string_equal(value_of(OF_CLUSTER, "own", "binlog_checksum"), "NONE");
    assert_string_equal(value_of(OF_CLUSTER, "twin", "binlog_format"), "MIXED");
    assert_true(parameter_group_reset_all(store, OF_CLUSTER, "twin", &err));
    assert_true(parameter_group_reset_all(store, OF_CLUSTER, "twin", &err));
    assert_string_equal(value_of(OF_CLUSTER, "twin", "binlog_checksum"), "CRC32");
    assert_false(modify(OF_CLUSTER, "own", "server_id", NULL));
    assert_false(modify(OF_CLUSTER, "own", "log-bin", NULL));
    assert_contains(err.text, "it can not be set");
}

static void test_what_a_cluster_uses(void **state)
{
    struct store_cluster settings = shop;
    char chosen[STORE_GROUP_MAX] = "untouched";

    (void)state;
    create(OF_CLUSTER, "own");
    assert_true(parameter_group_create(store, OF_CLUSTER, "old", "aurora-mysql5.7", NULL, &err));
    assert_false(parameter_group_choose(store, OF_CLUSTER, 3, "old", chosen, &err));
    assert_contains(err.text, "expected one of family aurora-mysql8.0");
    assert_false(parameter_group_choose(store, OF_CLUSTER, 3, "none", chosen, &err));
    assert_string_equal(chosen, "untouched");
    assert_true(
        parameter_group_choose(store, OF_CLUSTER, 3, "default.aurora-mysql8.0", chosen, &err));
    assert_string_equal(chosen, "");
    assert_true(parameter_group_choose(store, OF_CLUSTER, 3, "OWN", chosen, &err));
    assert_string_equal(chosen, "own");

    assert_true(modify(OF_CLUSTER, "own", "lower_case_table_names", "1"));
    (void)snprintf(settings.parameter_group, sizeof settings.parameter_group, "own");
    assert_true(store_apply(store, &(struct store_change){.cluster = &settings}, &err));
    assert_false(modify(OF_CLUSTER, "own", "lower_case_table_names", "0"));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "cluster shop uses the group");
    assert_true(modify(OF_CLUSTER, "own", "lower_case_table_names", "1"));
    assert_false(parameter_group_reset_all(store, OF_CLUSTER, "own", &err));
    assert_false(parameter_group_delete(store, OF_CLUSTER, "own", &err));
    assert_contains(err.text, "found it used by cluster shop");
    assert_true(store_apply(store, &(struct store_change){.remove = "shop"}, &err));
    assert_true(parameter_group_delete(store, OF_CLUSTER, "own", &err));
    assert_false(parameter_group_delete(store, OF_CLUSTER, "own", &err));
}

/* The same by `cluster modify`. */
static void test_a_cluster_keeps_what_it_was_made_with(void **state)
{
    struct cluster_options options = {.require_secure_transport = -1};
    struct cluster_plan plan = {.settings = shop};

    (void)state;
    create(OF_CLUSTER, "own");
    create(OF_CLUSTER, "folded");
    assert_true(modify(OF_CLUSTER, "folded", "lower_case_table_names", "1"));
    options.parameter_group = "folded";
    assert_false(cluster_plan_change(store, &options, &plan, &err));
    assert_contains(err.text, "parameter lower_case_table_names: expected '0'");
    assert_string_equal(plan.settings.parameter_group, "");
    options.parameter_group = "own";
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.parameter_group, "own");
}

static void test_groups_have_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i < PARAMETER_GROUPS_MAX; i++) {
        struct store_group group = {.kind = OF_CLUSTER, .family = "aurora-mysql8.0"};

        (void)snprintf(group.name, sizeof group.name, "g%d", i);
        assert_true(store_apply(store, &(struct store_change){.group = &group}, &err));
    }
    assert_false(parameter_group_create(store, OF_INSTANCE, "one", "aurora-mysql8.0", NULL, &err));
    assert_int_equal(err.class, E_LIMIT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_and_families),       TEST(test_defaults_are_there_and_do_not_change),
        TEST(test_modify_all_or_nothing),    TEST(test_apply_methods),
        TEST(test_the_instances_group_wins), TEST(test_copy_and_reset),
        TEST(test_what_a_cluster_uses),      TEST(test_a_cluster_keeps_what_it_was_made_with),
        TEST(test_groups_have_a_limit),
    };

    return cmocka_run_group_tests_name("parameter_group", tests, NULL, NULL);
}
