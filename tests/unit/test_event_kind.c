#include "check.h"

#include "cluster/event_kind.h"

static void test_every_kind_is_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < EVENT_PARAMETER_UPDATED; kind++) {
        struct store_event event = event_make((enum event_kind)kind, "shop", "shop-1", NULL);

        assert_string_equal(event.cluster, "shop");
        if (strcmp(event.source_type, "db-instance") == 0) {
            assert_string_equal(event.source, "shop-1");
        } else {
            assert_string_equal(event.source_type, "db-cluster");
            assert_string_equal(event.source, "shop");
        }
        assert_true(strlen(event.category) > 0);
        assert_true(strlen(event.message) > 0);
        assert_true(event.id[0] == '\0' || strncmp(event.id, "RDS-EVENT-0", 11) == 0);
        assert_true(event.at_usec > 0);
    }
}

static void test_a_detail_ends_the_text(void **state)
{
    struct store_event event =
        event_make(EVENT_INSTANCE_NOT_RESTARTED, "shop", "shop-1", "no such engine");

    (void)state;
    assert_string_equal(event.message, "Error restarting mysql: no such engine");
    assert_string_equal(event.id, "RDS-EVENT-0022");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_whole),
        cmocka_unit_test(test_a_detail_ends_the_text),
    };

    return cmocka_run_group_tests_name("event_kind", tests, NULL, NULL);
}
