#include "check.h"

#include "check/grants.h"

static void take(struct grants *grants, const char *line)
{
    grants_take(grants, span_str(line));
}

static void test_all_families_lines(void **state)
{
    struct grants grants = {0};

    (void)state;
    /* MySQL 5.6 */
    take(&grants, "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%' IDENTIFIED BY PASSWORD <secret>");
    assert_true(grants_has(&grants, "REPLICATION SLAVE"));
    assert_false(grants_has(&grants, "REPLICATION CLIENT|BINLOG MONITOR"));
    assert_false(grants.requires_tls);
    /* MariaDB */
    take(&grants, "GRANT SELECT, BINLOG MONITOR ON *.* TO `repl`@`%` IDENTIFIED BY PASSWORD "
                  "'*00' REQUIRE SSL WITH GRANT OPTION");
    assert_true(grants_has(&grants, "REPLICATION CLIENT|BINLOG MONITOR"));
    assert_true(grants_has(&grants, "SELECT"));
    assert_true(grants.requires_tls);
    /* MySQL 8 */
    take(&grants, "GRANT BACKUP_ADMIN,XA_RECOVER_ADMIN ON *.* TO `repl`@`%`");
    assert_true(grants_has(&grants, "XA_RECOVER_ADMIN"));
    assert_false(grants_has(&grants, "SUPER"));
    assert_false(grants.all);
    take(&grants, "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION");
    assert_true(grants_has(&grants, "SUPER"));
}

static void test_what_is_not_on_all(void **state)
{
    struct grants grants = {0};

    (void)state;
    take(&grants, "GRANT USAGE ON *.* TO `a`@`%`");
    take(&grants, "GRANT SELECT, SHOW VIEW ON `shop`.* TO `a`@`%`");
    take(&grants, "GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`%`");
    take(&grants, "GRANT PROXY ON ''@'' TO 'a'@'%' WITH GRANT OPTION");
    take(&grants, "GRANT `SUPER ON *.* TO `@`%` TO `a`@`%`");
    take(&grants, "GRANT 'EVENT ON *.* TO ' TO 'a'@'%'");
    take(&grants, "GRANT");
    take(&grants, "GRANT ");
    take(&grants, "GRANT SUPER");
    take(&grants, "GRANT SUPER ON *.*");
    take(&grants, "");
    assert_true(grants_has(&grants, "USAGE"));
    assert_false(grants_has(&grants, "SELECT|SHOW VIEW|SUPER|EVENT|PROXY"));
    assert_false(grants.all);
    /* A name is no part of a longer one. */
    take(&grants, "GRANT REPLICATION SLAVE ADMIN ON *.* TO `a`@`%`");
    assert_false(grants_has(&grants, "REPLICATION SLAVE"));
}

static void test_more_than_there_is_room_for(void **state)
{
    struct grants grants = {0};
    char line[2 * GRANTS_MAX];
    size_t used = 6;

    (void)state;
    memcpy(line, "GRANT ", 6);
    while (used + 64 < sizeof line)
        used += (size_t)snprintf(line + used, sizeof line - used, "PRIVILEGE_%zu, ", used);
    (void)snprintf(line + used, sizeof line - used, "LAST ON *.* TO `a`@`%%`");
    take(&grants, line);
    assert_true(grants_has(&grants, "PRIVILEGE_6"));
    assert_true(strlen(grants.globals) < sizeof grants.globals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_families_lines),
        cmocka_unit_test(test_what_is_not_on_all),
        cmocka_unit_test(test_more_than_there_is_room_for),
    };

    return cmocka_run_group_tests_name("grants", tests, NULL, NULL);
}
