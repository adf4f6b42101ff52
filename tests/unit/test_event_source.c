#include "cli/event_source.h"

#include "check.h"

#define FILE_56    "tests/data/binlog/mysql-5.6/mixed.binlog"
#define EVENTS_MAX 1000

static const struct event_range whole = {.stop = UINT64_MAX, .stop_time = UINT64_MAX};

struct seen {
    size_t count;
    size_t wanted;
    uint64_t offsets[EVENTS_MAX];
    uint32_t times[EVENTS_MAX];
    bool inside[EVENTS_MAX]; /* a transaction, before the event */
    bool stopped;
    uint64_t end;
};

static bool read_all(const char *path, struct event_range range, struct seen *seen, struct err *err)
{
    struct event_source source = {0};
    struct reader_event event = {0};
    bool good = event_source_open(&source, path, range, err);

    *seen = (struct seen){0};
    while (good) {
        good = event_source_next(&source, &event, err);
        if (!good || event.bytes.len == 0)
            break;
        assert_true(seen->count < EVENTS_MAX);
        seen->offsets[seen->count] = event.offset;
        seen->times[seen->count] = event.header.timestamp;
        seen->inside[seen->count++] = source.inside;
        seen->wanted += source.in_range;
    }
    seen->stopped = source.stopped;
    seen->end = source.reader.offset;
    if (good && !seen->stopped)
        assert_int_equal(event_source_taken(&source), event_source_size(&source));
    event_source_close(&source);
    return good;
}

static void read_range(struct event_range range, struct seen *seen)
{
    struct err err = {0};

    if (!read_all(FILE_56, range, seen, &err))
        fail_msg("%s", err.text);
}

static void test_positions(void **state)
{
    struct event_range range = whole;
    struct seen all;
    struct seen part;

    (void)state;
    read_range(whole, &all);
    assert_true(all.count > 10 && all.wanted == all.count && !all.stopped);
    range.start = all.offsets[4];
    range.stop = all.offsets[9];
    read_range(range, &part);
    assert_int_equal(part.count, 9);
    assert_int_equal(part.wanted, 5);
    assert_true(part.stopped);
    /* Inside an event: its end. */
    range.stop--;
    read_range(range, &part);
    assert_int_equal(part.count, 9);
}

static void test_wrong_positions(void **state)
{
    struct event_range range = whole;
    struct err err = {0};
    char expected[200];
    struct seen all;
    struct seen part;

    (void)state;
    read_range(whole, &all);
    range.start = all.offsets[5] + 1;
    assert_false(read_all(FILE_56, range, &part, &err));
    assert_int_equal(err.class, E_USAGE);
    (void)snprintf(expected, sizeof expected, "event at offset %u; the next event begins at %u",
                   (unsigned)all.offsets[5], (unsigned)all.offsets[6]);
    assert_contains(err.text, expected);
    assert_contains(err.text, FILE_56 ": --start-position");
    range.start = all.end + 1;
    assert_false(read_all(FILE_56, range, &part, &err));
    assert_contains(err.text, "is after the file's end at");
    assert_false(read_all("tests/data/none", whole, &part, &err));
    assert_int_equal(err.class, E_IO);
}

static void test_times(void **state)
{
    struct event_range range = whole;
    struct seen all;
    struct seen part;
    size_t first = 1;

    (void)state;
    read_range(whole, &all);
    range.start_time = all.times[all.count - 1];
    while (all.times[first] < range.start_time)
        first++;
    read_range(range, &part);
    assert_int_equal(part.wanted, all.count - first);
    /* Neither its time nor the end's does the format description count. */
    range.start_time = 0;
    range.stop_time = 1;
    read_range(range, &part);
    assert_int_equal(part.count, 1);
    assert_int_equal(part.wanted, 1);
    assert_true(part.stopped);
    range.start_time = (uint64_t)UINT32_MAX + 1;
    range.stop_time = UINT64_MAX;
    read_range(range, &part);
    assert_int_equal(part.wanted, 0);
    assert_int_equal(part.count, all.count);
}

static void test_boundaries(void **state)
{
    struct event_range range = whole;
    struct event_source source = {0};
    struct reader_event event = {.bytes = {.len = 1}};
    struct err err = {0};
    struct seen all;
    uint64_t end = 0;
    size_t at = 1;
    size_t after;

    (void)state;
    read_range(whole, &all);
    while (!all.inside[at])
        at++;
    for (after = at; all.inside[after];)
        after++;
    range.stop = all.offsets[at];
    assert_true(event_source_open(&source, FILE_56, range, &err));
    while (event.bytes.len > 0)
        assert_true(event_source_next(&source, &event, &err));
    assert_true(source.stopped && source.inside);
    assert_true(source.inside_of < all.offsets[at]);
    assert_true(event_source_find_boundary(&source, &end, &err));
    assert_int_equal(end, all.offsets[after]);
    event_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_wrong_positions),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_boundaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
