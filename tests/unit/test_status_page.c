#include "check.h"

#include "base/file.h"
#include "engine/status_page.h"
#include "status_reader.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 500000

static struct err err;
static char dir[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/page", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

static struct status_page *open_page(void)
{
    struct status_page *page = NULL;

    assert_true(status_page_open(path, &page, &err));
    return page;
}

/* Writes one word of the file, as nobody who keeps the format would. */
static void spoil(enum status_word word, uint64_t value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(pwrite(fd, &value, sizeof value, (off_t)word * STATUS_WORD_BYTES),
                     sizeof value);
    fd_close(&fd);
}

/* Whether the read fails so, and leaves the values alone. */
static void assert_refused(enum status_read expected)
{
    uint64_t values[STATUS_ITEM_COUNT] = {7, 7, 7};

    assert_int_equal(status_reader_read(path, values), expected);
    assert_int_equal(values[0], 7);
    assert_int_equal(values[STATUS_ITEM_COUNT - 1], 0);
}

static void assert_shows(uint64_t first, uint64_t last)
{
    uint64_t values[STATUS_ITEM_COUNT];

    assert_int_equal(status_reader_read(path, values), STATUS_READ_WHOLE);
    assert_int_equal(values[0], first);
    assert_int_equal(values[STATUS_ITEM_COUNT - 1], last);
}

static void test_a_new_page_is_private_and_shows_zeros(void **state)
{
    struct status_page *page = open_page();
    struct stat status;

    (void)state;
    assert_shows(0, 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, STATUS_PAGE_BYTES);
    status_page_close(page);
}

static void test_what_is_published_outlives_the_daemon(void **state)
{
    struct status_page *page = open_page();

    (void)state;
    status_page_publish(
        page, (uint64_t[STATUS_ITEM_COUNT]){[0] = UINT64_MAX, [STATUS_ITEM_COUNT - 1] = 3});
    assert_shows(UINT64_MAX, 3);
    status_page_close(page);
    assert_shows(UINT64_MAX, 3);
    page = open_page(); /* the next one adopts the engine */
    assert_shows(UINT64_MAX, 3);
    status_page_publish(page, (uint64_t[STATUS_ITEM_COUNT]){[0] = 4});
    assert_shows(4, 0);
    status_page_close(page);
}

static void test_a_daemon_that_died_while_it_wrote(void **state)
{
    struct status_page *page = open_page();

    (void)state;
    status_page_publish(page, (uint64_t[STATUS_ITEM_COUNT]){[0] = 5});
    spoil(STATUS_WORD_GENERATION, 9);
    assert_refused(STATUS_READ_TORN);
    status_page_close(page);
    page = open_page();
    assert_shows(5, 0);
    status_page_publish(page, (uint64_t[STATUS_ITEM_COUNT]){[0] = 6});
    assert_shows(6, 0);
    status_page_close(page);
}

static void test_pages_of_others(void **state)
{
    struct status_page *page = open_page();

    (void)state;
    status_page_publish(page, (uint64_t[STATUS_ITEM_COUNT]){[0] = 5});
    spoil(STATUS_WORD_VERSION, STATUS_VERSION + 1);
    assert_refused(STATUS_READ_FOREIGN);
    status_page_close(page);
    page = open_page(); /* what its words mean is not known: they are gone */
    assert_shows(0, 0);
    spoil(STATUS_WORD_MAGIC, 0);
    assert_refused(STATUS_READ_FOREIGN);
    status_page_close(page);
}

static void test_what_is_no_page(void **state)
{
    struct status_page *page = open_page();

    (void)state;
    for (off_t size = 0; size < (off_t)STATUS_WORDS * STATUS_WORD_BYTES; size++) {
        assert_int_equal(truncate(path, size), 0);
        assert_refused(STATUS_READ_SHORT);
    }
    assert_int_equal(truncate(path, STATUS_PAGE_BYTES), 0);
    assert_refused(STATUS_READ_FOREIGN);
    status_page_close(page);
    assert_int_equal(unlink(path), 0);
    assert_refused(STATUS_READ_MISSING);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(STATUS_READ_SHORT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(STATUS_READ_SHORT);
    assert_false(status_page_open(path, &page, &err));
    assert_contains(err.text, path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_false(status_page_open(path, &page, &err));
    assert_int_equal(unlink(path), 0);
}

static void *publish_rounds(void *arg)
{
    struct status_page *page = arg;

    for (uint64_t i = 1; i <= ROUNDS; i++) {
        uint64_t values[STATUS_ITEM_COUNT];

        for (size_t k = 0; k < STATUS_ITEM_COUNT; k++)
            values[k] = i;
        status_page_publish(page, values);
    }
    return NULL;
}

/* All values are of one moment, whatever the writer is at. */
static void test_reading_while_it_is_written(void **state)
{
    struct status_page *page = open_page();
    uint64_t last = 0;
    pthread_t writer;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, publish_rounds, page), 0);
    while (last < ROUNDS) {
        uint64_t values[STATUS_ITEM_COUNT];

        if (status_reader_read(path, values) == STATUS_READ_TORN)
            continue;
        for (size_t k = 1; k < STATUS_ITEM_COUNT; k++)
            assert_int_equal(values[k], values[0]);
        assert_true(values[0] >= last);
        last = values[0];
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    status_page_close(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_page_is_private_and_shows_zeros, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_published_outlives_the_daemon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_daemon_that_died_while_it_wrote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reading_while_it_is_written, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("status_page", tests, NULL, NULL);
}
