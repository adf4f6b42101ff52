#include "translation/key_catalog.h"

#include "check.h"

#include "base/mem.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS  1000

static const struct key_column first[] = {{0, KEY_COLLATION_BYTES}};
static const struct key_column both[] = {{2, KEY_COLLATION_FOLDED}, {1, KEY_COLLATION_PADDED}};
static const struct key_columns keys[] = {{1, first}, {2, both}};
static const struct key_table two_keys = {.column_count = 3, .key_count = 2, .keys = keys};

static void add(struct key_catalog *catalog, const char *database, const char *table,
                const struct key_table *what)
{
    struct err err;

    if (!key_catalog_add(catalog, span_str(database), span_str(table), what, &err))
        fail_msg("%s", err.text);
}

static const struct key_table *find(const struct key_catalog *catalog, const char *database,
                                    const char *table)
{
    return key_catalog_find(catalog, span_str(database), span_str(table));
}

static void finds_what_was_added(void **state)
{
    struct key_catalog *catalog = key_catalog_new();
    const struct key_table barrier = {.barrier = true, .column_count = 1, .key_count = 5};
    const struct key_table bare = {.column_count = 7};
    const struct key_table *found;

    (void)state;
    add(catalog, "d", "t", &two_keys);
    add(catalog, "d", "T", &barrier);
    add(catalog, "dt", "t", &bare);
    assert_int_equal(key_catalog_count(catalog), 3);
    found = find(catalog, "d", "t");
    assert_non_null(found);
    assert_true(found->keys != keys); /* a copy */
    assert_false(found->barrier);
    assert_int_equal(found->column_count, 3);
    assert_int_equal(found->key_count, 2);
    assert_int_equal(found->keys[0].count, 1);
    assert_int_equal(found->keys[0].columns[0].column, 0);
    assert_int_equal(found->keys[1].count, 2);
    assert_int_equal(found->keys[1].columns[0].column, 2);
    assert_int_equal(found->keys[1].columns[0].collation, KEY_COLLATION_FOLDED);
    assert_int_equal(found->keys[1].columns[1].column, 1);
    assert_int_equal(found->keys[1].columns[1].collation, KEY_COLLATION_PADDED);
    assert_true(find(catalog, "d", "T")->barrier);
    assert_int_equal(find(catalog, "dt", "t")->key_count, 0);
    assert_null(find(catalog, "dt", "T"));
    assert_null(find(catalog, "D", "t"));
    assert_null(find(catalog, "", "dt"));
    key_catalog_free(catalog);
    key_catalog_free(NULL);
}

static void many_tables(void **state)
{
    struct key_catalog *catalog = key_catalog_new();
    char name[20];

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        const struct key_table table = {.column_count = i};

        (void)snprintf(name, sizeof name, "t%u", i);
        add(catalog, i % 2 ? "a" : "b", name, &table);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(find(catalog, i % 2 ? "a" : "b", name)->column_count, i);
        assert_null(find(catalog, i % 2 ? "b" : "a", name));
    }
    key_catalog_free(catalog);
}

static void refuse(struct key_catalog *catalog, const char *database, const char *table,
                   const struct key_table *what, enum err_class class, const char *words)
{
    size_t count = key_catalog_count(catalog);
    struct err err;

    assert_false(key_catalog_add(catalog, span_str(database), span_str(table), what, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, words);
    assert_int_equal(key_catalog_count(catalog), count);
}

static void refuses_what_is_no_table(void **state)
{
    static const struct key_columns empty[] = {{0, first}};
    struct key_catalog *catalog = key_catalog_new();
    struct key_table table = two_keys;
    char name[KEY_CATALOG_NAME_MAX + 2];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    add(catalog, "d", "t", &two_keys);
    refuse(catalog, "d", "t", &two_keys, E_USAGE, "table d.t stands there twice");
    refuse(catalog, "d", "", &two_keys, E_USAGE, "expected 1 to 255");
    refuse(catalog, name, "t", &two_keys, E_USAGE, "names of 256 and 1 bytes");
    table.column_count = 2;
    refuse(catalog, "d", "u", &table, E_USAGE, "table d.u: key 2 is of column 3, the table has 2");
    table = (struct key_table){.column_count = 1, .key_count = 1, .keys = empty};
    refuse(catalog, "d", "u", &table, E_USAGE, "table d.u: key 1 has 0 columns");
    table.key_count = KEY_CATALOG_KEYS_MAX + 1;
    refuse(catalog, "d", "u", &table, E_LIMIT, "1025 unique keys");
    key_catalog_free(catalog);
}

static void *use(void *arg)
{
    struct key_catalog *catalog = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct key_catalog *mine = key_catalog_share(catalog);

        if (!find(mine, "d", "t"))
            return catalog;
        key_catalog_free(mine);
    }
    key_catalog_free(catalog);
    return NULL;
}

static void threads_share_it(void **state)
{
    struct key_catalog *catalog = key_catalog_new();
    pthread_t threads[THREADS];
    void *failed;

    (void)state;
    add(catalog, "d", "t", &two_keys);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, key_catalog_share(catalog)), 0);
    key_catalog_free(catalog);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void tells_catalogues_apart(void **state)
{
    static const struct key_column of_first[] = {{0, KEY_COLLATION_BYTES}};
    static const struct key_column of_second[] = {{1, KEY_COLLATION_BYTES}};
    static const struct key_column folded[] = {{0, KEY_COLLATION_FOLDED}};
    static const struct key_column of_both[] = {{0, KEY_COLLATION_BYTES}, {1, KEY_COLLATION_BYTES}};
    static const struct key_columns each[] = {
        {1, of_first}, {1, of_second}, {1, folded}, {2, of_both}};
    static const struct key_table tables[] = {
        {.column_count = 2, .key_count = 1, .keys = each},
        {.column_count = 2, .key_count = 1, .keys = each + 1},
        {.column_count = 2, .key_count = 1, .keys = each + 2},
        {.column_count = 2, .key_count = 1, .keys = each + 3},
        {.column_count = 2, .key_count = 2, .keys = each},
        {.column_count = 3, .key_count = 1, .keys = each},
        {.column_count = 2},
        {.barrier = true},
    };
    size_t count = sizeof tables / sizeof tables[0];

    (void)state;
    for (size_t i = 0; i <= count; i++) {
        for (size_t k = 0; k <= count; k++) {
            struct key_catalog *a = key_catalog_new();
            struct key_catalog *b = key_catalog_new();

            /* The last is another table. */
            add(a, "d", i == count ? "u" : "t", &tables[i % count]);
            add(b, "d", k == count ? "u" : "t", &tables[k % count]);
            assert_int_equal(key_catalog_equal(a, b), i == k);
            add(a, "d", "more", &tables[0]);
            assert_false(key_catalog_equal(a, b));
            assert_false(key_catalog_equal(b, a));
            key_catalog_free(a);
            key_catalog_free(b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),     cmocka_unit_test(many_tables),
        cmocka_unit_test(refuses_what_is_no_table), cmocka_unit_test(threads_share_it),
        cmocka_unit_test(tells_catalogues_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
