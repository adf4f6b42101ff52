/*
 * Which transaction waits for which, by what they change. Tables are d.<name>; a row is its values
 * with blanks between them: NULL, '-' where the image has none, else a number or a text.
 */
#include "row_changes.h"

#define SIZE 1000

struct known {
    const char *name;
    const char *columns; /* i: INT; s: VARCHAR; of each */
    const char *keys;    /* columns of each key, from 0: "0 12" */
    bool barrier;
};

static const struct known tables[] = {
    {"p", "is", "0", false},    /* a primary key */
    {"q", "is", "0", false},    /* another table like it */
    {"u", "iis", "0 1", false}, /* and a unique one */
    {"m", "iiii", "0 12", false} /* of two columns */,
    {"n", "ii", "0", false}, /* none that is never NULL */
    {"s", "si", "0", false}, /* of text */
    {"b", "ii", "", false},  /* without a key */
    {"f", "ii", "0", true},  /* in a foreign key */
};

static struct dependencies *dependencies;
static struct key_catalog *catalog;
static struct key_catalog *other_catalog;
static struct row_changes changes;
static struct value images[2][ROW_CHANGES_COLUMNS];
static char words[2][ROW_CHANGES_COLUMNS][64];
static int64_t number;

static const struct known *find_known(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].name, name) == 0)
            return &tables[i];
    }
    return NULL;
}

static struct key_catalog *make_catalog(void)
{
    struct key_catalog *made = key_catalog_new();
    struct err err;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct known *known = &tables[i];

        if (!row_changes_add(made, known->name, known->columns, known->keys, known->barrier, &err))
            fail_msg("%s", err.text);
    }
    return made;
}

static void start_with(unsigned size)
{
    dependencies_free(dependencies);
    dependencies = dependencies_new(size);
    number = 0;
}

static void begin_with(struct key_catalog *with)
{
    dependencies_begin(dependencies, with ? key_catalog_share(with) : NULL);
}

static void begin(void)
{
    begin_with(catalog);
}

static int64_t end(void)
{
    return dependencies_end(dependencies, ++number);
}

static int set_up(void **state)
{
    (void)state;
    row_changes_init(&changes);
    catalog = make_catalog();
    other_catalog = make_catalog();
    start_with(SIZE);
    begin();
    (void)end(); /* the first has no other before it, and knows no catalogue before its own */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dependencies_free(dependencies);
    dependencies = NULL;
    key_catalog_free(catalog);
    key_catalog_free(other_catalog);
    row_changes_done(&changes);
    return 0;
}

/* ---- Rows ---- */

/* The values of an image; they stay in `words`. */
static struct value *parse_image(const char *text, bool after)
{
    struct value *values = images[after];
    int at = 0;
    int length;

    if (!text)
        return NULL;
    for (uint32_t i = 0; i < changes.map.column_count; i++) {
        char *word = words[after][i];

        assert_int_equal(sscanf(text + at, "%63s%n", word, &length), 1);
        at += length;
        if (strcmp(word, "-") == 0)
            values[i] = (struct value){.kind = VALUE_ABSENT};
        else if (strcmp(word, "NULL") == 0)
            values[i] = (struct value){.kind = VALUE_NULL};
        else if (changes.map.columns[i].layout.type == COLUMN_LONG)
            values[i] = (struct value){.kind = VALUE_INT, .i = strtol(word, NULL, 10)};
        else
            values[i] = (struct value){.kind = VALUE_STRING, .bytes = span_str(word)};
    }
    return values;
}

static void change_flagged(const char *name, const char *before, const char *after, uint16_t flags,
                           const char *columns)
{
    struct err err;

    if (!row_changes_of(&changes, name, columns, flags, &err))
        fail_msg("%s", err.text);
    row_changes_note(&changes, dependencies, parse_image(before, false), parse_image(after, true));
}

static void change(const char *name, const char *before, const char *after)
{
    const struct known *known = find_known(name);

    change_flagged(name, before, after, 0, known ? known->columns : "ii");
}

static void insert(const char *name, const char *row)
{
    change(name, NULL, row);
}

static void remove_row(const char *name, const char *row)
{
    change(name, row, NULL);
}

/* A transaction of one change; what it waits for. */
static int64_t alone(const char *name, const char *before, const char *after)
{
    begin();
    change(name, before, after);
    return end();
}

/* ---- What depends on what ---- */

static void rows_of_other_keys_are_independent(void **state)
{
    (void)state;
    assert_int_equal(alone("p", NULL, "1 a"), 1);
    assert_int_equal(alone("p", NULL, "2 a"), 1);
    assert_int_equal(alone("p", "3 a", "3 b"), 1);
    assert_int_equal(alone("p", "4 a", NULL), 1);
    assert_int_equal(alone("q", NULL, "1 a"), 1); /* of another table */
}

static void a_row_waits_for_who_changed_it_last(void **state)
{
    (void)state;
    assert_int_equal(alone("p", NULL, "1 a"), 1);     /* 2 */
    assert_int_equal(alone("p", NULL, "2 a"), 1);     /* 3 */
    assert_int_equal(alone("p", "1 a", "1 b"), 2);    /* 4 */
    assert_int_equal(alone("p", "1 b", NULL), 4);     /* 5 */
    assert_int_equal(alone("p", NULL, "1 c"), 5);     /* 6 */
    assert_int_equal(alone("p", "2 a", "1000 a"), 3); /* 7: the row's key moves */
    assert_int_equal(alone("p", NULL, "2 z"), 7);     /* 8: what it gave up */
    assert_int_equal(alone("p", "1000 a", NULL), 7);  /* 9: what it took */
}

static void of_several_the_last_counts(void **state)
{
    (void)state;
    (void)alone("p", NULL, "1 a"); /* 2 */
    (void)alone("p", NULL, "2 a"); /* 3 */
    (void)alone("p", NULL, "3 a"); /* 4 */
    begin();
    remove_row("p", "2 a");
    remove_row("p", "1 a");
    assert_int_equal(end(), 3);
}

static void every_unique_key_counts(void **state)
{
    (void)state;
    assert_int_equal(alone("u", NULL, "1 10 a"), 1);     /* 2 */
    assert_int_equal(alone("u", NULL, "2 20 a"), 1);     /* 3 */
    assert_int_equal(alone("u", "1 10 a", "1 11 a"), 2); /* 4: gives up 10 */
    assert_int_equal(alone("u", NULL, "3 10 a"), 4);     /* 5: takes it */
    assert_int_equal(alone("u", "2 20 a", NULL), 3);     /* 6 */
    assert_int_equal(alone("u", "3 10 a", "3 20 a"), 6); /* 7: takes what 6 gave up */
    assert_int_equal(alone("u", NULL, "20 1 a"), 1);     /* 8: 20 of the other key */
}

static void null_is_equal_to_nothing(void **state)
{
    (void)state;
    assert_int_equal(alone("u", NULL, "1 NULL a"), 1);
    assert_int_equal(alone("u", NULL, "2 NULL a"), 1);
    assert_int_equal(alone("m", NULL, "1 1 NULL 1"), 1);
    assert_int_equal(alone("m", NULL, "2 1 NULL 1"), 1);
}

/* The only key is NULL in the row: nothing else tells it from other rows. */
static void a_row_without_a_key_waits_for_its_table(void **state)
{
    (void)state;
    assert_int_equal(alone("n", NULL, "1 1"), 1);     /* 2 */
    assert_int_equal(alone("p", NULL, "1 a"), 1);     /* 3 */
    assert_int_equal(alone("n", NULL, "NULL 2"), 2);  /* 4 */
    assert_int_equal(alone("n", "NULL 2", "5 2"), 4); /* 5 */
    assert_int_equal(alone("n", "5 2", "NULL 2"), 5); /* 6 */
    assert_int_equal(alone("n", "NULL 2", NULL), 6);  /* 7 */
    assert_int_equal(alone("n", NULL, "7 7"), 7);     /* 8 */
    assert_int_equal(alone("n", NULL, "8 8"), 7);     /* 9 */
    assert_int_equal(alone("p", NULL, "2 a"), 1);     /* other tables do not mind */
}

static void a_table_without_keys_is_a_barrier_for_itself(void **state)
{
    (void)state;
    assert_int_equal(alone("b", NULL, "1 1"), 1); /* 2 */
    assert_int_equal(alone("p", NULL, "1 a"), 1); /* 3 */
    assert_int_equal(alone("b", NULL, "2 2"), 2); /* 4 */
    assert_int_equal(alone("b", "1 1", NULL), 4); /* 5 */
    assert_int_equal(alone("p", "1 a", NULL), 3);
}

static void text_that_is_not_told_apart_waits_for_its_table(void **state)
{
    (void)state;
    assert_int_equal(alone("s", NULL, "strasse 1"), 1); /* 2 */
    assert_int_equal(alone("s", NULL, "weg 1"), 1);     /* 3 */
    assert_int_equal(alone("s", "STRASSE 1", NULL), 2); /* 4 */
    assert_int_equal(alone("p", NULL, "1 a"), 1);       /* 5 */
    assert_int_equal(alone("s", NULL,
                           "stra\xc3\x9f"
                           "e 1"),
                     4);                              /* 6 */
    assert_int_equal(alone("s", NULL, "gasse 1"), 6); /* 7 */
    assert_int_equal(alone("s", NULL, "platz 1"), 6); /* 8 */
    assert_int_equal(alone("s",
                           "stra\xc3\x9f"
                           "e 1",
                           "x 1"),
                     8); /* 9 */
    assert_int_equal(alone("s", "weg 1", NULL), 9);
    assert_int_equal(alone("p", NULL, "2 a"), 1);
}

/* ---- Images that lack columns ---- */

static void a_key_of_which_nothing_changes_stays(void **state)
{
    (void)state;
    assert_int_equal(alone("u", "1 - -", "- - b"), 1);  /* 2 */
    assert_int_equal(alone("u", "2 - -", "- - b"), 1);  /* 3 */
    assert_int_equal(alone("u", "1 - -", "- - c"), 2);  /* 4 */
    assert_int_equal(alone("u", "1 10 c", NULL), 4);    /* 5 */
    assert_int_equal(alone("u", NULL, "3 10 c"), 5);    /* 6 */
    assert_int_equal(alone("u", "2 20 -", "- - -"), 3); /* an update of what has no key */
}

/* The value that it gives up is in no image. */
static void what_lacks_a_key_waits_for_its_table(void **state)
{
    (void)state;
    assert_int_equal(alone("u", NULL, "1 10 a"), 1);    /* 2 */
    assert_int_equal(alone("p", NULL, "1 a"), 1);       /* 3 */
    assert_int_equal(alone("u", NULL, "2 20 a"), 1);    /* 4 */
    assert_int_equal(alone("u", "1 - -", "- 30 -"), 4); /* 5 */
    assert_int_equal(alone("u", NULL, "3 40 a"), 5);    /* 6 */
    assert_int_equal(alone("u", "2 - -", NULL), 6);     /* 7 */
    assert_int_equal(alone("u", NULL, "4 20 a"), 7);    /* 8 */
    assert_int_equal(alone("u", NULL, "5 - a"), 8);     /* 9: a default that nobody tells */
    assert_int_equal(alone("u", NULL, "6 50 a"), 9);
    assert_int_equal(alone("p", NULL, "2 a"), 1);
    assert_int_equal(alone("n", NULL, "1 1"), 1);  /* 12 */
    assert_int_equal(alone("n", NULL, "- -"), 12); /* 13: all defaults */
    assert_int_equal(alone("n", NULL, "2 1"), 13);
}

static void a_key_is_made_whole_by_the_image_before(void **state)
{
    (void)state;
    assert_int_equal(alone("m", "1 5 6 0", "- 7 - -"), 1); /* 2: (5,6) becomes (7,6) */
    assert_int_equal(alone("m", NULL, "2 7 7 0"), 1);      /* 3 */
    assert_int_equal(alone("m", NULL, "3 7 6 0"), 2);      /* 4 */
    assert_int_equal(alone("m", NULL, "4 5 6 0"), 2);      /* 5 */
    assert_int_equal(alone("m", "9 - - -", "- 7 - -"), 5); /* 6: nobody tells the rest */
    assert_int_equal(alone("m", "8 - 1 -", "- - - 1"), 6); /* 7: unchanged */
    assert_int_equal(alone("m", NULL, "10 10 10 0"), 6);   /* 8 */
}

/* ---- Barriers for all ---- */

/* Runs a transaction that has to be one between two others. */
static void expect_barrier(void (*change_it)(void))
{
    int64_t before;

    (void)alone("p", NULL, "1 a");
    (void)alone("q", NULL, "1 a");
    begin();
    change_it();
    before = number;
    assert_int_equal(end(), before);
    assert_int_equal(alone("p", NULL, "100 a"), before + 1);
    assert_int_equal(alone("p", NULL, "101 a"), before + 1);
    assert_int_equal(alone("q", "1 a", NULL), before + 1);
}

static void change_foreign(void)
{
    insert("p", "50 a");
    insert("f", "1 1");
}

static void change_unknown(void)
{
    insert("x", "1 1");
    insert("p", "50 a");
}

static void change_referred(void)
{
    change_flagged("p", NULL, "50 a", TABLE_MAP_FLAG_REFERRED_FK_DB, "is");
}

static void change_other_columns(void)
{
    change_flagged("p", NULL, "50 a 1", 0, "isi");
}

static void change_a_statement(void)
{
    insert("p", "50 a");
    dependencies_bar(dependencies);
    insert("p", "51 a");
}

static void change_damaged(void)
{
    const uint8_t columns = 3;
    struct err err;
    struct rows rows = {.kind = ROWS_WRITE,
                        .version = 2,
                        .table_id = 7,
                        .column_count = 2,
                        .after_columns = span_of(&columns, 1),
                        .images = span_of("\0x", 2)};

    assert_true(row_changes_of(&changes, "p", "is", 0, &err));
    dependencies_rows(dependencies, &rows, &changes.map);
}

static void a_foreign_key_is_a_barrier(void **state)
{
    (void)state;
    expect_barrier(change_foreign);
    expect_barrier(change_referred);
}

static void a_table_that_is_not_known_is_a_barrier(void **state)
{
    (void)state;
    expect_barrier(change_unknown);
    expect_barrier(change_other_columns);
}

static void what_is_not_rows_is_a_barrier(void **state)
{
    (void)state;
    expect_barrier(change_a_statement);
    expect_barrier(change_damaged);
}

static void no_catalogue_is_a_barrier(void **state)
{
    (void)state;
    (void)alone("p", NULL, "1 a"); /* 2 */
    begin_with(NULL);
    insert("p", "2 a");
    assert_int_equal(end(), 2); /* 3 */
    begin_with(NULL);
    assert_int_equal(end(), 3);
    assert_int_equal(alone("p", NULL, "3 a"), 4); /* 5: the catalogue begins with it */
    assert_int_equal(alone("p", NULL, "4 a"), 5);
    assert_int_equal(alone("p", NULL, "5 a"), 5);
}

/* What is remembered are values of the other one's keys. */
static void another_catalogue_is_a_barrier(void **state)
{
    (void)state;
    (void)alone("p", NULL, "1 a"); /* 2 */
    begin_with(other_catalog);
    insert("p", "2 a");
    assert_int_equal(end(), 2); /* 3 */
    begin_with(other_catalog);
    insert("p", "3 a");
    assert_int_equal(end(), 3);
    begin_with(other_catalog);
    insert("p", "4 a");
    assert_int_equal(end(), 3);
}

static void what_ended_early_is_a_barrier(void **state)
{
    (void)state;
    (void)alone("p", NULL, "1 a"); /* 2 */
    begin();
    dependencies_bar(dependencies);
    assert_int_equal(end(), 2); /* 3 */
    insert("p", "2 a");         /* more of it */
    assert_int_equal(alone("p", NULL, "3 a"), 3);
    assert_int_equal(alone("p", "2 a", NULL), 3);
}

/* ---- The history ---- */

static void a_full_history_is_forgotten(void **state)
{
    (void)state;
    start_with(6); /* a change of a row takes two for its table, one of which stays, and its key */
    begin();
    (void)end();
    assert_int_equal(alone("p", NULL, "1 a"), 1); /* 2: two in it */
    assert_int_equal(alone("p", NULL, "2 a"), 1); /* 3: three */
    assert_int_equal(alone("p", "1 a", NULL), 2); /* 4: no new one */
    assert_int_equal(alone("p", NULL, "3 a"), 1); /* 5 */
    assert_int_equal(alone("p", NULL, "4 a"), 1); /* 6 */
    assert_int_equal(alone("p", NULL, "5 a"), 1); /* 7: six */
    assert_int_equal(alone("p", "2 a", NULL), 3); /* 8 */
    assert_int_equal(alone("p", NULL, "6 a"), 1); /* 9: no room, so it is empty */
    assert_int_equal(alone("p", NULL, "7 a"), 9);
    assert_int_equal(alone("p", "3 a", NULL), 9);
}

static void what_is_larger_than_the_history_is_a_barrier(void **state)
{
    (void)state;
    start_with(6);
    begin();
    (void)end();
    assert_int_equal(alone("p", NULL, "1 a"), 1); /* 2 */
    begin();
    for (int i = 0; i < 7; i++) {
        char row[10];

        (void)snprintf(row, sizeof row, "%d a", i + 10);
        insert("q", row);
    }
    assert_int_equal(end(), 2); /* 3 */
    assert_int_equal(alone("p", NULL, "2 a"), 3);
}

static void a_file_begins_anew(void **state)
{
    (void)state;
    (void)alone("p", NULL, "1 a");
    (void)alone("p", NULL, "2 a");
    dependencies_start(dependencies);
    number = 0;
    assert_int_equal(alone("p", "2 a", NULL), 0); /* the first waits for all before it */
    assert_int_equal(alone("p", "1 a", NULL), 1);
    assert_int_equal(alone("p", NULL, "2 a"), 1);
    begin();
    assert_int_equal(end(), 1); /* an empty one: never 0, which means all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(rows_of_other_keys_are_independent),
        TEST(a_row_waits_for_who_changed_it_last),
        TEST(of_several_the_last_counts),
        TEST(every_unique_key_counts),
        TEST(null_is_equal_to_nothing),
        TEST(a_row_without_a_key_waits_for_its_table),
        TEST(a_table_without_keys_is_a_barrier_for_itself),
        TEST(text_that_is_not_told_apart_waits_for_its_table),
        TEST(a_key_of_which_nothing_changes_stays),
        TEST(what_lacks_a_key_waits_for_its_table),
        TEST(a_key_is_made_whole_by_the_image_before),
        TEST(a_foreign_key_is_a_barrier),
        TEST(a_table_that_is_not_known_is_a_barrier),
        TEST(what_is_not_rows_is_a_barrier),
        TEST(no_catalogue_is_a_barrier),
        TEST(another_catalogue_is_a_barrier),
        TEST(what_ended_early_is_a_barrier),
        TEST(a_full_history_is_forgotten),
        TEST(what_is_larger_than_the_history_is_a_barrier),
        TEST(a_file_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
