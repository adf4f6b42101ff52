/* Each rule of what a reading is worth. Places are in files 1 and 2 of a log. */
#include "check.h"

#include "base/mem.h"
#include "base/wakeup.h"
#include "replication/key_history.h"

#include <unistd.h>

/* Logs are told apart by their addresses alone. */
static int logs[2];
#define LOG(i) ((const struct mirror *)(const void *)&logs[i])

struct fixture {
    struct key_history *history;
    int wake_fd;
};

static struct log_position at(uint64_t file, uint64_t offset)
{
    struct log_position position = {.offset = offset};

    (void)snprintf(position.name, sizeof position.name, "bin.%06u", (unsigned)file);
    return position;
}

static int setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    struct err err;

    assert_true(wakeup_open(&fixture->wake_fd, &err));
    fixture->history = key_history_new(fixture->wake_fd);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    key_history_free(fixture->history);
    (void)close(fixture->wake_fd);
    mem_free(fixture);
    return 0;
}

static void connect_at(struct fixture *fixture, uint64_t file, uint64_t offset)
{
    struct log_position end = at(file, offset);

    key_history_connect(fixture->history, LOG(0), &end);
}

static void change(struct fixture *fixture, uint64_t file, uint64_t offset)
{
    struct log_position place = at(file, offset);

    key_history_note_change(fixture->history, &place, 10);
}

static void receive(struct fixture *fixture, uint64_t file, uint64_t offset)
{
    struct log_position end = at(file, offset);

    key_history_note_end(fixture->history, &end);
}

/* A catalogue with one table: what tells two apart is its name. */
static struct key_catalog *make_catalog(const char *table)
{
    const struct key_table keys = {.column_count = 1};
    struct key_catalog *catalog = key_catalog_new();
    struct err err;

    assert_true(key_catalog_add(catalog, span_str("d"), span_str(table), &keys, &err));
    return catalog;
}

static void read_in(struct fixture *fixture, const struct mirror *log, const char *table,
                    struct log_position before, struct log_position after)
{
    struct key_reading reading = {.log = log,
                                  .before = before,
                                  .after = after,
                                  .catalog = make_catalog(table),
                                  .read_usec = 1};

    key_history_add(fixture->history, &reading);
}

static void read_keys(struct fixture *fixture, const char *table, uint64_t before, uint64_t after)
{
    read_in(fixture, LOG(0), table, at(1, before), at(1, after));
}

/* Whether the catalogue with that table holds there; NULL: none does. */
static void assert_holds(struct fixture *fixture, uint64_t file, uint64_t offset, const char *table)
{
    struct key_catalog *catalog =
        key_history_at(fixture->history, LOG(0), at(file, offset).name, offset);

    if (!table) {
        assert_null(catalog);
        return;
    }
    assert_non_null(catalog);
    assert_non_null(key_catalog_find(catalog, span_str("d"), span_str(table)));
    key_catalog_free(catalog);
}

static enum key_want wants(struct fixture *fixture)
{
    const struct mirror *log;

    return key_history_wants(fixture->history, &log);
}

static void test_from_the_last_change_to_the_next(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    change(fixture, 1, 200);
    receive(fixture, 1, 300);
    read_keys(fixture, "a", 400, 500);
    assert_holds(fixture, 1, 250, NULL); /* the log is not there yet */
    assert_int_equal(wants(fixture), KEY_WANT_LATER);
    receive(fixture, 1, 499);
    assert_holds(fixture, 1, 250, NULL);
    receive(fixture, 1, 500);
    assert_int_equal(wants(fixture), KEY_WANT_NOT);
    assert_holds(fixture, 1, 209, NULL);
    assert_holds(fixture, 1, 210, "a");
    assert_holds(fixture, 1, 1000000, "a");
    assert_holds(fixture, 2, 4, "a");
    change(fixture, 2, 100);
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
    assert_holds(fixture, 2, 99, "a");
    assert_holds(fixture, 2, 100, NULL);
    assert_holds(fixture, 2, 1000, NULL);
}

/* What stands before the end at which the log was begun or opened was not watched. */
static void test_from_the_beginning_of_the_watch(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    read_keys(fixture, "a", 400, 500);
    receive(fixture, 1, 600);
    assert_holds(fixture, 1, 99, NULL);
    assert_holds(fixture, 1, 100, "a");
}

static void test_a_reading_before_the_watch(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    read_keys(fixture, "a", 99, 100);
    assert_holds(fixture, 1, 100, NULL);
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
}

static void test_a_change_between(void **state)
{
    static const uint64_t places[] = {391, 400, 450, 490, 499};
    struct fixture *fixture = *state;
    struct key_history_status status;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct log_position end = at(1, 100);

        key_history_connect(fixture->history, LOG(1), &end);
        connect_at(fixture, 1, 100);
        read_keys(fixture, "a", 400, 500);
        change(fixture, 1, places[i]);
        receive(fixture, 1, 600);
        assert_holds(fixture, 1, places[i], NULL);
        assert_holds(fixture, 1, 600, NULL);
        assert_int_equal(wants(fixture), KEY_WANT_NOW);
    }
    key_history_status(fixture->history, &status);
    assert_int_equal(status.dropped, sizeof places / sizeof places[0]);
    assert_int_equal(status.readings, 0);
}

/* A change that ends where the reading begins is seen, one that begins where it ends is not. */
static void test_changes_right_beside(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    change(fixture, 1, 390);
    change(fixture, 1, 500);
    receive(fixture, 1, 600);
    read_keys(fixture, "a", 400, 500);
    assert_holds(fixture, 1, 399, NULL);
    assert_holds(fixture, 1, 400, "a");
    assert_holds(fixture, 1, 499, "a");
    assert_holds(fixture, 1, 500, NULL);
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
}

/* A view that lags asks for what held then. */
static void test_older_ones(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    for (uint64_t i = 1; i <= KEY_HISTORY_KEPT + 1; i++) {
        char name[] = {(char)('a' + i), 0};

        change(fixture, 1, 1000 * i);
        receive(fixture, 1, 1000 * i + 500);
        read_keys(fixture, name, 1000 * i + 100, 1000 * i + 200);
    }
    assert_holds(fixture, 1, 1500, NULL); /* gone */
    assert_holds(fixture, 1, 2009, NULL);
    assert_holds(fixture, 1, 2010, "c");
    assert_holds(fixture, 1, 2999, "c");
    assert_holds(fixture, 1, 3000, NULL);
    assert_holds(fixture, 1, 3010, "d");
}

/* Where a change of tables has changed no key, it is the same catalogue. */
static void test_the_same_again(void **state)
{
    struct fixture *fixture = *state;
    struct key_catalog *first;
    struct key_catalog *second;

    connect_at(fixture, 1, 100);
    read_keys(fixture, "a", 200, 200);
    receive(fixture, 1, 200);
    change(fixture, 1, 300);
    receive(fixture, 1, 400);
    read_keys(fixture, "a", 400, 400);
    first = key_history_at(fixture->history, LOG(0), "bin.000001", 200);
    second = key_history_at(fixture->history, LOG(0), "bin.000001", 400);
    assert_non_null(first);
    assert_ptr_equal(first, second);
    key_catalog_free(first);
    key_catalog_free(second);
}

/* A change that is in no log: nothing is known of what lies between two readings that differ. */
static void test_a_hidden_change(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    receive(fixture, 1, 1000);
    read_keys(fixture, "a", 200, 210);
    read_keys(fixture, "a", 300, 310);
    assert_holds(fixture, 1, 999, "a");
    read_keys(fixture, "b", 400, 410);
    assert_holds(fixture, 1, 100, "a");
    assert_holds(fixture, 1, 309, "a");
    assert_holds(fixture, 1, 310, NULL);
    assert_holds(fixture, 1, 399, NULL);
    assert_holds(fixture, 1, 400, "b");
    read_keys(fixture, "c", 500, 510);
    assert_holds(fixture, 1, 409, "b");
    assert_holds(fixture, 1, 410, NULL);
    assert_holds(fixture, 1, 500, "c");
    assert_holds(fixture, 2, 4, "c");
}

static void test_another_log(void **state)
{
    struct fixture *fixture = *state;
    struct log_position end = at(1, 4);

    connect_at(fixture, 1, 100);
    receive(fixture, 1, 300);
    read_keys(fixture, "a", 200, 210);
    assert_holds(fixture, 1, 200, "a");
    assert_null(key_history_at(fixture->history, LOG(1), "bin.000001", 200));
    key_history_connect(fixture->history, LOG(1), &end);
    assert_holds(fixture, 1, 200, NULL);
    assert_null(key_history_at(fixture->history, LOG(1), "bin.000001", 200));
    read_keys(fixture, "b", 4, 4); /* it was begun for the log before */
    assert_null(key_history_at(fixture->history, LOG(1), "bin.000001", 4));
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
    read_in(fixture, LOG(1), "b", at(1, 4), at(1, 4));
    assert_int_equal(wants(fixture), KEY_WANT_NOT);
}

/* The same log goes on after a reconnect; it is read again all the same. */
static void test_a_reconnect(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(wants(fixture), KEY_WANT_LATER); /* no log yet */
    connect_at(fixture, 1, 100);
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
    receive(fixture, 1, 300);
    read_keys(fixture, "a", 200, 210);
    assert_int_equal(wants(fixture), KEY_WANT_NOT);
    wakeup_clear(fixture->wake_fd);
    connect_at(fixture, 1, 300);
    assert_true(wakeup_is_raised(fixture->wake_fd));
    assert_int_equal(wants(fixture), KEY_WANT_NOW);
    assert_holds(fixture, 1, 150, "a");
    read_keys(fixture, "a", 300, 300);
    assert_int_equal(wants(fixture), KEY_WANT_NOT);
    assert_holds(fixture, 1, 150, "a");
}

/* A batch that could not be appended comes again. */
static void test_a_change_that_comes_again(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 100);
    change(fixture, 1, 200);
    change(fixture, 1, 300);
    change(fixture, 1, 200);
    change(fixture, 1, 300);
    receive(fixture, 1, 400);
    read_keys(fixture, "a", 400, 400);
    change(fixture, 1, 300);
    assert_int_equal(wants(fixture), KEY_WANT_NOT);
    assert_holds(fixture, 1, 309, NULL);
    assert_holds(fixture, 1, 310, "a");
    assert_holds(fixture, 1, 400, "a");
}

/* Of more changes than are kept it is only known that there were some. */
static void test_many_changes(void **state)
{
    struct fixture *fixture = *state;

    connect_at(fixture, 1, 4);
    for (uint64_t i = 1; i <= 1000; i++)
        change(fixture, 1, 100 * i);
    receive(fixture, 1, 200000);
    read_keys(fixture, "a", 50050, 50060); /* between two that are forgotten */
    assert_holds(fixture, 1, 50055, NULL);
    read_keys(fixture, "a", 99950, 99960);
    assert_holds(fixture, 1, 99909, NULL);
    assert_holds(fixture, 1, 99910, "a");
    assert_holds(fixture, 1, 99999, "a");
    assert_holds(fixture, 1, 100000, NULL);
}

static void test_status(void **state)
{
    struct fixture *fixture = *state;
    struct key_history_status status;
    struct err err;

    (void)err_set(&err, E_AUTH, 1227, "no right");
    connect_at(fixture, 1, 100);
    key_history_note_failure(fixture->history, &err);
    key_history_status(fixture->history, &status);
    assert_false(status.holds);
    assert_int_equal(status.tables, 0);
    assert_int_equal(status.failures, 1);
    assert_string_equal(status.error.text, "no right");
    receive(fixture, 1, 300);
    read_keys(fixture, "a", 200, 210);
    key_history_status(fixture->history, &status);
    assert_true(status.holds);
    assert_int_equal(status.tables, 1);
    assert_int_equal(status.readings, 1);
    assert_int_equal(status.read_usec, 1);
    assert_int_equal(status.error.class, E_NONE);
    change(fixture, 1, 300);
    key_history_status(fixture->history, &status);
    assert_false(status.holds);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_from_the_last_change_to_the_next),
        TEST(test_from_the_beginning_of_the_watch),
        TEST(test_a_reading_before_the_watch),
        TEST(test_a_change_between),
        TEST(test_changes_right_beside),
        TEST(test_older_ones),
        TEST(test_the_same_again),
        TEST(test_a_hidden_change),
        TEST(test_another_log),
        TEST(test_a_reconnect),
        TEST(test_a_change_that_comes_again),
        TEST(test_many_changes),
        TEST(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
