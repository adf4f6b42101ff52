#include "check.h"

#include "endpoint/replica_status.h"

static const char *const names[] = {"Slave_IO_State",   "Master_Host",           "Master_Port",
                                    "Slave_IO_Running", "Relay_Master_Log_File", "Last_IO_Error"};
#define COLUMNS (sizeof names / sizeof *names)

static struct source_engine_row seen;
static char seen_file[64];

static void describe(void *context, const struct source_engine_row *row, struct arena *arena,
                     struct source_fields *ret_fields)
{
    (void)arena;
    seen = *row;
    (void)snprintf(seen_file, sizeof seen_file, "%s", row->file ? row->file : "none");
    *ret_fields = *(const struct source_fields *)context;
}

static void put_packet(struct buf *buf, uint8_t number, struct span payload)
{
    buf_u24(buf, (uint32_t)payload.len);
    buf_u8(buf, number);
    buf_bytes(buf, payload);
}

/* As MariaDB has it with its extended metadata: a text after the name's. */
static void put_column(struct buf *buf, uint8_t number, const char *name)
{
    struct buf payload;

    buf_init(&payload, 1024);
    buf_lenenc_bytes(&payload, span_str("def"));
    for (int i = 0; i < 3; i++)
        buf_lenenc_bytes(&payload, span_str(""));
    buf_lenenc_bytes(&payload, span_str(name));
    buf_lenenc_bytes(&payload, span_str(""));
    buf_lenenc_bytes(&payload, span_str("more"));
    put_packet(buf, number, buf_span(&payload));
    buf_done(&payload);
}

/* A result of one row, of none when `values` is NULL. */
static void put_answer(struct buf *buf, const char *const *values, bool with_eof)
{
    static const uint8_t eof[] = {0xfe, 0, 0, 2, 0};
    uint8_t number = 1;
    uint8_t columns = COLUMNS;
    struct buf row;

    put_packet(buf, number++, span_of(&columns, 1));
    for (size_t i = 0; i < COLUMNS; i++)
        put_column(buf, number++, names[i]);
    if (with_eof)
        put_packet(buf, number++, span_of(eof, sizeof eof));
    buf_init(&row, 1024);
    for (size_t i = 0; values && i < COLUMNS; i++) {
        if (values[i])
            buf_lenenc_bytes(&row, span_str(values[i]));
        else
            buf_u8(&row, 0xfb);
    }
    if (values)
        put_packet(buf, number++, buf_span(&row));
    put_packet(buf, number, span_of(eof, sizeof eof));
    buf_done(&row);
}

static const char *const relay_row[] = {"", "127.0.0.1", "4", "Yes", "view.000001", NULL};
static const char *const source_row[] = {"", "db.example", "3306", "Yes", NULL, "it is down"};
static struct source_fields replaced = {
    .count = 5,
    .fields = {{"Master_Host", "db.example"},
               {"Master_Port", "3306"},
               {"Relay_Master_Log_File", NULL},
               {"Last_IO_Error", "it is down"},
               {"Not_A_Column", "x"}},
};

static void test_the_row_is_replaced(void **state)
{
    (void)state;
    for (int with_eof = 0; with_eof < 2; with_eof++) {
        struct buf answer;
        struct buf expected;
        struct buf made;
        size_t taken = 0;

        buf_init(&answer, 65536);
        buf_init(&expected, 65536);
        buf_init(&made, 65536);
        put_answer(&answer, relay_row, with_eof);
        put_answer(&expected, source_row, with_eof);
        for (size_t part = 0; part + 9 < answer.len; part++)
            assert_int_equal(replica_status_rewrite(span_of(answer.data, part), describe, &replaced,
                                                    &made, &taken),
                             REPLICA_STATUS_PART);
        assert_int_equal(made.len, 0);
        assert_int_equal(
            replica_status_rewrite(buf_span(&answer), describe, &replaced, &made, &taken),
            REPLICA_STATUS_WHOLE);
        assert_string_equal(seen_file, "view.000001");
        assert_null(seen.behind);
        /* The end of the rows is not part of it. */
        assert_int_equal(answer.len - taken, 9);
        buf_bytes(&made, span_of(answer.data + taken, answer.len - taken));
        assert_int_equal(made.len, expected.len);
        assert_memory_equal(made.data, expected.data, made.len);
        buf_done(&answer);
        buf_done(&expected);
        buf_done(&made);
    }
}

static void test_other_answers_stay(void **state)
{
    static const uint8_t ok[] = {7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    static const uint8_t error[] = {9, 0, 0, 1, 0xff, 0x88, 4, '#', '4', '2', '0', '0', '0'};
    static const uint8_t local_file[] = {2, 0, 0, 1, 0xfb, 'f'};
    static const uint8_t nothing[] = {0, 0, 0, 1};
    static const uint8_t too_many[] = {3, 0, 0, 1, 0xfc, 0xff, 0xff};
    const struct span answers[] = {span_of(ok, sizeof ok), span_of(error, sizeof error),
                                   span_of(local_file, sizeof local_file),
                                   span_of(nothing, sizeof nothing),
                                   span_of(too_many, sizeof too_many)};
    struct buf answer;
    struct buf made;
    size_t taken = 0;

    (void)state;
    buf_init(&answer, 65536);
    buf_init(&made, 65536);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_int_equal(replica_status_rewrite(answers[i], describe, &replaced, &made, &taken),
                         REPLICA_STATUS_OTHER);
    put_answer(&answer, NULL, true); /* no source */
    assert_int_equal(replica_status_rewrite(buf_span(&answer), describe, &replaced, &made, &taken),
                     REPLICA_STATUS_OTHER);
    assert_int_equal(made.len, 0);
    buf_done(&answer);
    buf_done(&made);
}

static void test_statements(void **state)
{
    static const char *const may[] = {"SHOW SLAVE STATUS", "show replica status",
                                      "/* a */ SHOW ALL SLAVES STATUS", "SHOW REPLICA 'x' STATUS;"};
    static const char *const none[] = {"", "SHOW STATUS", "SHOW SLAVE HOSTS", "SELECT 'status'"};

    (void)state;
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        assert_true(replica_status_may_be(span_str(may[i])));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(replica_status_may_be(span_str(none[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_row_is_replaced),
        cmocka_unit_test(test_other_answers_stay),
        cmocka_unit_test(test_statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
