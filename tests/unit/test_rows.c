#include "binlog/rows.h"

#include "hex.h"

#include "binlog/value_json.h"
#include "binlog/value_sql.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct table_map map;
static struct row_reader reader;
static struct rows rows;
static struct buf map_body;
static struct buf body;
static struct buf out;
static struct format mysql;
static struct format mariadb;

static void load_map(const char *hex, const struct format *format)
{
    struct err err;

    buf_clear(&map_body);
    hex_append(&map_body, hex);
    assert_true(table_map_decode(&map, buf_span(&map_body), format, &err));
}

static void load(uint8_t type, const char *hex, const struct format *format)
{
    struct err err;

    buf_clear(&body);
    hex_append(&body, hex);
    assert_true(rows_decode(buf_span(&body), type, format, &rows, &err));
    assert_true(row_reader_start(&reader, &rows, &map, &err));
    buf_clear(&out);
    rows_encode_header(&out, &rows);
}

static bool next(void)
{
    struct err err;
    bool more = false;

    assert_true(row_reader_next(&reader, &more, &err));
    if (!more) {
        assert_true(buf_ok(&out));
        assert_true(span_eq(buf_span(&out), buf_span(&body)));
        return false;
    }
    if (rows.kind != ROWS_WRITE)
        rows_encode_image(&out, &rows, &map, &reader.before, false);
    if (rows.kind != ROWS_DELETE)
        rows_encode_image(&out, &rows, &map, &reader.after, true);
    return true;
}

static void check_json(uint32_t column, const struct row_image *image, const char *expected)
{
    struct buf text;
    struct err err;

    buf_init(&text, 10000);
    assert_true(value_write_json(&text, &map, &map.columns[column], &image->values[column], &err));
    assert_string_equal(buf_borrow_cstr(&text), expected);
    buf_done(&text);
}

static void check_sql(uint32_t column, const struct row_image *image, const char *expected)
{
    struct buf text;
    struct err err;

    buf_init(&text, 10000);
    assert_true(value_write_sql(&text, &map, &map.columns[column], &image->values[column],
                                VALUE_STYLE_REPLAY, &err));
    assert_string_equal(buf_borrow_cstr(&text), expected);
    buf_done(&text);
}

static const char numbers_map[] =
    "6d00000000000100016400016100070d0303f60410010505020403007f0101dc040e017901750173016401660162"
    "01740c01fe";
static const char numbers_row[] = "6d00000000001100020007ff006401000000020000008003320000803f0103";

static void a_row_of_mysql(void **state)
{
    static const char *const expected[] = {"2000", "1", "2", "\"3.50\"", "1", "1", "3"};
    static const char *const sql[] = {"2000", "1", "2", "3.50", "1", "b'001'", "3"};

    (void)state;
    load_map(numbers_map, &mysql);
    load(EVENT_WRITE_ROWS, numbers_row, &mysql);
    assert_int_equal(rows.flags, ROWS_FLAG_STMT_END | ROWS_FLAG_SQL_FOREIGN_KEYS);
    assert_true(next());
    for (uint32_t i = 0; i < 7; i++) {
        check_json(i, &reader.after, expected[i]);
        check_sql(i, &reader.after, sql[i]);
    }
    assert_false(next());
}

static void texts_of_mysql(void **state)
{
    static const char *const sql[] = {
        "'x'",  "X'000000000101000000000000000000F03F0000000000000040'",
        "'v'",  "X'626C'",
        "'tx'", "'a'",
        "'x'",  "X'00010200000000000000000000000000'"};

    (void)state;
    load_map(
        "6f0000000000010001640001620008feff0ffcfcfefefe0dfe030428000202f701f801fe10fa030708fcff00"
        "3f083f070101041301630167017602626c027478016501730262620b04fcff0008050502017801790605020161"
        "01620904020300000c01ff",
        &mysql);
    load(
        EVENT_WRITE_ROWS,
        "6f00000000001100020008ff00017819000000000000000101000000000000000000f03f000000000000004001"
        "760200626c02007478010103000102",
        &mysql);
    assert_true(next());
    for (uint32_t i = 0; i < 8; i++)
        check_sql(i, &reader.after, sql[i]);
    check_json(3, &reader.after, "{\"base64\": \"Ymw=\"}");
    check_json(7, &reader.after, "{\"base64\": \"AAECAAAAAAAAAAAAAAAAAA==\"}");
    assert_false(next());
}

static void a_row_of_mariadb_with_its_own_types(void **state)
{
    struct buf plain;

    (void)state;
    load_map(
        "1900000000000100016400016d0007fefefe8d8c8c0f0cfe10fe10fe046500020214007f02073f03080508062d"
        "04100175016902693402766301620174017a",
        &mariadb);
    load(EVENT_WRITE_ROWS_V1,
         "1900000000000100077f 80 0e123e4567e89b12d3a45642665544 02 2001 04 01020304 05 0061626364"
         " 0a00 8a012caba81805c40200 0600 0073686f7274 01 7a",
         &mariadb);
    assert_true(next());
    check_sql(0, &reader.after, "X'123E4567E89B12D3A456426655440000'");
    check_sql(1, &reader.after, "X'20010000000000000000000000000000'");
    check_sql(2, &reader.after, "X'01020304'");
    check_sql(3, &reader.after, "'abcd'");
    assert_int_equal(reader.after.values[4].kind, VALUE_COMPRESSED);
    buf_init(&plain, 1000);
    buf_str(&plain, "X'");
    for (int i = 0; i < 300; i++)
        buf_str(&plain, "78");
    buf_u8(&plain, '\'');
    check_sql(4, &reader.after, buf_borrow_cstr(&plain));
    buf_done(&plain);
    check_sql(5, &reader.after, "'short'");
    check_json(6, &reader.after, "\"z\"");
    assert_false(next());
}

static void partial_updates_and_their_bitmaps(void **state)
{
    (void)state;
    load_map(
        "6d00000000000100016400016a000403f5f5030204040e01010004090269640161016201630801000c01f0",
        &mysql);
    load(EVENT_PARTIAL_UPDATE_ROWS,
         "6d0000000000110002000401 3c 0001000000 01 02 00 09000000 0003242e7a03050200 04000000",
         &mysql);
    assert_true(next());
    check_sql(0, &reader.before, "1");
    assert_int_equal(reader.before.values[1].kind, VALUE_ABSENT);
    assert_int_equal(reader.after.values[1].kind, VALUE_ABSENT);
    assert_int_equal(reader.after.values[2].kind, VALUE_JSON_DIFF);
    check_sql(2, &reader.after, "JSON_REPLACE(`b`, '$.z', CAST('2' AS JSON))");
    check_json(2, &reader.after, "[{\"op\": \"replace\", \"path\": \"$.z\", \"value\": 2}]");
    check_sql(3, &reader.after, "4");
    assert_false(next());
    load(EVENT_PARTIAL_UPDATE_ROWS, "6d0000000000110002000401380001000000 00 00 09000000", &mysql);
    assert_true(next());
    check_sql(3, &reader.after, "9");
    assert_false(next());
}

static void partitions_in_the_extra_fields(void **state)
{
    (void)state;
    load_map("700000000000010001640001700002030300020101000405026964016a0801000c01c0", &mysql);
    load(EVENT_UPDATE_ROWS,
         "7000000000001100 0700 01 0300 0200 02ffff 000200000001000000 000700000001000000", &mysql);
    assert_true(rows.has_partition);
    assert_int_equal(rows.partition, 3);
    assert_int_equal(rows.source_partition, 2);
    assert_true(next());
    check_sql(0, &reader.before, "2");
    check_sql(0, &reader.after, "7");
    assert_false(next());
    load(EVENT_WRITE_ROWS, "7000000000001000 0800 00 05 07 aabbcc 02ff 0001000000 01000000",
         &mysql);
    assert_true(rows.has_ndb && !rows.has_partition);
    assert_int_equal(rows.ndb_format, 7);
    assert_int_equal(rows.ndb.len, 3);
}

static void minimal_images(void **state)
{
    (void)state;
    load_map("1500000000000100016400017500030303030006", &mariadb);
    load(EVENT_UPDATE_ROWS_V1, "150000000000010003 01 02 fe 01000000 fe 07000000 fe 02000000 ff",
         &mariadb);
    assert_true(next());
    assert_int_equal(reader.before.values[0].i, 1);
    assert_int_equal(reader.before.values[1].kind, VALUE_ABSENT);
    assert_int_equal(reader.after.values[0].kind, VALUE_ABSENT);
    assert_int_equal(reader.after.values[1].i, 7);
    assert_true(next());
    assert_int_equal(reader.after.values[1].kind, VALUE_NULL);
    assert_false(next());
    assert_int_equal(reader.row, 2);
    load(EVENT_DELETE_ROWS_V1, "150000000000010003 01 fe 05000000", &mariadb);
    assert_true(next());
    assert_int_equal(reader.before.values[0].i, 5);
    assert_false(next());
}

static void texts_without_metadata(void **state)
{
    struct err err;

    (void)state;
    load_map("470000000000010001640001620002 0ffe 04 2800 fe10 03", &mariadb);
    load(EVENT_WRITE_ROWS_V1, "4700000000000100 02 ff fc 02 6127 02 00ff", &mariadb);
    assert_true(next());
    check_sql(0, &reader.after, "_binary'a\\''");
    check_sql(1, &reader.after, "X'00FF'");
    check_json(0, &reader.after, "\"a'\"");
    check_json(1, &reader.after, "{\"base64\": \"AP8=\"}");
    buf_clear(&out);
    assert_true(value_write_sql(&out, &map, &map.columns[0], &reader.after.values[0],
                                VALUE_STYLE_READ, &err));
    assert_string_equal(buf_borrow_cstr(&out), "'a\\''");
    buf_clear(&out);
    column_write_name(&out, &map, &map.columns[1]);
    assert_string_equal(buf_borrow_cstr(&out), "@2");
}

static void rows_that_do_not_fit(void **state)
{
    struct err err;
    bool more;

    (void)state;
    load_map(numbers_map, &mysql);
    buf_clear(&body);
    hex_append(&body, numbers_row);
    for (size_t n = 0; n < body.len; n++) {
        more = false;
        if (rows_decode(span_of(body.data, n), EVENT_WRITE_ROWS, &mysql, &rows, &err) &&
            row_reader_start(&reader, &rows, &map, &err))
            assert_true(!row_reader_next(&reader, &more, &err) || !more);
        assert_false(more);
    }
    assert_true(rows_decode(buf_span(&body), EVENT_WRITE_ROWS, &mysql, &rows, &err));
    rows.table_id++;
    assert_false(row_reader_start(&reader, &rows, &map, &err));
    assert_int_equal(err.class, E_PROTO);
    rows.table_id--;
    rows.column_count--;
    assert_false(row_reader_start(&reader, &rows, &map, &err));
    assert_false(rows_decode(buf_span(&body), EVENT_QUERY, &mysql, &rows, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(
        rows_decode(buf_span(&body), EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1, &mysql, &rows, &err));
    /* No columns at all cannot fill bytes. */
    buf_clear(&body);
    hex_append(&body, "6d000000000011000200 07 00 ffff");
    assert_true(rows_decode(buf_span(&body), EVENT_WRITE_ROWS, &mysql, &rows, &err));
    assert_true(row_reader_start(&reader, &rows, &map, &err));
    assert_false(row_reader_next(&reader, &more, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_mysql),
        cmocka_unit_test(texts_of_mysql),
        cmocka_unit_test(a_row_of_mariadb_with_its_own_types),
        cmocka_unit_test(partial_updates_and_their_bitmaps),
        cmocka_unit_test(partitions_in_the_extra_fields),
        cmocka_unit_test(minimal_images),
        cmocka_unit_test(texts_without_metadata),
        cmocka_unit_test(rows_that_do_not_fit),
    };
    int failed;

    table_map_init(&map);
    row_reader_init(&reader);
    buf_init(&map_body, 10000);
    buf_init(&body, 10000);
    buf_init(&out, 100000);
    format_init(&mysql, "9.7.4", 1);
    format_init(&mariadb, "10.11.19-MariaDB", 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    row_reader_done(&reader);
    table_map_done(&map);
    buf_done(&map_body);
    buf_done(&body);
    buf_done(&out);
    return failed;
}
