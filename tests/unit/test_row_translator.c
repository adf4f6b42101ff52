#include "translation/row_translator.h"

#include "check.h"
#include "hex.h"

#include "binlog/rows.h"

#define OUT_MAX 100000

static struct row_translator *translator;
static struct format from;
static struct format target;
static struct buf body;
static struct buf out;
static struct buf expected;

static void start(const char *version, enum dialect to)
{
    row_translator_free(translator);
    translator = row_translator_new(to);
    format_init(&from, version, CHECKSUM_CRC32);
    format_init(&target, dialect_version(to), CHECKSUM_CRC32);
    row_translator_start(translator, &from);
}

static struct span bytes_of(const char *hex)
{
    buf_clear(&body);
    hex_append(&body, hex);
    return buf_span(&body);
}

static void check_out(const char *hex)
{
    buf_clear(&expected);
    hex_append(&expected, hex);
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, expected.len);
}

static void check_map(const char *hex, const char *expected_hex)
{
    struct err err;

    buf_clear(&out);
    if (!row_translator_map(translator, bytes_of(hex), &out, &err))
        fail_msg("%s", err.text);
    check_out(expected_hex);
}

static void check_rows(uint8_t type, const char *hex, uint8_t expected_type,
                       const char *expected_hex)
{
    uint8_t found = 0;
    struct err err;

    buf_clear(&out);
    if (!row_translator_rows(translator, type, bytes_of(hex), &out, &found, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found, expected_type);
    check_out(expected_hex);
}

/* A failure appends nothing to what is there. */
static void check_fails(uint8_t type, const char *hex, enum err_class class, const char *text)
{
    uint8_t found = 77;
    struct err err = {0};
    bool done;

    buf_clear(&out);
    buf_str(&out, "kept");
    done = type == EVENT_TABLE_MAP
               ? row_translator_map(translator, bytes_of(hex), &out, &err)
               : row_translator_rows(translator, type, bytes_of(hex), &out, &found, &err);
    assert_false(done);
    assert_string_equal(err.text, text);
    assert_int_equal(err.class, class);
    assert_int_equal(found, 77);
    assert_span_eq(buf_span(&out), "kept");
}

/* t (id INT, v VARCHAR(20)), both may be NULL. */
#define MAP_HEAD   "6d00000000000100016400017400"
#define PLAIN_MAP  MAP_HEAD "02 030f 02 1400 03"
#define ROWS_ID    "6d0000000000"
#define TWO_IMAGES "fc01000000 0161 fd0163"

static void version_2_becomes_version_1_and_back(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(PLAIN_MAP, PLAIN_MAP);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 ff" TWO_IMAGES, EVENT_WRITE_ROWS_V1,
               ROWS_ID "0100 02 ff" TWO_IMAGES);
    check_rows(EVENT_UPDATE_ROWS, ROWS_ID "0100 0200 02 ff ff" TWO_IMAGES, EVENT_UPDATE_ROWS_V1,
               ROWS_ID "0100 02 ff ff" TWO_IMAGES);
    check_rows(EVENT_DELETE_ROWS, ROWS_ID "0100 0200 02 ff" TWO_IMAGES, EVENT_DELETE_ROWS_V1,
               ROWS_ID "0100 02 ff" TWO_IMAGES);
    for (enum dialect to = DIALECT_MYSQL_5; to <= DIALECT_MYSQL_8; to++) {
        start("10.11.19-MariaDB", to);
        check_map(PLAIN_MAP, PLAIN_MAP);
        check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 ff" TWO_IMAGES, EVENT_WRITE_ROWS,
                   ROWS_ID "0100 0200 02 ff" TWO_IMAGES);
        check_rows(EVENT_UPDATE_ROWS_V1, ROWS_ID "0100 02 ff ff" TWO_IMAGES, EVENT_UPDATE_ROWS,
                   ROWS_ID "0100 0200 02 ff ff" TWO_IMAGES);
        check_rows(EVENT_DELETE_ROWS_V1, ROWS_ID "0100 02 ff" TWO_IMAGES, EVENT_DELETE_ROWS,
                   ROWS_ID "0100 0200 02 ff" TWO_IMAGES);
    }
}

/* MySQL 8.4 and later refuse version 1, which 5.6 may write. */
static void version_1_of_mysql_becomes_version_2(void **state)
{
    (void)state;
    for (enum dialect to = DIALECT_MYSQL_5; to <= DIALECT_MYSQL_8; to++) {
        start("5.6.24", to);
        check_map(PLAIN_MAP, PLAIN_MAP);
        check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 ff" TWO_IMAGES, EVENT_WRITE_ROWS,
                   ROWS_ID "0100 0200 02 ff" TWO_IMAGES);
    }
}

static void extra_fields_and_flags_of_one_side_are_left_out(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map("6d0000000000 0300"
              "016400017400 02 030f 02 1400 03",
              "6d0000000000 0100"
              "016400017400 02 030f 02 1400 03");
    start("9.7.4", DIALECT_MARIADB);
    check_map(PLAIN_MAP, PLAIN_MAP);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0f00 0500 010300 02 ff" TWO_IMAGES, EVENT_WRITE_ROWS_V1,
               ROWS_ID "0f00 02 ff" TWO_IMAGES);
    start("11.8.3-MariaDB", DIALECT_MYSQL_8);
    check_map("6d0000000000 0140"
              "016400017400 02 030f 02 1400 03",
              "6d0000000000 0100"
              "016400017400 02 030f 02 1400 03");
    check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "8f00 02 ff" TWO_IMAGES, EVENT_WRITE_ROWS,
               ROWS_ID "0f00 0200 02 ff" TWO_IMAGES);
}

static void an_event_that_only_ends_a_statement_needs_no_table_map(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_rows(EVENT_WRITE_ROWS, "ffffff000000 0100 0200 00", EVENT_WRITE_ROWS_V1,
               "ffffff000000 0100 00");
}

static void rows_without_their_table_map(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_fails(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 ff" TWO_IMAGES, E_PROTO,
                "Write_rows: table id 109 has no table map in the statement");
    check_map(PLAIN_MAP, PLAIN_MAP);
    check_fails(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 01 ff fe01000000", E_PROTO,
                "Write_rows: 1 columns, the table map of d.t has 2");
    check_fails(EVENT_WRITE_ROWS, "6d00", E_PROTO,
                "Write_rows: extra fields of 0 bytes, expected 2 at least");
    row_translator_start(translator, &from);
    check_fails(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 ff" TWO_IMAGES, E_PROTO,
                "Write_rows: table id 109 has no table map in the statement");
    check_fails(EVENT_TABLE_MAP, "6d00", E_PROTO, "table map: 2 bytes hold no table id");
}

/* What MySQL from 9.6 on did for foreign keys is in the log: nobody may do it once more. */
static void rows_that_a_foreign_key_changed_are_not_changed_again(void **state)
{
    (void)state;
    for (enum dialect to = DIALECT_MYSQL_5; to < DIALECTS; to++) {
        bool v1 = to == DIALECT_MARIADB;

        start("9.7.4", to);
        check_map(PLAIN_MAP, PLAIN_MAP);
        if (to == DIALECT_MYSQL_8)
            check_rows(EVENT_DELETE_ROWS, ROWS_ID "1100 0200 02 ff" TWO_IMAGES, EVENT_DELETE_ROWS,
                       ROWS_ID "1100 0200 02 ff" TWO_IMAGES);
        else
            check_rows(EVENT_DELETE_ROWS, ROWS_ID "1100 0200 02 ff" TWO_IMAGES,
                       v1 ? EVENT_DELETE_ROWS_V1 : EVENT_DELETE_ROWS,
                       v1 ? ROWS_ID "0300 02 ff" TWO_IMAGES : ROWS_ID "0300 0200 02 ff" TWO_IMAGES);
    }
}

/* j (id INT NOT NULL, d JSON); documents {"a": 1}, {"a": 2}; of the latter what changed. */
#define JSON_HEAD   "6d00000000000100016400016a00"
#define JSON_MAP    JSON_HEAD "02 03f5 01 04 02"
#define DOCUMENT_1  "0d000000 00 0100 0c00 0b00 0100 05 0100 61"
#define TEXT_1      "08000000 7b2261223a20317d"
#define TEXT_2      "08000000 7b2261223a20327d"
#define DIFFERENCE  "09000000 00 03 242e61 03 050200"
#define ONE         "01000000"
#define TEXT_MAP    JSON_HEAD "02 03fc 01 04 02"
#define UTF8MB4_BIN "02 01 2e"

static void documents_become_text(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(JSON_MAP "010100", TEXT_MAP "010100" UTF8MB4_BIN);
    check_map(JSON_MAP, TEXT_MAP UTF8MB4_BIN);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE DOCUMENT_1 "02" ONE,
               EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 03 00" ONE TEXT_1 "02" ONE);
    /* No bytes are MySQL's null. */
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE "00000000", EVENT_WRITE_ROWS_V1,
               ROWS_ID "0100 02 03 00" ONE "04000000 6e756c6c");
    check_fails(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE "01000000 63", E_PROTO,
                "table d.j: column 2: JSON: an unknown type");
    start("9.7.4", DIALECT_MYSQL_5);
    check_map(JSON_MAP "010100", TEXT_MAP);
    check_rows(EVENT_DELETE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE DOCUMENT_1, EVENT_DELETE_ROWS,
               ROWS_ID "0100 0200 02 03 00" ONE TEXT_1);
    start("9.7.4", DIALECT_MYSQL_8);
    check_map(JSON_MAP "010100", JSON_MAP "010100");
    check_rows(EVENT_DELETE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE DOCUMENT_1, EVENT_DELETE_ROWS,
               ROWS_ID "0100 0200 02 03 00" ONE DOCUMENT_1);
}

static void differences_become_whole_documents(void **state)
{
    static const char partial[] =
        ROWS_ID "0100 0200 02 03 03 00" ONE DOCUMENT_1 "01 01 00" ONE DIFFERENCE;

    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(JSON_MAP, TEXT_MAP UTF8MB4_BIN);
    check_rows(EVENT_PARTIAL_UPDATE_ROWS, partial, EVENT_UPDATE_ROWS_V1,
               ROWS_ID "0100 02 03 03 00" ONE TEXT_1 "00" ONE TEXT_2);
    /* Without a difference in it, and without the document in either image. */
    check_rows(EVENT_PARTIAL_UPDATE_ROWS,
               ROWS_ID "0100 0200 02 03 03 00" ONE DOCUMENT_1 "00 02" ONE, EVENT_UPDATE_ROWS_V1,
               ROWS_ID "0100 02 03 03 00" ONE TEXT_1 "02" ONE);
    check_rows(EVENT_PARTIAL_UPDATE_ROWS, ROWS_ID "0100 0200 02 01 01 00" ONE "00 00" ONE,
               EVENT_UPDATE_ROWS_V1, ROWS_ID "0100 02 01 01 00" ONE "00" ONE);
    check_fails(EVENT_PARTIAL_UPDATE_ROWS,
                ROWS_ID "0100 0200 02 01 03 00" ONE "01 01 00" ONE DIFFERENCE, E_STATE,
                "table d.j: column 2: the change of a document is logged without the document; the "
                "source must have binlog_row_value_options='' or binlog_row_image=FULL");
    check_fails(EVENT_PARTIAL_UPDATE_ROWS,
                ROWS_ID "0100 0200 02 03 03 02" ONE "01 01 00" ONE DIFFERENCE, E_PROTO,
                "table d.j: column 2: a change of a document that is NULL");
    start("9.7.4", DIALECT_MYSQL_5);
    check_map(JSON_MAP, TEXT_MAP);
    check_rows(EVENT_PARTIAL_UPDATE_ROWS, partial, EVENT_UPDATE_ROWS,
               ROWS_ID "0100 0200 02 03 03 00" ONE TEXT_1 "00" ONE TEXT_2);
    start("9.7.4", DIALECT_MYSQL_8);
    check_map(JSON_MAP, JSON_MAP);
    check_rows(EVENT_PARTIAL_UPDATE_ROWS, partial, EVENT_PARTIAL_UPDATE_ROWS, partial);
}

/* v (id INT NOT NULL, v VECTOR(1)), with its sign, its collation and how many numbers it has. */
static void vectors_become_blobs(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map("6d0000000000010001640001760002 03f2 01 04 02 010100 02013f 0d0101",
              "6d0000000000010001640001760002 03fc 01 04 02 010100 02013f");
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE "04000000 0000803f",
               EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 03 00" ONE "04000000 0000803f");
    start("9.7.4", DIALECT_MYSQL_8);
    check_map("6d0000000000010001640001760002 03f2 01 04 02 0d0101",
              "6d0000000000010001640001760002 03f2 01 04 02 0d0101");
}

/* c (a TEXT COMPRESSED, b VARCHAR(255) COMPRESSED): 10 and 300 times 'x', and stored plain. */
#define XS_10 "0a00 78787878787878787878"

static void compressed_columns_become_plain(void **state)
{
    static const char compressed_map[] = "6d0000000000010001640001630002 8c8d 03 02 0001 03";

    (void)state;
    start("10.11.19-MariaDB", DIALECT_MYSQL_8);
    check_map(compressed_map, "6d0000000000010001640001630002 fc0f 03 02 ff00 03");
    check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 03 00 0500 0061626364 0400 00797a7a 03",
               EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00 0400 61626364 03 797a7a 03");
    check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 03 00 0000 0000", EVENT_WRITE_ROWS,
               ROWS_ID "0100 0200 02 03 00 0000 00");
    check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 01 00 0700 890a aba8800100", EVENT_WRITE_ROWS,
               ROWS_ID "0100 0200 02 01 00" XS_10);
    check_fails(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 03 00 0000 0a00 8a012caba81805c40200",
                E_LIMIT,
                "table d.c: column 2: a value of 300 bytes, more than the column can have");
    check_fails(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 02 01 00 0200 7000", E_PROTO,
                "table d.c: column 1: compressed column: unknown method byte 0x70");
    start("10.11.19-MariaDB", DIALECT_MARIADB);
    check_map(compressed_map, compressed_map);
}

/* o (a TIME, b DATETIME, c TIMESTAMP) in the format of before 5.6: 12:34:56 and so on. */
#define OLD_MAP   "6d00000000000100016400016f0003 0b0c07 00 07"
#define NEW_MAP   "6d00000000000100016400016f0003 131211 03 000000 07"
#define OLD_TIMES "00 40e201 fa8e34326d120000 00e1f54d"
#define NEW_TIMES "00 80c8b8 99b9064146 4df5e100"

static void older_times_become_those_of_today(void **state)
{
    (void)state;
    start("5.6.24", DIALECT_MARIADB);
    check_map(OLD_MAP, NEW_MAP);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 03 07" OLD_TIMES "07", EVENT_WRITE_ROWS_V1,
               ROWS_ID "0100 03 07" NEW_TIMES "07");
    for (enum dialect to = DIALECT_MYSQL_5; to <= DIALECT_MYSQL_8; to++) {
        start("10.11.19-MariaDB", to);
        check_map(OLD_MAP, NEW_MAP);
        check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 03 07" OLD_TIMES, EVENT_WRITE_ROWS,
                   ROWS_ID "0100 0200 03 07" NEW_TIMES);
    }
    start("5.6.24", DIALECT_MYSQL_8);
    check_map(OLD_MAP, OLD_MAP);
}

/* g (my_row_id BIGINT UNSIGNED, a INT, b TEXT), the first one generated; with names and a key. */
#define KEY_ID     "0700000000000000"
#define KEY_TABLE  "01640001670003 0803fc 01 02 06"
#define KEY_FIELDS "010180 02012e 040e 096d795f726f775f6964 0161 0162 080100"
#define KEY_ROW    "07 00" KEY_ID ONE "010078 04" KEY_ID ONE

static void generated_keys_are_columns(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map("6d0000000000 0500" KEY_TABLE KEY_FIELDS "0c0160",
              "6d0000000000 0100" KEY_TABLE KEY_FIELDS);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 03" KEY_ROW, EVENT_WRITE_ROWS_V1,
               ROWS_ID "0100 03" KEY_ROW);
    check_rows(EVENT_DELETE_ROWS, ROWS_ID "0100 0200 03 01 00" KEY_ID, EVENT_DELETE_ROWS_V1,
               ROWS_ID "0100 03 01 00" KEY_ID);
    start("9.7.4", DIALECT_MYSQL_5);
    check_map("6d0000000000 0500" KEY_TABLE KEY_FIELDS, "6d0000000000 0100" KEY_TABLE);
    start("9.7.4", DIALECT_MYSQL_8);
    check_map("6d0000000000 0500" KEY_TABLE KEY_FIELDS "0c0160",
              "6d0000000000 0500" KEY_TABLE KEY_FIELDS "0c0160");
}

static bool answer_hidden(void *userdata, struct span database, struct span table, bool *ret_hidden,
                          struct err *err)
{
    int *asked = userdata;

    (void)err;
    assert_true(span_eq(database, span_str("d")) && span_eq(table, span_str("g")));
    *ret_hidden = ++*asked == 1;
    return true;
}

static void a_key_that_mysql_hides_is_asked_for(void **state)
{
    int asked = 0;

    (void)state;
    start("10.11.19-MariaDB", DIALECT_MYSQL_8);
    check_fails(EVENT_TABLE_MAP, "6d0000000000 0100" KEY_TABLE KEY_FIELDS, E_STATE,
                "table d.g: column 1 (my_row_id): MySQL reads its rows otherwise where this key is "
                "invisible, and MariaDB's log does not tell whether it is; give the column another "
                "name at the source, or leave the table out");
    row_translator_ask_hidden(
        translator, &(struct hidden_key_source){.ask = answer_hidden, .userdata = &asked});
    for (int i = 0; i < 2; i++) /* once for a table id */
        check_map("6d0000000000 0100" KEY_TABLE KEY_FIELDS,
                  "6d0000000000 0500" KEY_TABLE KEY_FIELDS);
    check_map("6e0000000000 0100" KEY_TABLE KEY_FIELDS, "6e0000000000 0100" KEY_TABLE KEY_FIELDS);
    assert_int_equal(asked, 2);
    /* Two columns in the key; no names. */
    check_map(
        "6f0000000000 0100" KEY_TABLE "010180 02012e 040e 096d795f726f775f6964 0161 0162 08020001",
        "6f0000000000 0100" KEY_TABLE "010180 02012e 040e 096d795f726f775f6964 0161 0162 08020001");
    check_map("700000000000 0100" KEY_TABLE, "700000000000 0100" KEY_TABLE);
    assert_int_equal(asked, 2);
    asked = 0; /* (a INT, my_row_id BIGINT UNSIGNED) */
    check_fails(EVENT_TABLE_MAP,
                "710000000000 0100 01640001670002 0308 00 01"
                "010140 040c 0161 096d795f726f775f6964 080101",
                E_STATE,
                "table d.g: column 2 (my_row_id): MySQL keeps this key, which is invisible, the "
                "first column; MODIFY it FIRST at the source, and skip the transaction at the "
                "replica");
}

static bool check_there(void *userdata, struct span database, struct span table, struct err *why)
{
    int *asked = userdata;

    assert_true(span_eq(database, span_str("d")) && span_eq(table, span_str("g")));
    return (*asked)++ == 0 || err_set(why, E_TIMEOUT, 1105, "it is not there");
}

static void a_key_that_mysql_hides_is_looked_for(void **state)
{
    int asked = 0;

    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map("6d0000000000 0500" KEY_TABLE, "6d0000000000 0100" KEY_TABLE); /* nobody to ask */
    row_translator_ask_hidden(
        translator, &(struct hidden_key_source){.check = check_there, .userdata = &asked});
    check_map("6e0000000000 0100" KEY_TABLE, "6e0000000000 0100" KEY_TABLE); /* not hidden */
    assert_int_equal(asked, 0);
    for (int i = 0; i < 2; i++) /* once for a table id */
        check_map("6f0000000000 0500" KEY_TABLE, "6f0000000000 0100" KEY_TABLE);
    assert_int_equal(asked, 1);
    for (int i = 0; i < 2; i++) /* what failed is asked again */
        check_fails(EVENT_TABLE_MAP, "700000000000 0500" KEY_TABLE, E_TIMEOUT, "it is not there");
    assert_int_equal(asked, 3);
}

static void arrays_of_indexes_are_refused(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_fails(EVENT_TABLE_MAP, MAP_HEAD "02 0314 01 08 03", E_STATE,
                "table d.t: column 2: the array of a multi-valued index has no counterpart in "
                "MariaDB");
}

/* s, as CREATE SEQUENCE makes it, and the first row of it. */
#define SEQUENCE_MAP                                                                               \
    "6d00000000000100016400017300"                                                                 \
    "08 0808080808080108 00 00"
#define SEQUENCE_NAME "0416 15 6e6578745f6e6f745f6361636865645f76616c7565"
#define SEQUENCE_ROW                                                                               \
    "00 e903000000000000 0100000000000000 feffffffffffff7f 0100000000000000 0100000000000000 "     \
    "e803000000000000 00 0000000000000000"

static void sequences_are_refused(void **state)
{
    static const char text[] = "table d.s: its rows are those of a sequence, which MySQL does not "
                               "have; use AUTO_INCREMENT on the source, or leave the sequence out";

    (void)state;
    start("10.11.19-MariaDB", DIALECT_MYSQL_8);
    check_map(SEQUENCE_MAP, SEQUENCE_MAP);
    check_fails(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 08 ff" SEQUENCE_ROW, E_STATE, text);
    check_fails(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 08 81 00 e903000000000000 0000000000000000",
                E_STATE, text);
    /* The minimum is above the start: a table like others. */
    check_rows(
        EVENT_WRITE_ROWS_V1,
        ROWS_ID "0100 08 ff 00" KEY_ID KEY_ID KEY_ID ONE "00000000" KEY_ID KEY_ID "00" KEY_ID,
        EVENT_WRITE_ROWS,
        ROWS_ID "0100 0200 08 ff 00" KEY_ID KEY_ID KEY_ID ONE "00000000" KEY_ID KEY_ID "00" KEY_ID);
    start("9.7.4", DIALECT_MARIADB);
    check_map(SEQUENCE_MAP, SEQUENCE_MAP);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 08 ff" SEQUENCE_ROW, EVENT_WRITE_ROWS_V1,
               ROWS_ID "0100 08 ff" SEQUENCE_ROW);
}

/* h (a INT, row_start TIMESTAMP(6) NOT NULL, row_end likewise). */
#define HISTORY_MAP                                                                                \
    "6d00000000000100016400016800"                                                                 \
    "03 031111 02 0606 01"

static void versioned_tables_are_refused(void **state)
{
    static const char text[] =
        "table d.h: column 3 ends a version of a row of a system-versioned table, which MySQL does "
        "not have; ALTER TABLE ... DROP SYSTEM VERSIONING on the source, or leave the table out";

    (void)state;
    for (enum dialect to = DIALECT_MYSQL_5; to <= DIALECT_MYSQL_8; to++) {
        start("10.11.19-MariaDB", to);
        check_map(HISTORY_MAP, HISTORY_MAP);
        check_fails(EVENT_WRITE_ROWS_V1,
                    ROWS_ID "0100 03 07 00" ONE "6920a6cd000001 7fffffff0f423f", E_STATE, text);
        check_fails(EVENT_DELETE_ROWS_V1, ROWS_ID "0100 03 04 00 ffffffff0f423f", E_STATE, text);
        check_fails(EVENT_UPDATE_ROWS_V1,
                    ROWS_ID "0100 03 05 04 00" ONE "ffffffff0f423f 00 6920a6cd000001", E_STATE,
                    text);
        check_rows(EVENT_WRITE_ROWS_V1, ROWS_ID "0100 03 07 00" ONE "6920a6cd000001 7ffffffe0f423f",
                   EVENT_WRITE_ROWS,
                   ROWS_ID "0100 0200 03 07 00" ONE "6920a6cd000001 7ffffffe0f423f");
    }
    start("9.7.4", DIALECT_MARIADB);
    check_map(HISTORY_MAP, HISTORY_MAP);
    check_rows(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 03 07 00" ONE "6920a6cd000001 7fffffff0f423f",
               EVENT_WRITE_ROWS_V1, ROWS_ID "0100 03 07 00" ONE "6920a6cd000001 7fffffff0f423f");
}

/* What utf8mb4_0900_ai_ci (255) and utf8mb4_uca1400_ai_ci (2304) are on the other side. */
static void collations_are_those_of_the_other_side(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(PLAIN_MAP "0203 fcff00", PLAIN_MAP "0203 fc0409");
    start("11.8.3-MariaDB", DIALECT_MYSQL_8);
    check_map(PLAIN_MAP "0203 fc0009", PLAIN_MAP "0203 fcff00");
    /* gb18030_bin (249): MariaDB has no such characters; the event need not tell. */
    start("9.7.4", DIALECT_MARIADB);
    check_map(PLAIN_MAP "010100 0201f9 0404 0161 0162", PLAIN_MAP "010100 0404 0161 0162");
}

/* buf's maximum is the caller's. */
static void an_event_that_becomes_too_long(void **state)
{
    struct buf small;
    struct err err;
    uint8_t type;

    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(JSON_MAP, TEXT_MAP UTF8MB4_BIN);
    buf_init(&small, 30);
    assert_false(row_translator_rows(
        translator, EVENT_WRITE_ROWS,
        bytes_of(ROWS_ID "0100 0200 02 03 00" ONE DOCUMENT_1 "00" ONE DOCUMENT_1), &small, &type,
        &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(small.len, 0);
    assert_true(buf_ok(&small));
    buf_done(&small);
}

static void rows_that_are_cut_off(void **state)
{
    (void)state;
    start("9.7.4", DIALECT_MARIADB);
    check_map(JSON_MAP, TEXT_MAP UTF8MB4_BIN);
    check_fails(EVENT_WRITE_ROWS, ROWS_ID "0100 0200 02 03 00" ONE "0d000000 00", E_PROTO,
                "Write_rows: row 1 of table d.j does not fit its 10 bytes");
    check_fails(EVENT_PARTIAL_UPDATE_ROWS, ROWS_ID "0100 0200 02 00 00 00 00", E_PROTO,
                "Update_rows_partial: row 1 of table d.j has no columns");
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&body, OUT_MAX);
    buf_init(&out, OUT_MAX);
    buf_init(&expected, OUT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    row_translator_free(translator);
    buf_done(&body);
    buf_done(&out);
    buf_done(&expected);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2_becomes_version_1_and_back),
        cmocka_unit_test(version_1_of_mysql_becomes_version_2),
        cmocka_unit_test(extra_fields_and_flags_of_one_side_are_left_out),
        cmocka_unit_test(an_event_that_only_ends_a_statement_needs_no_table_map),
        cmocka_unit_test(rows_without_their_table_map),
        cmocka_unit_test(rows_that_a_foreign_key_changed_are_not_changed_again),
        cmocka_unit_test(documents_become_text),
        cmocka_unit_test(differences_become_whole_documents),
        cmocka_unit_test(vectors_become_blobs),
        cmocka_unit_test(compressed_columns_become_plain),
        cmocka_unit_test(older_times_become_those_of_today),
        cmocka_unit_test(generated_keys_are_columns),
        cmocka_unit_test(a_key_that_mysql_hides_is_asked_for),
        cmocka_unit_test(a_key_that_mysql_hides_is_looked_for),
        cmocka_unit_test(arrays_of_indexes_are_refused),
        cmocka_unit_test(sequences_are_refused),
        cmocka_unit_test(versioned_tables_are_refused),
        cmocka_unit_test(collations_are_those_of_the_other_side),
        cmocka_unit_test(an_event_that_becomes_too_long),
        cmocka_unit_test(rows_that_are_cut_off),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
