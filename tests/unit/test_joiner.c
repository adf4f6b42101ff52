#include "check.h"

#include "base/mem.h"
#include "wire/joiner.h"

static struct err err;

/* A window with the packets of one payload of n bytes, and `more` bytes of the next behind it. */
static void make(struct buf *window, size_t n, uint8_t sequence, size_t more)
{
    uint8_t *payload = mem_alloc(n + 1);

    for (size_t i = 0; i < n; i++)
        payload[i] = (uint8_t)(i * 31 + (i >> 16));
    buf_init(window, n + more + 1000);
    for (size_t at = 0, len = PACKET_PAYLOAD_MAX; len == PACKET_PAYLOAD_MAX; at += len) {
        len = n - at < PACKET_PAYLOAD_MAX ? n - at : PACKET_PAYLOAD_MAX;
        buf_u24(window, (uint32_t)len);
        buf_u8(window, sequence++);
        buf_bytes(window, span_of(payload + at, len));
    }
    for (size_t i = 0; i < more; i++)
        buf_u8(window, 0xee);
    assert_true(buf_ok(window));
    mem_free(payload);
}

static void check_payload(struct span payload, size_t n)
{
    assert_int_equal(payload.len, n);
    for (size_t i = 0; i<n; i += n> 100000 ? 997 : 1)
        assert_int_equal(payload.data[i], (uint8_t)(i * 31 + (i >> 16)));
}

static void test_payloads_of_every_size(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   250,
                                   PACKET_PAYLOAD_MAX - 1,
                                   PACKET_PAYLOAD_MAX,
                                   PACKET_PAYLOAD_MAX + 1,
                                   2 * (size_t)PACKET_PAYLOAD_MAX,
                                   2 * (size_t)PACKET_PAYLOAD_MAX + 77};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct joiner joiner;
        struct buf window;
        struct span payload = {0};
        size_t need = 0;
        size_t len;

        make(&window, sizes[i], 255, 20);
        len = window.len;
        joiner_init(&joiner, sizes[i]);
        joiner.sequence = 255;
        assert_int_equal(joiner_step(&joiner, window.data, &len, &need, &payload, &err),
                         JOINER_WHOLE);
        check_payload(payload, sizes[i]);
        /* What is behind the payload has moved up and is whole. */
        assert_int_equal(len, need + 20);
        for (size_t k = need; k < len; k++)
            assert_int_equal(window.data[k], 0xee);
        assert_int_equal(joiner.sequence, (uint8_t)(sizes[i] / PACKET_PAYLOAD_MAX));
        buf_done(&window);
    }
}

/* Given exactly what it asks for, it never needs bytes moved and never asks for too much. */
static void test_asks_for_what_it_needs(void **state)
{
    size_t n = PACKET_PAYLOAD_MAX + 5;
    struct joiner joiner;
    struct buf all;
    uint8_t *window = mem_alloc(n + 100);
    struct span payload = {0};
    size_t need = 0;
    size_t len = 0;
    size_t read = 0;
    size_t asked = 0;

    (void)state;
    make(&all, n, 0, 0);
    joiner_init(&joiner, n);
    while (joiner_step(&joiner, window, &len, &need, &payload, &err) == JOINER_NEED) {
        assert_true(need > len);
        memcpy(window + len, all.data + read, need - len);
        read += need - len;
        len = need;
        asked++;
    }
    assert_int_equal(asked, 4);
    assert_int_equal(read, all.len);
    check_payload(payload, n);
    mem_free(window);
    buf_done(&all);
}

static void test_numbers_out_of_order_are_refused(void **state)
{
    uint8_t bytes[] = {1, 0, 0, 3, 'x'};
    size_t len = sizeof bytes;
    size_t need;
    struct span payload;
    struct joiner joiner;

    (void)state;
    joiner_init(&joiner, 100);
    assert_int_equal(joiner_step(&joiner, bytes, &len, &need, &payload, &err), JOINER_BAD);
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, "expected number 0, found 3");
    joiner.any_sequence = true;
    assert_int_equal(joiner_step(&joiner, bytes, &len, &need, &payload, &err), JOINER_WHOLE);
    assert_int_equal(joiner.sequence, 4);
}

/* The size is refused by the header alone, before anybody takes memory for it. */
static void test_payloads_over_the_limit_are_refused(void **state)
{
    uint8_t bytes[] = {101, 0, 0, 0};
    uint8_t full[] = {0xff, 0xff, 0xff, 0};
    size_t len = sizeof bytes;
    size_t need;
    struct span payload;
    struct joiner joiner;

    (void)state;
    joiner_init(&joiner, 100);
    assert_int_equal(joiner_step(&joiner, bytes, &len, &need, &payload, &err), JOINER_BAD);
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "at most 100 bytes, found 101");
    assert_int_equal(joiner_step(&joiner, full, &len, &need, &payload, &err), JOINER_BAD);
    assert_contains(err.text, "found at least 16777215");
    /* The sum of packets counts. */
    joiner_init(&joiner, PACKET_PAYLOAD_MAX + 10);
    joiner.joined = PACKET_PAYLOAD_MAX;
    joiner.sequence = 0;
    {
        uint8_t *window = mem_alloc(PACKET_PAYLOAD_MAX + 8);

        window[PACKET_PAYLOAD_MAX + 4] = 11;
        len = PACKET_PAYLOAD_MAX + 8;
        assert_int_equal(joiner_step(&joiner, window, &len, &need, &payload, &err), JOINER_BAD);
        assert_int_equal(err.class, E_LIMIT);
        mem_free(window);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payloads_of_every_size),
        cmocka_unit_test(test_asks_for_what_it_needs),
        cmocka_unit_test(test_numbers_out_of_order_are_refused),
        cmocka_unit_test(test_payloads_over_the_limit_are_refused),
    };

    return cmocka_run_group_tests_name("joiner", tests, NULL, NULL);
}
