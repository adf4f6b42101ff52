#include "binlog/table_map.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Events of MySQL 9.7 and MariaDB 10.11 with binlog_row_metadata=FULL. */
static const char mysql_numbers[] =
    "6d00000000000100016400016100070d0303f60410010505020403007f0101dc040e017901750173016401660162"
    "01740c01fe";
static const char mysql_texts[] =
    "6f0000000000010001640001620008feff0ffcfcfefefe0dfe030428000202f701f801fe10fa030708fcff003f083f"
    "070101041301630167017602626c027478016501730262620b04fcff000805050201780179060502016101620904"
    "020300000c01ff";
static const char mysql_defaults[] =
    "70000000000001000164000262320008fe0ffcfcfcfcff0f0bfe030a0002020202042800ff020708023f06fcff0007"
    "010104140163017602626c027478027474027433016701770c01ff";
static const char mysql_vector[] =
    "6f0000000000010001640001760003f2f2030204040701010002013f0d02030504060176017701690c01c0";
static const char mariadb_texts[] =
    "160000000000010001640001620008feff0ffcfcfefefe0dfe030428000202f701f801fe10fa0306083f2d3f083f07"
    "0101041301630167017602626c027478016501730262620b022d08050502017801790605020161016209040203000"
    "0";
static const char mariadb_own[] =
    "1900000000000100016400016d0007fefefe8d8c8c0f0cfe10fe10fe046500020214007f02073f0308050806"
    "2d04100175016902693402766301620174017a";

static struct table_map map;
static struct buf body;
static struct buf out;
static struct format mysql;
static struct format mariadb;

static void load(const char *hex, const struct format *format)
{
    struct err err;

    buf_clear(&body);
    hex_append(&body, hex);
    assert_true(table_map_decode(&map, buf_span(&body), format, &err));
    buf_clear(&out);
    table_map_encode(&out, &map);
    assert_true(buf_ok(&out));
    assert_true(span_eq(buf_span(&out), buf_span(&body)));
}

static void assert_text(struct span found, const char *expected)
{
    assert_true(span_eq(found, span_str(expected)));
}

static void numbers_and_their_signs(void **state)
{
    static const bool is_unsigned[] = {true, true, false, true, true, false, true};

    (void)state;
    load(mysql_numbers, &mysql);
    assert_int_equal(map.table_id, 0x6d);
    assert_text(map.database, "d");
    assert_text(map.table, "a");
    assert_int_equal(map.column_count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(map.columns[i].is_unsigned, is_unsigned[i]);
        assert_int_equal(map.columns[i].sign_known, i != 5); /* BIT has none */
        assert_true(map.columns[i].nullable);
        assert_int_equal(map.columns[i].invisible, false);
    }
    assert_int_equal(map.columns[3].layout.precision, 5);
    assert_int_equal(map.columns[3].layout.scale, 2);
    assert_int_equal(map.columns[5].layout.bits, 3);
    assert_text(map.columns[6].name, "t");
}

static void texts_members_keys_and_geometry(void **state)
{
    (void)state;
    load(mysql_texts, &mysql);
    assert_int_equal(map.columns[0].collation, 8);
    assert_int_equal(map.columns[1].collation, 0); /* GEOMETRY */
    assert_int_equal(map.columns[1].geometry_type, 1);
    assert_int_equal(map.columns[2].collation, 255);
    assert_int_equal(map.columns[3].collation, 63);
    assert_int_equal(map.columns[5].layout.type, COLUMN_ENUM);
    assert_int_equal(map.columns[5].collation, 255);
    assert_int_equal(map.columns[6].layout.type, COLUMN_SET);
    assert_int_equal(map.columns[6].collation, 8);
    assert_int_equal(map.columns[7].layout.length, 16);
    assert_text(table_map_member(&map, &map.columns[5], 1), "b");
    assert_text(table_map_member(&map, &map.columns[6], 0), "x");
    assert_int_equal(table_map_member(&map, &map.columns[6], 2).len, 0);
    assert_int_equal(map.key_count, 2);
    assert_int_equal(map.key[0].column, 2);
    assert_int_equal(map.key[0].prefix, 3);
    assert_int_equal(map.key[1].column, 0);
    assert_int_equal(map.key[1].prefix, 0);
    assert_true(table_map_has_field(&map, FIELD_PRIMARY_KEY_WITH_PREFIX));
    assert_false(table_map_has_field(&map, FIELD_SIMPLE_PRIMARY_KEY));
    load(mariadb_texts, &mariadb);
    assert_int_equal(map.columns[1].collation, 63); /* MariaDB gives GEOMETRY one */
    assert_int_equal(map.columns[2].collation, 45);
    assert_int_equal(map.columns[7].collation, 63);
}

static void default_character_sets(void **state)
{
    (void)state;
    load(mysql_defaults, &mysql);
    assert_int_equal(map.columns[0].collation, 8);
    assert_int_equal(map.columns[2].collation, 63);
    assert_int_equal(map.columns[3].collation, 8);
    assert_int_equal(map.columns[6].collation, 0);
    assert_int_equal(map.columns[7].collation, 255);
    load(mysql_vector, &mysql);
    assert_int_equal(map.columns[0].dimensions, 3);
    assert_int_equal(map.columns[1].dimensions, 5);
    assert_int_equal(map.columns[0].collation, 63);
    assert_true(map.columns[2].invisible);
    assert_false(map.columns[1].invisible);
}

static void types_of_mariadb(void **state)
{
    (void)state;
    load(mariadb_own, &mariadb);
    assert_int_equal(map.columns[0].layout.length, 16); /* UUID */
    assert_int_equal(map.columns[0].collation, 63);
    assert_int_equal(map.columns[2].layout.length, 4); /* INET4 */
    assert_int_equal(map.columns[3].layout.type, COLUMN_VARCHAR_COMPRESSED);
    assert_int_equal(map.columns[3].collation, 8);
    assert_int_equal(map.columns[4].layout.type, COLUMN_BLOB_COMPRESSED);
    assert_int_equal(map.columns[4].layout.length_size, 2);
}

static void long_char_has_its_length_in_two_places(void **state)
{
    (void)state;
    load("710000000000010001640001630001fe02cefc01", &mysql);
    assert_int_equal(map.columns[0].layout.type, COLUMN_STRING);
    assert_int_equal(map.columns[0].layout.length, 1020);
    assert_int_equal(map.columns[0].layout.length_size, 2);
}

static void four_byte_table_ids_of_old_logs(void **state)
{
    struct format old = mysql;
    struct err err;
    uint64_t id;

    (void)state;
    old.post_header_lengths[EVENT_TABLE_MAP - 1] = 6;
    load("71000000010001640001630001030000", &old);
    assert_int_equal(map.table_id, 0x71);
    assert_int_equal(map.id_size, 4);
    assert_true(table_map_peek_id(buf_span(&body), &old, &id, &err));
    assert_int_equal(id, 0x71);
    assert_false(table_map_peek_id(span_of(body.data, 3), &old, &id, &err));
}

static void every_cut_is_refused_or_ends_between_fields(void **state)
{
    struct err err;

    (void)state;
    load(mysql_texts, &mysql);
    for (size_t n = 0; n < body.len; n++) {
        if (!table_map_decode(&map, span_of(body.data, n), &mysql, &err)) {
            assert_true(err.class == E_PROTO || err.class == E_LIMIT);
            assert_int_equal(map.column_count, 0);
            continue;
        }
        buf_clear(&out);
        table_map_encode(&out, &map);
        assert_true(span_eq(buf_span(&out), span_of(body.data, n)));
    }
}

static void every_changed_byte_is_survived(void **state)
{
    static const char *const events[] = {mysql_numbers, mysql_texts,   mysql_defaults,
                                         mysql_vector,  mariadb_texts, mariadb_own};
    struct err err;

    (void)state;
    for (size_t e = 0; e < 6; e++) {
        load(events[e], e < 4 ? &mysql : &mariadb);
        for (size_t i = 0; i < body.len; i++) {
            uint8_t kept = body.data[i];

            for (unsigned byte = 0; byte < 256; byte++) {
                body.data[i] = (uint8_t)byte;
                if (!table_map_decode(&map, buf_span(&body), e < 4 ? &mysql : &mariadb, &err))
                    continue;
                buf_clear(&out);
                table_map_encode(&out, &map);
            }
            body.data[i] = kept;
        }
    }
}

static void bad_events(void **state)
{
    static const char *const bad[] = {
        "",
        "7100000000000100016400016300010002000001",        /* type 0: the DECIMAL of 4.1 */
        "710000000000010001640001630001f602430001",        /* precision 67 */
        "710000000000010001640001630001f602050601",        /* scale above precision */
        "7100000000000100016400016300011001070101",        /* metadata of BIT cut */
        "710000000000010001640001630001 10 02 0009 01",    /* BIT of 72 bits */
        "71000000000001000164000163000112010701",          /* DATETIME(7) */
        "710000000000010001640001630001fc010501",          /* BLOB with 5 bytes of length */
        "710000000000010001640001630001fe02f70301",        /* ENUM of 3 bytes */
        "710000000000010001640001630001fe02f80501",        /* SET of 5 bytes */
        "710000000000010001640001630001fe02030401",        /* STRING that is none */
        "7100000000000100016400016300010302000001",        /* metadata left over */
        "7100000000000100016400016300010300 01 0801 05",   /* key of a column that is not there */
        "7100000000000100016400016300010300 01 0100",      /* signs cut off */
        "7100000000000100016400016300010300 01 01020000",  /* signs too long */
        "71000000000001000164000163000103 00 01 04020541", /* name cut off */
        "710000000000010001640101630001030001",            /* name without its NUL */
        "710000000000010001640001630001fe02fe0a01 0204 08 05 3f 3f", /* index out of range */
        "7100000000000100016400016300fcffff0300",                    /* more columns than bytes */
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buf_clear(&body);
        hex_append(&body, bad[i]);
        assert_false(table_map_decode(&map, buf_span(&body), &mysql, &err));
        assert_true(err.class == E_PROTO || err.class == E_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_their_signs),
        cmocka_unit_test(texts_members_keys_and_geometry),
        cmocka_unit_test(default_character_sets),
        cmocka_unit_test(types_of_mariadb),
        cmocka_unit_test(long_char_has_its_length_in_two_places),
        cmocka_unit_test(four_byte_table_ids_of_old_logs),
        cmocka_unit_test(every_cut_is_refused_or_ends_between_fields),
        cmocka_unit_test(every_changed_byte_is_survived),
        cmocka_unit_test(bad_events),
    };
    int failed;

    table_map_init(&map);
    buf_init(&body, 10000);
    buf_init(&out, 100000);
    format_init(&mysql, "9.7.4", 1);
    format_init(&mariadb, "10.11.19-MariaDB", 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    table_map_done(&map);
    buf_done(&body);
    buf_done(&out);
    return failed;
}
