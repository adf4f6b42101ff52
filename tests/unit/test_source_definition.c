#include "check.h"

#include "base/file.h"
#include "cluster/source_definition.h"

#include <sys/stat.h>

#define ASKED                                                                                      \
    "{\"host\": \"db.example\", \"port\": 3306, \"user\": \"o'clock\\\"\", \"password\": \"s3\","  \
    " \"file\": \"mysql-bin.000007\", \"position\": 4711, \"ssl\": 1}"

static struct err err;

static void test_what_is_asked_and_the_rest(void **state)
{
    struct source_definition *definition = NULL;
    struct source_definition *other = NULL;

    (void)state;
    assert_true(source_definition_parse(ASKED, 7, 8, &definition, &err));
    assert_true(source_definition_parse(ASKED, 7, 8, &other, &err));
    assert_string_equal(definition->host, "db.example");
    assert_int_equal(definition->port, 3306);
    assert_string_equal(definition->user, "o'clock\"");
    assert_string_equal(definition->password, "s3");
    assert_string_equal(definition->position.name, "mysql-bin.000007");
    assert_true(definition->position.offset == 4711);
    assert_true(definition->encrypted);
    assert_true(definition->domain != 0 && definition->domain != 7);
    assert_true(definition->server_id != 0 && definition->server_id != 8);
    assert_true(definition->set_at > 0);
    assert_string_not_equal(definition->id, other->id);
    assert_string_not_equal(definition->door_password, other->door_password);
    source_definition_free(definition);
    source_definition_free(other);
    source_definition_free(NULL);
}

#define AUTO                                                                                       \
    "{\"host\": \"db.example\", \"port\": 3306, \"user\": \"u\", \"password\": \"s3\","            \
    " \"gtids\": \"\", \"ssl\": 0}"

static void test_behind_gtids(void **state)
{
    const struct log_position place = {.name = "mysql-bin.000008", .offset = 4};
    struct source_definition *definition = NULL;
    struct source_definition *renewed;

    (void)state;
    assert_true(source_definition_parse(AUTO, 7, 8, &definition, &err));
    assert_true(source_definition_is_auto(definition));
    assert_string_equal(definition->gtids, "");
    assert_string_equal(definition->gtids_of_mariadb, "");
    source_definition_put(&definition->skipped, "0-1-5");
    source_definition_put(&definition->until_gtids, "0-1-9");
    renewed = source_definition_renew(definition, 7, 8, &place, "", "");
    assert_false(source_definition_is_auto(renewed));
    assert_string_equal(renewed->position.name, place.name);
    assert_string_equal(renewed->skipped, "0-1-5");
    assert_string_equal(renewed->until_gtids, ""); /* it is of one start */
    assert_string_not_equal(renewed->id, definition->id);
    assert_string_equal(renewed->password, "s3");
    source_definition_free(definition);
    definition = source_definition_renew(renewed, 7, 8, NULL, "a:1", "0-1-7");
    assert_true(source_definition_is_auto(definition));
    assert_string_equal(definition->gtids, "a:1");
    assert_string_equal(definition->gtids_of_mariadb, "0-1-7");
    source_definition_free(definition);
    source_definition_free(renewed);
}

static void test_bad_arguments(void **state)
{
    static const struct {
        const char *asked;
        const char *named;
    } cases[] = {
        {"", "object"},
        {"[]", "object"},
        {"{}", "host_name"},
        {"{\"host\": \"\"}", "host_name"},
        {"{\"host\": \"h\", \"port\": \"3306\"}", "host_port"},
        {"{\"host\": \"h\", \"port\": 65536}", "host_port"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"\"}", "replication_user_name"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"u\"}", "replication_user_password"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"u\", \"password\": \"p\"}",
         "mysql_binary_log_file_name"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"u\", \"password\": \"p\", \"file\": \"f\","
         " \"position\": 3}",
         "mysql_binary_log_file_location"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"u\", \"password\": \"p\", \"file\": \"f\","
         " \"position\": 4, \"ssl\": \"1\"}",
         "ssl_encryption"},
        {"{\"host\": \"h\", \"port\": 1, \"user\": \"u\", \"password\": \"p\", \"file\": \"f\","
         " \"position\": 4, \"ssl\": 2}",
         "ssl_encryption"},
    };
    struct source_definition *definition = NULL;

    (void)state;
    assert_false(source_definition_parse(NULL, 1, 1, &definition, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(source_definition_parse(cases[i].asked, 1, 1, &definition, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, cases[i].named);
        assert_null(definition);
    }
}

static void test_comes_back_from_its_file(void **state)
{
    struct source_definition *definition = NULL;
    struct source_definition *again = NULL;
    struct stat info;
    char dir[64];
    char path[128];

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/source.json", dir);
    assert_true(source_definition_load(path, &again, &err));
    assert_null(again);
    assert_true(source_definition_parse(ASKED, 1, 1, &definition, &err));
    definition->door_port = 12345;
    definition->until = definition->position;
    definition->until_reached = true;
    source_definition_put(&definition->skipped, "0-1-5");
    assert_true(source_definition_save(path, definition, &err));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(source_definition_load(path, &again, &err));
    assert_string_equal(again->id, definition->id);
    assert_string_equal(again->user, definition->user);
    assert_string_equal(again->password, "s3");
    assert_string_equal(again->server_uuid, definition->server_uuid);
    assert_string_equal(again->door_password, definition->door_password);
    assert_int_equal(again->door_port, 12345);
    assert_int_equal(again->domain, definition->domain);
    assert_int_equal(again->server_id, definition->server_id);
    assert_true(again->encrypted && again->position.offset == 4711);
    assert_true(again->until.offset == 4711);
    assert_string_equal(again->until.name, "mysql-bin.000007");
    assert_string_equal(again->skipped, "0-1-5");
    assert_string_equal(again->until_gtids, "");
    assert_true(again->until_reached);
    source_definition_free(again);
    again = source_definition_renew(definition, 1, 1, NULL, "a:1", "0-1-7");
    assert_true(source_definition_save(path, again, &err));
    source_definition_free(again);
    again = NULL;
    assert_true(source_definition_load(path, &again, &err));
    assert_true(source_definition_is_auto(again));
    assert_string_equal(again->gtids, "a:1");
    assert_string_equal(again->gtids_of_mariadb, "0-1-7");
    source_definition_free(definition);
    source_definition_free(again);
    again = NULL;
    assert_true(file_write(path, span_str(ASKED), 0600, &err)); /* lacks our part */
    assert_false(source_definition_load(path, &again, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_null(again);
    assert_int_equal(chmod(path, 0644), 0);
    assert_false(source_definition_load(path, &again, &err));
    assert_true(dir_remove(dir, &err));
}

/* As the first versions have written it: what they have begun goes on by places. */
static void test_one_of_before_counting(void **state)
{
    static const char of_before[] =
        "{\"id\": \"aB3dE6gH\", \"host\": \"db.example\", \"port\": 3306, \"user\": \"u\", "
        "\"password\": \"s3\", \"ssl\": 0, \"domain\": 77, \"set_at\": 1790000000, \"server_id\": "
        "5, "
        "\"server_uuid\": \"b0ea115d-0000-8000-8000-000000000005\", \"door_port\": 4000, "
        "\"door_password\": \"0123456789abcdefghijABCDEFGHIJ01\", \"skipped\": \"\", "
        "\"until_file\": \"\", "
        "\"until_position\": 0, \"until_gtids\": \"\", \"until_reached\": false, "
        "\"file\": \"mysql-bin.000007\", \"position\": 4711}";
    struct source_definition *definition = NULL;
    char dir[64];
    char path[128];

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/source.json", dir);
    assert_true(file_write(path, span_str(of_before), 0600, &err));
    if (!source_definition_load(path, &definition, &err))
        fail_msg("%s", err.text);
    assert_int_equal(definition->domain, 77);
    assert_false(definition->counted);
    assert_true(source_definition_save(path, definition, &err));
    source_definition_free(definition);
    assert_true(source_definition_load(path, &definition, &err));
    assert_false(definition->counted);
    source_definition_free(definition);
    assert_true(source_definition_parse(ASKED, 1, 1, &definition, &err));
    assert_true(source_definition_save(path, definition, &err));
    source_definition_free(definition);
    assert_true(source_definition_load(path, &definition, &err));
    assert_true(definition->counted);
    source_definition_free(definition);
    assert_true(dir_remove(dir, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked_and_the_rest),
        cmocka_unit_test(test_behind_gtids),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_comes_back_from_its_file),
        cmocka_unit_test(test_one_of_before_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
