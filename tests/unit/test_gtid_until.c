#include "check.h"

#include "replication/gtid_until.h"

static struct gtid_until until;
static struct err err;

static void begin(const char *stops, const char *state)
{
    struct gtid_list has;

    gtid_list_init(&has);
    gtid_until_init(&until);
    assert_true(gtid_list_parse(span_str(state), &has, &err));
    assert_true(gtid_until_parse(&until, span_str(stops), &err));
    gtid_until_start(&until, &has);
    gtid_list_done(&has);
}

/* Whether the transaction is sent. */
static bool sends(uint32_t domain, uint32_t server_id, uint64_t sequence)
{
    struct gtid_mariadb_event event = {.domain = domain, .sequence = sequence};
    struct event_header header = {.type = EVENT_MARIADB_GTID, .server_id = server_id};
    struct buf body;

    buf_init(&body, 1024);
    gtid_mariadb_encode(&body, &event);
    buf_bytes(&body, span_of("\0\0\0\0\0\0", 6));
    assert_true(gtid_until_take(&until, &header, buf_span(&body), &err));
    buf_done(&body);
    return !until.leaves_out;
}

static void test_domains(void **state)
{
    (void)state;
    begin("0-1-5,7-1-2", "");
    assert_false(gtid_until_ends(&until));
    assert_true(sends(0, 1, 4) && sends(0, 2, 9) && sends(0, 1, 5));
    assert_false(sends(0, 1, 6)); /* the domain has ended */
    assert_false(sends(3, 1, 1)); /* and one without a GTID never begins */
    assert_false(gtid_until_ends(&until));
    assert_false(sends(7, 1, 3)); /* past it: the log has a hole */
    assert_true(gtid_until_ends(&until));
    assert_non_null(gtid_list_find_server(&until.state, 0, 2));
    assert_int_equal(gtid_list_find(&until.state, 0)->sequence, 5);
    gtid_until_done(&until);
}

static void test_reached_at_the_start(void **state)
{
    (void)state;
    begin("0-1-5,7-1-2", "0-1-5,7-1-1");
    assert_false(gtid_until_ends(&until));
    assert_true(sends(7, 1, 2));
    assert_true(gtid_until_ends(&until));
    gtid_until_done(&until);
    begin("0-1-5", "0-1-6");
    assert_true(gtid_until_ends(&until));
    gtid_until_done(&until);
    begin("", "0-1-6");
    assert_true(gtid_until_ends(&until));
    gtid_until_done(&until);
}

static void test_none(void **state)
{
    (void)state;
    gtid_until_init(&until);
    assert_false(gtid_until_ends(&until));
    assert_false(gtid_until_parse(&until, span_str("0-1"), &err));
    assert_false(until.active);
    gtid_until_done(&until);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_reached_at_the_start),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
