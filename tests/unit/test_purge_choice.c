#include "check.h"

#include "base/clock.h"
#include "replication/purge_choice.h"

#define HOUR  (3600 * USEC_PER_SEC)
#define FILES 4

/* Of 100 bytes each, written last 4, 3, 2 and 1 hours ago; the last one is open. */
static struct log_file files[FILES];
static int64_t written[FILES];

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(files[i].name, sizeof files[i].name, "mysql-bin.%06d", i + 1);
        files[i].start = LOG_FIRST_OFFSET;
        files[i].end = 100;
        files[i].closed = i + 1 < FILES;
        written[i] = (10 - FILES + i) * HOUR;
    }
    return 0;
}

static size_t choose(int64_t hours, uint64_t wanted, const struct replica_info *replicas, size_t n)
{
    struct purge_wish wish = {.hours = hours, .now_usec = 10 * HOUR, .wanted_bytes = wanted};

    return purge_choose(files, written, FILES, replicas, n, &wish);
}

static void test_by_age(void **state)
{
    (void)state;
    assert_int_equal(choose(-1, 0, NULL, 0), 0);
    assert_int_equal(choose(5, 0, NULL, 0), 0);
    assert_int_equal(choose(4, 0, NULL, 0), 1);
    assert_int_equal(choose(2, 0, NULL, 0), 3);
    assert_int_equal(choose(0, 0, NULL, 0), 3); /* the one that is written stays */
}

static void test_by_room(void **state)
{
    (void)state;
    assert_int_equal(choose(-1, 1, NULL, 0), 1);
    assert_int_equal(choose(-1, 100, NULL, 0), 1);
    assert_int_equal(choose(-1, 101, NULL, 0), 2);
    assert_int_equal(choose(-1, UINT64_MAX, NULL, 0), 3);
    assert_int_equal(choose(3, 1, NULL, 0), 2); /* what is due goes in any case */
    assert_int_equal(choose(4, 201, NULL, 0), 3);
}

static void test_dumps_keep_what_is_before_them(void **state)
{
    struct replica_info replicas[2] = {
        {.dumping = true, .place = {.name = "mysql-bin.000004", .offset = 4}},
        {.dumping = true, .place = {.name = "mysql-bin.000002", .offset = 50}},
    };

    (void)state;
    assert_int_equal(choose(0, UINT64_MAX, replicas, 2), 1);
    replicas[1].dumping = false;
    assert_int_equal(choose(0, UINT64_MAX, replicas, 2), 3);
    replicas[0].place.name[0] = '\0'; /* it begins, nobody knows where */
    assert_int_equal(choose(0, UINT64_MAX, replicas, 2), 0);
}

static void test_small_logs(void **state)
{
    struct purge_wish wish = {.hours = 0, .now_usec = 10 * HOUR, .wanted_bytes = UINT64_MAX};

    (void)state;
    assert_int_equal(purge_choose(NULL, NULL, 0, NULL, 0, &wish), 0);
    assert_int_equal(purge_choose(files, written, 1, NULL, 0, &wish), 0);
    files[0].closed = false; /* as after a crash: the next is there, and nobody has ended it */
    assert_int_equal(purge_choose(files, written, FILES, NULL, 0, &wish), 0);
    wish.hours = -1;
    files[0].closed = true;
    assert_int_equal(purge_choose(files, NULL, FILES, NULL, 0, &wish), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_by_age, set_up),
        cmocka_unit_test_setup(test_by_room, set_up),
        cmocka_unit_test_setup(test_dumps_keep_what_is_before_them, set_up),
        cmocka_unit_test_setup(test_small_logs, set_up),
    };

    return cmocka_run_group_tests_name("purge_choice", tests, NULL, NULL);
}
