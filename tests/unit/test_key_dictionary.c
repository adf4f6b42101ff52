#include "check.h"

#include "replication/key_dictionary.h"

/* In the order of key_dictionary_parts. */
enum part { TABLES, KEYS, COLUMNS, RELATIONS };

#define VALUES_MAX 8

/* A row of texts; NULL is NULL. */
static bool take(struct key_dictionary *dictionary, enum part part, const char *const *texts,
                 struct err *err)
{
    struct span values[VALUES_MAX] = {{0}};

    for (size_t i = 0; i < key_dictionary_parts[part].columns; i++) {
        if (texts[i])
            values[i] = span_str(texts[i]);
    }
    return key_dictionary_parts[part].take(dictionary, values, err);
}

#define TAKE(dictionary, part, ...)                                                                \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        const char *const texts_[VALUES_MAX] = {__VA_ARGS__};                                      \
        if (!take(dictionary, part, texts_, &err_))                                                \
            fail_msg("%s", err_.text);                                                             \
    } while (0)

static struct key_catalog *finish(struct key_dictionary *dictionary)
{
    struct key_catalog *catalog;
    struct err err = {0};

    if (!key_dictionary_finish(dictionary, &catalog, &err))
        fail_msg("%s", err.text);
    key_dictionary_free(dictionary);
    return catalog;
}

static const struct key_table *find(const struct key_catalog *catalog, const char *table)
{
    return key_catalog_find(catalog, span_str("d"), span_str(table));
}

static void test_keys(void **state)
{
    struct key_dictionary *dictionary = key_dictionary_new(FORMAT_MYSQL);
    const struct key_table *table;
    struct key_catalog *catalog;

    (void)state;
    TAKE(dictionary, TABLES, "d", "t", "InnoDB");
    TAKE(dictionary, TABLES, "d", "none", "InnoDB");
    TAKE(dictionary, TABLES, "d", "T", "InnoDB");
    TAKE(dictionary, KEYS, "d", "t", "z", "2", "b", NULL);
    TAKE(dictionary, KEYS, "d", "t", "PRIMARY", "1", "a", NULL);
    TAKE(dictionary, KEYS, "d", "t", "z", "1", "c", NULL);
    TAKE(dictionary, KEYS, "d", "view", "PRIMARY", "1", "a", NULL);
    TAKE(dictionary, COLUMNS, "d", "t", "c", "3", "varchar", "YES", "utf8mb4_bin", "");
    TAKE(dictionary, COLUMNS, "d", "none", "a", "1", "int", "YES", NULL, "");
    TAKE(dictionary, COLUMNS, "d", "t", "a", "1", "int", "NO", NULL, "auto_increment");
    TAKE(dictionary, COLUMNS, "d", "t", "b", "2", "char", "YES", "latin1_swedish_ci", "");
    TAKE(dictionary, COLUMNS, "d", "T", "a", "1", "int", "NO", NULL, "");
    TAKE(dictionary, COLUMNS, "d", "view", "a", "1", "int", "NO", NULL, "");
    catalog = finish(dictionary);
    assert_int_equal(key_catalog_count(catalog), 3);
    assert_null(find(catalog, "view"));
    table = find(catalog, "t");
    assert_false(table->barrier);
    assert_int_equal(table->column_count, 3);
    assert_int_equal(table->key_count, 2);
    assert_int_equal(table->keys[0].count, 1);
    assert_int_equal(table->keys[0].columns[0].column, 0);
    assert_int_equal(table->keys[0].columns[0].collation, KEY_COLLATION_BYTES);
    assert_int_equal(table->keys[1].count, 2);
    assert_int_equal(table->keys[1].columns[0].column, 2);
    assert_int_equal(table->keys[1].columns[0].collation,
                     key_collation_of(span_str("utf8mb4_bin")));
    assert_int_equal(table->keys[1].columns[1].column, 1);
    assert_int_equal(table->keys[1].columns[1].collation,
                     key_collation_of(span_str("latin1_swedish_ci")));
    assert_int_equal(find(catalog, "none")->key_count, 0);
    assert_false(find(catalog, "none")->barrier);
    assert_int_equal(find(catalog, "T")->key_count, 0);
    key_catalog_free(catalog);
}

/* One unique key beside a primary one that would do: what it is made of. */
static unsigned keys_with(enum format_family family, const char *column, const char *prefix,
                          const char *type, const char *nullable, const char *extra)
{
    struct key_dictionary *dictionary = key_dictionary_new(family);
    struct key_catalog *catalog;
    unsigned count;

    TAKE(dictionary, TABLES, "d", "t", "InnoDB");
    TAKE(dictionary, KEYS, "d", "t", "PRIMARY", "1", "a", NULL);
    TAKE(dictionary, KEYS, "d", "t", "u", "1", "a", NULL);
    TAKE(dictionary, KEYS, "d", "t", "u", "2", "b", NULL);
    TAKE(dictionary, KEYS, "d", "t", "u", "3", column, prefix);
    TAKE(dictionary, COLUMNS, "d", "t", "a", "1", "int", "NO", NULL, "");
    TAKE(dictionary, COLUMNS, "d", "t", "b", "2", type, nullable, NULL, "");
    TAKE(dictionary, COLUMNS, "d", "t", "c", "3", type, nullable, NULL, extra);
    catalog = finish(dictionary);
    count = find(catalog, "t")->key_count;
    assert_false(find(catalog, "t")->barrier);
    key_catalog_free(catalog);
    return count;
}

static void test_keys_of_no_use(void **state)
{
    (void)state;
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "int", "NO", ""), 2);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "int", "NO", "DEFAULT_GENERATED"), 2);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "date", "NO", ""), 2);
    assert_int_equal(keys_with(FORMAT_MARIADB, "c", NULL, "date", "YES", ""), 2);
    assert_int_equal(keys_with(FORMAT_MARIADB, "c", NULL, "uuid", "NO", ""), 2);
    assert_int_equal(keys_with(FORMAT_MYSQL, NULL, NULL, "int", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", "5", "varchar", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "text", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "geometry", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "vector", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "int", "NO", "VIRTUAL GENERATED"), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "c", NULL, "int", "NO", "STORED GENERATED"), 0);
    assert_int_equal(keys_with(FORMAT_MYSQL, "hidden", NULL, "int", "NO", ""), 0);
    assert_int_equal(keys_with(FORMAT_MARIADB, "c", NULL, "date", "NO", ""), 0); /* a period's */
    assert_int_equal(keys_with(FORMAT_MARIADB, "c", NULL, "timestamp", "NO", ""), 0);
}

static void test_barriers(void **state)
{
    struct key_dictionary *dictionary = key_dictionary_new(FORMAT_MARIADB);
    static const char *const names[] = {"parent", "child", "alone", "plain", "cut"};
    struct key_catalog *catalog;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        TAKE(dictionary, TABLES, "d", names[i], i == 3 ? "MyISAM" : "InnoDB");
    for (size_t i = 0; i < 5; i++) {
        TAKE(dictionary, KEYS, "d", names[i], "PRIMARY", "1", "a", NULL);
        TAKE(dictionary, COLUMNS, "d", names[i], "a", i == 4 ? "2" : "1", "int", "NO", NULL, "");
    }
    TAKE(dictionary, RELATIONS, "d", "child", "d", "parent");
    TAKE(dictionary, RELATIONS, "other", "child", "other", "alone");
    catalog = finish(dictionary);
    assert_true(find(catalog, "parent")->barrier);
    assert_true(find(catalog, "child")->barrier);
    assert_false(find(catalog, "alone")->barrier);
    assert_true(find(catalog, "plain")->barrier);
    assert_null(find(catalog, "cut")); /* its first column is not shown */
    key_catalog_free(catalog);
}

/* Parts of keys that are not shown, or of which it is not told which one they are. */
static void test_part_of_a_key(void **state)
{
    struct key_dictionary *dictionary = key_dictionary_new(FORMAT_MYSQL);
    struct key_catalog *catalog;

    (void)state;
    TAKE(dictionary, TABLES, "d", "t", "InnoDB");
    TAKE(dictionary, TABLES, "d", "u", "InnoDB");
    TAKE(dictionary, KEYS, "d", "t", "PRIMARY", "2", "a", NULL);
    TAKE(dictionary, COLUMNS, "d", "t", "a", "1", "int", "NO", NULL, "");
    TAKE(dictionary, KEYS, "d", "u", "PRIMARY", "1", "a", NULL);
    TAKE(dictionary, KEYS, "d", "u", "PRIMARY", "1", "b", NULL);
    TAKE(dictionary, COLUMNS, "d", "u", "a", "1", "int", "NO", NULL, "");
    TAKE(dictionary, COLUMNS, "d", "u", "b", "2", "int", "NO", NULL, "");
    catalog = finish(dictionary);
    assert_int_equal(find(catalog, "t")->key_count, 0);
    assert_int_equal(find(catalog, "u")->key_count, 0);
    key_catalog_free(catalog);
}

static void test_wrong_rows(void **state)
{
    static const struct {
        enum part part;
        const char *row[VALUES_MAX];
        const char *expected;
    } wrong[] = {
        {TABLES, {"", "t", "InnoDB"}, "a name of 0 bytes, expected 1 to 255"},
        {KEYS, {"d", "t", "k", "x", "a", NULL}, "expected a number from 1 to 4096, found 'x'"},
        {KEYS, {"d", "t", "k", "0", "a", NULL}, "found '0'"},
        {COLUMNS, {"d", "t", "a", "5000", "int", "NO", NULL, ""}, "found '5000'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct key_dictionary *dictionary = key_dictionary_new(FORMAT_MYSQL);
        struct err err = {0};

        TAKE(dictionary, TABLES, "d", "t", "InnoDB");
        assert_false(take(dictionary, wrong[i].part, wrong[i].row, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, wrong[i].expected);
        key_dictionary_free(dictionary);
    }
    key_dictionary_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_keys_of_no_use),
        cmocka_unit_test(test_barriers),   cmocka_unit_test(test_part_of_a_key),
        cmocka_unit_test(test_wrong_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
