#include "binlog/event_info.h"

#include "binlog/charset.h"
#include "binlog/control.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/inflate.h"
#include "binlog/load_data.h"
#include "binlog/rows.h"
#include "binlog/variable.h"
#include "check.h"
#include "event_bytes.h"

#define MAX 100000

static struct inflater *inflater;
static struct format mysql;
static struct format mariadb;
static struct buf body;
static struct buf text;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    inflater = inflater_new();
    format_init(&mysql, "9.7.4", CHECKSUM_CRC32);
    format_init(&mariadb, "11.8.6-MariaDB", CHECKSUM_CRC32);
    buf_init(&body, MAX);
    buf_init(&text, MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    inflater_free(inflater);
    buf_done(&body);
    buf_done(&text);
    return 0;
}

static bool write_as(uint8_t type, uint16_t flags, struct span bytes, const struct format *format)
{
    struct event_header header = {.type = type, .flags = flags, .server_id = 7};

    buf_clear(&text);
    return event_info_write(&text, &header, bytes, format, inflater, MAX, &err);
}

/* The text of what is in `body`, which is emptied for the next. */
static const char *text_of(uint8_t type, uint16_t flags, const struct format *format)
{
    assert_true(write_as(type, flags, buf_span(&body), format));
    buf_clear(&body);
    return buf_borrow_cstr(&text);
}

static void statements(void **state)
{
    (void)state;
    bytes_query(&body, "a`b", "DROP TABLE t");
    assert_string_equal(text_of(EVENT_QUERY, 0, &mariadb), "use `a``b`; DROP TABLE t");
    bytes_query(&body, "d", "DROP DATABASE x");
    assert_string_equal(text_of(EVENT_QUERY, EVENT_FLAG_SUPPRESS_USE, &mysql), "DROP DATABASE x");
    bytes_query(&body, "", "");
    assert_string_equal(text_of(EVENT_QUERY, 0, &mysql), "");
}

/* MySQL gives a text's bytes as they are; MariaDB what utf8mb3 has of them. */
static void other_character_sets(void **state)
{
    (void)state;
    bytes_query(&body, "", "\xe9 \xc3\xa9 \xf0\x9f\x98\x80 \xe2\x82\xac \xe2\x82");
    assert_string_equal(text_of(EVENT_QUERY, 0, &mariadb), "? \xc3\xa9 ???? \xe2\x82\xac ??");
    bytes_query(&body, "", "\xe9 \xf0\x9f\x98\x80");
    assert_string_equal(text_of(EVENT_QUERY, 0, &mysql), "\xe9 \xf0\x9f\x98\x80");
}

static void incidents(void **state)
{
    struct incident incident = {.number = 1, .message = span_str("lost")};

    (void)state;
    incident_encode(&body, &incident);
    assert_string_equal(text_of(EVENT_INCIDENT, 0, &mysql), "#1 (LOST_EVENTS): lost");
    incident = (struct incident){0};
    incident_encode(&body, &incident);
    assert_string_equal(text_of(EVENT_INCIDENT, 0, &mysql), "#0 (NOTHING)");
}

static void mariadb_gtids(void **state)
{
    struct gtid_mariadb_event gtid = {.domain = 1, .sequence = 5};

    (void)state;
    gtid_mariadb_encode(&body, &gtid);
    assert_string_equal(text_of(EVENT_MARIADB_GTID, 0, &mariadb), "BEGIN GTID 1-7-5");
    gtid.flags = GTID_MARIADB_GROUP_COMMIT;
    gtid.commit_id = 12;
    gtid_mariadb_encode(&body, &gtid);
    assert_string_equal(text_of(EVENT_MARIADB_GTID, 0, &mariadb), "BEGIN GTID 1-7-5 cid=12");
    gtid.flags = GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL;
    gtid.has_extra = true;
    gtid.extra_flags = GTID_MARIADB_EXTRA_ROLLBACK_ALTER;
    gtid.alter_sequence = 4;
    gtid_mariadb_encode(&body, &gtid);
    assert_string_equal(text_of(EVENT_MARIADB_GTID, 0, &mariadb), "GTID 1-7-5 ROLLBACK ALTER id=4");
}

static void user_variables(void **state)
{
    struct user_var var = {.name = span_str("v"), .collation = 99999, .value = span_str("x")};

    (void)state;
    user_var_encode(&body, &var);
    assert_string_equal(text_of(EVENT_USER_VAR, 0, &mysql), "@`v`=???");
    var.collation = 8;
    user_var_encode(&body, &var);
    assert_string_equal(text_of(EVENT_USER_VAR, 0, &mysql), "@`v`=_latin1 0x78");
    var.collation = COLLATION_BINARY;
    user_var_encode(&body, &var);
    assert_string_equal(text_of(EVENT_USER_VAR, 0, &mariadb), "@`v`=_binary X'78' COLLATE binary");
    var.type = USER_VAR_DECIMAL;
    var.value = span_of("\x02\x03\x80", 3);
    user_var_encode(&body, &var);
    assert_false(write_as(EVENT_USER_VAR, 0, buf_span(&body), &mysql));
    assert_string_equal(err.text, "User var event: DECIMAL(2,3)");
}

/* The servers' own buffer has room for 255 bytes of a table map's text. */
static void long_names(void **state)
{
    char name[256] = {0};

    (void)state;
    memset(name, 'n', 192);
    bytes_map(&body, 9, name, name);
    assert_int_equal(strlen(text_of(EVENT_TABLE_MAP, 0, &mysql)), 255);
}

static void rows_flags(void **state)
{
    (void)state;
    bytes_rows(&body, 12, true);
    assert_string_equal(text_of(EVENT_WRITE_ROWS_V1, 0, &mariadb),
                        "table_id: 12 flags: STMT_END_F");
    bytes_rows(&body, 12, false);
    assert_string_equal(text_of(EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1, 0, &mariadb),
                        "table_id: 12");
    buf_le(&body, 12, 6);
    buf_u16(&body, ROWS_FLAG_SQL_FOREIGN_KEYS);
    assert_string_equal(text_of(EVENT_WRITE_ROWS, 0, &mysql),
                        "table_id: 12 flags: USE_SQL_FOREIGN_KEY_F");
}

/* Types that are only carried, and unknown ones, have an empty text; what is cut off is refused. */
static void other_bodies(void **state)
{
    static const uint8_t cut[] = {
        EVENT_QUERY,
        EVENT_ROTATE,
        EVENT_INTVAR,
        EVENT_RAND,
        EVENT_USER_VAR,
        EVENT_XID,
        EVENT_INCIDENT,
        EVENT_GTID,
        EVENT_XA_PREPARE,
        EVENT_TABLE_MAP,
        EVENT_WRITE_ROWS,
        EVENT_EXECUTE_LOAD_QUERY,
        EVENT_PREVIOUS_GTIDS,
        EVENT_MARIADB_GTID,
        EVENT_MARIADB_GTID_LIST,
        EVENT_MARIADB_QUERY_COMPRESSED,
        EVENT_TRANSACTION_PAYLOAD,
    };

    (void)state;
    assert_string_equal(text_of(EVENT_VIEW_CHANGE, 0, &mysql), "");
    assert_string_equal(text_of(200, 0, &mysql), "");
    for (size_t i = 0; i < sizeof cut; i++) {
        assert_false(write_as(cut[i], 0, span_of("\x01\x02", 2), &mysql));
        assert_int_equal(err.class, E_PROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_character_sets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incidents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mariadb_gtids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(user_variables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_flags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_bodies, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
