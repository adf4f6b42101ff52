#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "engine/time_zone.h"

static char directory[64];
static struct err err;

static void put(const char *name, const char *content)
{
    char *path = mem_printf("%s/%s", directory, name);

    assert_true(file_write(path, span_str(content), 0600, &err));
    mem_free(path);
}

static void make(const char *name)
{
    char *path = mem_printf("%s/%s", directory, name);

    assert_true(dir_make(path, 0700, &err));
    mem_free(path);
}

static int set_up(void **state)
{
    (void)state;
    check_make_dir(directory);
    make("Europe");
    make("America");
    make("America/Argentina");
    put("UTC", "TZif2");
    put("Etc-like+1", "TZif2");
    put("Europe/Berlin", "TZif2");
    put("America/Argentina/Ushuaia", "TZif");
    put("zone.tab", "# a table\n");
    put("Europe/cut", "TZi");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(directory, &err) ? 0 : -1;
}

static void test_which_are_there(void **state)
{
    static const struct {
        const char *name;
        bool there;
    } cases[] = {
        {"UTC", true},
        {"utc", true},
        {"Etc-like+1", true},
        {"Europe/Berlin", true},
        {"EUROPE/berlin", true},
        {"America/Argentina/Ushuaia", true},
        {"Europe", false},
        {"Europe/", false},
        {"/Europe/Berlin", false},
        {"Europe//Berlin", false},
        {"Europe/Berlin/", false},
        {"Europe/Berlin/x", false},
        {"Europe/Berli", false},
        {"Europe/Berlina", false},
        {"Europe/cut", false},
        {"zone", false},
        {"zone.tab", false},
        {"Mars/Base", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (time_zone_exists(directory, cases[i].name) != cases[i].there)
            fail_msg("'%s': expected %d", cases[i].name, cases[i].there);
    }
    assert_false(time_zone_exists("/nowhere", "UTC"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_which_are_there)};

    return cmocka_run_group_tests_name("time_zone", tests, set_up, tear_down);
}
