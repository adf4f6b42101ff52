#include "cli/sql_binlog.h"

#include "check.h"
#include "hex.h"

static struct table_map map;
static struct format format;
static struct sql_binlog *binlog;
static struct buf out;

static void take_map(const char *hex)
{
    struct buf body;
    struct err err;

    buf_init(&body, 1000);
    hex_append(&body, hex);
    assert_true(table_map_decode(&map, buf_span(&body), &format, &err));
    buf_done(&body);
}

static void add(struct span body)
{
    struct event_header header = {.timestamp = 1, .server_id = 2, .log_pos = 99};
    struct rows rows;
    struct err err;

    assert_true(rows_decode(body, EVENT_WRITE_ROWS, &format, &rows, &err));
    assert_true(sql_binlog_add(binlog, &out, &header, &rows, &map, body, &err));
}

static void add_hex(const char *hex)
{
    struct buf body;

    buf_init(&body, 1000);
    hex_append(&body, hex);
    add(buf_span(&body));
    buf_done(&body);
}

static unsigned count(const char *part)
{
    unsigned n = 0;

    for (const char *at = buf_borrow_cstr(&out); (at = strstr(at, part)) != NULL; at++)
        n++;
    return n;
}

static void a_statement_is_one_group(void **state)
{
    (void)state;
    take_map("6d00000000000100016400017400 01 03 00 01");
    add_hex("6d0000000000 0000 0200 01 ff fe01000000");
    assert_int_equal(out.len, 0);
    add_hex("6d0000000000 0100 0200 01 ff fe02000000");
    assert_int_equal(count("BINLOG '\n"), 1);
    /* The map, then both events: no checksums, log_pos 0. */
    assert_contains(buf_borrow_cstr(&out),
                    "BINLOG '\n"
                    "AQAAABMCAAAAJQAAAAAAAAAAAG0AAAAAAAEAAWQAAXQAAQMAAQEAAAAe"
                    "AgAAACQAAAAAAAAAAABt\nAAAAAAAAAAIAAf/+AQAAAAEAAAAeAgAAACQA"
                    "AAAAAAAAAABtAAAAAAABAAIAAf/+AgAAAA==\n'/*!*/;\n");
    add_hex("6d0000000000 0100 0200 01 ff fe01000000");
    assert_int_equal(count("BINLOG '\n"), 2);
}

static void another_table_begins_another_group(void **state)
{
    struct err err;

    (void)state;
    take_map("6d00000000000100016400017400 01 03 00 01");
    add_hex("6d0000000000 0000 0200 01 ff fe01000000");
    take_map("6e00000000000100016400017500 01 03 00 01");
    add_hex("6e0000000000 0000 0200 01 ff fe01000000");
    assert_int_equal(count("BINLOG '\n"), 1);
    assert_true(sql_binlog_flush(binlog, &out, &err));
    assert_int_equal(count("BINLOG '\n"), 2);
    assert_true(sql_binlog_flush(binlog, &out, &err));
    assert_int_equal(count("BINLOG '\n"), 2);
}

static void a_long_statement_is_cut(void **state)
{
    struct buf body;

    (void)state;
    take_map("6d00000000000100016400017400 01 03 00 01");
    buf_init(&body, SQL_BINLOG_GROUP);
    hex_append(&body, "6d0000000000 0000 0200 01 ff");
    for (int i = 0; i < 1000; i++)
        hex_append(&body, "fe01000000");
    for (size_t taken = 0; taken < 5 * SQL_BINLOG_GROUP / 2; taken += body.len)
        add(buf_span(&body));
    assert_int_equal(count("BINLOG '\n"), 2);
    buf_done(&body);
}

static void the_format_is_without_checksum(void **state)
{
    (void)state;
    sql_binlog_write_format(&out, &format);
    assert_contains(buf_borrow_cstr(&out), "BINLOG '\nAAAAAA8AAAAAewAAAAAAAAAAAAQAOS43LjQA");
    assert_contains(buf_borrow_cstr(&out), "AAAACgoKKioAEjQA\nCigAAABV1ki7\n'/*!*/;\n");
    assert_contains(buf_borrow_cstr(&out), "SET @@session.gtid_next='AUTOMATIC'");
}

static int setup(void **state)
{
    (void)state;
    format_init(&format, "9.7.4", CHECKSUM_CRC32);
    table_map_init(&map);
    binlog = sql_binlog_new();
    buf_init(&out, (size_t)1 << 24);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    table_map_done(&map);
    sql_binlog_free(binlog);
    sql_binlog_free(NULL);
    buf_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_statement_is_one_group, setup, teardown),
        cmocka_unit_test_setup_teardown(another_table_begins_another_group, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_statement_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(the_format_is_without_checksum, setup, teardown),
    };

    return cmocka_run_group_tests_name("sql_binlog", tests, NULL, NULL);
}
