#include "check.h"

#include "base/file.h"
#include "cluster/cluster_plan.h"

static char dir[64];
static char path[128];
static struct store *store;
static struct err err;

static const struct store_cluster first = {.name = "first",
                                           .lifecycle = LIFECYCLE_MADE,
                                           .listen = "127.0.0.1",
                                           .port = 20000,
                                           .master_user = "admin",
                                           .gtid_domain_id = 1,
                                           .compatibility = 3};
static const struct store_instance first_writer = {
    .name = "first-1", .cluster = "first", .engine = "mariadb-10.11", .server_id = 1};

static int set_up(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/borealis.db", dir);
    return store_open(path, &store, &err) &&
                   store_apply(store,
                               &(struct store_change){.cluster = &first, .instance = &first_writer},
                               &err)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    return dir_remove(dir, &err) ? 0 : -1;
}

/* Puts a second cluster into the store and loads it. */
static struct cluster_plan second(enum lifecycle lifecycle, const char *listen, uint16_t port)
{
    struct store_cluster settings = first;
    struct cluster_plan plan;

    (void)snprintf(settings.name, sizeof settings.name, "second");
    (void)snprintf(settings.listen, sizeof settings.listen, "%s", listen);
    settings.lifecycle = lifecycle;
    settings.port = port;
    assert_true(store_apply(store, &(struct store_change){.cluster = &settings}, &err));
    assert_true(cluster_plan_load(store, &settings, &plan, &err));
    return plan;
}

static struct cluster_options no_options(void)
{
    return (struct cluster_options){.require_secure_transport = -1};
}

static void test_a_torso_gets_an_instance_and_a_cluster_must_have_one(void **state)
{
    struct cluster_plan plan = second(LIFECYCLE_CREATING, "127.0.0.1", 20001);
    struct store_cluster settings = plan.settings;

    (void)state;
    assert_string_equal(plan.record.name, "second-1");
    assert_string_equal(plan.record.cluster, "second");
    assert_string_equal(plan.record.engine, CLUSTER_DEFAULT_ENGINE);
    assert_true(plan.record.server_id != 0);
    settings.lifecycle = LIFECYCLE_MADE;
    assert_false(cluster_plan_load(store, &settings, &plan, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, "cluster second");
    assert_true(cluster_plan_load(store, &first, &plan, &err));
    assert_memory_equal(&plan.record, &first_writer, sizeof first_writer);
}

static void test_another_clusters_place_is_taken_though_it_may_be_down(void **state)
{
    static const struct {
        const char *listen;
        bool good;
    } cases[] = {{"127.0.0.1", false}, {"0.0.0.0", false}, {"::", false}, {"127.0.0.2", true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cluster_plan plan = second(LIFECYCLE_CREATING, cases[i].listen, 20001);
        struct cluster_options options = no_options();

        options.port = 20000;
        assert_int_equal(cluster_plan_change(store, &options, &plan, &err), cases[i].good);
        assert_int_equal(plan.settings.port, cases[i].good ? 20000 : 20001);
        if (!cases[i].good)
            assert_contains(err.text, "that is where cluster first listens");
    }
}

/* Each endpoint is in the way of each other one, of the same cluster and of others. */
static void test_each_endpoint_has_a_place_of_its_own(void **state)
{
    static const struct {
        struct place_options reader;
        struct place_options instance;
        uint16_t port;
        const char *problem; /* NULL: good */
    } cases[] = {
        {{.port = 20001},
         {0},
         0,
         "own cluster endpoint listens; choose another with --reader-port"},
        {{.listen = "127.0.0.1"}, {0}, 0, "own cluster endpoint listens"},
        {{.port = 20002}, {.port = 20002}, 0, "own reader endpoint listens"},
        {{.port = 20002}, {.port = 20003}, 20002, "own cluster endpoint listens"},
        {{.port = 20000}, {0}, 0, "cluster first listens; choose another with --reader-port"},
        {{.listen = "example.org"}, {0}, 0, "example.org"},
        {{.listen = "127.0.0.2"}, {.listen = "127.0.0.3"}, 0, NULL},
        {{.port = 20002}, {.listen = "::1", .port = 20002}, 20004, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cluster_plan plan = second(LIFECYCLE_CREATING, "127.0.0.1", 20001);
        const struct cluster_plan before = plan;
        struct cluster_options options = no_options();

        options.reader = cases[i].reader;
        options.instance = cases[i].instance;
        options.port = cases[i].port;
        assert_int_equal(cluster_plan_change(store, &options, &plan, &err), !cases[i].problem);
        if (!cases[i].problem)
            continue;
        assert_contains(err.text, cases[i].problem);
        assert_memory_equal(&plan, &before, sizeof plan);
    }
}

static void test_another_clusters_reader_is_in_the_way_and_can_be_turned_off(void **state)
{
    struct store_cluster settings = first;
    struct cluster_plan plan = second(LIFECYCLE_CREATING, "127.0.0.1", 20001);
    struct cluster_options options = no_options();

    (void)state;
    settings.reader.port = 20005;
    assert_true(store_apply(store, &(struct store_change){.cluster = &settings}, &err));
    options.port = 20005;
    assert_false(cluster_plan_change(store, &options, &plan, &err));
    assert_contains(err.text, "that is where cluster first listens; choose another with --port");

    options = no_options();
    options.reader = (struct place_options){.listen = "127.0.0.2", .port = 20006};
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.reader.listen, "127.0.0.2");
    assert_int_equal(plan.settings.reader.port, 20006);
    options.reader = (struct place_options){.port = 20007};
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.reader.listen, "127.0.0.2");
    assert_int_equal(plan.settings.reader.port, 20007);
    options.reader = (struct place_options){.off = true};
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.reader.listen, "");
    assert_int_equal(plan.settings.reader.port, 0);
}

static void test_what_is_wrong_changes_nothing(void **state)
{
    struct cluster_plan plan = second(LIFECYCLE_CREATING, "127.0.0.1", 20001);
    const struct cluster_plan before = plan;
    struct cluster_options bad[4] = {no_options(), no_options(), no_options(), no_options()};

    (void)state;
    bad[0].listen = "example.org";
    bad[1].client_networks = "192.0.2.0/40";
    bad[2].compatibility = 4;
    bad[3].engine = "no-such-engine";
    for (size_t i = 0; i < 4; i++) {
        bad[i].port = 20002;
        assert_false(cluster_plan_change(store, &bad[i], &plan, &err));
        assert_memory_equal(&plan, &before, sizeof plan);
    }
}

static void test_what_is_given_is_laid_over(void **state)
{
    struct cluster_plan plan = second(LIFECYCLE_CREATING, "127.0.0.1", 20001);
    struct cluster_options options = {
        .listen = "::1", .require_secure_transport = 1, .client_networks = "192.0.2.0/24"};

    (void)state;
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.listen, "::1");
    assert_int_equal(plan.settings.port, 20001);
    assert_true(plan.settings.require_secure_transport);
    assert_string_equal(plan.settings.client_networks, "192.0.2.0/24");
    assert_int_equal(plan.settings.compatibility, 3);
    options = no_options();
    options.client_networks = "";
    assert_true(cluster_plan_change(store, &options, &plan, &err));
    assert_string_equal(plan.settings.client_networks, "");
    assert_true(plan.settings.require_secure_transport);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_torso_gets_an_instance_and_a_cluster_must_have_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_clusters_place_is_taken_though_it_may_be_down,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_endpoint_has_a_place_of_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_another_clusters_reader_is_in_the_way_and_can_be_turned_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_given_is_laid_over, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("cluster_plan", tests, NULL, NULL);
}
