#include "binlog/rows_reverse.h"

#include "check.h"
#include "hex.h"

/* t (id INT, v VARCHAR(20)), both may be NULL. */
static const char map_hex[] = "6d00000000000100016400017400 02 030f 02 1400 03";

static struct table_map map;
static struct row_reader reader;
static struct format format;

static struct span bytes_of(struct buf *buf, const char *hex)
{
    buf_clear(buf);
    hex_append(buf, hex);
    return buf_span(buf);
}

/* What undoes an event, as bytes; and what undoes that, which must be the event again. */
static void check(uint8_t type, const char *hex, uint8_t undone_by, const char *expected_hex)
{
    struct buf body, expected, undo, again;
    struct rows rows;
    struct err err;
    uint8_t found;

    buf_init(&body, 1000);
    buf_init(&expected, 1000);
    buf_init(&undo, 1000);
    buf_init(&again, 1000);
    assert_true(rows_decode(bytes_of(&body, hex), type, &format, &rows, &err));
    assert_true(rows_reverse(&undo, &rows, &map, &reader, &found, &err));
    assert_int_equal(found, undone_by);
    assert_true(span_eq(buf_span(&undo), bytes_of(&expected, expected_hex)));
    assert_true(rows_decode(buf_span(&undo), found, &format, &rows, &err));
    assert_true(rows_reverse(&again, &rows, &map, &reader, &found, &err));
    assert_int_equal(found, type);
    assert_true(span_eq(buf_span(&again), buf_span(&body)));
    buf_done(&body);
    buf_done(&expected);
    buf_done(&undo);
    buf_done(&again);
}

static void the_last_row_comes_first(void **state)
{
    (void)state;
    check(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fc01000000 0161 fe02000000 fd0163",
          EVENT_DELETE_ROWS, "6d0000000000 0100 0200 02 ff fd0163 fe02000000 fc01000000 0161");
    check(EVENT_DELETE_ROWS_V1, "6d0000000000 0100 02 ff fc01000000 0161 fd0163",
          EVENT_WRITE_ROWS_V1, "6d0000000000 0100 02 ff fd0163 fc01000000 0161");
    check(EVENT_WRITE_ROWS_V1, "6d0000000000 0100 02 ff fc01000000 0161", EVENT_DELETE_ROWS_V1,
          "6d0000000000 0100 02 ff fc01000000 0161");
}

static void images_are_swapped(void **state)
{
    (void)state;
    check(EVENT_UPDATE_ROWS,
          "6d0000000000 0100 0200 02 ff ff fc01000000 0161 fe01000000 fd0163 fc02000000 026465",
          EVENT_UPDATE_ROWS,
          "6d0000000000 0100 0200 02 ff ff fc02000000 026465 fd0163 fe01000000 fc01000000 0161");
}

static void extra_fields_are_left_out(void **state)
{
    struct buf body, undo;
    struct rows rows;
    struct err err;
    uint8_t type;

    (void)state;
    buf_init(&body, 1000);
    buf_init(&undo, 1000);
    assert_true(rows_decode(bytes_of(&body, "6d0000000000 0100 0500 010300 02 ff fe02000000"),
                            EVENT_WRITE_ROWS, &format, &rows, &err));
    assert_true(rows.has_partition);
    assert_true(rows_reverse(&undo, &rows, &map, &reader, &type, &err));
    assert_true(rows_decode(buf_span(&undo), type, &format, &rows, &err));
    assert_int_equal(rows.extra.len, 0);
    buf_done(&body);
    buf_done(&undo);
}

static void check_refused(uint8_t type, const char *hex, const char *expected)
{
    struct buf body, undo;
    struct rows rows;
    struct err err;
    uint8_t found;

    buf_init(&body, 1000);
    buf_init(&undo, 1000);
    assert_true(rows_decode(bytes_of(&body, hex), type, &format, &rows, &err));
    assert_false(rows_reverse(&undo, &rows, &map, &reader, &found, &err));
    assert_contains(err.text, expected);
    buf_done(&body);
    buf_done(&undo);
}

static void images_that_lack_columns_are_refused(void **state)
{
    (void)state;
    check_refused(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 fd fe01000000",
                  "do not have all 2 columns");
    check_refused(EVENT_UPDATE_ROWS, "6d0000000000 0100 0200 02 fd ff fe01000000 fe01000000",
                  "binlog_row_image=FULL");
    check_refused(EVENT_UPDATE_ROWS, "6d0000000000 0100 0200 02 ff fe fe01000000 fd0163",
                  "do not have all 2 columns");
    check_refused(EVENT_PARTIAL_UPDATE_ROWS,
                  "6d0000000000 0100 0200 02 ff ff fe01000000 00 fe01000000", "as differences");
}

static void damaged_rows_are_refused(void **state)
{
    (void)state;
    check_refused(EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fe0100", "does not fit");
    check_refused(EVENT_WRITE_ROWS, "6e0000000000 0100 0200 02 ff fe01000000", "table id 110");
}

static int setup(void **state)
{
    struct buf body;
    struct err err;
    bool done;

    (void)state;
    buf_init(&body, 1000);
    format_init(&format, "9.7.4", CHECKSUM_NONE);
    table_map_init(&map);
    row_reader_init(&reader);
    done = table_map_decode(&map, bytes_of(&body, map_hex), &format, &err);
    buf_done(&body);
    return done ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    table_map_done(&map);
    row_reader_done(&reader);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_row_comes_first),
        cmocka_unit_test(images_are_swapped),
        cmocka_unit_test(extra_fields_are_left_out),
        cmocka_unit_test(images_that_lack_columns_are_refused),
        cmocka_unit_test(damaged_rows_are_refused),
    };

    return cmocka_run_group_tests_name("rows_reverse", tests, setup, teardown);
}
