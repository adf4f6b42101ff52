#include "check.h"

#include "base/arena.h"

static void test_allocations_are_zeroed_and_apart(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    char *first = arena_alloc(arena, 10);
    char *large = arena_alloc(arena, 100000);
    char *second = arena_alloc(arena, 10);

    (void)state;
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(large[i], 0);
    memset(first, 'a', 10);
    memset(large, 'b', 100000);
    memset(second, 'c', 10);
    assert_int_equal(first[9], 'a');
    assert_int_equal(large[0], 'b');
    assert_int_equal(large[99999], 'b');
    assert_int_equal((uintptr_t)second % _Alignof(max_align_t), 0);
    arena_free(arena);
}

static void test_text(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    char *copy = arena_strdup(arena, "one");

    (void)state;
    assert_string_equal(arena_printf(arena, "%s/%d", copy, 2), "one/2");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    arena_free(arena);
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_zeroed_and_apart),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
