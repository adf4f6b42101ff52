#include "binlog/query.h"

#include "binlog/load_data.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One of each status variable, in an order that no server uses. */
static const uint8_t status_bytes[] = {
    131, 1,  8,   0,   45,  0,               /* MariaDB's charset collations, first as it does */
    0,   1,  2,   3,   4,                    /* flags2 */
    1,   1,  2,   3,   4,   5,   6, 7, 8,    /* SQL mode */
    2,   3,  's', 't', 'd', 0,               /* catalog with NUL */
    3,   10, 0,   3,   0,                    /* auto increment */
    4,   8,  0,   9,   0,   10,  0,          /* charset */
    5,   3,  'U', 'T', 'C',                  /* time zone */
    7,   4,  0,                              /* lc_time_names */
    8,   45, 0,                              /* charset of the database */
    9,   3,  0,   0,   0,   0,   0, 0, 0,    /* tables for update */
    10,  1,  0,   0,   0,                    /* source data written */
    11,  2,  'm', 'e', 1,   '%',             /* invoker */
    12,  2,  'a', 0,   'b', 'c', 0,          /* updated databases */
    13,  1,  0,   0,                         /* microseconds */
    16,  1,                                  /* explicit defaults for timestamp */
    130, 6,  1,   0,   0,   0,   0, 0, 0, 0, /* MariaDB GTID flags with COMMIT ALTER */
};

static void every_status_variable_comes_back(void **state)
{
    struct query_status status;
    struct err err;
    struct buf buf;

    (void)state;
    assert_true(query_status_decode(span_of(status_bytes, sizeof status_bytes), &status, &err));
    assert_int_equal(status.count, 16);
    assert_int_equal(status.flags2, 0x04030201);
    assert_true(span_eq(status.catalog, span_str("std")));
    assert_int_equal(status.auto_increment_offset, 3);
    assert_int_equal(status.collation_server, 10);
    assert_true(span_eq(status.host, span_str("%")));
    assert_int_equal(status.databases.len, 5);
    assert_int_equal(status.alter_seq_no, 1);
    assert_int_equal(status.collations.len, 4);
    assert_true(query_status_has(&status, QUERY_INVOKER));
    assert_false(query_status_has(&status, QUERY_CATALOG_NZ));
    buf_init(&buf, 1000);
    query_status_encode(&buf, &status);
    assert_true(span_eq(buf_span(&buf), span_of(status_bytes, sizeof status_bytes)));
    buf_done(&buf);
}

static void the_newer_ones_too(void **state)
{
    static const uint8_t bytes[] = {
        6, 3,  's', 't', 'd', 12, 254, 17,  1, 0, 0, 0,   0, 0, 0, 0, 18, 255,
        0, 19, 1,   20,  0,   21, 1,   128, 1, 2, 3, 200, 1, 2, 3, 4, /* 200: nobody's, so the rest
                                                                  is kept */
    };
    struct query_status status;
    struct err err;
    struct buf buf;

    (void)state;
    assert_true(query_status_decode(span_of(bytes, sizeof bytes), &status, &err));
    assert_int_equal(status.count, 8);
    assert_int_equal(status.enable_cascade_triggers, 1);
    assert_int_equal(status.database_count, QUERY_DATABASES_OVER_MAX);
    assert_int_equal(status.xid, 1);
    assert_int_equal(status.microseconds, 0x030201);
    assert_int_equal(status.default_collation_for_utf8mb4, 255);
    assert_int_equal(status.unknown.len, 5);
    buf_init(&buf, 1000);
    query_status_encode(&buf, &status);
    assert_true(span_eq(buf_span(&buf), span_of(bytes, sizeof bytes)));
    buf_done(&buf);
}

static void cut_or_repeated_status_is_refused(void **state)
{
    struct query_status status;
    struct err err;
    size_t good = 0;

    (void)state;
    for (size_t n = 0; n < sizeof status_bytes; n++)
        good += query_status_decode(span_of(status_bytes, n), &status, &err);
    assert_int_equal(good, 16); /* between two of them */
    assert_false(query_status_decode(span_of("\x10\x00\x10\x00", 4), &status, &err));
    assert_non_null(strstr(err.text, "variable 16 twice"));
}

static void queries_come_back_and_damaged_ones_do_not(void **state)
{
    struct query query = {
        .thread_id = 5,
        .exec_time = 6,
        .error_code = 1062,
        .status = span_of(status_bytes, sizeof status_bytes),
        .database = span_str("d"),
        .text = span_str("BEGIN"),
    };
    struct query decoded;
    struct format format;
    struct err err;
    struct buf buf;

    (void)state;
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    buf_init(&buf, 1000);
    query_encode(&buf, &query);
    assert_true(query_decode(buf_span(&buf), EVENT_QUERY, &format, &decoded, &err));
    assert_int_equal(decoded.error_code, 1062);
    assert_true(span_eq(decoded.status, query.status));
    assert_true(span_eq(decoded.database, query.database));
    assert_true(span_eq(decoded.text, query.text));
    for (size_t n = 0; n < buf.len - 5; n++) {
        assert_false(query_decode(span_of(buf.data, n), EVENT_QUERY, &format, &decoded, &err));
        assert_int_equal(err.class, E_PROTO);
    }
    buf.data[buf.len - 6] = 1; /* the NUL after the database */
    assert_false(query_decode(buf_span(&buf), EVENT_QUERY, &format, &decoded, &err));
    buf.data[buf.len - 6] = 0;
    format.post_header_lengths[EVENT_QUERY - 1] = 15;
    assert_false(query_decode(buf_span(&buf), EVENT_QUERY, &format, &decoded, &err));
    assert_string_equal(err.text, "Query event: post-header of 15 bytes, expected 13");
    buf_done(&buf);
}

static void load_statements_come_back_and_damaged_ones_do_not(void **state)
{
    struct load_execute execute = {
        .query = {.database = span_str("d"), .text = span_str("LOAD DATA INFILE 'x' INTO t")},
        .file_id = 9,
        .name_start = 9,
        .name_end = 20,
        .duplicates = LOAD_DUPLICATES_REPLACE,
    };
    struct load_execute decoded;
    struct format format;
    struct err err;
    struct buf buf;

    (void)state;
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    buf_init(&buf, 1000);
    load_execute_encode(&buf, &execute);
    assert_true(load_execute_decode(buf_span(&buf), &format, &decoded, &err));
    assert_int_equal(decoded.file_id, 9);
    assert_int_equal(decoded.name_end, 20);
    for (size_t n = 0; n < 28 + 20; n++)
        assert_false(load_execute_decode(span_of(buf.data, n), &format, &decoded, &err));
    buf_clear(&buf);
    execute.name_end = 28;
    load_execute_encode(&buf, &execute);
    assert_false(load_execute_decode(buf_span(&buf), &format, &decoded, &err));
    assert_non_null(strstr(err.text, "file name at 9 to 28 of a text of 27 bytes"));
    buf_clear(&buf);
    execute.name_end = 20;
    execute.duplicates = 3;
    load_execute_encode(&buf, &execute);
    assert_false(load_execute_decode(buf_span(&buf), &format, &decoded, &err));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_variable_comes_back),
        cmocka_unit_test(the_newer_ones_too),
        cmocka_unit_test(cut_or_repeated_status_is_refused),
        cmocka_unit_test(queries_come_back_and_damaged_ones_do_not),
        cmocka_unit_test(load_statements_come_back_and_damaged_ones_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
