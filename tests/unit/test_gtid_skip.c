#include "check.h"
#include "replication/gtid_skip.h"

/* Whether the event is left out. */
static bool skips(struct gtid_skip *skip, uint8_t type, uint32_t server_id, struct span body)
{
    struct event_header header = {.type = type, .server_id = server_id};
    struct err err;
    bool skipped;

    assert_true(gtid_skip_take(skip, &header, body, &skipped, &err));
    return skipped;
}

static bool skips_mariadb(struct gtid_skip *skip, uint32_t domain, uint32_t server_id,
                          uint64_t sequence)
{
    struct gtid_mariadb_event gtid = {.domain = domain, .sequence = sequence};
    struct buf body;
    bool skipped;

    buf_init(&body, 1024);
    gtid_mariadb_encode(&body, &gtid);
    buf_bytes(&body, span_of("\0\0\0\0\0\0", 6)); /* the padding to the post-header's length */
    skipped = skips(skip, EVENT_MARIADB_GTID, server_id, buf_span(&body));
    buf_done(&body);
    return skipped;
}

static void start_mariadb(struct gtid_skip *skip, const char *position, const char *state)
{
    struct gtid_list has;
    struct gtid_list at;
    struct err err;

    gtid_list_init(&has);
    gtid_list_init(&at);
    assert_true(gtid_list_parse(span_str(position), &has, &err));
    assert_true(gtid_list_parse(span_str(state), &at, &err));
    gtid_skip_init(skip);
    gtid_skip_position(skip, &has, &at, &has, false);
    gtid_list_done(&has);
    gtid_list_done(&at);
}

static void test_mariadb(void **state)
{
    struct gtid_skip skip;

    (void)state;
    start_mariadb(&skip, "0-1-5,7-1-2", "");
    assert_true(skips_mariadb(&skip, 0, 1, 4));
    assert_true(skips(&skip, EVENT_QUERY, 1, span_str("")));
    assert_false(skips(&skip, EVENT_ROTATE, 1, span_str("")));
    assert_true(skips_mariadb(&skip, 0, 2, 90)); /* another server's, before ours was met */
    assert_true(skips_mariadb(&skip, 0, 1, 5));
    assert_true(skips(&skip, EVENT_XID, 1, span_str("")));
    assert_false(skips_mariadb(&skip, 0, 2, 3)); /* after it all are new, whatever their number */
    assert_false(skips_mariadb(&skip, 9, 1, 1)); /* a domain that the replica does not know */
    assert_true(skips_mariadb(&skip, 7, 1, 1));
    assert_false(skips_mariadb(&skip, 7, 1, 3)); /* past it: there is a hole */
    assert_false(skip.active);
    gtid_skip_done(&skip);
}

static void test_mariadb_state(void **state)
{
    struct gtid_skip skip;

    (void)state;
    start_mariadb(&skip, "0-1-5,7-1-2", "0-2-4,0-1-5,7-1-1");
    assert_false(skips_mariadb(&skip, 0, 2, 6)); /* the log stood at 0-1-5: nothing to look for */
    assert_true(skips_mariadb(&skip, 7, 1, 2));
    assert_false(skips_mariadb(&skip, 7, 1, 3));
    gtid_skip_done(&skip);
    start_mariadb(&skip, "0-1-5", "0-1-5");
    assert_false(skip.active);
    gtid_skip_done(&skip);
}

/* Up to a number of one domain, whatever the server; other domains as before. */
static void test_numbers(void **state)
{
    struct gtid_skip skip;

    (void)state;
    start_mariadb(&skip, "7-1-2", "");
    gtid_skip_until(&skip, 1, 5);
    assert_true(skips_mariadb(&skip, 1, 3, 4));
    assert_true(skips(&skip, EVENT_QUERY, 3, span_str("")));
    assert_false(skips(&skip, EVENT_MARIADB_GTID_LIST, 3, span_str("")));
    assert_true(skips_mariadb(&skip, 1, 8, 5));
    assert_true(skips(&skip, EVENT_XID, 8, span_str("")));
    assert_false(skips_mariadb(&skip, 1, 3, 6));
    assert_true(skips_mariadb(&skip, 7, 1, 2));
    assert_false(skips_mariadb(&skip, 1, 3, 7));
    assert_false(skip.active);
    gtid_skip_done(&skip);

    gtid_skip_init(&skip);
    gtid_skip_until(&skip, 1, 5);
    assert_false(skips_mariadb(&skip, 1, 3, 6)); /* it has all before */
    assert_false(skip.active);
    gtid_skip_done(&skip);
}

static bool skips_mysql(struct gtid_skip *skip, const char *uuid, int64_t number)
{
    struct gtid gtid = {.type = EVENT_GTID, .number = number};
    struct buf body;
    struct err err;
    bool skipped;

    assert_true(gtid_uuid_parse(span_str(uuid), &gtid.uuid, &err));
    buf_init(&body, 1024);
    gtid_encode(&body, &gtid);
    skipped = skips(skip, EVENT_GTID, 1, buf_span(&body));
    buf_done(&body);
    return skipped;
}

static void test_mysql(void **state)
{
    static const char a[] = "aaaaaaaa-0000-0000-0000-000000000001";
    static const char b[] = "bbbbbbbb-0000-0000-0000-000000000001";
    struct gtid_skip skip;
    struct gtid_set has;
    struct err err;

    (void)state;
    gtid_set_init(&has);
    assert_true(gtid_set_parse(span_str("aaaaaaaa-0000-0000-0000-000000000001:1-3:5"), &has, &err));
    gtid_skip_init(&skip);
    gtid_skip_set(&skip, &has);
    assert_false(skips(&skip, EVENT_PREVIOUS_GTIDS, 1, span_str("")));
    assert_true(skips_mysql(&skip, a, 3));
    assert_true(skips(&skip, EVENT_TABLE_MAP, 1, span_str("")));
    assert_false(skips_mysql(&skip, a, 4));
    assert_false(skips(&skip, EVENT_TABLE_MAP, 1, span_str("")));
    assert_true(skips_mysql(&skip, a, 5));
    assert_false(skips(&skip, EVENT_STOP, 1, span_str("")));
    assert_false(skips_mysql(&skip, b, 1));
    gtid_skip_done(&skip);
    gtid_set_done(&has);
}

static void test_nothing(void **state)
{
    struct gtid_skip skip;

    (void)state;
    gtid_skip_init(&skip);
    assert_false(skips(&skip, EVENT_MARIADB_GTID, 1, span_str("not even read")));
    gtid_skip_done(&skip);
}

static void test_broken(void **state)
{
    struct event_header header = {.type = EVENT_MARIADB_GTID, .server_id = 1};
    struct gtid_skip skip;
    struct err err;
    bool skipped;

    (void)state;
    start_mariadb(&skip, "0-1-5", "");
    assert_false(gtid_skip_take(&skip, &header, span_str("x"), &skipped, &err));
    assert_int_equal(err.class, E_PROTO);
    gtid_skip_done(&skip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mariadb), cmocka_unit_test(test_mariadb_state),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
