#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "replication/retention_setting.h"

static char dir[64];
static char path[128];
static struct err err;

static int make_dir(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/retention-hours", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

static struct retention_setting *open_it(void)
{
    struct retention_setting *setting;

    if (!retention_setting_open(dir, &setting, &err))
        fail_msg("%s", err.text);
    return setting;
}

static void test_what_is_set_is_kept(void **state)
{
    struct retention_setting *setting = open_it();
    int64_t hours = -7;

    (void)state;
    assert_false(retention_setting_hours(setting, &hours));
    assert_int_equal(hours, -7);
    assert_false(path_exists(path));
    assert_true(retention_setting_set(setting, 24, &err));
    retention_setting_close(setting);
    setting = open_it();
    assert_true(retention_setting_hours(setting, &hours));
    assert_int_equal(hours, 24);
    assert_true(retention_setting_set(setting, RETENTION_HOURS_MAX + 1, &err));
    assert_true(retention_setting_hours(setting, &hours));
    assert_int_equal(hours, RETENTION_HOURS_MAX);
    assert_true(retention_setting_set(setting, 0, &err));
    assert_false(retention_setting_hours(setting, &hours));
    retention_setting_close(setting);
    setting = open_it();
    assert_false(retention_setting_hours(setting, &hours));
    retention_setting_close(setting);
    retention_setting_close(NULL);
}

static void test_bad_files(void **state)
{
    static const char *const texts[] = {"", "24", "x\n", "-1\n", "2161\n", "24\n\n", "24 h\n"};
    struct retention_setting *setting;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(file_write(path, span_str(texts[i]), 0600, &err));
        assert_false(retention_setting_open(dir, &setting, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_non_null(strstr(err.text, "expected a number of hours from 0 to 2160"));
    }
}

/* What can not be written is not in force either. */
static void test_unwritable(void **state)
{
    struct retention_setting *setting = open_it();
    int64_t hours;

    (void)state;
    assert_true(dir_remove(dir, &err));
    assert_false(retention_setting_set(setting, 24, &err));
    assert_false(retention_setting_hours(setting, &hours));
    retention_setting_close(setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_set_is_kept, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_bad_files, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_unwritable, make_dir, drop_dir),
    };

    return cmocka_run_group_tests_name("retention_setting", tests, NULL, NULL);
}
