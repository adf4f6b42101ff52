#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "cluster/binlog_files.h"

#define BASE "mysql-bin-changelog"

static char directory[64];
static struct err err;

static void put(const char *name, const char *content)
{
    char *path = mem_printf("%s/%s", directory, name);

    assert_true(file_write(path, span_str(content), 0600, &err));
    mem_free(path);
}

static bool there(const char *name)
{
    char *path = mem_printf("%s/%s", directory, name);
    bool is = path_exists(path);

    mem_free(path);
    return is;
}

static void check_index(const char *want)
{
    char *path = mem_printf("%s/" BASE ".index", directory);
    char *content = NULL;

    assert_true(file_read(path, 4096, &content, &err));
    assert_string_equal(content, want);
    mem_free(content);
    mem_free(path);
}

static int set_up(void **state)
{
    (void)state;
    check_make_dir(directory);
    put(BASE ".000001", "a"); /* of a call that was cut short: it is in no index */
    put(BASE ".000002", "b");
    put(BASE ".999999", "c");
    put(BASE ".1000000", "d");
    put(BASE ".1000001", "e");
    put(BASE ".state", "not one");
    put(BASE ".000002x", "not one");
    put(BASE "2.000002", "not one");
    put(BASE ".", "not one");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(directory, &err) ? 0 : -1;
}

static void test_what_is_before_goes(void **state)
{
    uint32_t removed = 9;

    (void)state;
    put(BASE ".index",
        "/a/" BASE ".000002\n./" BASE ".999999\n" BASE ".1000000\n/b/" BASE ".1000001\n");
    assert_true(binlog_files_remove(directory, BASE, BASE ".1000000", &removed, &err));
    assert_int_equal(removed, 3);
    check_index(BASE ".1000000\n/b/" BASE ".1000001\n");
    assert_false(there(BASE ".000001") || there(BASE ".000002") || there(BASE ".999999"));
    assert_true(there(BASE ".1000000") && there(BASE ".1000001") && there(BASE ".state") &&
                there(BASE ".000002x") && there(BASE "2.000002") && there(BASE "."));
    assert_true(binlog_files_remove(directory, BASE, BASE ".1000000", &removed, &err));
    assert_int_equal(removed, 0);
    check_index(BASE ".1000000\n/b/" BASE ".1000001\n");
}

static void test_without_an_index(void **state)
{
    uint32_t removed = 0;

    (void)state;
    assert_true(binlog_files_remove(directory, BASE, BASE ".000002", &removed, &err));
    assert_int_equal(removed, 1);
    assert_true(there(BASE ".000002"));
    removed = 9;
    assert_false(binlog_files_remove("/nowhere", BASE, BASE ".000002", &removed, &err));
    assert_contains(err.text, "/nowhere");
    assert_int_equal(removed, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_before_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_an_index, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("binlog_files", tests, NULL, NULL);
}
