#include "check.h"

#include "wire/command.h"

static struct err err;

static void test_query(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } attributes[] = {
        {"\3\0\1SELECT 1", 11},
        /* Of one NULL, and of a text, a long and a date: names n, t, l, d. */
        {"\3\1\1\1\1\xfe\0\1nSELECT 1", 17},
        {"\3\3\1\0\1\xfe\0\1t\3\0\1l\x0c\0\1d\2hi\1\2\3\4\4\xea\7\1\2SELECT 1", 37},
    };
    struct span text;
    struct buf payload;

    (void)state;
    assert_true(command_query_parse(span_str("\3SELECT 1"), 0, &text, &err));
    assert_span_eq(text, "SELECT 1");
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct span bytes = span_of(attributes[i].bytes, attributes[i].len);

        assert_true(command_query_parse(bytes, CAP_QUERY_ATTRIBUTES, &text, &err));
        assert_span_eq(text, "SELECT 1");
        for (size_t len = 0; len + 8 < bytes.len; len++)
            assert_false(
                command_query_parse(span_of(bytes.data, len), CAP_QUERY_ATTRIBUTES, &text, &err));
    }
    assert_false(command_query_parse(span_of("\3\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", 11),
                                     CAP_QUERY_ATTRIBUTES, &text, &err));
    assert_contains(err.text, "COM_QUERY");
    buf_init(&payload, 100);
    command_query_write(&payload, CAP_QUERY_ATTRIBUTES, span_str("DO 1"));
    assert_true(command_query_parse(buf_span(&payload), CAP_QUERY_ATTRIBUTES, &text, &err));
    assert_span_eq(text, "DO 1");
    buf_done(&payload);
}

static void test_register(void **state)
{
    struct command_register command = {
        .server_id = 42, .host = span_str("replica1"), .user = span_str("u"), .port = 3306};
    struct command_register again;
    struct buf payload;

    (void)state;
    buf_init(&payload, 100);
    command_register_write(&payload, &command);
    assert_true(command_register_parse(buf_span(&payload), &again, &err));
    assert_int_equal(again.server_id, 42);
    assert_span_eq(again.host, "replica1");
    assert_span_eq(again.user, "u");
    assert_int_equal(again.password.len, 0);
    assert_int_equal(again.port, 3306);
    for (size_t len = 0; len < payload.len; len++)
        assert_false(command_register_parse(span_of(payload.data, len), &again, &err));
    assert_contains(err.text, "COM_REGISTER_SLAVE");
    buf_done(&payload);
}

static void test_dump(void **state)
{
    struct command_dump command = {.flags = DUMP_NON_BLOCK,
                                   .server_id = 7,
                                   .file = span_str("bin.000002"),
                                   .position = 0x80000001};
    struct command_dump again;
    struct buf payload;

    (void)state;
    buf_init(&payload, 100);
    command_dump_write(&payload, &command);
    assert_int_equal(payload.data[0], COM_BINLOG_DUMP);
    assert_true(command_dump_parse(buf_span(&payload), &again, &err));
    assert_false(again.gtid);
    assert_int_equal(again.flags, DUMP_NON_BLOCK);
    assert_int_equal(again.server_id, 7);
    assert_int_equal(again.position, 0x80000001);
    assert_span_eq(again.file, "bin.000002");
    /* A NUL at the end, and no name at all, are both usual. */
    buf_u8(&payload, 0);
    assert_true(command_dump_parse(buf_span(&payload), &again, &err));
    assert_span_eq(again.file, "bin.000002");
    assert_true(command_dump_parse(span_of(payload.data, 11), &again, &err));
    assert_int_equal(again.file.len, 0);
    for (size_t len = 0; len < 11; len++)
        assert_false(command_dump_parse(span_of(payload.data, len), &again, &err));
    /* 32 bits cannot carry this. */
    command.position = (uint64_t)UINT32_MAX + 1;
    command_dump_write(&payload, &command);
    assert_false(buf_ok(&payload));
    buf_done(&payload);
}

static void test_dump_gtid(void **state)
{
    struct command_dump command = {.gtid = true,
                                   .flags = 4,
                                   .server_id = 7,
                                   .position = (uint64_t)1 << 40,
                                   .gtid_set = span_of("\0\0\0\0\0\0\0\0", 8)};
    struct command_dump again;
    struct buf payload;

    (void)state;
    buf_init(&payload, 100);
    command_dump_write(&payload, &command);
    assert_int_equal(payload.data[0], COM_BINLOG_DUMP_GTID);
    assert_true(command_dump_parse(buf_span(&payload), &again, &err));
    assert_true(again.gtid);
    assert_int_equal(again.flags, 4);
    assert_true(again.position == (uint64_t)1 << 40);
    assert_int_equal(again.file.len, 0);
    assert_int_equal(again.gtid_set.len, 8);
    for (size_t len = 0; len < payload.len; len++)
        assert_false(command_dump_parse(span_of(payload.data, len), &again, &err));
    /* Lengths over what is there. */
    payload.data[payload.len - 9] = 0x80;
    assert_false(command_dump_parse(buf_span(&payload), &again, &err));
    buf_done(&payload);
}

static void test_the_small_ones(void **state)
{
    struct span database = {0};
    uint32_t thread = 0;
    uint16_t option = 77;
    uint8_t command = 0;

    (void)state;
    assert_true(command_parse(span_of("\x0e", 1), &command, &err));
    assert_int_equal(command, COM_PING);
    assert_string_equal(command_name(command), "COM_PING");
    assert_string_equal(command_name(0x77), "command");
    assert_false(command_parse((struct span){0}, &command, &err));
    assert_true(command_init_db_parse(span_str("\2shop"), &database, &err));
    assert_span_eq(database, "shop");
    assert_false(command_init_db_parse((struct span){0}, &database, &err));
    assert_true(command_process_kill_parse(span_of("\x0c\1\0\0\0", 5), &thread, &err));
    assert_int_equal(thread, 1);
    assert_false(command_process_kill_parse(span_of("\x0c\1\0\0", 4), &thread, &err));
    assert_true(command_set_option_parse(span_of("\x1b\0\0", 3), &option, &err));
    assert_int_equal(option, 0);
    assert_false(command_set_option_parse(span_of("\x1b\0", 2), &option, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query),          cmocka_unit_test(test_register),
        cmocka_unit_test(test_dump),           cmocka_unit_test(test_dump_gtid),
        cmocka_unit_test(test_the_small_ones),
    };

    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
