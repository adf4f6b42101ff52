#include "check.h"

#include "base/clock.h"
#include "base/mem.h"
#include "endpoint/lane.h"

#include <sys/socket.h>

static struct err err;

struct ends {
    struct conn *client; /* the test's own ends of the two connections */
    struct conn *engine;
    struct lane *lane;
    struct stream from;
    struct stream to;
};

static struct conn *half(struct conn **ret_other)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *ret_other = conn_new(fds[1], "other");
    return conn_new(fds[0], "one");
}

static struct ends *open_lane(void)
{
    struct ends *ends = mem_alloc(sizeof *ends);
    struct conn *from;
    struct conn *to;

    ends->lane = mem_alloc(sizeof *ends->lane);
    ends->client = half(&from);
    ends->engine = half(&to);
    stream_init(&ends->from, from);
    stream_init(&ends->to, to);
    lane_init(ends->lane, &ends->from, &ends->to);
    return ends;
}

static void close_lane(struct ends *ends)
{
    conn_free(ends->from.conn);
    conn_free(ends->to.conn);
    conn_free(ends->client);
    conn_free(ends->engine);
    lane_done(ends->lane);
    mem_free(ends->lane);
    mem_free(ends);
}

static void say(struct conn *conn, const char *text)
{
    assert_true(conn_write_all(conn, span_str(text), clock_deadline_usec(5 * USEC_PER_SEC), &err));
}

static void expect(struct conn *conn, const char *text)
{
    char got[64] = "";

    assert_true(conn_read_full(conn, (uint8_t *)got, strlen(text),
                               clock_deadline_usec(5 * USEC_PER_SEC), &err));
    assert_string_equal(got, text);
}

static void test_only_what_is_admitted_is_written(void **state)
{
    struct ends *ends = open_lane();
    uint8_t byte;
    size_t n;

    (void)state;
    assert_int_equal(lane_fill(ends->lane, &err), LANE_BLOCKED);
    say(ends->client, "onetwo");
    assert_int_equal(lane_fill(ends->lane, &err), LANE_MOVED);
    assert_int_equal(lane_drain(ends->lane, &err), LANE_BLOCKED);
    lane_admit(ends->lane, 3);
    assert_span_eq(lane_unread(ends->lane), "two");
    assert_int_equal(lane_drain(ends->lane, &err), LANE_MOVED);
    expect(ends->engine, "one");
    assert_int_equal(conn_try_read(ends->engine, &byte, 1, &n, &err), IO_AGAIN);
    assert_span_eq(lane_unread(ends->lane), "two");
    close_lane(ends);
}

/* Other bytes in the place of the first ones. */
static void replace(struct lane *lane, size_t n, struct span bytes)
{
    struct buf buf;

    buf_init(&buf, bytes.len);
    buf_bytes(&buf, bytes);
    lane_drop(lane, n);
    lane_put(lane, &buf);
}

static void test_replacing(void **state)
{
    struct ends *ends = open_lane();

    (void)state;
    say(ends->client, "onetwothree");
    assert_int_equal(lane_fill(ends->lane, &err), LANE_MOVED);
    lane_admit(ends->lane, 3);
    assert_int_equal(lane_drain(ends->lane, &err), LANE_MOVED);
    replace(ends->lane, 3, span_str("something longer,"));
    assert_span_eq(lane_unread(ends->lane), "three");
    lane_admit(ends->lane, 5);
    assert_int_equal(lane_output(ends->lane), 22);
    assert_int_equal(lane_drain(ends->lane, &err), LANE_MOVED);
    assert_int_equal(lane_output(ends->lane), 5);
    assert_int_equal(lane_drain(ends->lane, &err), LANE_MOVED);
    assert_int_equal(lane_output(ends->lane), 0);
    assert_int_equal(lane_drain(ends->lane, &err), LANE_BLOCKED);
    expect(ends->engine, "onesomething longer,three");
    assert_int_equal(lane_unread(ends->lane).len, 0);
    close_lane(ends);
}

static void test_a_full_lane_waits_and_takes_a_replacement_still(void **state)
{
    struct ends *ends = open_lane();
    char *much = mem_alloc(2 * LANE_SIZE);
    size_t sent = 0;

    (void)state;
    memset(much, 'x', 2 * LANE_SIZE);
    assert_int_equal(conn_try_write(ends->client, span_of(much, 2 * LANE_SIZE), &sent, &err),
                     IO_DONE);
    assert_true(sent > LANE_SIZE);
    while (lane_fill(ends->lane, &err) == LANE_MOVED)
        ;
    assert_int_equal(lane_unread(ends->lane).len, LANE_SIZE);
    replace(ends->lane, LANE_SIZE, span_of(much, 2 * LANE_SIZE));
    assert_int_equal(lane_output(ends->lane), 2 * LANE_SIZE);
    assert_int_equal(lane_unread(ends->lane).len, 0);
    assert_int_equal(lane_fill(ends->lane, &err), LANE_MOVED);
    assert_int_equal(lane_output(ends->lane), 2 * LANE_SIZE);
    close_lane(ends);
    mem_free(much);
}

static void test_the_end(void **state)
{
    struct ends *ends = open_lane();

    (void)state;
    say(ends->client, "last");
    conn_interrupt(conn_borrow_fd(ends->client));
    assert_int_equal(lane_fill(ends->lane, &err), LANE_MOVED);
    assert_false(ends->lane->eof);
    assert_int_equal(lane_fill(ends->lane, &err), LANE_MOVED);
    assert_true(ends->lane->eof);
    assert_int_equal(lane_fill(ends->lane, &err), LANE_BLOCKED);
    assert_span_eq(lane_unread(ends->lane), "last");
    close_lane(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_is_admitted_is_written),
        cmocka_unit_test(test_replacing),
        cmocka_unit_test(test_a_full_lane_waits_and_takes_a_replacement_still),
        cmocka_unit_test(test_the_end),
    };

    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
