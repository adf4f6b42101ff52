#include "check.h"

#include "base/disk_watch.h"

#include <errno.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static struct err err;

static enum disk_stage next(const struct disk_limits *limits, enum disk_stage now,
                            uint64_t free_bytes, uint64_t size_bytes)
{
    struct disk_space space = {.free_bytes = free_bytes, .size_bytes = size_bytes};

    return disk_stage_next(limits, now, &space);
}

/* 1000 bytes: at 100, 50 and 10 in, at 125, 62 and 12 out. */
static void test_in_and_out(void **state)
{
    static const struct disk_limits limits = {
        .stages = {[DISK_LOW] = {10, 0}, [DISK_SHORT] = {0, 50}, [DISK_FULL] = {1, 0}}};
    static const struct {
        enum disk_stage now;
        uint64_t free_bytes;
        enum disk_stage next;
    } steps[] = {
        {DISK_ENOUGH, 1000, DISK_ENOUGH}, {DISK_ENOUGH, 100, DISK_ENOUGH},
        {DISK_ENOUGH, 99, DISK_LOW},      {DISK_ENOUGH, 50, DISK_LOW},
        {DISK_ENOUGH, 49, DISK_SHORT},    {DISK_ENOUGH, 9, DISK_FULL},
        {DISK_ENOUGH, 0, DISK_FULL},      {DISK_LOW, 100, DISK_LOW},
        {DISK_LOW, 124, DISK_LOW},        {DISK_LOW, 125, DISK_ENOUGH},
        {DISK_LOW, 49, DISK_SHORT},       {DISK_SHORT, 50, DISK_SHORT},
        {DISK_SHORT, 61, DISK_SHORT},     {DISK_SHORT, 62, DISK_LOW},
        {DISK_SHORT, 125, DISK_ENOUGH},   {DISK_FULL, 11, DISK_FULL},
        {DISK_FULL, 12, DISK_SHORT},      {DISK_FULL, 62, DISK_LOW},
        {DISK_FULL, 124, DISK_LOW},       {DISK_FULL, 1000, DISK_ENOUGH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        assert_int_equal(next(&limits, steps[i].now, steps[i].free_bytes, 1000), steps[i].next);
}

/* What there is decides as soon as it is seen: a disk that grows is not full any more. */
static void test_the_size_may_change(void **state)
{
    static const struct disk_limits limits = {.stages = {[DISK_LOW] = {10, 0}}};

    (void)state;
    assert_int_equal(next(&limits, DISK_ENOUGH, 100, 2000), DISK_LOW);
    assert_int_equal(next(&limits, DISK_LOW, 1100, 3000), DISK_ENOUGH);
    assert_int_equal(next(&limits, DISK_LOW, 0, 0), DISK_ENOUGH); /* one that tells no size */
}

static void test_the_lesser_of_both(void **state)
{
    (void)state;
    assert_int_equal(disk_enter_bytes(&disk_limits_default, DISK_LOW, 20 * GIB),
                     20 * GIB / 100 * 5);
    assert_int_equal(disk_leave_bytes(&disk_limits_default, DISK_LOW, 20 * GIB),
                     (20 * GIB / 100 * 5) * 5 / 4);
    assert_int_equal(disk_enter_bytes(&disk_limits_default, DISK_LOW, 10000 * GIB), 4 * GIB);
    assert_int_equal(disk_enter_bytes(&disk_limits_default, DISK_SHORT, 50 * GIB), 1 * GIB);
    assert_int_equal(disk_enter_bytes(&disk_limits_default, DISK_SHORT, 10000 * GIB), 2 * GIB);
    assert_int_equal(disk_enter_bytes(&disk_limits_default, DISK_FULL, 10000 * GIB), 256 * MIB);
}

/* Limits in the wrong order: the first stage comes with the second, and never after it. */
static void test_a_stage_has_those_before_it(void **state)
{
    static const struct disk_limits limits = {
        .stages = {[DISK_LOW] = {0, 10}, [DISK_SHORT] = {0, 500}}};
    static const struct disk_limits off = {.stages = {[DISK_FULL] = {0, 20}}};
    static const struct disk_limits none = {.stages = {{0, 0}}};

    (void)state;
    assert_int_equal(disk_enter_bytes(&limits, DISK_LOW, 1000), 500);
    assert_int_equal(next(&limits, DISK_ENOUGH, 499, 1000), DISK_SHORT);
    assert_int_equal(next(&limits, DISK_SHORT, 625, 1000), DISK_ENOUGH);
    assert_int_equal(disk_enter_bytes(&off, DISK_LOW, 1000), 20);
    assert_int_equal(next(&off, DISK_ENOUGH, 20, 1000), DISK_ENOUGH);
    assert_int_equal(next(&off, DISK_ENOUGH, 19, 1000), DISK_FULL);
    assert_int_equal(next(&none, DISK_ENOUGH, 0, 1000), DISK_ENOUGH);
    assert_int_equal(next(&none, DISK_FULL, 0, 1000), DISK_ENOUGH);
}

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        struct disk_limit limit;
    } good[] = {
        {"10%", {10, 0}},
        {"99%", {99, 0}},
        {"0%", {0, 0}},
        {"0", {0, 0}},
        {"4096", {0, 4096}},
        {"3K", {0, 3072}},
        {"512M", {0, 512 * MIB}},
        {"20G", {0, 20 * GIB}},
        {"1024T", {0, UINT64_C(1) << 50}},
        {"1125899906842624", {0, UINT64_C(1) << 50}},
    };
    static const char *const bad[] = {"",
                                      "%",
                                      "G",
                                      "100%",
                                      "-1",
                                      "-1%",
                                      "10 %",
                                      "10%%",
                                      "1.5G",
                                      "10GB",
                                      "10g",
                                      "x",
                                      "+1",
                                      " 1",
                                      "1025T",
                                      "2048T",
                                      "1e3",
                                      "0x10G",
                                      "10%G",
                                      "1125899906842625",
                                      "99999999999999999999",
                                      "18446744073709551615G"};
    struct disk_limit limit = {7, 8};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (struct err){0};
        assert_false(disk_limit_parse(bad[i], &limit, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_non_null(strstr(err.text, "expected 0% to 99%"));
        assert_non_null(strstr(err.text, bad[i]));
        assert_true(limit.percent == 7 && limit.bytes == 8);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(disk_limit_parse(good[i].text, &limit, &err));
        assert_int_equal(limit.percent, good[i].limit.percent);
        assert_true(limit.bytes == good[i].limit.bytes);
    }
}

static void test_a_look(void **state)
{
    struct disk_space space = {1, 2};

    (void)state;
    assert_false(disk_look("/no/such/directory", &space, &err));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, ENOENT);
    assert_non_null(strstr(err.text, "/no/such/directory"));
    assert_true(space.free_bytes == 1 && space.size_bytes == 2);
    assert_true(disk_look("/", &space, &err));
    assert_true(space.size_bytes > 2 && space.free_bytes <= space.size_bytes);
    for (int stage = 0; stage < DISK_STAGES; stage++)
        assert_true(strlen(disk_stage_name((enum disk_stage)stage)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out),
        cmocka_unit_test(test_the_size_may_change),
        cmocka_unit_test(test_the_lesser_of_both),
        cmocka_unit_test(test_a_stage_has_those_before_it),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_a_look),
    };

    return cmocka_run_group_tests_name("disk_watch", tests, NULL, NULL);
}
