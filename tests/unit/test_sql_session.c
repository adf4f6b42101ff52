#include "cli/sql_session.h"

#include "check.h"

#include "binlog/rows.h"

static struct sql_session *session;
static struct buf out;

static void begin(const char *version)
{
    struct format format;

    session = sql_session_new();
    buf_init(&out, 100000);
    format_init(&format, version, CHECKSUM_NONE);
    sql_session_set_format(session, &format);
    sql_session_for_utf8(session, &out);
    buf_clear(&out);
}

static void end(void)
{
    sql_session_free(session);
    buf_done(&out);
}

static void take(const struct event_header *header, const char *database,
                 const struct query_status *status)
{
    struct query query = {.thread_id = 7, .database = span_str(database)};
    struct buf bytes;
    struct err err;

    buf_init(&bytes, 1000);
    query_status_encode(&bytes, status);
    query.status = buf_span(&bytes);
    buf_clear(&out);
    assert_true(sql_session_for_query(session, &out, header, &query, &err));
    (void)buf_borrow_cstr(&out);
    buf_done(&bytes);
}

static void only_changes_are_printed(void **state)
{
    struct event_header header = {.timestamp = 5};
    struct query_status status = {.codes = {QUERY_FLAGS2, QUERY_TIME_ZONE, QUERY_MICROSECONDS},
                                  .count = 3,
                                  .flags2 = QUERY_FLAG_NO_FOREIGN_KEY_CHECKS,
                                  .time_zone = span_str("UTC"),
                                  .microseconds = 12};

    (void)state;
    begin("5.6.51");
    take(&header, "a`b", &status);
    assert_string_equal((char *)out.data, "USE `a``b`/*!*/;\n"
                                          "SET @@session.timestamp=5.000012/*!*/;\n"
                                          "SET @@session.foreign_key_checks=0/*!*/;\n"
                                          "SET @@session.unique_checks=1/*!*/;\n"
                                          "SET @@session.sql_auto_is_null=0/*!*/;\n"
                                          "SET @@session.auto_increment_increment=1, "
                                          "@@session.auto_increment_offset=1/*!*/;\n"
                                          "SET @@session.time_zone='UTC'/*!*/;\n"
                                          "SET @@session.lc_time_names=0/*!*/;\n");
    take(&header, "a`b", &status);
    assert_int_equal(out.len, 0);
    header.flags = EVENT_FLAG_SUPPRESS_USE | EVENT_FLAG_THREAD_SPECIFIC;
    status.flags2 = 0;
    status.microseconds = 0;
    take(&header, "other", &status);
    assert_string_equal((char *)out.data, "SET @@session.timestamp=5/*!*/;\n"
                                          "SET @@session.pseudo_thread_id=7/*!*/;\n"
                                          "SET @@session.foreign_key_checks=1/*!*/;\n");
    end();
}

static void the_client_learns_character_sets_that_hide_quotes(void **state)
{
    struct event_header header = {0};
    struct query_status status = {.codes = {QUERY_CHARSET},
                                  .count = 1,
                                  .charset_client = 28, /* gbk_chinese_ci */
                                  .collation_connection = 87,
                                  .collation_server = 8};

    (void)state;
    begin("9.7.4");
    take(&header, "", &status);
    assert_contains((char *)out.data, "/*!\\C gbk *//*!*/;\n"
                                      "SET @@session.character_set_client=gbk/*!*/;\n"
                                      "SET @@session.collation_connection=87/*!*/;\n"
                                      "SET @@session.collation_server=8/*!*/;\n"
                                      "SET @@session.collation_database=DEFAULT/*!*/;\n");
    status.charset_client = 8;
    status.collation_connection = 255; /* MySQL's only */
    take(&header, "", &status);
    assert_string_equal((char *)out.data,
                        "/*!\\C utf8mb4 *//*!*/;\n"
                        "SET @@session.character_set_client=latin1/*!*/;\n"
                        "/*!50700 SET @@session.collation_connection=255*//*!*/;\n");
    status.charset_client = 33;
    status.collation_connection = 2304; /* MariaDB's only */
    take(&header, "", &status);
    assert_string_equal((char *)out.data,
                        "SET @@session.character_set_client=33/*!*/;\n"
                        "/*M!100100 SET @@session.collation_connection=2304*//*!*/;\n");
    take(&header, "d-\xc3\xa9", &status);
    assert_string_equal((char *)out.data, "SET @@session.character_set_client=utf8mb4/*!*/;\n"
                                          "USE `d-\xc3\xa9`/*!*/;\n"
                                          "SET @@session.character_set_client=33/*!*/;\n");
    end();
}

static void a_sql_mode_of_one_family_is_its_own(void **state)
{
    struct event_header header = {0};
    struct query_status status = {
        .codes = {QUERY_SQL_MODE}, .count = 1, .sql_mode = UINT64_C(0x154000000)};

    (void)state;
    begin("10.11.6-MariaDB");
    take(&header, "", &status);
    assert_contains((char *)out.data, "SET @@session.sql_mode=1140850688/*!*/;\n"
                                      "/*M!100000 SET @@session.sql_mode=5704253440*//*!*/;\n");
    end();
    begin("8.0.36");
    take(&header, "", &status);
    assert_contains((char *)out.data, "/*!50700 SET @@session.sql_mode=5704253440*//*!*/;\n");
    end();
    begin("5.6.51");
    status.sql_mode = 0x50000000;
    take(&header, "", &status);
    assert_contains((char *)out.data, "\nSET @@session.sql_mode=1342177280/*!*/;\n");
    end();
}

static void literals_and_rows(void **state)
{
    (void)state;
    begin("10.11.6-MariaDB");
    sql_session_for_literals(session, &out);
    assert_string_equal(buf_borrow_cstr(&out), "SET @@session.sql_mode=34078720/*!*/;\n"
                                               "SET @@session.time_zone='+00:00'/*!*/;\n");
    buf_clear(&out);
    sql_session_for_literals(session, &out);
    assert_int_equal(out.len, 0);
    sql_session_set_checks(session, &out, ROWS_FLAG_NO_FOREIGN_KEY_CHECKS);
    assert_contains(buf_borrow_cstr(&out), "SET @@session.foreign_key_checks=0/*!*/;\n");
    assert_contains(buf_borrow_cstr(&out), "SET @@session.unique_checks=1/*!*/;\n");
    buf_clear(&out);
    sql_session_set_checks(session, &out, ROWS_FLAG_STMT_END | ROWS_FLAG_RELAXED_UNIQUE_CHECKS);
    assert_string_equal(buf_borrow_cstr(&out), "SET @@session.foreign_key_checks=1/*!*/;\n"
                                               "SET @@session.unique_checks=0/*!*/;\n");
    end();
}

static void a_damaged_status_is_refused(void **state)
{
    struct event_header header = {0};
    struct query query = {.status = span_of("\x01\x02", 2)};
    struct err err;

    (void)state;
    begin("9.7.4");
    assert_false(sql_session_for_query(session, &out, &header, &query, &err));
    assert_contains(err.text, "status variable 1 reaches past their end");
    end();
}

static void what_the_head_keeps_the_tail_puts_back(void **state)
{
    const char *tail;

    (void)state;
    begin("11.8.6-MariaDB");
    sql_session_write_head(session, &out);
    assert_contains(buf_borrow_cstr(&out), "SET @borealis_time_zone=@@session.time_zone;\n");
    assert_contains(buf_borrow_cstr(&out), "DELIMITER /*!*/;\n");
    buf_clear(&out);
    sql_session_write_tail(session, &out);
    tail = buf_borrow_cstr(&out);
    assert_contains(tail, "DELIMITER ;\n");
    assert_contains(tail, "SET @@session.time_zone=@borealis_time_zone;\n");
    assert_contains(tail, "/*M!100001 SET @@session.server_id=@borealis_server_id*/;\n");
    assert_null(strstr(tail, "pseudo_thread_id"));
    assert_null(strstr(tail, "sql_require_primary_key"));
    end();
    sql_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_changes_are_printed),
        cmocka_unit_test(the_client_learns_character_sets_that_hide_quotes),
        cmocka_unit_test(a_sql_mode_of_one_family_is_its_own),
        cmocka_unit_test(literals_and_rows),
        cmocka_unit_test(a_damaged_status_is_refused),
        cmocka_unit_test(what_the_head_keeps_the_tail_puts_back),
    };

    return cmocka_run_group_tests_name("sql_session", tests, NULL, NULL);
}
