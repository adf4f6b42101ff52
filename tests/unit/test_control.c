#include "binlog/control.h"

#include "binlog/load_data.h"
#include "binlog/variable.h"
#include "binlog/xid.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf buf;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&buf, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&buf);
    return 0;
}

/* Every shorter body and one with a byte too many must be refused. */
#define REFUSES_OTHER_SIZES(decode, result)                                                        \
    do {                                                                                           \
        for (size_t n = 0; n < buf.len; n++)                                                       \
            assert_false(decode(span_of(buf.data, n), result, &err));                              \
        buf_u8(&buf, 0);                                                                           \
        assert_false(decode(buf_span(&buf), result, &err));                                        \
        assert_int_equal(err.class, E_PROTO);                                                      \
    } while (0)

static void rotate(void **state)
{
    struct rotate rotate = {UINT64_C(0x100000004), span_str("binlog.000002")};
    struct rotate decoded;

    (void)state;
    rotate_encode(&buf, &rotate);
    assert_true(rotate_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(decoded.position, rotate.position);
    assert_true(span_eq(decoded.name, rotate.name));
    for (size_t n = 0; n <= 8; n++)
        assert_false(rotate_decode(span_of(buf.data, n), &decoded, &err));
}

static void stop(void **state)
{
    (void)state;
    assert_true(stop_decode(span_of(NULL, 0), &err));
    assert_false(stop_decode(span_of("x", 1), &err));
    assert_string_equal(err.text, "Stop event: 1 bytes after the last field, body of 1 bytes");
}

static void incident(void **state)
{
    struct incident incident = {1, span_str("lost")};
    struct incident decoded;

    (void)state;
    incident_encode(&buf, &incident);
    assert_true(incident_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(decoded.number, 1);
    assert_true(span_eq(decoded.message, incident.message));
    REFUSES_OTHER_SIZES(incident_decode, &decoded);
}

static void heartbeats(void **state)
{
    struct heartbeat heartbeat = {span_str("binlog.000002"), 1000};
    struct heartbeat decoded;
    struct event_header header = {.log_pos = 1000};

    (void)state;
    heartbeat_encode(&buf, &heartbeat, 1000);
    assert_true(heartbeat_decode(buf_span(&buf), &header, &decoded, &err));
    assert_int_equal(decoded.position, 1000);
    assert_true(span_eq(decoded.name, heartbeat.name));

    buf_clear(&buf); /* MariaDB past 4 GiB */
    header.log_pos = 0;
    heartbeat.position = UINT64_C(0x123456789a);
    heartbeat_encode(&buf, &heartbeat, 0);
    assert_true(heartbeat_decode(buf_span(&buf), &header, &decoded, &err));
    assert_int_equal(decoded.position, heartbeat.position);
    assert_true(span_eq(decoded.name, heartbeat.name));
    assert_false(heartbeat_decode(span_of(buf.data, 7), &header, &decoded, &err));
}

static void heartbeat_v2(void **state)
{
    static const uint8_t with_unknown[] = {1, 2, 'f', '1', 9, 3, 'x', 'y', 'z', 2, 1, 4, 0};
    static const uint8_t bad_position[] = {1, 2, 'f', '1', 2, 3, 4, 4, 4, 0};
    static const uint64_t positions[] = {4, 250, 251, 65536, UINT64_C(1) << 40};
    struct heartbeat decoded;

    (void)state;
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        struct heartbeat heartbeat = {span_str("binlog.000002"), positions[i]};

        buf_clear(&buf);
        heartbeat_v2_encode(&buf, &heartbeat);
        assert_true(heartbeat_v2_decode(buf_span(&buf), &decoded, &err));
        assert_int_equal(decoded.position, positions[i]);
        assert_true(span_eq(decoded.name, heartbeat.name));
        REFUSES_OTHER_SIZES(heartbeat_v2_decode, &decoded);
    }
    assert_true(heartbeat_v2_decode(span_of(with_unknown, sizeof with_unknown), &decoded, &err));
    assert_int_equal(decoded.position, 4);
    assert_false(heartbeat_v2_decode(span_of(bad_position, sizeof bad_position), &decoded, &err));
}

static void session_variables(void **state)
{
    struct intvar intvar = {INTVAR_INSERT_ID, UINT64_MAX};
    struct rand_seeds seeds = {1, 2};
    struct user_var var = {span_str("v"), false, USER_VAR_INT, 63, span_of("12345678", 8), true, 1};
    struct user_var decoded;

    (void)state;
    intvar_encode(&buf, &intvar);
    assert_true(intvar_decode(buf_span(&buf), &intvar, &err));
    assert_int_equal(intvar.kind, INTVAR_INSERT_ID);
    REFUSES_OTHER_SIZES(intvar_decode, &intvar);
    buf.data[0] = 3;
    assert_false(intvar_decode(span_of(buf.data, 9), &intvar, &err));

    buf_clear(&buf);
    rand_seeds_encode(&buf, &seeds);
    assert_true(rand_seeds_decode(buf_span(&buf), &seeds, &err));
    assert_int_equal(seeds.seed2, 2);
    REFUSES_OTHER_SIZES(rand_seeds_decode, &seeds);

    buf_clear(&buf);
    user_var_encode(&buf, &var);
    assert_true(user_var_decode(buf_span(&buf), &decoded, &err));
    assert_true(decoded.has_flags);
    assert_true(user_var_decode(span_of(buf.data, buf.len - 1), &decoded, &err));
    assert_false(decoded.has_flags); /* before 5.6 */
    assert_false(user_var_decode(span_of(buf.data, buf.len - 2), &decoded, &err));
    buf.data[5] = 2; /* NULL */
    assert_false(user_var_decode(buf_span(&buf), &decoded, &err));
    buf.data[5] = 0;
    buf.data[6] = 5; /* type */
    assert_false(user_var_decode(buf_span(&buf), &decoded, &err));
    buf_clear(&buf);
    var = (struct user_var){.name = span_str("n"), .is_null = true};
    user_var_encode(&buf, &var);
    assert_int_equal(buf.len, 6);
    assert_true(user_var_decode(buf_span(&buf), &decoded, &err));
    assert_true(decoded.is_null);
    REFUSES_OTHER_SIZES(user_var_decode, &decoded);
}

static void transaction_ends(void **state)
{
    struct xa_prepare prepare = {true, {1, span_str("g"), span_str("bq")}};
    struct xa_prepare decoded;
    uint64_t number;

    (void)state;
    xid_encode(&buf, 77);
    assert_true(xid_decode(buf_span(&buf), &number, &err));
    assert_int_equal(number, 77);
    REFUSES_OTHER_SIZES(xid_decode, &number);
    buf_clear(&buf);
    xa_prepare_encode(&buf, &prepare);
    assert_true(xa_prepare_decode(buf_span(&buf), &decoded, &err));
    assert_true(decoded.one_phase);
    assert_true(span_eq(decoded.name.bqual, span_str("bq")));
    REFUSES_OTHER_SIZES(xa_prepare_decode, &decoded);
}

static void loaded_files(void **state)
{
    struct load_block block = {3, span_str("content")};
    uint32_t file_id;

    (void)state;
    load_block_encode(&buf, &block);
    assert_true(load_block_decode(buf_span(&buf), EVENT_APPEND_BLOCK, &block, &err));
    assert_int_equal(block.content.len, 7);
    assert_false(load_block_decode(span_of(buf.data, 3), EVENT_BEGIN_LOAD_QUERY, &block, &err));
    assert_non_null(strstr(err.text, "Begin_load_query event"));
    buf_clear(&buf);
    load_delete_encode(&buf, 8);
    assert_true(load_delete_decode(buf_span(&buf), &file_id, &err));
    assert_int_equal(file_id, 8);
    REFUSES_OTHER_SIZES(load_delete_decode, &file_id);
}

static void what_only_people_read(void **state)
{
    struct rows_query query = {5, span_str("INSERT")};

    (void)state;
    rows_query_encode(&buf, &query);
    assert_true(rows_query_decode(buf_span(&buf), &query, &err));
    assert_int_equal(query.length_byte, 5);
    assert_int_equal(query.text.len, 6);
    assert_false(rows_query_decode(span_of(NULL, 0), &query, &err));
}

static void mariadbs_own(void **state)
{
    struct start_encryption start = {1, 2, "123456789abc"};
    struct partial_rows partial = {3, 1, PARTIAL_ROWS_FLAG_SIZE, 5000, span_str("piece")};
    struct span name;

    (void)state;
    binlog_checkpoint_encode(&buf, span_str("bin.000001"));
    assert_true(binlog_checkpoint_decode(buf_span(&buf), &name, &err));
    assert_int_equal(name.len, 10);
    REFUSES_OTHER_SIZES(binlog_checkpoint_decode, &name);
    buf_clear(&buf);
    start_encryption_encode(&buf, &start);
    assert_int_equal(buf.len, 17);
    assert_true(start_encryption_decode(buf_span(&buf), &start, &err));
    REFUSES_OTHER_SIZES(start_encryption_decode, &start);
    buf_clear(&buf);
    partial_rows_encode(&buf, &partial);
    assert_true(partial_rows_decode(buf_span(&buf), &partial, &err));
    assert_int_equal(partial.whole_size, 5000);
    for (size_t n = 0; n < 17; n++)
        assert_false(partial_rows_decode(span_of(buf.data, n), &partial, &err));
    buf_clear(&buf);
    partial.number = 4;
    partial_rows_encode(&buf, &partial);
    assert_false(partial_rows_decode(buf_span(&buf), &partial, &err));
    assert_string_equal(err.text, "Partial_rows event: piece 4 of 3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rotate),           TEST(stop),         TEST(incident),
        TEST(heartbeats),       TEST(heartbeat_v2), TEST(session_variables),
        TEST(transaction_ends), TEST(loaded_files), TEST(what_only_people_read),
        TEST(mariadbs_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
