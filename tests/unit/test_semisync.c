#include "check.h"

#include "wire/semisync.h"

static struct err err;

static void test_header(void **state)
{
    struct span event;
    struct buf bytes;
    bool wants_ack = false;

    (void)state;
    buf_init(&bytes, 100);
    semisync_header_write(&bytes, true);
    buf_str(&bytes, "event");
    assert_int_equal(bytes.data[0], 0xef);
    assert_true(semisync_header_parse(buf_span(&bytes), &wants_ack, &event, &err));
    assert_true(wants_ack);
    assert_span_eq(event, "event");
    assert_true(semisync_header_parse(span_of("\xef\0", 2), &wants_ack, &event, &err));
    assert_false(wants_ack);
    assert_false(semisync_header_parse(span_of("\xef", 1), &wants_ack, &event, &err));
    assert_false(semisync_header_parse(span_of("\0\1x", 3), &wants_ack, &event, &err));
    assert_contains(err.text, "expected 0xef");
    buf_done(&bytes);
}

static void test_ack(void **state)
{
    struct semisync_ack ack = {.position = (uint64_t)5 << 32, .file = span_str("bin.000009")};
    struct semisync_ack again;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 100);
    semisync_ack_write(&bytes, &ack);
    assert_true(semisync_ack_parse(buf_span(&bytes), &again, &err));
    assert_true(again.position == ack.position);
    assert_span_eq(again.file, "bin.000009");
    buf_u8(&bytes, 0);
    assert_true(semisync_ack_parse(buf_span(&bytes), &again, &err));
    assert_span_eq(again.file, "bin.000009");
    for (size_t len = 0; len <= 9; len++)
        assert_false(semisync_ack_parse(span_of(bytes.data, len), &again, &err));
    buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_ack),
    };

    return cmocka_run_group_tests_name("semisync", tests, NULL, NULL);
}
