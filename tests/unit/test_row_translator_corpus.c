/*
 * Every row that the recorded servers wrote, translated for every dialect, read back as the other
 * side reads it, and compared value by value.
 */
#include "translation/row_translator.h"

#include "recorded.h"

#include "binlog/json_binary.h"
#include "binlog/json_diff.h"
#include "binlog/rows.h"
#include "binlog/table_maps.h"
#include "binlog/unpacker.h"
#include "translation/collation.h"

#define OUT_MAX (16 << 20)

/* Both sides of one translation. */
static struct format target;
static struct row_translator *translator;
static struct table_maps *maps[2]; /* as written, as translated */
static struct row_reader readers[2];
static struct buf out;
static struct buf text[2];
static unsigned values_compared;
static unsigned refused;
static struct err refusal; /* the last */

static bool is_text_of(const struct value *value, const struct value *other,
                       const struct value *before)
{
    struct err err;

    buf_clear(&text[0]);
    if (value->kind == VALUE_JSON)
        assert_true(json_write_text(&text[0], value->bytes, &err));
    else
        assert_true(json_diff_apply(&text[0], before->bytes, value->bytes, &err));
    return other->kind == VALUE_STRING && span_eq(buf_span(&text[0]), other->bytes);
}

/* Dates, times and numbers of another layout have the same meaning, others the same bytes. */
static bool is_same(const struct column *column, const struct value *value,
                    const struct column *other_column, const struct value *other)
{
    if (value->kind == VALUE_TIME || value->kind == VALUE_DATETIME ||
        value->kind == VALUE_TIMESTAMP) {
        buf_clear(&text[0]);
        buf_clear(&text[1]);
        value_write_temporal(&text[0], column, value);
        value_write_temporal(&text[1], other_column, other);
        return value->kind == other->kind && span_eq(buf_span(&text[0]), buf_span(&text[1]));
    }
    if (column->layout.type == COLUMN_BLOB_COMPRESSED ||
        column->layout.type == COLUMN_VARCHAR_COMPRESSED)
        return other->kind == VALUE_STRING;
    buf_clear(&text[0]);
    buf_clear(&text[1]);
    value_encode(&text[0], column, value);
    value_encode(&text[1], other_column, other);
    return span_eq(buf_span(&text[0]), buf_span(&text[1]));
}

static void compare_images(const struct table_map *map, const struct table_map *other_map,
                           const struct row_image *image, const struct row_image *other,
                           const struct row_image *before)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct value *value = &image->values[i];
        bool same;

        values_compared++;
        if (value->kind == VALUE_ABSENT || value->kind == VALUE_NULL)
            same = other->values[i].kind == value->kind;
        else if (map->columns[i].layout.type == COLUMN_JSON &&
                 other_map->columns[i].layout.type != COLUMN_JSON)
            same = is_text_of(value, &other->values[i], &before->values[i]);
        else
            same = is_same(&map->columns[i], value, &other_map->columns[i], &other->values[i]);
        if (!same)
            fail_msg("table %.*s, column %u: another value", (int)map->table.len,
                     (const char *)map->table.data, i + 1);
    }
}

static void compare_rows(const struct rows rows[2])
{
    const struct table_map *map[2];
    bool more[2];
    struct err err;

    for (int i = 0; i < 2; i++) {
        map[i] = table_maps_find(maps[i], rows[i].table_id);
        if (!row_reader_start(&readers[i], &rows[i], map[i], &err))
            fail_msg("%s", err.text);
    }
    do {
        for (int i = 0; i < 2; i++)
            if (!row_reader_next(&readers[i], &more[i], &err))
                fail_msg("%d: %s", i, err.text);
        assert_int_equal(more[0], more[1]);
        if (!more[0])
            break;
        if (rows->kind != ROWS_WRITE)
            compare_images(map[0], map[1], &readers[0].before, &readers[1].before,
                           &readers[0].before);
        if (rows->kind != ROWS_DELETE)
            compare_images(map[0], map[1], &readers[0].after, &readers[1].after,
                           &readers[0].before);
    } while (true);
}

/* What the optional fields say, as far as the other side has it. */
static void compare_maps(const struct table_map *map, const struct table_map *other,
                         enum dialect to)
{
    enum format_family from = map->mariadb ? FORMAT_MARIADB : FORMAT_MYSQL;

    assert_int_equal(other->mariadb, to == DIALECT_MARIADB);
    assert_true(span_eq(map->database, other->database) && span_eq(map->table, other->table));
    assert_int_equal(map->column_count, other->column_count);
    if (to == DIALECT_MYSQL_5) {
        assert_int_equal(other->field_count, 0);
        return;
    }
    assert_int_equal(map->key_count, other->key_count);
    for (uint32_t i = 0; i < map->key_count; i++)
        assert_memory_equal(&map->key[i], &other->key[i], sizeof map->key[i]);
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct column *a = &map->columns[i];
        const struct column *b = &other->columns[i];

        assert_int_equal(a->nullable, b->nullable);
        assert_int_equal(a->sign_known, b->sign_known);
        assert_int_equal(a->is_unsigned, b->is_unsigned);
        assert_int_equal(a->geometry_type, b->geometry_type);
        assert_true(span_eq(a->name, b->name));
        assert_int_equal(a->members_count, b->members_count);
        for (uint32_t n = 0; n < a->members_count; n++)
            assert_true(span_eq(table_map_member(map, a, n), table_map_member(other, b, n)));
        if (a->layout.type == COLUMN_JSON && to == DIALECT_MARIADB)
            assert_int_equal(b->collation, collation_id(span_str("utf8mb4_bin"), FORMAT_MARIADB));
        else if (a->collation != 0 && a->layout.type != COLUMN_GEOMETRY)
            assert_int_equal(b->collation, collation_translate(a->collation, from, to));
    }
}

static void check_event(const struct plain_event *event, const struct format *from, enum dialect to)
{
    const struct table_map *map[2];
    struct rows rows[2];
    struct err err;
    uint8_t type;
    bool ok;

    buf_clear(&out);
    if (event->type == EVENT_TABLE_MAP) {
        if (!row_translator_map(translator, event->body, &out, &err))
            fail_msg("%s", err.text);
        assert_true(table_maps_take(maps[0], event->body, from, &map[0], &err));
        if (!table_maps_take(maps[1], buf_span(&out), &target, &map[1], &err))
            fail_msg("%s", err.text);
        compare_maps(map[0], map[1], to);
        return;
    }
    ok = row_translator_rows(translator, event->type, event->body, &out, &type, &err);
    if (!ok && err.class == E_STATE) {
        refused++;
        refusal = err;
        return;
    }
    if (!ok)
        fail_msg("%s", err.text);
    assert_true(rows_decode(event->body, event->type, from, &rows[0], &err));
    assert_true(rows_decode(buf_span(&out), type, &target, &rows[1], &err));
    if (from->family != dialect_family(to))
        assert_int_equal(rows[1].version, to == DIALECT_MARIADB ? 1 : 2);
    assert_int_equal(rows[1].extra.len, 0);
    assert_false(rows[1].partial && to != DIALECT_MYSQL_8);
    assert_int_equal(rows[1].kind, rows[0].kind);
    compare_rows(rows);
}

static void check_file(const char *name, enum dialect to)
{
    struct unpacker *unpacker = unpacker_new();
    struct recorded recorded;
    struct reader_event event;
    struct plain_event plain;
    struct err err;
    bool more;

    translator = row_translator_new(to);
    maps[0] = table_maps_new();
    maps[1] = table_maps_new();
    format_init(&target, dialect_version(to), CHECKSUM_CRC32);
    recorded_open(&recorded, name);
    while (recorded_next(&recorded, &event)) {
        if (event.header.type == EVENT_FORMAT_DESCRIPTION)
            row_translator_start(translator, &recorded.reader.format);
        unpacker_start(unpacker, &event, &recorded.reader.format);
        for (;;) {
            assert_true(unpacker_next(unpacker, &plain, &more, &err));
            if (!more)
                break;
            if (plain.type == EVENT_TABLE_MAP || event_type_is_rows(plain.type))
                check_event(&plain, &recorded.reader.format, to);
        }
    }
    recorded_close(&recorded);
    table_maps_free(maps[0]);
    table_maps_free(maps[1]);
    row_translator_free(translator);
    unpacker_free(unpacker);
}

static void check_files(const char *const *names, enum dialect to)
{
    values_compared = 0;
    refused = 0;
    for (; *names; names++)
        check_file(*names, to);
    assert_int_equal(refused, 0);
    assert_in_range(values_compared, 500, 1000000);
}

static const char *const mysql_files[] = {
    "mysql-5.6/types.binlog",
    "mysql-5.6/rows-full.binlog",
    "mysql-5.6/rows-minimal.binlog",
    "mysql-5.6/rows-noblob.binlog",
    "mysql-5.6/mixed.binlog",
    "mysql-9.7/types.binlog",
    "mysql-9.7/types-full-metadata.binlog",
    "mysql-9.7/rows-full.binlog",
    "mysql-9.7/rows-minimal.binlog",
    "mysql-9.7/rows-noblob.binlog",
    "mysql-9.7/compressed.binlog",
    "mysql-9.7/json-text.binlog",
    "mysql-9.7/xa.binlog",
    NULL,
};

static const char *const mariadb_files[] = {
    "mariadb-10.11/types.binlog",
    "mariadb-10.11/types-full-metadata.binlog",
    "mariadb-10.11/rows-full.binlog",
    "mariadb-10.11/rows-minimal.binlog",
    "mariadb-10.11/rows-noblob.binlog",
    "mariadb-10.11/compressed.binlog",
    "mariadb-10.11/xa.binlog",
    "mariadb-11.8/types.binlog",
    "mariadb-11.8/types-full-metadata.binlog",
    "mariadb-11.8/rows-full.binlog",
    "mariadb-11.8/rows-full-nodup.binlog",
    "mariadb-11.8/rows-minimal.binlog",
    "mariadb-11.8/rows-noblob.binlog",
    "mariadb-11.8/compressed.binlog",
    "mariadb-11.8/xa.binlog",
    NULL,
};

static void all_types_of_mysql_for_mariadb(void **state)
{
    (void)state;
    check_files(mysql_files, DIALECT_MARIADB);
}

static void all_types_of_mysql_for_an_older_mysql(void **state)
{
    (void)state;
    check_files(mysql_files, DIALECT_MYSQL_5);
}

static void all_types_of_mysql_for_a_newer_mysql(void **state)
{
    (void)state;
    check_files(mysql_files, DIALECT_MYSQL_8);
}

static void all_types_of_mariadb_for_mysql(void **state)
{
    (void)state;
    check_files(mariadb_files, DIALECT_MYSQL_8);
}

static void all_types_of_mariadb_for_an_older_mysql(void **state)
{
    (void)state;
    check_files(mariadb_files, DIALECT_MYSQL_5);
}

static void check_refusals(const char *name, enum dialect to, unsigned count, const char *message)
{
    refused = 0;
    check_file(name, to);
    assert_int_equal(refused, count);
    assert_string_equal(refusal.text, message);
}

static void differences_of_documents(void **state)
{
    static const char message[] =
        "table d.t: column 2: the change of a document is logged without the document; the source "
        "must have binlog_row_value_options='' or binlog_row_image=FULL";

    (void)state;
    check_refusals("mysql-9.7/partial-json.binlog", DIALECT_MARIADB, 1, message);
    check_refusals("mysql-9.7/partial-json.binlog", DIALECT_MYSQL_5, 1, message);
    check_file("mysql-9.7/partial-json.binlog", DIALECT_MYSQL_8);
}

static void fractions_that_events_do_not_tell(void **state)
{
    static const char message[] =
        "table d.t_temporal: column 5: a value that is no DATETIME: it has digits of a fraction in "
        "the format of mysql56_temporal_format=OFF, which events do not tell; ALTER TABLE ... "
        "FORCE on the source with mysql56_temporal_format=ON gives it the usual one";

    /* All but the one row of NULLs. */
    (void)state;
    for (enum dialect to = DIALECT_MYSQL_5; to <= DIALECT_MYSQL_8; to++) {
        check_refusals("mariadb-10.11/types-old-temporal.binlog", to, 6, message);
        check_refusals("mariadb-11.8/types-old-temporal.binlog", to, 6, message);
    }
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, OUT_MAX);
    for (int i = 0; i < 2; i++) {
        buf_init(&text[i], OUT_MAX);
        row_reader_init(&readers[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&out);
    for (int i = 0; i < 2; i++) {
        buf_done(&text[i]);
        row_reader_done(&readers[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_of_mysql_for_mariadb),
        cmocka_unit_test(all_types_of_mysql_for_an_older_mysql),
        cmocka_unit_test(all_types_of_mysql_for_a_newer_mysql),
        cmocka_unit_test(all_types_of_mariadb_for_mysql),
        cmocka_unit_test(all_types_of_mariadb_for_an_older_mysql),
        cmocka_unit_test(differences_of_documents),
        cmocka_unit_test(fractions_that_events_do_not_tell),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
