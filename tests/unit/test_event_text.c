#include "cli/event_text.h"

#include "binlog/control.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/load_data.h"
#include "binlog/query.h"
#include "binlog/variable.h"
#include "binlog/xid.h"
#include "check.h"

#define TEXT_MAX 10000

/* The text of an event with the body that was written so far, which is cleared. */
static void expect(struct buf *body, uint8_t type, const char *expected)
{
    struct plain_event event = {.type = type, .header = {.type = type}};
    struct format format;
    struct buf text;
    struct err err;

    assert_true(buf_ok(body));
    format_init(&format, "10.11.19-MariaDB", CHECKSUM_CRC32);
    event.body = buf_span(body);
    buf_init(&text, TEXT_MAX);
    if (!event_text_write(&text, &event, &format, &err))
        fail_msg("%s", err.text);
    assert_string_equal(buf_borrow_cstr(&text), expected);
    buf_done(&text);
    buf_clear(body);
}

static void statements_keep_their_lines(void **state)
{
    struct query query = {.database = span_str("d"), .text = span_str("SELECT 1,\n\t'\x1b[31m'")};
    struct load_execute load = {.file_id = 7};
    struct buf body;

    (void)state;
    buf_init(&body, TEXT_MAX);
    query_encode(&body, &query);
    expect(&body, EVENT_QUERY, "d: SELECT 1,\n    | \t'\\x1b[31m'");
    query = (struct query){.text = span_str("COMMIT"), .error_code = 1062};
    query_encode(&body, &query);
    expect(&body, EVENT_QUERY, "COMMIT  (error 1062 at the source)");
    rows_query_encode(&body, &(struct rows_query){.text = span_str("a\nb")});
    expect(&body, EVENT_ROWS_QUERY, "a\n    | b");
    buf_str(&body, "DELETE FROM t");
    expect(&body, EVENT_MARIADB_ANNOTATE_ROWS, "DELETE FROM t");
    load.query = (struct query){.text = span_str("LOAD DATA INFILE 'x' INTO TABLE t")};
    load_execute_encode(&body, &load);
    expect(&body, EVENT_EXECUTE_LOAD_QUERY, "file 7: LOAD DATA INFILE 'x' INTO TABLE t");
    load_block_encode(&body, &(struct load_block){7, span_str("1,2\n")});
    expect(&body, EVENT_BEGIN_LOAD_QUERY, "file 7, 4 bytes");
    load_delete_encode(&body, 7);
    expect(&body, EVENT_DELETE_FILE, "file 7");
    buf_done(&body);
}

static void variables_have_their_values(void **state)
{
    static const uint8_t minus_one[] = {255, 255, 255, 255, 255, 255, 255, 255};
    static const uint8_t half[] = {0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
    struct user_var var = {.name = span_str("v"), .has_flags = true};
    struct buf body;

    (void)state;
    buf_init(&body, TEXT_MAX);
    intvar_encode(&body, &(struct intvar){INTVAR_INSERT_ID, 5});
    expect(&body, EVENT_INTVAR, "INSERT_ID=5");
    intvar_encode(&body, &(struct intvar){INTVAR_LAST_INSERT_ID, UINT64_MAX});
    expect(&body, EVENT_INTVAR, "LAST_INSERT_ID=18446744073709551615");
    rand_seeds_encode(&body, &(struct rand_seeds){1, 2});
    expect(&body, EVENT_RAND, "RAND_SEED1=1, RAND_SEED2=2");
    var.is_null = true;
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = NULL");
    var.is_null = false;
    var.type = USER_VAR_STRING;
    var.value = span_str("it's");
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = 'it\\'s'");
    var.type = USER_VAR_INT;
    var.value = span_of(minus_one, sizeof minus_one);
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = -1");
    var.flags = USER_VAR_FLAG_UNSIGNED;
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = 18446744073709551615");
    var.type = USER_VAR_REAL;
    var.value = span_of(half, sizeof half);
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = 0.5e0");
    var.type = USER_VAR_DECIMAL;
    var.value = span_of("\3\1\x8c\5", 4); /* DECIMAL(3,1) */
    user_var_encode(&body, &var);
    expect(&body, EVENT_USER_VAR, "@`v` = 12.5");
    buf_done(&body);
}

static void transactions_have_their_names(void **state)
{
    struct gtid_mariadb_event gtid = {.sequence = 7,
                                      .domain = 3,
                                      .flags = GTID_MARIADB_DDL | GTID_MARIADB_GROUP_COMMIT,
                                      .commit_id = 99,
                                      .padding = span_of("\0\0", 2)};
    struct xa_prepare prepare = {.name = {1, span_str("g"), span_of("\xff", 1)}};
    struct gtid_list list;
    struct buf body;

    (void)state;
    buf_init(&body, TEXT_MAX);
    xid_encode(&body, 12);
    expect(&body, EVENT_XID, "COMMIT, xid 12");
    gtid_mariadb_encode(&body, &gtid);
    expect(&body, EVENT_MARIADB_GTID, "3-0-7 ddl cid=99");
    xa_prepare_encode(&body, &prepare);
    expect(&body, EVENT_XA_PREPARE, "XA PREPARE 'g',X'FF',1");
    prepare.one_phase = true;
    xa_prepare_encode(&body, &prepare);
    expect(&body, EVENT_XA_PREPARE, "XA COMMIT 'g',X'FF',1 ONE PHASE");
    gtid_list_init(&list);
    gtid_list_append(&list, (struct gtid_mariadb){1, 2, 3});
    gtid_list_append(&list, (struct gtid_mariadb){4, 5, 6});
    gtid_list_encode(&body, &list);
    expect(&body, EVENT_MARIADB_GTID_LIST, "2-3-1,5-6-4");
    gtid_list_done(&list);
    buf_done(&body);
}

static void the_log_s_own_events(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, TEXT_MAX);
    rotate_encode(&body, &(struct rotate){.position = 4, .name = span_str("b.000002")});
    expect(&body, EVENT_ROTATE, "b.000002 at 4");
    incident_encode(&body, &(struct incident){1, span_str("lost\nevents")});
    expect(&body, EVENT_INCIDENT, "1: lost\n    | events");
    binlog_checkpoint_encode(&body, span_str("b.000001"));
    expect(&body, EVENT_MARIADB_BINLOG_CHECKPOINT, "b.000001");
    expect(&body, EVENT_STOP, "");
    expect(&body, EVENT_FORMAT_DESCRIPTION, "MariaDB 10.11.19-MariaDB, checksum CRC32");
    partial_rows_encode(&body,
                        &(struct partial_rows){.count = 3, .number = 2, .piece = span_str("abc")});
    expect(&body, EVENT_MARIADB_PARTIAL_ROW_DATA,
           "piece 2 of 3 of a rows event, 3 bytes, not decoded");
    buf_str(&body, "whatever");
    expect(&body, EVENT_VIEW_CHANGE, "8 bytes, not decoded");
    buf_done(&body);
}

static void an_empty_body_fails_where_there_must_be_one(void **state)
{
    static const uint8_t types[] = {EVENT_QUERY,       EVENT_XID,
                                    EVENT_XA_PREPARE,  EVENT_GTID,
                                    EVENT_ROTATE,      EVENT_MARIADB_GTID,
                                    EVENT_INTVAR,      EVENT_MARIADB_GTID_LIST,
                                    EVENT_RAND,        EVENT_PREVIOUS_GTIDS,
                                    EVENT_USER_VAR,    EVENT_BEGIN_LOAD_QUERY,
                                    EVENT_INCIDENT,    EVENT_EXECUTE_LOAD_QUERY,
                                    EVENT_ROWS_QUERY,  EVENT_MARIADB_BINLOG_CHECKPOINT,
                                    EVENT_GTID_TAGGED, EVENT_MARIADB_PARTIAL_ROW_DATA};
    struct format format;
    struct buf text;

    (void)state;
    format_init(&format, "10.11.19-MariaDB", CHECKSUM_CRC32);
    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < sizeof types; i++) {
        struct plain_event event = {.type = types[i], .header = {.type = types[i]}};
        struct err err = {0};

        if (event_text_write(&text, &event, &format, &err))
            fail_msg("%s", event_type_name(types[i]));
        assert_int_equal(err.class, E_PROTO);
    }
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_keep_their_lines),
        cmocka_unit_test(variables_have_their_values),
        cmocka_unit_test(transactions_have_their_names),
        cmocka_unit_test(the_log_s_own_events),
        cmocka_unit_test(an_empty_body_fails_where_there_must_be_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
