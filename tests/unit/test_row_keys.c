/* Values of a key's column: which have the same hash. The table is d.t, its key the one column. */
#include "translation/row_keys.h"

#include "check.h"

#include "binlog/charset.h"

static struct row_keys *keys;
static struct column column;
static struct key_column part;
static struct key_columns key = {.count = 1, .columns = &part};
static struct key_table table = {.column_count = 1, .key_count = 1, .keys = &key};
static struct table_map map;

static int set_up(void **state)
{
    (void)state;
    keys = row_keys_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    row_keys_free(keys);
    return 0;
}

static void begin(uint8_t type, uint8_t size, enum key_collation collation)
{
    column = (struct column){.layout = {.wire_type = type, .type = type, .size = size}};
    if (type == COLUMN_VARCHAR || type == COLUMN_STRING) {
        column.layout.size = 0;
        column.layout.length_size = 1;
    }
    part = (struct key_column){.collation = collation};
    map = (struct table_map){
        .database = span_str("d"), .table = span_str("t"), .column_count = 1, .columns = &column};
    assert_true(row_keys_start(keys, &table, &map));
}

static enum row_key hash(const struct value *value, uint64_t *ret_hash)
{
    return row_keys_hash(keys, 0, value, NULL, ret_hash);
}

static uint64_t hash_of(struct value value)
{
    uint64_t found = 0;

    assert_int_equal(hash(&value, &found), ROW_KEY_HASHED);
    return found;
}

static struct value text(const char *bytes)
{
    return (struct value){.kind = VALUE_STRING, .bytes = span_str(bytes)};
}

static void expect_texts(const char *one, const char *other, bool same)
{
    if ((hash_of(text(one)) == hash_of(text(other))) != same)
        fail_msg("'%s' and '%s': expected %s", one, other, same ? "the same" : "others");
}

static void expect_opaque(struct value value)
{
    uint64_t found = 1;

    assert_int_equal(hash(&value, &found), ROW_KEY_OPAQUE);
    assert_int_equal(found, 1);
}

static void integers_are_the_same_with_a_sign_and_without(void **state)
{
    (void)state;
    begin(COLUMN_TINY, 1, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_INT, .i = -1}) ==
                hash_of((struct value){.kind = VALUE_UINT, .u = 255}));
    assert_true(hash_of((struct value){.kind = VALUE_INT, .i = 1}) !=
                hash_of((struct value){.kind = VALUE_INT, .i = 2}));
    begin(COLUMN_LONGLONG, 8, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_INT, .i = -1}) ==
                hash_of((struct value){.kind = VALUE_UINT, .u = UINT64_MAX}));
}

static void zero_has_no_sign(void **state)
{
    (void)state;
    begin(COLUMN_FLOAT, 4, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_FLOAT, .f = -0.0F}) ==
                hash_of((struct value){.kind = VALUE_FLOAT, .f = 0.0F}));
    assert_true(hash_of((struct value){.kind = VALUE_FLOAT, .f = -1.0F}) !=
                hash_of((struct value){.kind = VALUE_FLOAT, .f = 1.0F}));
    begin(COLUMN_DOUBLE, 8, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_DOUBLE, .d = -0.0}) ==
                hash_of((struct value){.kind = VALUE_DOUBLE, .d = 0.0}));
    assert_true(hash_of((struct value){.kind = VALUE_DOUBLE, .d = 0.5}) !=
                hash_of((struct value){.kind = VALUE_DOUBLE, .d = 0.25}));
}

static void other_values_are_by_what_they_say(void **state)
{
    static const uint8_t decimals[][2] = {{0x80, 1}, {0x80, 2}};

    (void)state;
    begin(COLUMN_YEAR, 1, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_YEAR, .u = 2001}) !=
                hash_of((struct value){.kind = VALUE_YEAR, .u = 2002}));
    begin(COLUMN_ENUM, 1, KEY_COLLATION_UNKNOWN); /* by number, whatever the members' collation */
    assert_true(hash_of((struct value){.kind = VALUE_ENUM, .u = 1}) !=
                hash_of((struct value){.kind = VALUE_ENUM, .u = 2}));
    begin(COLUMN_DATE, 3, KEY_COLLATION_BYTES);
    assert_true(hash_of((struct value){.kind = VALUE_DATE, .time = {.year = 2001, .month = 2}}) !=
                hash_of((struct value){.kind = VALUE_DATE, .time = {.year = 2001, .month = 3}}));
    begin(COLUMN_DECIMAL, 2, KEY_COLLATION_BYTES);
    column.layout.precision = 4;
    assert_true(hash_of((struct value){.kind = VALUE_DECIMAL, .bytes = {decimals[0], 2}}) !=
                hash_of((struct value){.kind = VALUE_DECIMAL, .bytes = {decimals[1], 2}}));
}

static void bytes(void **state)
{
    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_BYTES);
    expect_texts("a", "A", false);
    expect_texts("a", "a ", false);
    expect_texts("\xc3\xa4", "\xc3\xa5", false);
    begin(COLUMN_STRING, 0, KEY_COLLATION_BYTES);
    assert_true(hash_of(text("a")) ==
                hash_of((struct value){.kind = VALUE_STRING, .bytes = span_of("a\0\0", 3)}));
    assert_true(hash_of((struct value){.kind = VALUE_STRING, .bytes = span_of("\0a", 2)}) !=
                hash_of(text("a")));
}

static void spaces_at_the_end_do_not_count(void **state)
{
    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_PADDED);
    expect_texts("a", "a  ", true);
    expect_texts("", " ", true);
    expect_texts("a", " a", false);
    expect_texts("a", "A", false);
    expect_texts("a", "a\t", false);
    expect_texts("\xc3\xa4", "\xc3\xa4 ", true);
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_FOLDED);
    expect_texts("a", "a  ", true);
}

static void case_does_not_count(void **state)
{
    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_FOLDED);
    expect_texts("AbZz19~", "aBzZ19~ ", true);
    expect_texts("@", "`", false);
    expect_texts("[", "{", false);
    expect_texts("a", "b", false);
    expect_texts("a b", "ab", false);
}

/* 'ss' is equal to a sharp s, 'ae' to a ligature, a soft hyphen to nothing. */
static void what_is_not_printable_ascii_is_opaque(void **state)
{
    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_FOLDED);
    expect_opaque(text("stra\xc3\x9f"
                       "e"));
    expect_opaque(text("a\xc2\xad"));
    expect_opaque(text("a\x01"));
    expect_opaque(text("a\x7f"));
    expect_opaque(text("a\t "));
}

static void what_is_of_no_known_kind_is_opaque(void **state)
{
    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_UNKNOWN);
    expect_opaque(text("a"));
    begin(COLUMN_JSON, 0, KEY_COLLATION_BYTES);
    expect_opaque((struct value){.kind = VALUE_JSON, .bytes = span_str("x")});
    begin(COLUMN_VARCHAR_COMPRESSED, 0, KEY_COLLATION_BYTES);
    expect_opaque((struct value){.kind = VALUE_COMPRESSED, .bytes = span_str("x")});
    begin(COLUMN_GEOMETRY, 0, KEY_COLLATION_BYTES);
    expect_opaque((struct value){.kind = VALUE_GEOMETRY, .bytes = span_str("x")});
    begin(COLUMN_VECTOR, 0, KEY_COLLATION_BYTES);
    expect_opaque((struct value){.kind = VALUE_VECTOR, .bytes = span_str("x")});
}

/* Two columns: where one ends is part of the key, and NULL comes before what is not there. */
static void keys_of_several_columns(void **state)
{
    static const struct key_column parts[] = {{1, KEY_COLLATION_BYTES}, {0, KEY_COLLATION_BYTES}};
    static const struct key_columns of_two[] = {{2, parts}, {1, parts}, {2, parts}};
    static const struct key_table two = {.column_count = 2, .key_count = 3, .keys = of_two};
    struct column columns[2];
    struct value one[] = {text("a"), text("bc")};
    struct value other[] = {text("ab"), text("c")};
    struct value absent[] = {{.kind = VALUE_ABSENT}, {.kind = VALUE_ABSENT}};
    uint64_t hashes[4];

    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_BYTES);
    columns[0] = columns[1] = column;
    map.column_count = 2;
    map.columns = columns;
    assert_true(row_keys_start(keys, &two, &map));
    assert_int_equal(row_keys_hash(keys, 0, one, NULL, &hashes[0]), ROW_KEY_HASHED);
    assert_int_equal(row_keys_hash(keys, 0, other, NULL, &hashes[1]), ROW_KEY_HASHED);
    assert_int_equal(row_keys_hash(keys, 2, one, NULL, &hashes[2]), ROW_KEY_HASHED);
    assert_true(hashes[0] != hashes[1]);
    assert_true(hashes[0] != hashes[2]); /* of another key */

    assert_true(row_keys_touched(keys, 0, one));
    assert_false(row_keys_touched(keys, 0, absent));
    assert_int_equal(row_keys_hash(keys, 0, absent, one, &hashes[3]), ROW_KEY_HASHED);
    assert_true(hashes[0] == hashes[3]);
    one[1] = absent[1];
    assert_true(row_keys_touched(keys, 0, one));
    assert_false(row_keys_touched(keys, 1, one));
    assert_int_equal(row_keys_hash(keys, 0, one, NULL, &hashes[3]), ROW_KEY_LACKING);
    one[0].kind = VALUE_NULL;
    assert_int_equal(row_keys_hash(keys, 0, one, NULL, &hashes[3]), ROW_KEY_NULL);
    assert_true(hashes[0] == hashes[3]);
}

static void tables_have_hashes_of_their_own(void **state)
{
    uint64_t first;

    (void)state;
    begin(COLUMN_TINY, 1, KEY_COLLATION_BYTES);
    first = hash_of((struct value){.kind = VALUE_INT, .i = 1});
    assert_true(row_keys_table(keys, 0) != row_keys_table(keys, 1));
    map.database = span_str("dt");
    map.table = span_str("");
    assert_true(hash_of((struct value){.kind = VALUE_INT, .i = 1}) != first);
}

static void expect_start(bool wanted)
{
    assert_int_equal(row_keys_start(keys, &table, &map), wanted);
}

static void a_map_that_says_otherwise_is_of_another_table(void **state)
{
    struct table_key_part primary = {0};

    (void)state;
    begin(COLUMN_VARCHAR, 0, KEY_COLLATION_FOLDED);
    column.collation = 45; /* utf8mb4_general_ci */
    expect_start(true);
    column.collation = 46; /* utf8mb4_bin */
    expect_start(false);
    column.collation = COLLATION_BINARY;
    expect_start(false);
    column.collation = 1000000;
    expect_start(false);
    column.collation = 0;
    map.key = &primary;
    map.key_count = 1;
    expect_start(true);
    primary.prefix = 3;
    expect_start(false);
    table.key_count = 0; /* one of its keys is not known, so none is */
    expect_start(true);
    table.key_count = 1;
    map.key_count = 0;
    map.column_count = 2;
    expect_start(false);
}

/* MariaDB with mysql56_temporal_format=OFF: the fraction's digits are in no event. */
static void rows_of_unknown_size_are_not_read(void **state)
{
    (void)state;
    begin(COLUMN_DATETIME_OLD, 8, KEY_COLLATION_BYTES);
    expect_start(true);
    map.mariadb = true;
    expect_start(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_the_same_with_a_sign_and_without),
        cmocka_unit_test(zero_has_no_sign),
        cmocka_unit_test(other_values_are_by_what_they_say),
        cmocka_unit_test(bytes),
        cmocka_unit_test(spaces_at_the_end_do_not_count),
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(what_is_not_printable_ascii_is_opaque),
        cmocka_unit_test(what_is_of_no_known_kind_is_opaque),
        cmocka_unit_test(keys_of_several_columns),
        cmocka_unit_test(tables_have_hashes_of_their_own),
        cmocka_unit_test(a_map_that_says_otherwise_is_of_another_table),
        cmocka_unit_test(rows_of_unknown_size_are_not_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
