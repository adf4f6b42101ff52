#include "check.h"

#include "base/file.h"
#include "base/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

static void test_who_may_have_read_it(void **state)
{
    static const struct {
        mode_t mode;
        bool taken;
    } cases[] = {{0600, true},  {0400, true},  {0640, true},  {0440, true},
                 {0644, false}, {0604, false}, {0620, false}, {0601, false}};
    char dir[64];
    char path[80];
    struct err err;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/secret", dir);
    assert_true(file_write(path, span_str("open sesame\n"), 0600, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *content = NULL;

        assert_int_equal(chmod(path, cases[i].mode), 0);
        assert_int_equal(secret_file_read(path, 100, &content, &err), cases[i].taken);
        if (cases[i].taken) {
            assert_string_equal(content, "open sesame\n");
        } else {
            assert_null(content);
            assert_int_equal(err.class, E_USAGE);
            assert_contains(err.text, path);
            assert_contains(err.text, "chmod 600");
        }
        secret_free(content);
    }
    assert_true(dir_remove(dir, &err));
    assert_false(secret_file_check(path, &err));
    assert_int_equal(err.class, E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_may_have_read_it)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
