#include "check.h"

#include "wire/numbering.h"

/* A packet of that length and number; all zeros. */
static struct buf packet(uint32_t len, uint8_t number)
{
    struct buf buf;

    buf_init(&buf, PACKET_HEADER_SIZE + (size_t)PACKET_PAYLOAD_MAX);
    buf_u24(&buf, len);
    buf_u8(&buf, number);
    (void)buf_reserve(&buf, len);
    return buf;
}

/* The number that a client's packet gets, given whole or byte by byte. */
static uint8_t client(struct numbering *numbering, uint32_t len, uint8_t number, bool opens,
                      size_t step)
{
    struct buf buf = packet(len, number);
    uint8_t given;

    for (size_t at = 0; at < buf.len; at += step)
        numbering_client(numbering, buf.data + at, buf.len - at < step ? buf.len - at : step,
                         opens && at == 0);
    given = buf.data[3];
    buf_done(&buf);
    return given;
}

static void server(struct numbering *numbering, uint32_t len, uint8_t number, size_t step)
{
    struct buf buf = packet(len, number);

    for (size_t at = 0; at < buf.len; at += step)
        numbering_server(numbering,
                         span_of(buf.data + at, buf.len - at < step ? buf.len - at : step));
    buf_done(&buf);
}

static void test_commands_are_0(void **state)
{
    struct numbering numbering = {0};

    (void)state;
    for (size_t step = 1; step < 9; step++) {
        assert_int_equal(client(&numbering, 5, 0, true, step), 0);
        server(&numbering, 7, 1, step);
        server(&numbering, 0, 2, step);
        server(&numbering, 300, 3, step);
    }
}

static void test_what_goes_on_is_one_more(void **state)
{
    struct numbering numbering = {0};

    (void)state;
    /* A statement, its results, and then the content of a file. */
    assert_int_equal(client(&numbering, 5, 0, true, 3), 0);
    for (uint8_t number = 1; number < 8; number++)
        server(&numbering, 40, number, 50);
    assert_int_equal(client(&numbering, 100, 2, false, 1), 8);
    assert_int_equal(client(&numbering, 100, 3, false, 200), 9);
    assert_int_equal(client(&numbering, 0, 4, false, 1), 10);
    server(&numbering, 7, 11, 3);
    assert_int_equal(client(&numbering, 5, 0, true, 3), 0);
}

static void test_a_large_command_goes_on_in_whatever_frame(void **state)
{
    struct numbering numbering = {0};

    (void)state;
    assert_int_equal(client(&numbering, PACKET_PAYLOAD_MAX, 0, true, 1u << 20), 0);
    assert_int_equal(client(&numbering, PACKET_PAYLOAD_MAX, 0, true, 1u << 20), 1);
    assert_int_equal(client(&numbering, 0, 9, false, 2), 2);
    assert_int_equal(client(&numbering, 5, 0, true, 2), 0);
}

/* A server takes it for a command, and so does the framer behind it. */
static void test_behind_255_comes_0(void **state)
{
    struct numbering numbering = {0};

    (void)state;
    server(&numbering, 1, 255, 5);
    assert_int_equal(client(&numbering, 5, 7, false, 3), 0);
    assert_int_equal(client(&numbering, 5, 7, true, 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_0),
        cmocka_unit_test(test_what_goes_on_is_one_more),
        cmocka_unit_test(test_a_large_command_goes_on_in_whatever_frame),
        cmocka_unit_test(test_behind_255_comes_0),
    };

    return cmocka_run_group_tests_name("numbering", tests, NULL, NULL);
}
