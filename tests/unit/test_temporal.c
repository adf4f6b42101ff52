#include "binlog/temporal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct buf text;
static struct buf bytes;

/* A column of the type with that many digits. */
static struct column_layout layout_of(uint8_t type, uint8_t digits)
{
    struct cursor cur = cursor_of(span_of(&digits, 1));
    struct column_layout layout;
    struct err err;

    assert_true(column_layout_decode(&cur, type, &layout, &err));
    return layout;
}

static void check(uint8_t type, uint8_t digits, const char *hex, const char *expected)
{
    struct column_layout layout = layout_of(type, digits);
    struct cursor cur;
    struct temporal value = {0};
    struct timestamp stamp;

    column_layout_set_fraction(&layout, digits);
    buf_clear(&bytes);
    for (const char *c = hex; *c; c += 2) {
        unsigned byte;

        assert_int_equal(sscanf(c, "%2x", &byte), 1);
        buf_u8(&bytes, (uint8_t)byte);
    }
    assert_int_equal(bytes.len, layout.size);
    cur = cursor_of(buf_span(&bytes));
    buf_clear(&text);
    if (type == COLUMN_TIMESTAMP || type == COLUMN_TIMESTAMP_OLD) {
        stamp = timestamp_decode(&cur, &layout);
        temporal_write_datetime(&text, timestamp_to_utc(stamp), digits);
    } else {
        value = temporal_decode(&cur, &layout);
        if (type == COLUMN_DATE || type == COLUMN_NEWDATE)
            temporal_write_date(&text, value);
        else if (type == COLUMN_TIME || type == COLUMN_TIME_OLD)
            temporal_write_time(&text, value, digits);
        else
            temporal_write_datetime(&text, value, digits);
    }
    assert_true(cursor_end(&cur));
    assert_string_equal(buf_borrow_cstr(&text), expected);
    buf_clear(&text);
    if (type == COLUMN_TIMESTAMP || type == COLUMN_TIMESTAMP_OLD)
        timestamp_encode(&text, &layout, stamp);
    else
        temporal_encode(&text, &layout, value);
    assert_true(span_eq(buf_span(&text), buf_span(&bytes)));
}

/* Bytes as the servers wrote them. */
static void what_servers_wrote(void **state)
{
    (void)state;
    check(COLUMN_TIME, 3, "7ffffeec78", "-00:00:01.500");
    check(COLUMN_DATETIME, 6, "9967c641460c0a08", "2001-02-03 04:05:06.789000");
    check(COLUMN_TIMESTAMP, 2, "3a7b83724e", "2001-02-03 04:05:06.78");
    check(COLUMN_DATE, 0, "43a20f", "2001-02-03");
    check(COLUMN_TIME_OLD, 0, "934dfe", "-11:12:13");
    check(COLUMN_TIME_OLD, 3, "00b1a034f0", "-11:12:13.456");
    check(COLUMN_DATETIME_OLD, 0, "fa4a0bfd32120000", "2001-02-03 04:05:06");
    check(COLUMN_DATETIME_OLD, 6, "00ff88cffaa7c2c0", "2001-02-03 04:05:06.123456");
    check(COLUMN_TIMESTAMP_OLD, 0, "72837b3a", "2001-02-03 04:05:06");
    check(COLUMN_TIMESTAMP_OLD, 4, "3a7b837204d2", "2001-02-03 04:05:06.1234");
}

static void zero_and_invalid_dates_stay(void **state)
{
    (void)state;
    check(COLUMN_DATE, 0, "000000", "0000-00-00");
    check(COLUMN_DATE, 0, "5fa20f", "2001-02-31");
    check(COLUMN_DATETIME, 0, "8000000000", "0000-00-00 00:00:00");
    check(COLUMN_TIMESTAMP, 6, "00000000000000", "0000-00-00 00:00:00.000000");
    check(COLUMN_TIME, 0, "800000", "00:00:00");
    check(COLUMN_TIME, 0, "b46efb", "838:59:59");
    check(COLUMN_TIME, 6, "4b9105f0bdc1", "-838:59:58.999999"); /* the lowest fraction */
}

static void negative_times_with_every_fraction(void **state)
{
    (void)state;
    check(COLUMN_TIME, 1, "7ffffff6", "-00:00:00.1");
    for (unsigned digits = 1; digits <= 6; digits++) {
        struct column_layout layout = layout_of(COLUMN_TIME, (uint8_t)digits);
        static const uint32_t units[] = {0, 100000, 10000, 1000, 100, 10, 1};

        for (uint32_t n = 0; n < 120; n++) {
            struct temporal value = {
                .negative = true, .hour = (uint16_t)(n % 3), .second = (uint8_t)(n % 60)};
            struct temporal again;
            struct cursor cur;

            value.usec = n * 7919 % (1000000 / units[digits]) * units[digits];
            value.negative = value.usec > 0 || value.hour > 0 || value.second > 0;
            buf_clear(&bytes);
            temporal_encode(&bytes, &layout, value);
            cur = cursor_of(buf_span(&bytes));
            again = temporal_decode(&cur, &layout);
            assert_true(cursor_end(&cur));
            assert_memory_equal(&again, &value, sizeof value);
        }
    }
}

static void timestamps_over_all_of_time(void **state)
{
    static const struct {
        uint32_t seconds;
        const char *text;
    } cases[] = {
        {1, "1970-01-01 00:00:01"},          {951782399, "2000-02-28 23:59:59"},
        {951782400, "2000-02-29 00:00:00"},  {951868800, "2000-03-01 00:00:00"},
        {2147483647, "2038-01-19 03:14:07"}, {4107542399, "2100-02-28 23:59:59"},
        {4107542400, "2100-03-01 00:00:00"}, {4294967295, "2106-02-07 06:28:15"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&text);
        temporal_write_datetime(&text, timestamp_to_utc((struct timestamp){cases[i].seconds, 0}),
                                0);
        assert_string_equal(buf_borrow_cstr(&text), cases[i].text);
    }
}

static void short_values_are_noticed(void **state)
{
    struct column_layout layout = layout_of(COLUMN_DATETIME, 6);
    struct cursor cur = cursor_of(span_str("1234567"));

    (void)state;
    (void)temporal_decode(&cur, &layout);
    assert_false(cursor_ok(&cur));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_servers_wrote),
        cmocka_unit_test(zero_and_invalid_dates_stay),
        cmocka_unit_test(negative_times_with_every_fraction),
        cmocka_unit_test(timestamps_over_all_of_time),
        cmocka_unit_test(short_values_are_noticed),
    };
    int failed;

    buf_init(&text, 100);
    buf_init(&bytes, 100);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&text);
    buf_done(&bytes);
    return failed;
}
