#include "base/file_writer.h"

#include "base/file.h"
#include "base/mem.h"

#include "check.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char dir[64];
    char path[80];
    char next[88];
};

static void make_place(struct place *place)
{
    check_make_dir(place->dir);
    (void)snprintf(place->path, sizeof place->path, "%s/file", place->dir);
    (void)snprintf(place->next, sizeof place->next, "%s.new", place->path);
}

static void drop_place(struct place *place)
{
    struct err err;

    assert_true(dir_remove(place->dir, &err));
}

static void expect_content(const char *path, const char *text)
{
    char *content = NULL;
    struct err err = {0};

    assert_true(file_read(path, 100, &content, &err));
    assert_string_equal(content, text);
    mem_free(content);
}

static void test_pieces(void **state)
{
    struct file_writer *writer = NULL;
    struct err err = {0};
    struct place place;
    struct stat info;

    (void)state;
    make_place(&place);
    assert_true(file_writer_open(place.path, 0640, false, &writer, &err));
    assert_true(file_writer_write(writer, span_str("one "), &err));
    assert_true(file_writer_write(writer, span_str("two"), &err));
    assert_false(path_exists(place.path));
    assert_true(file_writer_commit(writer, &err));
    file_writer_free(writer);
    expect_content(place.path, "one two");
    assert_int_equal(stat(place.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_false(path_exists(place.next));
    drop_place(&place);
}

static void test_what_was_not_committed_leaves_nothing(void **state)
{
    struct file_writer *writer = NULL;
    struct err err = {0};
    struct place place;

    (void)state;
    make_place(&place);
    assert_true(file_write(place.path, span_str("old"), 0600, &err));
    assert_true(file_writer_open(place.path, 0600, true, &writer, &err));
    assert_true(file_writer_write(writer, span_str("new"), &err));
    file_writer_free(writer);
    file_writer_free(NULL);
    expect_content(place.path, "old");
    assert_false(path_exists(place.next));
    drop_place(&place);
}

static void test_an_existing_file(void **state)
{
    struct file_writer *writer = NULL;
    struct err err = {0};
    struct place place;

    (void)state;
    make_place(&place);
    /* It comes up while the other is written. */
    assert_true(file_writer_open(place.path, 0600, false, &writer, &err));
    (void)symlink("elsewhere", place.path);
    assert_false(file_writer_commit(writer, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_int_equal(err.code, EEXIST);
    file_writer_free(writer);
    assert_false(path_exists(place.next));
    assert_int_equal(unlink(place.path), 0);

    assert_true(file_write(place.path, span_str("old"), 0600, &err));
    writer = NULL;
    assert_false(file_writer_open(place.path, 0600, false, &writer, &err));
    assert_int_equal(err.code, EEXIST);
    assert_null(writer);
    assert_true(file_writer_open(place.path, 0600, true, &writer, &err));
    assert_true(file_writer_write(writer, span_str("new"), &err));
    assert_true(file_writer_commit(writer, &err));
    file_writer_free(writer);
    expect_content(place.path, "new");
    drop_place(&place);
}

static void test_names_that_can_not_be(void **state)
{
    struct file_writer *writer = NULL;
    struct err err = {0};

    (void)state;
    assert_false(file_writer_open("/dev/null", 0600, true, &writer, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_string_equal(err.text, "/dev/null: expected the name of a file, found something else");
    assert_false(file_writer_open("/nonexistent/file", 0600, true, &writer, &err));
    assert_int_equal(err.class, E_IO);
    assert_null(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_what_was_not_committed_leaves_nothing),
        cmocka_unit_test(test_an_existing_file),
        cmocka_unit_test(test_names_that_can_not_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
