#include "translation/query_translator.h"

#include "check.h"

#include "translation/collation.h"

#define OUT_MAX 100000

static struct buf status_bytes;
static struct buf out;
static struct query made;               /* what came out */
static struct query_status made_status; /* borrows from out */

static struct query_translator *translator_for(const char *version, enum dialect to)
{
    struct query_translator *translator = query_translator_new(to, ACCOUNTS_REPLICATE);
    struct format from;

    format_init(&from, version, CHECKSUM_CRC32);
    query_translator_start(translator, &from);
    return translator;
}

static void decode_made(const char *version)
{
    struct format format;
    struct err err;

    format_init(&format, version, CHECKSUM_CRC32);
    assert_true(query_decode(buf_span(&out), EVENT_QUERY, &format, &made, &err));
    assert_true(query_status_decode(made.status, &made_status, &err));
    assert_int_equal(made_status.unknown.len, 0);
}

static bool translate(const char *version, enum dialect to, const struct query_status *status,
                      const char *text, struct err *err)
{
    struct query_translator *translator = translator_for(version, to);
    struct query query = {.thread_id = 9, .error_code = 3, .database = span_str("d")};
    enum sql_outcome outcome;
    bool good;

    buf_clear(&status_bytes);
    query_status_encode(&status_bytes, status);
    query.status = buf_span(&status_bytes);
    query.text = span_str(text);
    buf_clear(&out);
    good = query_translate(translator, &query, &out, &outcome, err);
    if (good && outcome != SQL_DROPPED)
        decode_made(dialect_version(to));
    query_translator_free(translator);
    return good;
}

static void must_translate(const char *version, enum dialect to, const struct query_status *status)
{
    struct err err;

    if (!translate(version, to, status, "DELETE FROM t", &err))
        fail_msg("%s", err.text);
    assert_span_eq(made.text, "DELETE FROM t");
    assert_span_eq(made.database, "d");
    assert_int_equal(made.thread_id, 9);
    assert_int_equal(made.error_code, 3);
}

static void timestamps_have_the_sources_default(void **state)
{
    struct query_status old = {.codes = {QUERY_FLAGS2}, .count = 1};
    struct query_status mysql = {.codes = {QUERY_FLAGS2, QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP},
                                 .count = 2};

    (void)state;
    must_translate("9.7.4", DIALECT_MARIADB, &mysql);
    assert_int_equal(made_status.flags2, 0);
    mysql.explicit_defaults_for_timestamp = 1;
    must_translate("9.7.4", DIALECT_MARIADB, &mysql);
    assert_int_equal(made_status.flags2, QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP);
    must_translate("9.7.4", DIALECT_MARIADB, &old);
    assert_int_equal(made_status.flags2, QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP);
    must_translate("5.6.24-log", DIALECT_MARIADB, &old);
    assert_int_equal(made_status.flags2, 0);

    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_8, &old);
    assert_true(query_status_has(&made_status, QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP));
    assert_int_equal(made_status.explicit_defaults_for_timestamp, 0);
    old.flags2 = QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP;
    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_8, &old);
    assert_int_equal(made_status.explicit_defaults_for_timestamp, 1);
    assert_int_equal(made_status.flags2, 0);
    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_5, &old);
    assert_false(query_status_has(&made_status, QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP));
}

static void microseconds_stay(void **state)
{
    struct query_status mysql = {
        .codes = {QUERY_FLAGS2, QUERY_MICROSECONDS}, .count = 2, .microseconds = 123456};
    struct query_status mariadb = {
        .codes = {QUERY_FLAGS2, QUERY_MARIADB_MICROSECONDS}, .count = 2, .microseconds = 654321};

    (void)state;
    must_translate("9.7.4", DIALECT_MARIADB, &mysql);
    assert_true(query_status_has(&made_status, QUERY_MARIADB_MICROSECONDS));
    assert_int_equal(made_status.microseconds, 123456);
    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_5, &mariadb);
    assert_true(query_status_has(&made_status, QUERY_MICROSECONDS));
    assert_int_equal(made_status.microseconds, 654321);
}

static uint32_t id_of(const char *name, enum format_family family)
{
    uint32_t id = collation_id(span_str(name), family);

    assert_int_not_equal(id, 0);
    return id;
}

static void collations_are_the_dialects(void **state)
{
    uint32_t nopad = id_of("utf8mb4_uca1400_nopad_ai_ci", FORMAT_MARIADB);
    struct query_status status = {
        .codes = {QUERY_CHARSET, QUERY_CHARSET_DATABASE},
        .count = 2,
        .charset_client = 255,
        .collation_connection = 255,
        .collation_server = 8,
        .collation_database = 255,
    };
    struct err err;

    (void)state;
    must_translate("9.7.4", DIALECT_MARIADB, &status);
    assert_int_equal(made_status.charset_client, nopad);
    assert_int_equal(made_status.collation_connection, nopad);
    assert_int_equal(made_status.collation_server, 8);
    assert_int_equal(made_status.collation_database, nopad);

    status.collation_database = (uint16_t)id_of("gb18030_chinese_ci", FORMAT_MYSQL);
    assert_false(translate("9.7.4", DIALECT_MARIADB, &status, "DELETE FROM t", &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "statement 'DELETE FROM t': collation gb18030_chinese_ci (248)");
    assert_int_equal(out.len, 0);

    status.charset_client = status.collation_connection = status.collation_database =
        (uint16_t)nopad;
    must_translate("11.8.6-MariaDB", DIALECT_MYSQL_8, &status);
    assert_int_equal(made_status.charset_client, 255);
    assert_int_equal(made_status.collation_database, 255);
    assert_int_equal(made_status.collation_server, 8);
}

static void what_utf8mb4_means_goes_along(void **state)
{
    uint32_t uca = id_of("utf8mb4_uca1400_ai_ci", FORMAT_MARIADB);
    uint8_t pairs[] = {8, 0, 8, 0, 45, 0, (uint8_t)uca, (uint8_t)(uca >> 8)};
    struct query_status status = {.codes = {QUERY_FLAGS2}, .count = 1};

    (void)state;
    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_8, &status);
    assert_true(query_status_has(&made_status, QUERY_DEFAULT_COLLATION_FOR_UTF8MB4));
    assert_int_equal(made_status.default_collation_for_utf8mb4, 45);
    status.codes[status.count++] = QUERY_MARIADB_CHARSET_COLLATIONS;
    status.collations = span_of(pairs, sizeof pairs);
    must_translate("11.8.6-MariaDB", DIALECT_MYSQL_8, &status);
    assert_int_equal(made_status.default_collation_for_utf8mb4, 255);
    must_translate("11.8.6-MariaDB", DIALECT_MYSQL_5, &status);
    assert_false(query_status_has(&made_status, QUERY_DEFAULT_COLLATION_FOR_UTF8MB4));
}

static void what_one_side_has_is_left_out(void **state)
{
    struct query_status mysql = {
        .codes = {QUERY_FLAGS2, QUERY_SQL_MODE, QUERY_CATALOG_NZ, QUERY_AUTO_INCREMENT,
                  QUERY_TIME_ZONE, QUERY_LC_TIME_NAMES, QUERY_TABLE_MAP_FOR_UPDATE, QUERY_INVOKER,
                  QUERY_UPDATED_DATABASES, QUERY_DDL_LOGGED_WITH_XID, QUERY_SQL_REQUIRE_PRIMARY_KEY,
                  QUERY_DEFAULT_TABLE_ENCRYPTION, QUERY_ENABLE_CASCADE_TRIGGERS},
        .count = 13,
        .catalog = span_str("std"),
        .auto_increment_increment = 10,
        .auto_increment_offset = 3,
        .time_zone = span_str("+05:00"),
        .lc_time_names = 5,
        .table_map_for_update = 3,
        .user = span_str("u"),
        .host = span_str("h"),
        .database_count = QUERY_DATABASES_OVER_MAX,
    };
    struct query_status mariadb = {
        .codes = {QUERY_MARIADB_GTID_FLAGS, QUERY_FLAGS2, QUERY_MARIADB_XID},
        .count = 3,
    };

    (void)state;
    must_translate("9.7.4", DIALECT_MARIADB, &mysql);
    assert_int_equal(made_status.count, 8);
    assert_int_equal(made_status.auto_increment_increment, 10);
    assert_int_equal(made_status.auto_increment_offset, 3);
    assert_span_eq(made_status.time_zone, "+05:00");
    assert_int_equal(made_status.lc_time_names, 5);
    assert_int_equal(made_status.table_map_for_update, 3);
    assert_span_eq(made_status.user, "u");
    assert_span_eq(made_status.host, "h");
    must_translate("10.11.19-MariaDB", DIALECT_MYSQL_5, &mariadb);
    assert_int_equal(made_status.count, 2);
    assert_true(query_status_has(&made_status, QUERY_UPDATED_DATABASES));
    assert_int_equal(made_status.database_count, QUERY_DATABASES_OVER_MAX);
}

static void an_unknown_variable_stops(void **state)
{
    static const uint8_t unknown[] = {99, 1, 2};
    struct query_status status = {.unknown = span_of(unknown, sizeof unknown)};
    struct err err;

    (void)state;
    assert_false(translate("9.7.4", DIALECT_MARIADB, &status, "DELETE FROM t", &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "status variable 99 is not known: the source is newer");
}

static void locales_of_one_side_stop(void **state)
{
    struct query_status status = {.codes = {QUERY_LC_TIME_NAMES}, .count = 1, .lc_time_names = 110};
    struct err err;

    (void)state;
    must_translate("11.8.6-MariaDB", DIALECT_MYSQL_8, &status);
    assert_int_equal(made_status.lc_time_names, 110);
    status.lc_time_names = 111;
    assert_false(translate("11.8.6-MariaDB", DIALECT_MYSQL_8, &status, "DELETE FROM t", &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "statement 'DELETE FROM t': lc_time_names number 111");
}

static void a_mode_stops_a_statement_but_not_a_commit(void **state)
{
    struct query_status status = {
        .codes = {QUERY_SQL_MODE, QUERY_CATALOG_NZ}, .count = 2, .sql_mode = 1 << 9};
    struct query_translator *translator = translator_for("10.11.19-MariaDB", DIALECT_MYSQL_8);
    struct query query = {.text = span_str("COMMIT")};
    struct err err;

    (void)state;
    status.catalog = span_str("std");
    assert_false(translate("10.11.19-MariaDB", DIALECT_MYSQL_8, &status, "DELETE FROM t", &err));
    assert_contains(err.text, "DELETE FROM t");
    assert_contains(err.text, "ORACLE");
    buf_clear(&out);
    query.status = buf_span(&status_bytes);
    assert_true(query_translate_frame(translator, &query, &out, &err));
    decode_made("8.0.40");
    assert_span_eq(made.text, "COMMIT");
    assert_true(made_status.sql_mode == 0);
    assert_span_eq(made_status.catalog, "std");
    buf_clear(&out);
    query_make(translator, "BEGIN", &out);
    decode_made("8.0.40");
    assert_span_eq(made.text, "BEGIN");
    query_translator_free(translator);
    query_translator_free(NULL);
}

static void user_variables_have_the_dialects_collation(void **state)
{
    struct query_translator *translator = translator_for("9.7.4", DIALECT_MARIADB);
    struct user_var var = {.name = span_str("a\nb"),
                           .type = USER_VAR_STRING,
                           .collation = 255,
                           .value = span_str("v")};
    struct user_var back;
    struct err err;

    (void)state;
    buf_clear(&out);
    assert_true(query_translate_variable(translator, &var, &out, &err));
    assert_true(user_var_decode(buf_span(&out), &back, &err));
    assert_int_equal(back.collation, id_of("utf8mb4_uca1400_nopad_ai_ci", FORMAT_MARIADB));
    assert_span_eq(back.value, "v");
    var.collation = 248;
    assert_false(query_translate_variable(translator, &var, &out, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "user variable @a b: collation gb18030_chinese_ci");
    var.is_null = true;
    assert_true(query_translate_variable(translator, &var, &out, &err));
    query_translator_free(translator);
}

/* What replaces the file's name in the text of LOAD DATA must stay in its place. */
static void load_data_is_rewritten_behind_the_name_only(void **state)
{
    static const char text[] = "LOAD DATA INFILE 'a' INTO TABLE t CHARACTER SET utf8mb4 (a)";
    struct query_translator *translator = translator_for("9.7.4", DIALECT_MARIADB);
    struct load_execute load = {
        .query = {.database = span_str("d"), .text = span_str(text)},
        .file_id = 4,
        .name_start = 10,
        .name_end = 25,
    };
    struct load_execute back;
    struct format format;
    enum sql_outcome outcome;
    struct err err;

    (void)state;
    format_init(&format, dialect_version(DIALECT_MARIADB), CHECKSUM_CRC32);
    buf_clear(&out);
    if (!query_translate_load(translator, &load, &out, &outcome, &err))
        fail_msg("%s", err.text);
    assert_true(load_execute_decode(buf_span(&out), &format, &back, &err));
    assert_int_equal(back.file_id, 4);
    assert_int_equal(back.name_start, 10);
    assert_int_equal(back.name_end, 25);
    assert_memory_equal(back.query.text.data, text, 25);
    load.query.text = span_str("LOAD DATA /*!80000 CONCURRENT */ INFILE 'a' INTO TABLE t");
    load.name_end = 46;
    assert_false(query_translate_load(translator, &load, &out, &outcome, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "LOAD DATA that has to be rewritten before the file's name");
    query_translator_free(translator);
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&status_bytes, OUT_MAX);
    buf_init(&out, OUT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&status_bytes);
    buf_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_have_the_sources_default),
        cmocka_unit_test(microseconds_stay),
        cmocka_unit_test(collations_are_the_dialects),
        cmocka_unit_test(what_utf8mb4_means_goes_along),
        cmocka_unit_test(what_one_side_has_is_left_out),
        cmocka_unit_test(an_unknown_variable_stops),
        cmocka_unit_test(locales_of_one_side_stop),
        cmocka_unit_test(a_mode_stops_a_statement_but_not_a_commit),
        cmocka_unit_test(user_variables_have_the_dialects_collation),
        cmocka_unit_test(load_data_is_rewritten_behind_the_name_only),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
