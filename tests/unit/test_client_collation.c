#include "check.h"

#include "endpoint/client_collation.h"

static void test_versions(void **state)
{
    (void)state;
    assert_true(client_collation_lacks_0900(span_str("5.5.5-10.11.19-MariaDB-0+deb12u1-log")));
    assert_true(client_collation_lacks_0900(span_str("11.4.4-MariaDB")));
    assert_false(client_collation_lacks_0900(span_str("11.4.5-MariaDB")));
    assert_false(client_collation_lacks_0900(span_str("5.5.5-11.8.2-MariaDB")));
    assert_false(client_collation_lacks_0900(span_str("9.7.0")));
    assert_false(client_collation_lacks_0900(span_str("MariaDB")));
    assert_false(client_collation_lacks_0900(span_str("10.11-MariaDB")));
    assert_false(client_collation_lacks_0900(span_str("")));
}

static void test_ids(void **state)
{
    (void)state;
    assert_int_equal(client_collation_known(255), 45);
    assert_int_equal(client_collation_known(323), 45);
    assert_int_equal(client_collation_known(45), 45);
    assert_int_equal(client_collation_known(8), 8);
    assert_int_equal(client_collation_known(254), 254);
    assert_int_equal(client_collation_known(324), 324);
    assert_true(client_collation_is_refused(248));
    assert_true(client_collation_is_refused(250));
    assert_false(client_collation_is_refused(247));
    assert_false(client_collation_is_refused(255));
}

static void becomes(const char *from, const char *to)
{
    struct buf buf;

    buf_init(&buf, 1000);
    assert_true(client_collation_may_be_named(span_str(from)));
    assert_true(client_collation_write(&buf, span_str(from)));
    assert_string_equal(buf_borrow_cstr(&buf), to);
    buf_done(&buf);
}

static void stays(const char *text)
{
    struct buf buf;

    buf_init(&buf, 1000);
    assert_false(client_collation_write(&buf, span_str(text)));
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
}

static void test_names(void **state)
{
    (void)state;
    becomes("SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci",
            "SET NAMES utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci");
    becomes("set names 'utf8mb4' collate 'UTF8MB4_0900_AS_CS'",
            "set names 'utf8mb4' collate utf8mb4_uca1400_nopad_as_cs");
    becomes("SET collation_connection='utf8mb4_0900_ai_ci', a=1",
            "SET collation_connection=utf8mb4_uca1400_nopad_ai_ci, a=1");
    becomes("SET @@session.collation_connection := \"utf8mb4_0900_ai_ci\"",
            "SET @@session.collation_connection := utf8mb4_uca1400_nopad_ai_ci");
    becomes("CREATE TABLE t (a TEXT COLLATE utf8mb4_de_pb_0900_as_cs) COLLATE=utf8mb4_0900_bin",
            "CREATE TABLE t (a TEXT COLLATE utf8mb4_uca1400_german2_nopad_as_cs) "
            "COLLATE=utf8mb4_nopad_bin");
    becomes("/*!50003 SET collation_connection = utf8mb4_0900_ai_ci */",
            "/*!50003 SET collation_connection = utf8mb4_uca1400_nopad_ai_ci */");
    becomes("SELECT 'a' COLLATE`utf8mb4_0900_ai_ci`",
            "SELECT 'a' COLLATE utf8mb4_uca1400_nopad_ai_ci");
}

static void test_what_is_no_name_stays(void **state)
{
    (void)state;
    assert_false(client_collation_may_be_named(span_str("SELECT 1")));
    assert_false(client_collation_may_be_named(span_str("")));
    stays("SELECT 'utf8mb4_0900_ai_ci'");
    stays("SELECT 1 /* utf8mb4_0900_ai_ci */");
    stays("SELECT a.utf8mb4_0900_xx FROM a");
    stays("SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci, a = 'open");
    stays("INSERT INTO t VALUES ('x COLLATE utf8mb4_0900_ai_ci')");
}

static void test_what_has_no_room_stays(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 50);
    assert_false(client_collation_write(&buf, span_str("SET NAMES utf8mb4 COLLATE "
                                                       "utf8mb4_0900_ai_ci")));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_is_no_name_stays),
        cmocka_unit_test(test_what_has_no_room_stays),
    };

    return cmocka_run_group_tests_name("client_collation", tests, NULL, NULL);
}
