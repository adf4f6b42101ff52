#include "translation/writeset_history.h"

#include "check.h"

static void expect(const struct writeset_history *history, uint64_t hash, int64_t wanted)
{
    int64_t number = 0;

    assert_int_equal(writeset_history_find(history, hash, &number), wanted != 0);
    assert_int_equal(number, wanted);
}

static void remembers_the_last(void **state)
{
    struct writeset_history *history = writeset_history_new(3);

    (void)state;
    writeset_history_clear(history, 5);
    assert_int_equal(writeset_history_floor(history), 5);
    assert_int_equal(writeset_history_room(history), 3);
    expect(history, 0, 0);
    writeset_history_put(history, 0, 6);
    writeset_history_put(history, 64, 7); /* the same slot */
    writeset_history_put(history, 128, 8);
    writeset_history_put(history, 64, 9);
    assert_int_equal(writeset_history_room(history), 0);
    expect(history, 0, 6);
    expect(history, 64, 9);
    expect(history, 128, 8);
    expect(history, 192, 0);
    writeset_history_clear(history, 9);
    assert_int_equal(writeset_history_floor(history), 9);
    assert_int_equal(writeset_history_room(history), 3);
    expect(history, 64, 0);
    writeset_history_free(history);
    writeset_history_free(NULL);
}

static void grows_to_its_size(void **state)
{
    struct writeset_history *history = writeset_history_new(10000);

    (void)state;
    for (uint64_t i = 0; i < 10000; i++)
        writeset_history_put(history, i * 1024, (int64_t)i + 1);
    assert_int_equal(writeset_history_room(history), 0);
    for (uint64_t i = 0; i < 10000; i++)
        expect(history, i * 1024, (int64_t)i + 1);
    expect(history, 10000 * 1024, 0);
    writeset_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_the_last),
        cmocka_unit_test(grows_to_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
