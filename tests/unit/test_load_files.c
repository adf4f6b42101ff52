#include "cli/load_files.h"

#include "base/file.h"
#include "base/mem.h"
#include "check.h"

#include <unistd.h>

static char directory[64];

static struct load_block block(uint32_t id, const char *content)
{
    return (struct load_block){.file_id = id, .content = span_str(content)};
}

static void files_grow_side_by_side(void **state)
{
    struct load_files *files = load_files_new(directory);
    struct load_block a1 = block(1, "a\n"), b1 = block(2, "b\n"), a2 = block(1, "more\n");
    const char *path;
    char *content;
    struct err err;

    (void)state;
    assert_null(load_files_directory(files));
    assert_true(load_files_begin(files, &a1, &err));
    assert_true(load_files_begin(files, &b1, &err));
    assert_true(load_files_append(files, &a2, &err));
    assert_true(load_files_end(files, 1, &path, &err));
    assert_int_equal(*path, '/');
    assert_true(file_read(path, 100, &content, &err));
    assert_string_equal(content, "a\nmore\n");
    mem_free(content);
    assert_string_equal(load_files_directory(files), directory);
    assert_false(load_files_append(files, &a2, &err));
    assert_contains(err.text, "file 1, of which the first block is missing");
    assert_false(load_files_end(files, 1, &path, &err));
    assert_true(load_files_drop(files, 2, &err));
    assert_true(load_files_drop(files, 2, &err));
    load_files_free(files);
    /* What is there is not overwritten. */
    files = load_files_new(directory);
    assert_false(load_files_begin(files, &a1, &err));
    assert_contains(err.text, "load-1.data: cannot make the file: File exists");
    load_files_free(files);
    load_files_free(NULL);
}

static void a_directory_of_its_own(void **state)
{
    struct load_files *files = load_files_new(NULL);
    struct load_block a = block(1, "a\n");
    struct err err;
    char *made;

    (void)state;
    assert_int_equal(setenv("TMPDIR", directory, 1), 0);
    assert_true(load_files_begin(files, &a, &err));
    made = mem_strdup(load_files_directory(files));
    assert_contains(made, directory);
    assert_contains(made, "/borealis-load-");
    mem_free(made);
    load_files_free(files);
}

static void a_directory_that_will_not_do(void **state)
{
    struct load_files *files = load_files_new("/nonexistent/x");
    struct load_block a = block(1, "a\n");
    char *quoted = mem_printf("%s/it's", directory);
    struct err err;

    (void)state;
    assert_false(load_files_begin(files, &a, &err));
    assert_contains(err.text, "/nonexistent/x: cannot find the directory");
    load_files_free(files);
    assert_true(dir_make(quoted, 0700, &err));
    files = load_files_new(quoted);
    assert_false(load_files_begin(files, &a, &err));
    assert_contains(err.text, "name another with --load-dir");
    load_files_free(files);
    mem_free(quoted);
}

static void sessions_without_end(void **state)
{
    struct load_files *files;
    struct err err;

    (void)state;
    assert_int_equal(setenv("TMPDIR", directory, 1), 0);
    files = load_files_new(NULL);
    for (uint32_t i = 0; i < 64; i++) {
        struct load_block a = block(i, "");

        assert_true(load_files_begin(files, &a, &err));
        assert_true(load_files_begin(files, &a, &err)); /* the source began anew */
    }
    struct load_block last = block(64, "");

    assert_false(load_files_begin(files, &last, &err));
    assert_contains(err.text, "more than 64 files");
    load_files_free(files);
}

static int setup(void **state)
{
    (void)state;
    check_make_dir(directory);
    return 0;
}

static int teardown(void **state)
{
    struct err err;

    (void)state;
    return dir_remove(directory, &err) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_grow_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_that_will_not_do, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_without_end, setup, teardown),
    };

    return cmocka_run_group_tests_name("load_files", tests, NULL, NULL);
}
