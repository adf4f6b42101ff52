#include "check.h"

#include "endpoint/log_list.h"

static const uint8_t eof[] = {0xfe, 0, 0, 2, 0};

static void put_packet(struct buf *buf, uint8_t number, struct span payload)
{
    buf_u24(buf, (uint32_t)payload.len);
    buf_u8(buf, number);
    buf_bytes(buf, payload);
}

static void put_column(struct buf *buf, uint8_t number, const char *name, const char *own_name)
{
    struct buf payload;

    buf_init(&payload, 1024);
    buf_lenenc_bytes(&payload, span_str("def"));
    for (int i = 0; i < 3; i++)
        buf_lenenc_bytes(&payload, span_str(""));
    buf_lenenc_bytes(&payload, span_str(name));
    buf_lenenc_bytes(&payload, span_str(own_name));
    buf_lenenc_bytes(&payload, span_str("more"));
    put_packet(buf, number, buf_span(&payload));
    buf_done(&payload);
}

static void put_row(struct buf *buf, uint8_t number, const char *name, const char *const *rest)
{
    struct buf payload;

    buf_init(&payload, 1024);
    buf_lenenc_bytes(&payload, span_str(name));
    for (; *rest; rest++)
        buf_lenenc_bytes(&payload, span_str(*rest));
    put_packet(buf, number, buf_span(&payload));
    buf_done(&payload);
}

/* The engine's answer, or what is to become of it. */
static void put_answer(struct buf *buf, bool with_eof, bool more)
{
    static const char *const engines[] = {"4711", NULL};
    static const char *const ours[] = {"4711", "No", NULL};
    uint8_t number = 1;
    uint8_t columns = more ? 3 : 2;

    put_packet(buf, number++, span_of(&columns, 1));
    put_column(buf, number++, "Log_name", "own");
    put_column(buf, number++, "File_size", "");
    if (more)
        put_column(buf, number++, "Encrypted", "own");
    if (with_eof)
        put_packet(buf, number++, span_of(eof, sizeof eof));
    for (int row = 0; row < 300; row++)
        put_row(buf, number++, "log.000001", more ? ours : engines);
    put_packet(buf, number, span_of(eof, sizeof eof));
}

/* In pieces of every size, as a session gets it; what follows is left alone. */
static void test_a_column_more(void **state)
{
    (void)state;
    for (int with_eof = 0; with_eof < 2; with_eof++) {
        for (size_t piece = 1; piece < 400; piece += 13) {
            struct log_list list;
            struct buf answer;
            struct buf expected;
            struct buf made;
            size_t taken = 0;

            buf_init(&answer, 65536);
            buf_init(&expected, 65536);
            buf_init(&made, 65536);
            put_answer(&answer, with_eof, false);
            put_answer(&expected, with_eof, true);
            log_list_init(&list, with_eof);
            log_list_await(&list, false);
            for (size_t have = piece; list.state != LOG_LIST_NONE; have += piece) {
                size_t end = have < answer.len ? have : answer.len;

                assert_true(have < answer.len + piece);
                taken += log_list_take(&list, span_of(answer.data + taken, end - taken), &made);
            }
            assert_int_equal(taken, answer.len);
            assert_int_equal(made.len, expected.len);
            assert_memory_equal(made.data, expected.data, made.len);
            assert_int_equal(log_list_take(&list, buf_span(&answer), &made), 0);
            buf_done(&answer);
            buf_done(&expected);
            buf_done(&made);
        }
    }
}

static void test_what_is_prepared_is_known(void **state)
{
    static const uint8_t head[] = {0, 7, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0};
    static const uint8_t undescribed[] = {2, 0, 0, 1, 2, 0};
    static const uint8_t row[] = {0, 0, 1, 'a', 1, 2, 3, 4, 5, 6, 7, 8};
    struct log_list list;
    struct buf answer;
    struct buf made;

    (void)state;
    buf_init(&answer, 1024);
    buf_init(&made, 1024);
    put_packet(&answer, 1, span_of(head, sizeof head));
    put_column(&answer, 2, "Log_name", "");
    put_column(&answer, 3, "File_size", "");
    log_list_init(&list, false);
    log_list_await(&list, true);
    assert_int_equal(log_list_take(&list, buf_span(&answer), &made), answer.len);
    assert_int_equal(list.state, LOG_LIST_NONE); /* nothing ends the descriptions */
    assert_int_equal(made.data[4 + 5], 3);
    assert_true(log_list_is_prepared(&list, 0x107));
    assert_false(log_list_is_prepared(&list, 7));
    /* Its execution, to a client that has kept the descriptions: no packet is added. */
    buf_clear(&answer);
    buf_clear(&made);
    buf_bytes(&answer, span_of(undescribed, sizeof undescribed));
    put_packet(&answer, 2, span_of(row, sizeof row));
    put_packet(&answer, 3, span_of(eof, sizeof eof));
    log_list_await(&list, false);
    assert_int_equal(log_list_take(&list, buf_span(&answer), &made), answer.len);
    assert_int_equal(made.data[4], 3);
    assert_int_equal(made.len, answer.len + 3);
    assert_memory_equal(made.data + 6 + 4 + sizeof row, "\2No", 3);
    assert_int_equal(made.data[made.len - sizeof eof - 1], 3);
    assert_int_equal(list.state, LOG_LIST_NONE);
    buf_done(&answer);
    buf_done(&made);
}

static void test_the_oldest_are_forgotten(void **state)
{
    struct log_list list;
    struct buf answer;
    struct buf made;

    (void)state;
    buf_init(&made, 65536);
    log_list_init(&list, false);
    for (uint8_t i = 1; i <= LOG_LIST_STATEMENTS + 1; i++) {
        const uint8_t head[] = {0, i, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0};

        buf_init(&answer, 1024);
        put_packet(&answer, 1, span_of(head, sizeof head));
        put_column(&answer, 2, "Log_name", "");
        put_column(&answer, 3, "File_size", "");
        log_list_await(&list, true);
        assert_true(log_list_take(&list, buf_span(&answer), &made) > 0);
        buf_done(&answer);
    }
    assert_false(log_list_is_prepared(&list, 1));
    assert_true(log_list_is_prepared(&list, 2));
    assert_true(log_list_is_prepared(&list, LOG_LIST_STATEMENTS + 1));
    buf_done(&made);
}

static void test_other_answers_stay(void **state)
{
    static const uint8_t ok[] = {7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    static const uint8_t error[] = {9, 0, 0, 1, 0xff, 0x88, 4, '#', '4', '2', '0', '0', '0'};
    static const uint8_t one_column[] = {1, 0, 0, 1, 1};
    static const uint8_t parameters[] = {12, 0, 0, 1, 0, 7, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0};
    const struct {
        struct span bytes;
        bool prepares;
    } cases[] = {
        {span_of(ok, sizeof ok), false},
        {span_of(error, sizeof error), false},
        {span_of(error, sizeof error), true},
        {span_of(one_column, sizeof one_column), false},
        {span_of(parameters, sizeof parameters), true},
    };
    struct log_list list;
    struct buf answer;
    struct buf made;

    (void)state;
    buf_init(&answer, 1024);
    buf_init(&made, 1024);
    log_list_init(&list, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        log_list_await(&list, cases[i].prepares);
        assert_int_equal(log_list_take(&list, cases[i].bytes, &made), 0);
        assert_int_equal(list.state, LOG_LIST_NONE);
    }
    buf_bytes(&answer, span_of("\1\0\0\1\2", 5));
    put_column(&answer, 2, "a", "");
    put_column(&answer, 3, "b", "");
    log_list_await(&list, false);
    assert_int_equal(log_list_take(&list, buf_span(&answer), &made), 0);
    assert_int_equal(list.state, LOG_LIST_NONE);
    assert_int_equal(made.len, 0);
    buf_done(&answer);
    buf_done(&made);
}

/* An error may end the rows, too. */
static void test_an_error_ends_it(void **state)
{
    static const uint8_t error[] = {0xff, 0x88, 4, '#', '4', '2', '0', '0', '0'};
    struct log_list list;
    struct buf answer;
    struct buf made;

    (void)state;
    buf_init(&answer, 1024);
    buf_init(&made, 1024);
    buf_bytes(&answer, span_of("\1\0\0\1\2", 5));
    put_column(&answer, 2, "Log_name", "");
    put_column(&answer, 3, "File_size", "");
    put_packet(&answer, 4, span_of(error, sizeof error));
    log_list_init(&list, true);
    log_list_await(&list, false);
    assert_int_equal(log_list_take(&list, buf_span(&answer), &made), answer.len);
    assert_int_equal(list.state, LOG_LIST_NONE);
    assert_int_equal(made.data[made.len - sizeof error - 1], 5);
    buf_done(&answer);
    buf_done(&made);
}

static void test_statements(void **state)
{
    static const char *const some[] = {"SHOW BINARY LOGS", " show\tmaster logs ; ", "EXECUTE s",
                                       "execute immediate 'show binary logs'"};
    static const char *const others[] = {
        "",          "SHOW BINARY LOG STATUS",     "SELECT 1",
        "SHOW LOGS", "SHOW BINARY LOGS; SELECT 1", "EXECUTE a; EXECUTE b"};

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_true(log_list_may_be(span_str(some[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(log_list_may_be(span_str(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_column_more),
        cmocka_unit_test(test_what_is_prepared_is_known),
        cmocka_unit_test(test_the_oldest_are_forgotten),
        cmocka_unit_test(test_other_answers_stay),
        cmocka_unit_test(test_an_error_ends_it),
        cmocka_unit_test(test_statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
