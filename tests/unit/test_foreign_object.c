/* Objects of a source that would reach into what is the cluster's own. */
#include "check.h"
#include "translation/foreign_object.h"

#define GOOD     "="
#define SYSTEM   "-"
#define SEQUENCE "+"

struct one {
    const char *in;
    const char *out; /* or one of these */
};

static void check(const struct one *one, uint64_t sql_mode, const char *database)
{
    struct buf buf;

    buf_init(&buf, 1 << 16);
    switch (foreign_object_read(span_str(one->in), sql_mode, span_str(database), &buf)) {
    case FOREIGN_OBJECT_GOOD:
        assert_string_equal(one->out, GOOD);
        break;
    case FOREIGN_OBJECT_SYSTEM:
        assert_string_equal(one->out, SYSTEM);
        break;
    case FOREIGN_OBJECT_SEQUENCE:
        assert_string_equal(one->out, SEQUENCE);
        break;
    case FOREIGN_OBJECT_DEFINER:
        assert_string_equal(buf_borrow_cstr(&buf), one->out);
        break;
    }
    buf_done(&buf);
}

static void test_definers(void **state)
{
    static const struct one list[] = {
        {"CREATE DEFINER=`rdsadmin`@`localhost` PROCEDURE p() DROP USER u",
         "CREATE DEFINER=`rdsother`@`localhost` PROCEDURE p() DROP USER u"},
        {"create or replace algorithm = merge definer = rdsadmin@localhost sql security definer "
         "view v as select 1",
         "create or replace algorithm = merge definer = rdsother@localhost sql security definer "
         "view v as select 1"},
        {"ALTER DEFINER='rds\\admin' @ 'localhost' EVENT e DISABLE",
         "ALTER DEFINER=`rdsother` @ 'localhost' EVENT e DISABLE"},
        {"/*!50003 CREATE*/ /*!50017 DEFINER=`rdsadmin`@`localhost`*/ /*!50003 TRIGGER t BEFORE "
         "INSERT ON a FOR EACH ROW SET @a = 1*/",
         "/*!50003 CREATE*/ /*!50017 DEFINER=`rdsother`@`localhost`*/ /*!50003 TRIGGER t BEFORE "
         "INSERT ON a FOR EACH ROW SET @a = 1*/"},
        {"CREATE /* DEFINER=u@h */ DEFINER=rdsadmin AGGREGATE FUNCTION f() RETURNS INT RETURN 1",
         "CREATE /* DEFINER=u@h */ DEFINER=rdsother AGGREGATE FUNCTION f() RETURNS INT RETURN 1"},
        {"CREATE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 'DEFINER=rdsadmin'", GOOD},
        {"CREATE DEFINER=CURRENT_USER() PROCEDURE p() SELECT 1", GOOD},
        {"CREATE TABLE rdsadmin (a INT)", GOOD},
        {"INSERT INTO t VALUES ('DEFINER=rdsadmin')", GOOD},
        {"CREATE DEFINER=", GOOD},
        {"CREATE DEFINER=`rdsadmin", GOOD},
        {"", GOOD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        check(&list[i], 0, "d");
    check(&(struct one){"CREATE DEFINER=\"rdsadmin\"@\"localhost\" VIEW v AS SELECT 1",
                        "CREATE DEFINER=`rdsother`@\"localhost\" VIEW v AS SELECT 1"},
          4, "");
}

static void test_schema_mysql(void **state)
{
    static const struct one list[] = {
        {"DROP PROCEDURE IF EXISTS mysql.rds_stop_replication", SYSTEM},
        {"CREATE DEFINER=`rdsadmin`@`localhost` PROCEDURE `MySQL`.p() SELECT 1", SYSTEM},
        {"ALTER EVENT mysql . e DISABLE", SYSTEM},
        {"DROP PACKAGE BODY mysql.p", SYSTEM},
        {"CREATE FUNCTION IF NOT EXISTS d.mysql() RETURNS INT RETURN 1", GOOD},
        {"DROP PROCEDURE mysql", GOOD},
        {"DROP TABLE mysql.t", GOOD}, /* the engine's own rule */
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        check(&list[i], 0, "d");
    check(&(struct one){"DROP PROCEDURE p", SYSTEM}, 0, "mysql");
    check(&(struct one){"DROP PROCEDURE d.p", GOOD}, 0, "mysql");
}

static void test_sequences(void **state)
{
    static const struct one list[] = {
        {"ALTER SEQUENCE s RESTART 5", SEQUENCE},
        {"/*!100300 alter sequence*/ if exists d.`mysql` cycle", SEQUENCE},
        {"ALTER SEQUENCE IF EXISTS `mysql`.s RESTART", SYSTEM},
        {"CREATE SEQUENCE s", GOOD}, /* these the applier sees */
        {"DROP SEQUENCE s", GOOD},
        {"ALTER TABLE sequence ADD a INT", GOOD},
        {"ALTER", GOOD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        check(&list[i], 0, "d");
    check(&(struct one){"ALTER SEQUENCE s RESTART 5", SYSTEM}, 0, "mysql");
    check(&(struct one){"ALTER SEQUENCE d.s RESTART 5", SEQUENCE}, 0, "mysql");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definers),
        cmocka_unit_test(test_schema_mysql),
        cmocka_unit_test(test_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
