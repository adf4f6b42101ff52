#include "base/spool.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

static char directory[64];

/* What the spool writes, in a new string. */
static char *reversed(struct spool *spool)
{
    char *path = mem_printf("%s/out", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct err err;
    char *content;

    assert_true(fd >= 0);
    assert_true(spool_write_reversed(spool, fd, &err));
    assert_true(file_read(path, (size_t)1 << 27, &content, &err));
    fd_close(&fd);
    mem_free(path);
    return content;
}

static void the_last_piece_comes_first(void **state)
{
    struct spool *spool;
    struct err err;
    char *content;

    (void)state;
    assert_true(spool_open(&spool, &err));
    content = reversed(spool);
    assert_string_equal(content, "");
    mem_free(content);
    for (int round = 0; round < 2; round++) {
        assert_true(spool_add(spool, span_str("one "), &err));
        assert_true(spool_add(spool, span_str(""), &err));
        assert_true(spool_add(spool, span_str("two "), &err));
        assert_true(spool_add(spool, span_str("three "), &err));
        content = reversed(spool);
        assert_string_equal(content, "three two one ");
        mem_free(content);
    }
    spool_close(spool);
    spool_close(NULL);
}

/* Pieces around the size of the window, which is 1 MiB, in an order that crosses it. */
static void pieces_of_all_sizes(void **state)
{
    static const size_t sizes[] = {1, 1048567, 3, 1048568, 1048576, 5, 0, 3000000, 7, 1048569, 2};
    size_t n = sizeof sizes / sizeof sizes[0];
    struct spool *spool;
    struct err err;
    struct buf piece;
    char *content;
    char *at;

    (void)state;
    buf_init(&piece, 4000000);
    assert_true(spool_open(&spool, &err));
    for (size_t i = 0; i < 4 * n; i++) {
        buf_clear(&piece);
        for (size_t b = 0; b < sizes[i % n]; b++)
            buf_u8(&piece, (uint8_t)('a' + i % 26));
        assert_true(spool_add(spool, buf_span(&piece), &err));
    }
    at = content = reversed(spool);
    for (size_t i = 4 * n; i-- > 0;) {
        for (size_t b = 0; b < sizes[i % n]; b++)
            if (*at++ != (char)('a' + i % 26))
                fail_msg("piece %zu, byte %zu", i, b);
    }
    assert_int_equal(*at, '\0');
    mem_free(content);
    spool_close(spool);
    buf_done(&piece);
}

static void where_no_file_can_be(void **state)
{
    struct spool *spool;
    struct err err;

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    assert_false(spool_open(&spool, &err));
    assert_contains(err.text, "/nonexistent/borealis-spool-");
    assert_int_equal(err.class, E_IO);
    assert_int_equal(unsetenv("TMPDIR"), 0);
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
        cmocka_unit_test(the_last_piece_comes_first),
        cmocka_unit_test(pieces_of_all_sizes),
        cmocka_unit_test(where_no_file_can_be),
    };

    return cmocka_run_group_tests_name("spool", tests, setup, teardown);
}
