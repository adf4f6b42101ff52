#include "cli/sql_rows.h"

#include "check.h"
#include "hex.h"

/* t (id INT PRIMARY KEY, v VARCHAR(20) latin1), with names, sign, character set and key. */
static const char named_map[] = "6d00000000000100016400017400 02 030f 02 1400 02"
                                "010100 020108 04050269640176 080100";
static const char plain_map[] = "6d00000000000100016400017400 02 030f 02 1400 02";
/* f (f FLOAT, b BINARY(3), e ENUM('a','b')), without a key. */
static const char keyless_map[] = "6d00000000000100016400016600 03 04fefe 05 04 fe03 f701 07"
                                  "010100 02013f 0406016601620165 06050201610162 0a0108";

static struct table_map map;
static struct row_reader reader;
static struct rows rows;
static struct format format;
static struct buf map_body;
static struct buf body;
static struct buf out;

static void load(const char *map_hex, uint8_t type, const char *hex)
{
    struct err err;
    bool more;

    buf_clear(&map_body);
    buf_clear(&body);
    buf_clear(&out);
    hex_append(&map_body, map_hex);
    hex_append(&body, hex);
    assert_true(table_map_decode(&map, buf_span(&map_body), &format, &err));
    assert_true(rows_decode(buf_span(&body), type, &format, &rows, &err));
    assert_true(row_reader_start(&reader, &rows, &map, &err));
    assert_true(row_reader_next(&reader, &more, &err) && more);
}

static void check(const char *expected, const char *expected_undo)
{
    struct err err;

    assert_true(sql_rows_write(&out, &rows, &map, &reader, &err));
    assert_string_equal(buf_borrow_cstr(&out), expected);
    buf_clear(&out);
    assert_true(sql_rows_write_undo(&out, &rows, &map, &reader, &err));
    assert_string_equal(buf_borrow_cstr(&out), expected_undo);
}

static void rows_go_by_their_key(void **state)
{
    static const char insert[] = "INSERT INTO `d`.`t` (`id`, `v`) VALUES (1, 'a')\n/*!*/;\n";
    static const char delete[] = "DELETE FROM `d`.`t` WHERE `id`=1\n/*!*/;\n";

    (void)state;
    load(named_map, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff fc01000000 0161");
    check(insert, delete);
    load(named_map, EVENT_DELETE_ROWS, "6d0000000000 0100 0200 02 ff fc01000000 0161");
    check(delete, insert);
    load(named_map, EVENT_UPDATE_ROWS,
         "6d0000000000 0100 0200 02 ff ff fc01000000 0161 fe02000000");
    check("UPDATE `d`.`t` SET `id`=2, `v`=NULL WHERE `id`=1\n/*!*/;\n",
          "UPDATE `d`.`t` SET `id`=1, `v`='a' WHERE `id`=2\n/*!*/;\n");
}

/* All columns, so that nothing but the same row matches, and one row of equal ones. */
static void without_a_key_all_columns_count(void **state)
{
    (void)state;
    load(keyless_map, EVENT_DELETE_ROWS, "6d0000000000 0100 0200 03 ff f8 cdcccc3d 01ff 02");
    check("DELETE FROM `d`.`f` WHERE `f`+0e0 <=> 0.10000000149011612 AND "
          "CAST(`b` AS BINARY) <=> X'FF0000' AND CAST(`e` AS UNSIGNED) <=> 2 LIMIT 1\n/*!*/;\n",
          "INSERT INTO `d`.`f` (`f`, `b`, `e`) VALUES (0.1, X'FF0000', 'b')\n/*!*/;\n");
    load(keyless_map, EVENT_DELETE_ROWS, "6d0000000000 0100 0200 03 ff ff");
    check("DELETE FROM `d`.`f` WHERE `f` IS NULL AND `b` IS NULL AND `e` IS NULL LIMIT 1\n/*!*/;\n",
          "INSERT INTO `d`.`f` (`f`, `b`, `e`) VALUES (NULL, NULL, NULL)\n/*!*/;\n");
}

static void columns_that_an_image_lacks_are_left_out(void **state)
{
    struct err err;

    (void)state;
    load(named_map, EVENT_UPDATE_ROWS, "6d0000000000 0100 0200 02 fd fe fe01000000 fe0162");
    assert_true(sql_rows_write(&out, &rows, &map, &reader, &err));
    assert_string_equal(buf_borrow_cstr(&out), "UPDATE `d`.`t` SET `v`='b' WHERE `id`=1\n/*!*/;\n");
}

static void without_names_there_are_no_statements(void **state)
{
    struct err err;

    (void)state;
    load(named_map, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff ff");
    assert_true(sql_rows_check(&map, &err));
    load(plain_map, EVENT_WRITE_ROWS, "6d0000000000 0100 0200 02 ff ff");
    assert_false(sql_rows_check(&map, &err));
    assert_contains(err.text, "d.t: the log does not name the table's columns");
    assert_contains(err.text, "binlog_row_metadata=FULL");
}

static int setup(void **state)
{
    (void)state;
    format_init(&format, "9.7.4", CHECKSUM_NONE);
    table_map_init(&map);
    row_reader_init(&reader);
    buf_init(&map_body, 1000);
    buf_init(&body, 1000);
    buf_init(&out, 10000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    table_map_done(&map);
    row_reader_done(&reader);
    buf_done(&map_body);
    buf_done(&body);
    buf_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_by_their_key),
        cmocka_unit_test(without_a_key_all_columns_count),
        cmocka_unit_test(columns_that_an_image_lacks_are_left_out),
        cmocka_unit_test(without_names_there_are_no_statements),
    };

    return cmocka_run_group_tests_name("sql_rows", tests, setup, teardown);
}
