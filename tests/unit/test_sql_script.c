#include "cli/sql_script.h"

#include "events.h"

static struct sql_script *script;
static struct events events;
static struct buf out;

static void begin(const char *version, struct sql_script_options options)
{
    struct plain_event event;
    struct err err;

    events_init(&events, version);
    buf_init(&out, 1000000);
    script = sql_script_new(&options);
    sql_script_write_head(script, &out);
    buf_clear(&out);
    event = events_hex(&events, EVENT_FORMAT_DESCRIPTION, "");
    assert_true(sql_script_take(script, &events.source, &event, &out, &err));
}

static void end(void)
{
    sql_script_free(script);
    events_done(&events);
    buf_done(&out);
}

/* What an event adds to the script. */
static const char *take(struct plain_event event)
{
    struct err err = {0};

    buf_clear(&out);
    if (!sql_script_take(script, &events.source, &event, &out, &err))
        fail_msg("%s", err.text);
    return buf_borrow_cstr(&out);
}

static void check_refused(struct plain_event event, const char *expected)
{
    struct err err = {0};

    assert_false(sql_script_take(script, &events.source, &event, &out, &err));
    assert_contains(err.text, expected);
}

static void a_transaction_of_rows(void **state)
{
    struct err err;

    (void)state;
    begin("9.7.4", (struct sql_script_options){0});
    /* The format comes before the transaction, and once. */
    assert_contains(take(events_query(&events, "BEGIN")), "# a.000001\nBINLOG '\n");
    assert_contains(buf_borrow_cstr(&out),
                    "# at 104, 1970-01-01 00:00:01 UTC, server 7\nBEGIN/*!*/;\n");
    assert_string_equal(take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_MAP)), "");
    assert_string_equal(
        take(events_hex(&events, EVENT_WRITE_ROWS, "6d0000000000 0000 0200 02 ff fc01000000 0161")),
        "# at 304, 1970-01-01 00:00:01 UTC, server 7\n");
    assert_contains(take(events_hex(&events, EVENT_XID, "0100000000000000")), "BINLOG '\n");
    assert_contains(buf_borrow_cstr(&out), "\nCOMMIT/*!*/;\n");
    buf_clear(&out);
    assert_true(sql_script_write_tail(script, &out, &err));
    assert_null(strstr(buf_borrow_cstr(&out), "ROLLBACK"));
    end();
}

static void a_transaction_without_end_is_rolled_back(void **state)
{
    struct err err;

    (void)state;
    begin("10.11.6-MariaDB", (struct sql_script_options){.rows_as_statements = true});
    assert_contains(
        take(events_hex(&events, EVENT_MARIADB_GTID, "0900000000000000 00000000 0c 000000000000")),
        "gtid_seq_no=9*//*!*/;\nBEGIN/*!*/;\n");
    assert_string_equal(take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_MAP)), "");
    assert_contains(
        take(events_hex(&events, EVENT_WRITE_ROWS_V1, "6d0000000000 0100 02 ff fc01000000 0161")),
        "INSERT INTO `d`.`t` (`id`, `v`) VALUES (1, 'a')\n/*!*/;\n");
    buf_clear(&out);
    assert_true(sql_script_write_tail(script, &out, &err));
    assert_contains(buf_borrow_cstr(&out), "ROLLBACK/*!*/;\nDELIMITER ;\n");
    end();
}

static void gtids_are_left_out_if_asked(void **state)
{
    static const char gtid[] = "0900000000000000 02000000 01 000000000000";

    (void)state;
    begin("10.11.6-MariaDB", (struct sql_script_options){.skip_gtids = true});
    assert_null(strstr(take(events_hex(&events, EVENT_MARIADB_GTID, gtid)), "gtid_seq_no"));
    end();
    begin("10.11.6-MariaDB", (struct sql_script_options){0});
    assert_contains(take(events_hex(&events, EVENT_MARIADB_GTID, gtid)),
                    "SET @@session.gtid_domain_id=2, @@session.server_id=7*//*!*/;\n");
    assert_null(strstr(take(events_hex(&events, EVENT_MARIADB_GTID, gtid)), "gtid_domain_id"));
    end();
}

static void what_is_before_the_range_is_not_printed(void **state)
{
    (void)state;
    begin("9.7.4", (struct sql_script_options){.rows_as_statements = true});
    events.source.in_range = false;
    assert_string_equal(take(events_query(&events, "DROP TABLE t")), "");
    assert_string_equal(take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_MAP)), "");
    assert_string_equal(take(events_hex(&events, EVENT_INCIDENT, "0100 00")), "");
    events.source.in_range = true;
    assert_contains(
        take(events_hex(&events, EVENT_DELETE_ROWS, "6d0000000000 0100 0200 02 ff fe05000000")),
        "DELETE FROM `d`.`t` WHERE `id`=5\n");
    end();
}

static void what_is_refused(void **state)
{
    (void)state;
    begin("9.7.4", (struct sql_script_options){.rows_as_statements = true});
    check_refused(events_hex(&events, EVENT_INCIDENT, "0100 04 6c6f7374"),
                  "the server lost events here (lost)");
    check_refused(events_hex(&events, EVENT_EXEC_LOAD, ""), "can not be made into SQL");
    check_refused(events_hex(&events, EVENT_APPEND_BLOCK, "01000000 61"),
                  "file 1, of which the first block is missing");
    check_refused(events_hex(&events, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff"),
                  "table id 109, of which there is no Table_map event");
    assert_string_equal(take(events_hex(&events, EVENT_TABLE_MAP, EVENTS_PLAIN_MAP)), "");
    check_refused(events_hex(&events, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe05000000"),
                  "d.t: the log does not name the table's columns");
    check_refused(events_hex(&events, EVENT_QUERY, "00"), "Query event");
    end();
    sql_script_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_of_rows),
        cmocka_unit_test(a_transaction_without_end_is_rolled_back),
        cmocka_unit_test(gtids_are_left_out_if_asked),
        cmocka_unit_test(what_is_before_the_range_is_not_printed),
        cmocka_unit_test(what_is_refused),
    };

    return cmocka_run_group_tests_name("sql_script", tests, NULL, NULL);
}
