#include "cli/row_text.h"

#include "recorded.h"

#define TEXT_MAX (1 << 20)

static struct plain_event plain_of(const struct reader_event *event)
{
    return (struct plain_event){
        .header = event->header,
        .type = event->header.type,
        .body = event->body,
        .offset = event->offset,
    };
}

/* Goes to the nth rows event of a type, with the table maps on the way. */
static void start(struct row_text *text, struct recorded *file, uint8_t type, size_t nth,
                  struct rows *ret_rows)
{
    const struct table_map *map;
    struct reader_event event;
    struct err err;

    while (recorded_next(file, &event)) {
        struct plain_event plain = plain_of(&event);

        if (plain.type == EVENT_TABLE_MAP) {
            assert_true(row_text_take_map(text, &plain, &file->reader.format, &map, &err));
        } else if (plain.type == type && nth-- == 0) {
            assert_true(row_text_start(text, &plain, &file->reader.format, ret_rows, &map, &err));
            assert_non_null(map);
            return;
        }
    }
    fail_msg("no event");
}

static void expect(struct row_text *text, const char *lines, const char *json)
{
    struct buf buf;
    bool more;
    struct err err;

    buf_init(&buf, TEXT_MAX);
    assert_true(row_text_next(text, &more, &err));
    assert_true(more);
    assert_true(row_text_write(text, &buf, &err));
    assert_string_equal(buf_borrow_cstr(&buf), lines);
    buf_clear(&buf);
    assert_true(row_text_write_json(text, &buf, &err));
    assert_string_equal(buf_borrow_cstr(&buf), json);
    buf_done(&buf);
}

static void expect_end(struct row_text *text)
{
    bool more = true;
    struct err err;

    assert_true(row_text_next(text, &more, &err));
    assert_false(more);
}

static void rows_without_names(void **state)
{
    struct row_text *text = row_text_new();
    struct recorded file;
    struct rows rows;

    (void)state;
    recorded_open(&file, "mysql-9.7/rows-full.binlog");
    start(text, &file, EVENT_WRITE_ROWS, 0, &rows);
    assert_int_equal(rows.kind, ROWS_WRITE);
    expect(text, "    + @1=1 @2='a' @3=X'62' @4=1\n",
           ", \"after\": {\"@1\": 1, \"@2\": \"a\", \"@3\": {\"base64\": \"Yg==\"}, \"@4\": 1}");
    expect(text, "    + @1=2 @2=NULL @3=NULL @4=NULL\n",
           ", \"after\": {\"@1\": 2, \"@2\": null, \"@3\": null, \"@4\": null}");
    expect(text, "    + @1=3 @2='' @3=X'' @4=3\n",
           ", \"after\": {\"@1\": 3, \"@2\": \"\", \"@3\": {\"base64\": \"\"}, \"@4\": 3}");
    expect_end(text);
    start(text, &file, EVENT_UPDATE_ROWS, 0, &rows);
    expect(text, "    - @1=1 @2='a' @3=X'62' @4=1\n    + @1=1 @2='changed' @3=X'62' @4=1\n",
           ", \"before\": {\"@1\": 1, \"@2\": \"a\", \"@3\": {\"base64\": \"Yg==\"}, \"@4\": 1}"
           ", \"after\": {\"@1\": 1, \"@2\": \"changed\", \"@3\": {\"base64\": \"Yg==\"}, "
           "\"@4\": 1}");
    recorded_close(&file);
    row_text_free(text);
}

/* binlog_row_image=MINIMAL: the key before, what changed after. */
static void columns_that_are_not_there_are_left_out(void **state)
{
    struct row_text *text = row_text_new();
    struct recorded file;
    struct rows rows;

    (void)state;
    recorded_open(&file, "mysql-9.7/rows-minimal.binlog");
    start(text, &file, EVENT_UPDATE_ROWS, 0, &rows);
    expect(text, "    - @1=1\n    + @2='changed'\n",
           ", \"before\": {\"@1\": 1}, \"after\": {\"@2\": \"changed\"}");
    recorded_close(&file);
    row_text_free(text);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    struct row_text *text = row_text_new();
    const struct table_map *map;
    struct recorded file;
    struct reader_event event;
    struct plain_event plain;
    struct rows rows;
    bool more = true;
    struct err err;

    (void)state;
    recorded_open(&file, "mysql-9.7/rows-full.binlog");
    recorded_find(&file, EVENT_WRITE_ROWS, &event);
    plain = plain_of(&event);
    assert_false(row_text_start(text, &plain, &file.reader.format, &rows, &map, &err));
    assert_contains(err.text, "of which there is no Table_map event");
    plain.body.len = 3;
    assert_false(row_text_start(text, &plain, &file.reader.format, &rows, &map, &err));
    assert_contains(err.text, "Write_rows");
    recorded_close(&file);

    /* An image that is cut off: the rows before it are good. */
    recorded_open(&file, "mysql-9.7/rows-full.binlog");
    recorded_find(&file, EVENT_TABLE_MAP, &event);
    plain = plain_of(&event);
    assert_true(row_text_take_map(text, &plain, &file.reader.format, &map, &err));
    recorded_find(&file, EVENT_WRITE_ROWS, &event);
    plain = plain_of(&event);
    plain.body.len--;
    assert_true(row_text_start(text, &plain, &file.reader.format, &rows, &map, &err));
    assert_true(row_text_next(text, &more, &err));
    assert_true(row_text_next(text, &more, &err));
    assert_false(row_text_next(text, &more, &err));
    assert_int_equal(err.class, E_PROTO);
    plain = plain_of(&event);
    plain.body.len = 5;
    plain.type = EVENT_TABLE_MAP;
    assert_false(row_text_take_map(text, &plain, &file.reader.format, &map, &err));
    recorded_close(&file);
    row_text_free(text);
}

/* The event that only ends a statement has a table id that no table has. */
static void an_event_without_rows_has_no_table(void **state)
{
    struct row_text *text = row_text_new();
    const struct table_map *map = (const struct table_map *)text;
    struct plain_event plain = {.type = EVENT_WRITE_ROWS_V1};
    struct format format;
    struct rows rows;
    struct err err;
    bool more = true;

    (void)state;
    format_init(&format, "10.11.19-MariaDB", CHECKSUM_CRC32);
    plain.body = span_of("\xff\xff\xff\0\0\0\1\0\0", 9);
    assert_true(row_text_start(text, &plain, &format, &rows, &map, &err));
    assert_null(map);
    assert_true(row_text_next(text, &more, &err));
    assert_false(more);
    row_text_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_without_names),
        cmocka_unit_test(columns_that_are_not_there_are_left_out),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
        cmocka_unit_test(an_event_without_rows_has_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
