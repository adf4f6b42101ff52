/* Accounts, roles and rights of MySQL for MariaDB, where a channel replicates them. */
#include "sql_check.h"

static const struct sql_source mysql_97 = {
    {FORMAT_MYSQL, 90704, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 255},
};
static const struct sql_source mysql_56 = {
    {FORMAT_MYSQL, 50624, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 33},
};

static void test_accounts(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE USER 'u'@'%' IDENTIFIED WITH 'mysql_native_password' AS '*00' REQUIRE SSL", SAME},
        {"CREATE USER 'u'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$x'",
         "!IDENTIFIED WITH a plugin other than mysql_native_password: MariaDB has nothing like it"},
        {"ALTER USER u ACCOUNT LOCK PASSWORD EXPIRE", SAME},
        {"ALTER USER u FAILED_LOGIN_ATTEMPTS 3", "!an account's attribute of MySQL 8: "},
        {"CREATE USER u COMMENT 'c'", "!an account's attribute of MySQL 8: "},
        {"CREATE USER u PASSWORD HISTORY 5", "!a rule for passwords: "},
        {"ALTER USER u DEFAULT ROLE r", "!DEFAULT ROLE of an account: "},
        {"SET PASSWORD FOR u = 'x'", "!SET PASSWORD of MySQL 8: "},
        {"DROP USER u, v", SAME},
        {"RENAME USER u TO v", SAME},
    };
    static const struct sql_case old[] = {
        {"CREATE USER u IDENTIFIED BY PASSWORD '*00'", SAME},
        {"GRANT SELECT ON *.* TO u IDENTIFIED BY PASSWORD '*00'", SAME},
        {"SET PASSWORD FOR u = '*00'", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, old);
}

static void test_rights_and_roles(void **state)
{
    static const struct sql_case statements[] = {
        {"GRANT SELECT (a, backup_admin), CREATE TEMPORARY TABLES ON d.t TO u WITH GRANT OPTION",
         SAME},
        {"GRANT BACKUP_ADMIN ON *.* TO u", "!a right of MySQL's own: MariaDB has nothing like it"},
        {"GRANT CREATE ROLE ON *.* TO u", "!a right of MySQL's own: "},
        {"GRANT SELECT ON d.t TO u AS v WITH ROLE r", "!GRANT ... AS: "},
        {"REVOKE ALL PRIVILEGES, GRANT OPTION FROM u", SAME},
        {"REVOKE IF EXISTS SELECT ON d.t FROM u", "!REVOKE IF EXISTS: "},
        {"REVOKE SELECT ON d.t FROM u IGNORE UNKNOWN USER", "!an account's attribute of MySQL 8: "},
        {"CREATE ROLE r", SAME},
        {"CREATE ROLE 'r'@'%'", "!a role with a host: "},
        {"GRANT r TO 'u'@'%'", SAME},
        {"GRANT `r`@`%` TO `u`@`%`", "!a role with a host: "},
        {"SET DEFAULT ROLE r TO u", "SET DEFAULT ROLE r FOR u"},
        {"SET @a = 1", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_rights_and_roles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
