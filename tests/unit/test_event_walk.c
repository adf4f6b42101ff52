#include "cli/event_walk.h"

#include "check.h"

#define ONE "tests/data/binlog/mysql-5.6/mixed.binlog"
#define TWO "tests/data/binlog/mysql-9.7/compressed.binlog"
#define BAD "tests/data/binlog/mysql-9.7/gtid-sets.txt"

struct seen {
    int stored;
    int packed;
    int wanted;
    int ends;
    int files;
    uint64_t fail_at; /* offset at which take fails */
};

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    struct seen *seen = context;

    assert_int_equal(out->len, 0);
    if (seen->fail_at > 0 && event->offset == seen->fail_at)
        return err_set(err, E_PROTO, 0, "on purpose");
    seen->stored += !event->packed;
    seen->packed += event->packed;
    seen->wanted += source->in_range;
    return true;
}

static void end_event(void *context, const struct event_source *source)
{
    struct seen *seen = context;

    assert_true(source->reader.offset > 4);
    seen->ends++;
}

static void end_file(void *context, const struct event_source *source)
{
    struct seen *seen = context;

    assert_true(source->reader.closed || source->stopped);
    seen->files++;
}

static const struct event_walk_calls calls = {
    .take = take, .end_event = end_event, .end_file = end_file};

static const struct binlog_options everything = {.stop = UINT64_MAX, .stop_time = UINT64_MAX};

/* Walks all files; returns how many failed, the last error in `err`. */
static int walk_all(const struct binlog_options *options, int count, char **files,
                    struct seen *seen, struct err *err)
{
    struct event_walk *walk = event_walk_new(options, count, files, &calls, seen);
    bool more = true;
    int failed = 0;

    while (more)
        failed += !event_walk_file(walk, &more, err);
    event_walk_free(walk);
    return failed;
}

static void test_files_in_order(void **state)
{
    char one[] = ONE;
    char two[] = TWO;
    char *files[] = {one, two};
    struct seen seen = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(walk_all(&everything, 2, files, &seen, &err), 0);
    assert_int_equal(seen.files, 2);
    assert_int_equal(seen.ends, seen.stored);
    assert_true(seen.packed > 0);
    assert_int_equal(seen.wanted, seen.stored + seen.packed);
    event_walk_free(NULL);
}

static void test_a_bad_file_does_not_end_it(void **state)
{
    char one[] = ONE;
    char bad[] = BAD;
    char *files[] = {bad, one};
    struct seen seen = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(walk_all(&everything, 2, files, &seen, &err), 1);
    assert_contains(err.text, BAD ": offset 0: not a binlog file");
    assert_int_equal(seen.files, 1);
}

static void test_errors_have_their_place(void **state)
{
    char two[] = TWO;
    char *files[] = {two};
    struct seen seen = {.fail_at = 4};
    struct err err = {0};

    (void)state;
    assert_int_equal(walk_all(&everything, 1, files, &seen, &err), 1);
    assert_string_equal(err.text, TWO ": offset 4: Format_desc event: on purpose");
    assert_int_equal(seen.files + seen.stored, 0);
}

static void test_a_time_that_ends_in_the_first_file(void **state)
{
    struct binlog_options options = everything;
    char one[] = ONE;
    char two[] = TWO;
    char *files[] = {one, two};
    struct seen seen = {0};
    struct err err = {0};

    (void)state;
    options.stop_time = 1;
    assert_int_equal(walk_all(&options, 2, files, &seen, &err), 0);
    assert_int_equal(seen.files, 1);
    assert_int_equal(seen.stored, 1);
}

static void test_the_filter_chooses(void **state)
{
    struct binlog_options options = everything;
    char two[] = TWO;
    char *files[] = {two};
    struct seen all = {0};
    struct seen some = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(walk_all(&options, 1, files, &all, &err), 0);
    options.criteria.databases = "no_such_database";
    assert_int_equal(walk_all(&options, 1, files, &some, &err), 0);
    assert_int_equal(some.stored, all.stored);
    assert_int_equal(some.packed, all.packed);
    assert_true(some.wanted > 0 && some.wanted < 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_in_order),
        cmocka_unit_test(test_a_bad_file_does_not_end_it),
        cmocka_unit_test(test_errors_have_their_place),
        cmocka_unit_test(test_a_time_that_ends_in_the_first_file),
        cmocka_unit_test(test_the_filter_chooses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
