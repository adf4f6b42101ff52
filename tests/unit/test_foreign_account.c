/* Statements of accounts out of a source's log, as a cluster takes them. */
#include "check.h"
#include "translation/foreign_account.h"

#define HASH   "*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9" /* of 123456 */
#define CLOSED " IDENTIFIED VIA mysql_native_password USING 'invalid'"
#define GLOBAL                                                                                     \
    "SELECT, PROCESS, SHOW DATABASES, SHOW VIEW, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR"

/* note: a part of it; "": there is none. NULL statement: of something else than accounts. */
struct one {
    const char *in;
    const char *statement;
    const char *note;
};

static struct foreign_account_origin origin = {.master_user = "admin"};

static void check(const struct one *one)
{
    struct foreign_account account;
    bool is_account;

    foreign_account_init(&account);
    is_account = foreign_account_read(&account, &origin, span_str(one->in));
    if (is_account != (one->statement != NULL))
        fail_msg("%s: %s", one->in, is_account ? "of accounts" : "not of accounts");
    if (is_account) {
        const char *statement = buf_borrow_cstr(&account.statement);
        const char *note = buf_borrow_cstr(&account.note);

        if (strcmp(statement, one->statement) != 0)
            fail_msg("%s\nexpected: %s\nfound: %s (%s)", one->in, one->statement, statement, note);
        if (one->note[0] == '\0' ? note[0] != '\0' : !strstr(note, one->note))
            fail_msg("%s\nexpected note: %s\nfound: %s", one->in, one->note, note);
        if (strstr(statement, "VIA ed25519"))
            assert_non_null(strstr(buf_borrow_cstr(&account.closed), CLOSED));
        else
            assert_int_equal(account.closed.len, 0);
        assert_null(strstr(buf_borrow_cstr(&account.what), "secret"));
        assert_null(strstr(note, "secret"));
    }
    foreign_account_done(&account);
}

#define CHECK_ALL(list)                                                                            \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < sizeof(list) / sizeof *(list); i_++)                              \
            check(&(list)[i_]);                                                                    \
    } while (0)

static void of_mariadb(void)
{
    origin = (struct foreign_account_origin){.master_user = "admin"};
}

static void of_mysql(void)
{
    of_mariadb();
    origin.mysql = true;
}

static void test_users(void **state)
{
    static const struct one list[] = {
        {"CREATE USER u IDENTIFIED BY '123456'",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED BY PASSWORD '" HASH "'", ""},
        {"create user if not exists 'u'@'10.0.0.%', v@localhost identified by password '" HASH "'",
         "CREATE USER IF NOT EXISTS `u`@`10.0.0.%`, `v`@`localhost` IDENTIFIED BY PASSWORD '" HASH
         "'",
         ""},
        {"CREATE OR REPLACE USER `u` @ 'h' IDENTIFIED BY ''",
         "CREATE OR REPLACE USER `u`@`h` IDENTIFIED BY PASSWORD ''", ""},
        {"CREATE USER u IDENTIFIED VIA mysql_native_password USING PASSWORD('123456') REQUIRE SSL "
         "WITH MAX_USER_CONNECTIONS 3 MAX_STATEMENT_TIME 1.5 ACCOUNT LOCK PASSWORD EXPIRE INTERVAL "
         "9 DAY;",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED BY PASSWORD '" HASH
         "' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 MAX_STATEMENT_TIME 1.5 PASSWORD EXPIRE "
         "INTERVAL 9 DAY ACCOUNT LOCK",
         ""},
        {"CREATE USER u IDENTIFIED VIA ed25519 USING 'aBc/+1'",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED VIA ed25519 USING 'aBc/+1'", ""},
        {"CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('hidden')",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED VIA ed25519 USING PASSWORD('hidden')", ""},
        {"CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('a b')",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED, "of the plugin ed25519"},
        {"CREATE USER u IDENTIFIED VIA unix_socket OR mysql_native_password USING '" HASH "'",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED BY PASSWORD '" HASH "'", ""},
        {"CREATE USER u IDENTIFIED VIA pam USING 'secret'",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED, "of the plugin pam"},
        {"CREATE USER u IDENTIFIED BY PASSWORD 'secret'",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED, "its password's form is not known"},
        {"CREATE USER u IDENTIFIED BY 'secret' REQUIRE X509",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED " REQUIRE SSL", "no certificate of a client"},
        {"ALTER USER u REQUIRE SUBJECT 's' AND ISSUER 'i'",
         "ALTER USER IF EXISTS `u`@`%`" CLOSED " REQUIRE SSL", "no certificate of a client"},
        {"ALTER USER u ACCOUNT UNLOCK", "ALTER USER IF EXISTS `u`@`%` ACCOUNT UNLOCK", ""},
        {"DROP USER u, v@h", "DROP USER IF EXISTS `u`@`%`, `v`@`h`", ""},
        {"RENAME USER u TO v, w@h TO x@h", "RENAME USER `u`@`%` TO `v`@`%`, `w`@`h` TO `x`@`h`",
         ""},
        {"SET PASSWORD FOR 'u'@'h'='" HASH "'",
         "ALTER USER IF EXISTS `u`@`h` IDENTIFIED BY PASSWORD '" HASH "'", ""},
        {"SET PASSWORD FOR u = PASSWORD('123456')",
         "ALTER USER IF EXISTS `u`@`%` IDENTIFIED BY PASSWORD '" HASH "'", ""},
        {"SET PASSWORD FOR u = 'aBc/+1'", "SET PASSWORD FOR `u`@`%` = 'aBc/+1'", ""},
    };

    (void)state;
    of_mariadb();
    CHECK_ALL(list);
}

static void test_users_of_mysql(void **state)
{
    static const struct one list[] = {
        {"CREATE USER 'u'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$\\0secret'",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED, "of the plugin caching_sha2_password"},
        {"CREATE USER 'u'@'%' IDENTIFIED WITH 'caching_sha2_password' AS 0x24412430 REQUIRE NONE "
         "PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL "
         "DEFAULT PASSWORD REQUIRE CURRENT DEFAULT FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME "
         "UNBOUNDED COMMENT 'c'",
         "CREATE USER IF NOT EXISTS `u`@`%`" CLOSED
         " REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK",
         "of the plugin caching_sha2_password"},
        {"CREATE USER 'u'@'%' IDENTIFIED WITH 'mysql_native_password' AS '" HASH "'",
         "CREATE USER IF NOT EXISTS `u`@`%` IDENTIFIED BY PASSWORD '" HASH "'", ""},
        {"ALTER USER 'u'@'%' IDENTIFIED WITH 'caching_sha2_password' AS 'secret' RETAIN CURRENT "
         "PASSWORD",
         "ALTER USER IF EXISTS `u`@`%`" CLOSED, "closed until it is given a password here"},
        {"ALTER USER 'u'@'%' DISCARD OLD PASSWORD", "ALTER USER IF EXISTS `u`@`%`", ""},
        {"ALTER USER 'u'@'%' DEFAULT ROLE 'r'@'%'", "SET DEFAULT ROLE `r` FOR `u`@`%`", ""},
        {"ALTER USER 'u'@'%' DEFAULT ROLE r, s", "", "its default role"},
        {"CREATE USER 'u'@'%' DEFAULT ROLE r", "CREATE USER IF NOT EXISTS `u`@`%`",
         "its default role"},
        {"CREATE USER u IDENTIFIED BY RANDOM PASSWORD", "", "not understood"},
        {"CREATE USER u IDENTIFIED WITH a AS 'secret' AND IDENTIFIED WITH b", "", "not understood"},
        {"SET PASSWORD FOR 'u'@'%' = 'secret'", "ALTER USER IF EXISTS `u`@`%`" CLOSED, "closed"},
    };

    (void)state;
    of_mysql();
    CHECK_ALL(list);
}

static void test_rights(void **state)
{
    static const struct one list[] = {
        {"GRANT SELECT (a, b), INSERT ON d.t TO u", "GRANT SELECT (a, b), INSERT ON `d`.`t` TO `u`",
         ""},
        {"GRANT ALL ON `d%`.* TO u@h WITH GRANT OPTION",
         "GRANT ALL PRIVILEGES ON `d%`.* TO `u`@`h` WITH GRANT OPTION", ""},
        {"GRANT EXECUTE ON PROCEDURE d.p TO u", "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`", ""},
        {"GRANT SELECT ON t TO u", "GRANT SELECT ON `now`.`t` TO `u`", ""},
        {"GRANT SELECT ON * TO u", "GRANT SELECT ON `now`.* TO `u`", ""},
        {"GRANT ALL PRIVILEGES ON *.* TO 'u'@'%' WITH GRANT OPTION",
         "GRANT " GLOBAL " ON *.* TO `u`@`%`", "not: all others, GRANT OPTION"},
        {"GRANT SELECT, SUPER, INSERT ON *.* TO u", "GRANT SELECT ON *.* TO `u`",
         "not: SUPER, INSERT"},
        {"GRANT FILE ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '" HASH "' REQUIRE SSL",
         "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '" HASH "' REQUIRE SSL",
         "not: FILE"},
        {"GRANT SELECT, SHOW CREATE ROUTINE ON d.* TO u", "GRANT SELECT ON `d`.* TO `u`",
         "the engine lacks"},
        {"GRANT SELECT ON d.* TO u REQUIRE X509",
         "GRANT SELECT ON `d`.* TO `u`@`%`" CLOSED " REQUIRE SSL", "no certificate of a client"},
        {"GRANT PROXY ON v TO u", "", "PROXY"},
        {"REVOKE INSERT ON d.t FROM u, v", "REVOKE INSERT ON `d`.`t` FROM `u`, `v`", ""},
        {"REVOKE SUPER ON *.* FROM u", "", ""},
        {"REVOKE ALL ON *.* FROM u", "REVOKE " GLOBAL " ON *.* FROM `u`", ""},
        {"REVOKE ALL PRIVILEGES, GRANT OPTION FROM u",
         "REVOKE ALL PRIVILEGES, GRANT OPTION FROM `u`", ""},
        {"GRANT r TO u WITH ADMIN OPTION", "GRANT `r` TO `u` WITH ADMIN OPTION", ""},
        {"REVOKE ADMIN OPTION FOR r FROM u@h", "REVOKE ADMIN OPTION FOR `r` FROM `u`@`h`", ""},
        {"CREATE ROLE r WITH ADMIN u", "CREATE ROLE IF NOT EXISTS `r`", ""},
        {"DROP ROLE IF EXISTS r, s", "DROP ROLE IF EXISTS `r`, `s`", ""},
        {"SET DEFAULT ROLE r FOR u@h", "SET DEFAULT ROLE `r` FOR `u`@`h`", ""},
        {"SET DEFAULT ROLE NONE FOR u", "SET DEFAULT ROLE NONE FOR `u`@`%`", ""},
    };

    (void)state;
    of_mariadb();
    origin.database = span_str("now");
    CHECK_ALL(list);
}

static void test_rights_of_mysql(void **state)
{
    static const struct one list[] = {
        {"GRANT SELECT, BACKUP_ADMIN, CREATE ROLE ON *.* TO 'u'@'%'", "GRANT SELECT ON *.* TO `u`",
         "not: BACKUP_ADMIN, CREATE ROLE"},
        {"GRANT SELECT ON d.* TO `u`@`%` AS 'v'@'%' WITH ROLE r", "GRANT SELECT ON `d`.* TO `u`",
         ""},
        {"REVOKE IF EXISTS SELECT ON d.* FROM 'u'@'h' IGNORE UNKNOWN USER",
         "REVOKE SELECT ON `d`.* FROM `u`@`h`", ""},
        {"CREATE ROLE 'r'@'%', s", "CREATE ROLE IF NOT EXISTS `r`, `s`", ""},
        {"CREATE ROLE 'r'@'h'", "", "a role of one host alone: r"},
        {"GRANT `r`@`%` TO `u`@`%`", "GRANT `r` TO `u`", ""},
        {"SET DEFAULT ROLE r TO u", "SET DEFAULT ROLE `r` FOR `u`@`%`", ""},
        {"SET DEFAULT ROLE ALL TO u", "", "its default role"},
        {"SET DEFAULT ROLE r, s TO u, v", "", "its default role"},
    };

    (void)state;
    of_mysql();
    CHECK_ALL(list);
}

/* What is the cluster's own, in whatever way it is written. */
static void test_reserved(void **state)
{
    static const struct one list[] = {
        {"ALTER USER admin IDENTIFIED BY 'secret'", "", "not a source's to change here: admin"},
        {"ALTER USER 'Admin'@'10.0.0.1' IDENTIFIED VIA pam", "", "here: Admin"},
        {"SET PASSWORD FOR `admin` = 'secret'", "", "here: admin"},
        {"DROP USER u, rdsadmin@localhost, root, v", "DROP USER IF EXISTS `u`@`%`, `v`@`%`",
         "here: rdsadmin; "},
        {"RENAME USER u TO v, rdsadmin@localhost TO w", "", "here: rdsadmin"},
        {"RENAME USER u TO 'mariadb.sys'@localhost", "", "here: mariadb.sys"},
        {"CREATE USER 'ad\\min', v IDENTIFIED BY '123456'",
         "CREATE USER IF NOT EXISTS `v`@`%` IDENTIFIED BY PASSWORD '" HASH "'", "here: admin"},
        {"CREATE OR REPLACE USER v, admin@h IDENTIFIED VIA pam USING 'secret'",
         "CREATE OR REPLACE USER `v`@`%`", "here: admin"},
        {"GRANT SELECT ON d.* TO \"admin\"", "", "here: admin"},
        {"GRANT r TO admin", "", "here: admin"},
        {"REVOKE ALL PRIVILEGES, GRANT OPTION FROM admin, u",
         "REVOKE ALL PRIVILEGES, GRANT OPTION FROM `u`", "here: admin"},
        {"SET DEFAULT ROLE r FOR admin", "", "here: admin"},
        {"GRANT SELECT ON d.* TO CURRENT_USER", "", "not understood"},
        {"ALTER USER CURRENT_USER() IDENTIFIED BY 'secret'", "", "not understood"},
        {"DROP ROLE admin", "", "here: admin"},
    };

    (void)state;
    of_mariadb();
    CHECK_ALL(list);
}

/* Nothing of what is not understood goes on, and names hold what they say. */
static void test_not_understood(void **state)
{
    static const struct one list[] = {
        {"CREATE USER u /*!50000 IDENTIFIED BY 'secret' */", "", "not understood"},
        {"CREATE USER u IDENTIFIED BY 'secret", "", "not understood"},
        {"CREATE USER u; DROP USER v", "", "not understood"},
        {"GRANT SELECT ON d.* TO u FOR ever", "", "not understood"},
        {"GRANT SELECT ON *.t TO u", "", "not understood"},
        {"GRANT SELECT ON t TO u", "", "not understood"},
        {"GRANT SELECT ON `d``.t` TO u", "", "not understood"},
        {"GRANT", "", "not understood"},
        {"ALTER USER u REQUIRE # X509", "", "not understood"},
        {"GRANT SELECT ON `d\xff`.t TO u", "", "not understood"},
        {"GRANT S\xc3\x84 ON d.t TO u", "", "not understood"},
        {"CREATE USER u@'' ACCOUNT LOCK", "CREATE USER IF NOT EXISTS `u`@`%` ACCOUNT LOCK", ""},
        {"CREATE USER 'a`b'", "", "printable ASCII"},
        {"CREATE USER 'a''b', u", "CREATE USER IF NOT EXISTS `u`@`%`", "printable ASCII"},
        {"CREATE USER 'm\xc3\xbcller'", "", "printable ASCII"},
        {"CREATE USER ''@'h'", "", "printable ASCII"},
        {"GRANT SELECT (`a b`) ON d.t TO u", "GRANT USAGE ON *.* TO `u`", "names are not plain"},
        {"CREATE TABLE t (a INT)", NULL, NULL},
        {"SET GLOBAL x = 1", NULL, NULL},
        {"DROP TABLE u", NULL, NULL},
        {"RENAME TABLE a TO b", NULL, NULL},
        {"FLUSH PRIVILEGES", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    of_mariadb();
    CHECK_ALL(list);
    origin.sql_mode = UINT64_C(1) << 20; /* NO_BACKSLASH_ESCAPES */
    check(&(struct one){"CREATE USER 'ad\\min'", "", "printable ASCII"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users),    cmocka_unit_test(test_users_of_mysql),
        cmocka_unit_test(test_rights),   cmocka_unit_test(test_rights_of_mysql),
        cmocka_unit_test(test_reserved), cmocka_unit_test(test_not_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
