#include "check.h"

#include "cluster/place.h"

static const struct store_cluster plain = {.name = "a", .listen = "127.0.0.1", .port = 3306};

static void test_what_is_left_out_is_as_at_the_cluster_endpoint(void **state)
{
    static const struct {
        struct store_place given;
        bool is_there;
        struct place want;
    } cases[] = {
        {{"", 0}, false, {"", 0}},
        {{"", 3307}, true, {"127.0.0.1", 3307}},
        {{"127.0.0.2", 0}, true, {"127.0.0.2", 3306}},
        {{"::1", 3308}, true, {"::1", 3308}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int kind = ENDPOINT_READER; kind < ENDPOINT_KINDS; kind++) {
            struct store_cluster settings = plain;
            struct place place = {0};

            *(kind == ENDPOINT_READER ? &settings.reader : &settings.instance) = cases[i].given;
            assert_int_equal(place_of(&settings, (enum endpoint_kind)kind, &place),
                             cases[i].is_there);
            assert_true(place_equals(&place, &cases[i].want));
            assert_true(place_of(&settings, ENDPOINT_CLUSTER, &place));
            assert_string_equal(place.listen, "127.0.0.1");
            assert_int_equal(place.port, 3306);
        }
    }
}

static void test_two_sockets_at_one_place_collide(void **state)
{
    static const struct {
        struct place a;
        struct place b;
        bool collide;
    } cases[] = {
        {{"127.0.0.1", 1}, {"127.0.0.1", 1}, true},  {{"127.0.0.1", 1}, {"127.0.0.1", 2}, false},
        {{"127.0.0.1", 1}, {"127.0.0.2", 1}, false}, {{"0.0.0.0", 1}, {"127.0.0.2", 1}, true},
        {{"127.0.0.1", 1}, {"::", 1}, true},         {{"0.0.0.0", 1}, {"0.0.0.0", 2}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(place_collides(&cases[i].a, &cases[i].b), cases[i].collide);
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(endpoint_kind_name(ENDPOINT_CLUSTER), "cluster");
    assert_string_equal(endpoint_kind_option(ENDPOINT_CLUSTER), "--port");
    assert_string_equal(endpoint_kind_name(ENDPOINT_READER), "reader");
    assert_string_equal(endpoint_kind_option(ENDPOINT_READER), "--reader-port");
    assert_string_equal(endpoint_kind_name(ENDPOINT_INSTANCE), "instance");
    assert_string_equal(endpoint_kind_option(ENDPOINT_INSTANCE), "--instance-port");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_out_is_as_at_the_cluster_endpoint),
        cmocka_unit_test(test_two_sockets_at_one_place_collide),
        cmocka_unit_test(test_kinds_have_names),
    };

    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
