#include "base/file_reader.h"

#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#define SIZE ((size_t)3 << 20)

/* A file of SIZE bytes whose bytes tell their offset. */
static int make_file(char path[])
{
    int fd = mkstemp(path);
    uint8_t *data = malloc(SIZE);

    assert_true(fd >= 0 && data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    assert_int_equal(write(fd, data, SIZE), SIZE);
    free(data);
    return fd;
}

static void test_the_window_moves_over_all_bytes(void **state)
{
    static const size_t needs[] = {1, 19, 4096, 100000, 1500000};
    char path[] = "/tmp/test_file_reader.XXXXXX";
    int fd = make_file(path);
    struct file_reader *reader = NULL;
    struct span window = {0};
    struct err err = {0};
    size_t at = 0;
    size_t used = 0;

    (void)state;
    assert_true(file_reader_open(path, &reader, &err));
    assert_int_equal(file_reader_size(reader), SIZE);
    for (size_t i = 0; at < SIZE; i++) {
        size_t need = needs[i % 5];

        assert_true(file_reader_move(reader, used, need, &window, &err));
        assert_true(window.len >= need || at + window.len == SIZE);
        assert_int_equal(window.data[0], (uint8_t)(at * 7 + at / 256));
        used = need < window.len ? need : window.len;
        at += used;
    }
    assert_true(file_reader_move(reader, used, 1, &window, &err));
    assert_int_equal(window.len, 0);
    file_reader_close(reader);
    (void)close(fd);
    (void)unlink(path);
}

/* A need that the file does not hold gives what there is, and takes no more memory than that. */
static void test_a_need_beyond_the_end(void **state)
{
    char path[] = "/tmp/test_file_reader.XXXXXX";
    int fd = make_file(path);
    struct file_reader *reader = NULL;
    struct span window = {0};
    struct err err = {0};

    (void)state;
    assert_true(file_reader_open(path, &reader, &err));
    assert_true(file_reader_move(reader, 0, (size_t)1 << 40, &window, &err));
    assert_int_equal(window.len, SIZE);
    file_reader_close(reader);
    (void)close(fd);
    (void)unlink(path);
}

static void test_what_is_no_file(void **state)
{
    struct file_reader *reader = NULL;
    struct err err = {0};

    (void)state;
    assert_false(file_reader_open("/tmp", &reader, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_string_equal(err.text, "/tmp: expected a file, found a directory");
    assert_false(file_reader_open("/nonexistent/file", &reader, &err));
    assert_int_equal(err.class, E_IO);
    assert_null(reader);
    file_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_window_moves_over_all_bytes),
        cmocka_unit_test(test_a_need_beyond_the_end),
        cmocka_unit_test(test_what_is_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
