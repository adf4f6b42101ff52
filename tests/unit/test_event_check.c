#include "cli/event_check.h"

#include "recorded.h"

static const char *const files[] = {
    "mysql-5.6/rows-full.binlog",
    "mysql-5.6/types.binlog",
    "mysql-5.6/load-data.binlog",
    "mysql-9.7/types-full-metadata.binlog",
    "mysql-9.7/compressed.binlog",
    "mysql-9.7/partial-json.binlog",
    "mysql-9.7/xa.binlog",
    "mysql-9.7/gtid-tagged.binlog",
    "mysql-9.7/statement.binlog",
    "mariadb-10.11/mixed.binlog",
    "mariadb-10.11/compressed.binlog",
    "mariadb-10.11/incident.binlog",
    "mariadb-10.11/first.binlog",
    "mariadb-11.8/types-full-metadata.binlog",
    "mariadb-11.8/ddl.binlog",
};

/* An event and what is packed in it, as a walk over a file gives them. */
static bool take(struct event_check *check, const struct reader_event *event,
                 const struct format *format, bool walk_rows, struct err *err)
{
    struct unpacker *unpacker = unpacker_new();
    struct plain_event plain;
    bool more = true;
    bool good = true;

    unpacker_start(unpacker, event, format);
    while (good && more) {
        good = unpacker_next(unpacker, &plain, &more, err);
        if (good && more)
            good = event_check_take(check, &plain, format, walk_rows, err);
    }
    unpacker_free(unpacker);
    return good;
}

static void good_files_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct event_check *check = event_check_new();
        struct recorded file;
        struct reader_event event;
        struct err err;

        recorded_open(&file, files[i]);
        while (recorded_next(&file, &event)) {
            if (!take(check, &event, &file.reader.format, true, &err))
                fail_msg("%s: %s", files[i], err.text);
        }
        recorded_close(&file);
        event_check_free(check);
    }
}

static void rows_are_counted_when_they_are_walked(void **state)
{
    (void)state;
    for (int walk = 0; walk < 2; walk++) {
        struct event_check *check = event_check_new();
        struct recorded file;
        struct reader_event event;
        struct err err;

        recorded_open(&file, "mysql-9.7/rows-full.binlog");
        recorded_find(&file, EVENT_TABLE_MAP, &event);
        assert_true(take(check, &event, &file.reader.format, walk, &err));
        recorded_find(&file, EVENT_WRITE_ROWS, &event);
        assert_true(take(check, &event, &file.reader.format, walk, &err));
        assert_int_equal(event_check_rows(check), walk ? 3 : 0);
        recorded_close(&file);
        event_check_free(check);
    }
}

/* A body cut at its end: all events but those whose last field is "the rest" say so. */
static bool may_be_shorter(uint8_t type)
{
    switch (type) {
    case EVENT_QUERY:
    case EVENT_ROTATE:
    case EVENT_ROWS_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_EXECUTE_LOAD_QUERY:
    case EVENT_HEARTBEAT:
    case EVENT_FORMAT_DESCRIPTION: /* the reader's */
    case EVENT_MARIADB_GTID:       /* padded */
    case EVENT_GTID:               /* grew with versions */
    case EVENT_ANONYMOUS_GTID:
    case EVENT_USER_VAR: /* flags are optional */
    case EVENT_TABLE_MAP:
    case EVENT_MARIADB_ANNOTATE_ROWS:
    case EVENT_STOP:
        return true;
    default:
        return false;
    }
}

static void a_missing_last_byte_is_found(void **state)
{
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct event_check *check = event_check_new();
        struct recorded file;
        struct reader_event event;
        struct err err;

        recorded_open(&file, files[i]);
        while (recorded_next(&file, &event)) {
            struct event_check *own = event_check_new();
            struct reader_event cut = event;

            cut.body.len -= cut.body.len > 0;
            if (event_type_is_rows(event.header.type) || may_be_shorter(event.header.type)) {
                /* Rows need their table map, which `check` has. */
            } else if (take(own, &cut, &file.reader.format, true, &err)) {
                fail_msg("%s: offset %llu: %s event", files[i], (unsigned long long)event.offset,
                         event_type_name(event.header.type));
            } else {
                assert_int_equal(err.class, E_PROTO);
                found++;
            }
            if (event_type_is_rows(event.header.type)) {
                assert_false(take(check, &cut, &file.reader.format, true, &err));
                assert_contains(err.text, "rows");
                found++;
                /* It ended its statement's table maps: what follows would miss them. */
                event_check_free(own);
                break;
            }
            assert_true(take(check, &event, &file.reader.format, true, &err));
            event_check_free(own);
        }
        recorded_close(&file);
        event_check_free(check);
    }
    assert_in_range(found, 50, 10000);
}

static void rows_without_a_table_map_are_refused(void **state)
{
    struct event_check *check = event_check_new();
    struct recorded file;
    struct reader_event event;
    struct err err;

    (void)state;
    recorded_open(&file, "mysql-9.7/rows-full.binlog");
    recorded_find(&file, EVENT_WRITE_ROWS, &event);
    assert_false(take(check, &event, &file.reader.format, false, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, "of which there is no Table_map event");
    recorded_close(&file);
    event_check_free(check);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_pass),
        cmocka_unit_test(rows_are_counted_when_they_are_walked),
        cmocka_unit_test(a_missing_last_byte_is_found),
        cmocka_unit_test(rows_without_a_table_map_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
