#include "check.h"

#include "base/mem.h"
#include "wire/packet.h"
#include "wire/result.h"

static struct err err;

static struct result *make(void)
{
    struct result *result = result_new(10000);
    struct span first[] = {span_str("1"), span_str("one"), {0}};
    struct span second[] = {span_str("2"), span_str(""), span_str("\xfb\xfe\xff")};

    assert_true(result_add_column(result, "id", RESULT_LONGLONG, &err));
    assert_true(result_add_column(result, "Name", RESULT_VARCHAR, &err));
    assert_true(result_add_column(result, "more", RESULT_VARCHAR, &err));
    assert_true(result_add_row(result, first, &err));
    assert_true(result_add_row(result, second, &err));
    return result;
}

static void check(const struct result *result)
{
    struct span value;
    size_t column = 77;

    assert_int_equal(result_columns(result), 3);
    assert_int_equal(result_rows(result), 2);
    assert_span_eq(result_name(result, 1), "Name");
    assert_true(result_find(result, "NAME", &column));
    assert_int_equal(column, 1);
    assert_false(result_find(result, "nam", &column));
    assert_true(result_value(result, 0, 1, &value));
    assert_span_eq(value, "one");
    assert_false(result_value(result, 0, 2, &value));
    assert_true(result_value(result, 1, 1, &value));
    assert_int_equal(value.len, 0);
    assert_true(result_value(result, 1, 2, &value));
    assert_span_eq(value, "\xfb\xfe\xff");
}

/* What a server would write is read back by a client of the same capabilities. */
static void test_round_trip(void **state)
{
    static const uint32_t capabilities[] = {0, CAP_DEPRECATE_EOF,
                                            CAP_DEPRECATE_EOF | CAP_SESSION_TRACK};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct result *result = make();
        struct result *again = result_new(10000);
        struct result_reader reader;
        size_t count = result_payloads(result, capabilities[i]);
        bool done = false;
        struct buf payload;

        check(result);
        buf_init(&payload, 10000);
        result_reader_init(&reader, capabilities[i], again);
        for (size_t k = 0; k < count; k++) {
            assert_false(done);
            buf_clear(&payload);
            result_write_payload(result, k, capabilities[i], STATUS_AUTOCOMMIT, &payload);
            assert_true(result_reader_take(&reader, buf_span(&payload), &done, &err));
        }
        assert_true(done);
        check(again);
        assert_false(result_reader_take(&reader, buf_span(&payload), &done, &err));
        assert_int_equal(err.class, E_BUG);
        buf_done(&payload);
        result_free(result);
        result_free(again);
    }
}

static void refuse(const char *first, size_t first_len, const char *second, size_t second_len,
                   enum err_class class, const char *text)
{
    struct result *result = result_new(100);
    struct result_reader reader;
    bool done;

    result_reader_init(&reader, CAP_DEPRECATE_EOF, result);
    if (second) {
        assert_true(result_reader_take(&reader, span_of(first, first_len), &done, &err));
        first = second;
        first_len = second_len;
    }
    assert_false(result_reader_take(&reader, span_of(first, first_len), &done, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, text);
    result_free(result);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    refuse("", 0, NULL, 0, E_PROTO, "number of columns");
    refuse("\xfb/etc/passwd", 12, NULL, 0, E_PROTO, "local file, which is refused");
    refuse("\xfc\x01\x20", 3, NULL, 0, E_PROTO, "from 1 to 4096");
    refuse("\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 9, NULL, 0, E_PROTO, "number of columns");
    refuse("\1x", 2, NULL, 0, E_PROTO, "number of columns");
    refuse("\0\0\0\x08\0\0\0", 7, NULL, 0, E_PROTO, "the server has more");
    refuse("\xff\x15\x04#28000no", 11, NULL, 0, E_AUTH, "error 1045 (28000): no");
    refuse("\1", 1, "\3def", 4, E_PROTO, "column 1 ends inside");
    refuse("\1", 1, "\xff\x15\x04#28000no", 11, E_AUTH, "error 1045");
}

static struct span column_of(const char *name, struct buf *payload)
{
    struct result *result = result_new(1000);

    assert_true(result_add_column(result, name, RESULT_VARCHAR, &err));
    result_write_payload(result, 1, CAP_DEPRECATE_EOF, 0, payload);
    result_free(result);
    return buf_span(payload);
}

static void test_rows_that_are_refused(void **state)
{
    struct result *result = result_new(64);
    struct result_reader reader;
    struct buf column;
    bool done;

    (void)state;
    buf_init(&column, 1000);
    result_reader_init(&reader, CAP_DEPRECATE_EOF, result);
    assert_true(result_reader_take(&reader, span_of("\1", 1), &done, &err));
    assert_true(result_reader_take(&reader, column_of("c", &column), &done, &err));
    assert_false(result_reader_take(&reader, span_of("\5abc", 4), &done, &err));
    assert_contains(err.text, "expected a row of 1 values");
    assert_false(result_reader_take(&reader, span_of("\1a\1b", 4), &done, &err));
    assert_false(result_reader_take(&reader, span_of("", 0), &done, &err));
    result_free(result);
    buf_done(&column);
}

static void test_the_limit_holds(void **state)
{
    struct result *result = result_new(16 + 1 + 16 + 4);
    struct span four = span_str("four");

    (void)state;
    assert_true(result_add_column(result, "c", RESULT_LONG, &err));
    assert_true(result_add_row(result, &four, &err));
    assert_false(result_add_row(result, &four, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "at most 37 bytes");
    assert_false(result_add_column(result, "late", RESULT_LONG, &err));
    assert_int_equal(err.class, E_BUG);
    result_free(result);
}

/* Nothing but empty texts: there is no memory that they could point into. */
static void test_empty_texts(void **state)
{
    struct result *result = result_new(1000);
    struct span value = {.data = (const uint8_t *)""};

    (void)state;
    assert_true(result_add_column(result, "", RESULT_VARCHAR, &err));
    assert_true(result_add_row(result, &value, &err));
    value = (struct span){0};
    assert_true(result_value(result, 0, 0, &value));
    assert_non_null(value.data);
    assert_int_equal(value.len, 0);
    assert_int_equal(result_name(result, 0).len, 0);
    result_free(result);
}

/* A row whose first value has 16 MB or more begins as an EOF packet does. */
static void test_a_row_that_looks_like_an_end(void **state)
{
    size_t n = 17 << 20;
    struct result *result = result_new(n + 100);
    struct result_reader reader;
    struct buf bytes;
    struct span value = {0};
    size_t at;
    bool done;

    (void)state;
    buf_init(&bytes, n + 1000);
    result_reader_init(&reader, CAP_DEPRECATE_EOF, result);
    assert_true(result_reader_take(&reader, span_of("\1", 1), &done, &err));
    assert_true(result_reader_take(&reader, column_of("c", &bytes), &done, &err));
    buf_clear(&bytes);
    buf_lenenc(&bytes, n);
    at = buf_reserve(&bytes, n);
    assert_int_equal(at, 9);
    assert_int_equal(bytes.data[0], 0xfe);
    assert_true(result_reader_take(&reader, buf_span(&bytes), &done, &err));
    assert_false(done);
    assert_true(result_value(result, 0, 0, &value));
    assert_int_equal(value.len, n);
    buf_done(&bytes);
    result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_rows_that_are_refused),
        cmocka_unit_test(test_the_limit_holds),
        cmocka_unit_test(test_empty_texts),
        cmocka_unit_test(test_a_row_that_looks_like_an_end),
    };

    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
