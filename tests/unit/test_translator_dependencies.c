/*
 * What waits for what in a view, by rows: the numbers in the GTIDs of a written log's translation.
 * To MariaDB the number of the group's first transaction in the file, '-' without a group; to MySQL
 * last_committed. d.t has its first column as key, d.b none; no other table is known.
 */
#include "resolver.h"
#include "translation.h"
#include "written_log.h"

#define SIZE 1000

static struct key_catalog *catalog;
static struct translation translation;
static struct buf lines;
static uint32_t asked; /* how often for a catalogue */
static uint64_t asked_at;

static struct key_catalog *catalog_at(void *userdata, const char *file, uint64_t offset)
{
    (void)userdata;
    assert_string_equal(file, "mysql-bin.000007");
    assert_true(offset > asked_at);
    asked_at = offset;
    asked++;
    return key_catalog_share(catalog);
}

static struct key_catalog *no_catalog_at(void *userdata, const char *file, uint64_t offset)
{
    (void)userdata;
    (void)file;
    (void)offset;
    return NULL;
}

static void add_table(const char *name, unsigned key_count)
{
    static const struct key_column first = {0, KEY_COLLATION_BYTES};
    static const struct key_columns key = {1, &first};
    const struct key_table table = {.column_count = 2, .key_count = key_count, .keys = &key};
    struct err err;

    assert_true(key_catalog_add(catalog, span_str("d"), span_str(name), &table, &err));
}

static int set_up(void **state)
{
    (void)state;
    written_log_init();
    buf_init(&lines, LOG_MAX);
    catalog = key_catalog_new();
    add_table("t", 1);
    add_table("b", 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    written_log_done();
    buf_done(&lines);
    key_catalog_free(catalog);
    return 0;
}

/* ---- The log ---- */

static bool mariadb;
static int64_t count;

static void begin_log_of(const char *version)
{
    begin_log(version);
    mariadb = strcmp(version, MARIADB) == 0;
    if (mariadb)
        put_list("0-7-10");
    else if (strcmp(version, MYSQL) == 0)
        put_previous("");
    count = 0;
}

/* With a clock by which it waits for the one before it. */
static void begin(void)
{
    count++;
    if (mariadb)
        put_gtid_mariadb(0, (uint64_t)count + 10, 0xc, 0);
    else
        put_gtid(count, count - 1, count);
    if (!mariadb)
        put_query("BEGIN");
}

static void put_row(const char *table, uint32_t key)
{
    const uint32_t row[] = {key, 0};

    put_table(table);
    put_rows(mariadb, NULL, row);
}

static void change(const char *table, uint32_t key)
{
    begin();
    put_row(table, key);
    put_xid();
}

/* ---- The view ---- */

static void write_number(const struct reader_event *event)
{
    struct gtid_mariadb_event to_mariadb;
    struct gtid to_mysql;
    struct err err;

    if (event->header.type == EVENT_MARIADB_GTID) {
        assert_true(gtid_mariadb_decode(event->body, &to_mariadb, &err));
        assert_int_equal(to_mariadb.commit_id >> 32, to_mariadb.commit_id ? 7 : 0);
        if (to_mariadb.commit_id)
            buf_printf(&lines, "%u ", (uint32_t)to_mariadb.commit_id);
        else
            buf_str(&lines, "- ");
        return;
    }
    assert_true(gtid_decode(event->body, event->header.type, &to_mysql, &err));
    buf_printf(&lines, "%lld ", (long long)to_mysql.last_committed);
}

static const char *numbers(void)
{
    struct span window = buf_span(&translation.out);
    struct reader reader;
    struct reader_event event;
    struct err err;

    buf_clear(&lines);
    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    for (;;) {
        if (!reader_next(&reader, &window, &event, &err))
            fail_msg("%s", err.text);
        if (event.bytes.len == 0)
            return buf_borrow_cstr(&lines);
        if (event.header.type == EVENT_MARIADB_GTID || event.header.type == EVENT_GTID ||
            event.header.type == EVENT_GTID_TAGGED)
            write_number(&event);
    }
}

static const struct gtid_resolver *resolver;

/* Returns the size of the view. */
static size_t expect_with(struct key_catalog *(*at)(void *, const char *, uint64_t),
                          unsigned history_size, const char *text)
{
    const struct translator_options options = {
        .to = mariadb ? DIALECT_MYSQL_8 : DIALECT_MARIADB,
        .domain = 5,
        .server_id = 99,
        .resolver = resolver,
        .keys = {.at = at},
        .history_size = history_size,
    };
    struct err err;
    size_t size;

    asked = 0;
    asked_at = 0;
    translation_init_of(&translation, &options);
    if (!translate_bytes(&translation, buf_span(&log_bytes), &err))
        fail_msg("%s", err.text);
    size = translation.out.len;
    assert_string_equal(numbers(), text);
    translation_done(&translation);
    return size;
}

static void expect(const char *text)
{
    (void)expect_with(catalog_at, SIZE, text);
    assert_int_equal(asked, count);
}

/* ---- To MariaDB ---- */

/* As 5.6 writes it, without GTIDs or a clock. */
static void change_without_gtid(uint32_t key)
{
    count++;
    put_query("BEGIN");
    put_row("t", key);
    put_xid();
}

static void rows_make_groups_where_there_is_no_clock(void **state)
{
    size_t size;

    (void)state;
    begin_log_of(MYSQL_56);
    for (uint32_t i = 0; i < 4; i++)
        change_without_gtid(i);
    change_without_gtid(2); /* waits for one of the group */
    change_without_gtid(7);
    change_without_gtid(1); /* waits for one before the group */
    size = expect_with(catalog_at, SIZE, "1 2 2 2 5 5 5 ");
    assert_int_equal(expect_with(no_catalog_at, SIZE, "1 2 3 4 5 6 7 "), size);
    assert_int_equal(expect_with(NULL, SIZE, "1 2 3 4 5 6 7 "), size);
    assert_int_equal(expect_with(catalog_at, 0, "1 2 3 4 5 6 7 "), size);
    assert_int_equal(asked, 0);
}

static void the_clock_and_the_rows_make_groups(void **state)
{
    (void)state;
    begin_log_of(MYSQL);
    change("t", 1);
    change("t", 2);
    change("t", 3); /* by rows */
    put_gtid(4, 0, 4);
    put_query("BEGIN");
    put_row("x", 1); /* not known: by the clock */
    put_xid();
    count = 4;
    change("t", 4);
    change("t", 5);
    expect("1 2 2 2 5 5 ");
    (void)expect_with(no_catalog_at, SIZE, "1 2 3 3 5 6 ");
    (void)expect_with(NULL, 0, "1 2 3 3 5 6 ");
}

/* The group before it has one that the clock tells nothing of. */
static void a_clock_that_begins_in_a_group_tells_nothing_of_it(void **state)
{
    (void)state;
    begin_log_of(MYSQL);
    change("t", 1);
    change("t", 2);
    count++;
    put_gtid(3, 0, 0);
    put_query("BEGIN");
    put_row("t", 3);
    put_xid();
    count++;
    put_gtid(4, 0, 3);
    put_query("BEGIN");
    put_row("t", 3);
    put_xid();
    expect("1 2 2 4 ");
}

static void statement(void)
{
    begin();
    put_row("t", 100);
    put_query("INSERT INTO t VALUES (1)");
    put_xid();
}

static void definition(void)
{
    count++;
    put_gtid(count, count - 1, count);
    put_query("CREATE TABLE u (a INT)");
}

static void not_all_can_be_rolled_back(void)
{
    begin();
    put_row("t", 100);
    put_query("COMMIT");
}

static void prepared(void)
{
    count++;
    put_gtid(count, count - 1, count);
    put_query("XA START X'61',X'',1");
    put_row("t", 100);
    put_query("XA END X'61',X'',1");
    put_prepare(false);
}

static void with_create(void)
{
    begin();
    put_query("CREATE TABLE t (a INT) START TRANSACTION");
    put_row("t", 100);
    put_xid();
}

static void with_load(void)
{
    begin();
    put_row("t", 100);
    put_intvar(1);
    put_xid();
}

static void expect_barrier(void (*put)(void), const char *text)
{
    begin_log_of(MYSQL);
    change("t", 1);
    change("t", 2);
    change("t", 3);
    put();
    change("t", 4);
    change("t", 5);
    expect(text);
}

static void barriers_end_groups(void **state)
{
    (void)state;
    expect_barrier(statement, "1 2 2 4 5 5 ");
    expect_barrier(with_load, "1 2 2 4 5 5 ");
    expect_barrier(definition, "1 2 2 - 5 5 ");
    expect_barrier(with_create, "1 2 2 - 5 5 ");
    expect_barrier(not_all_can_be_rolled_back, "1 2 2 - 5 5 ");
    expect_barrier(prepared, "1 2 2 - 5 5 ");
}

/* ---- To MySQL ---- */

static void rows_are_mysqls_clock(void **state)
{
    size_t size;

    (void)state;
    begin_log_of(MARIADB);
    change("t", 1);
    change("t", 2);
    change("t", 3);
    change("t", 2);
    change("b", 1);
    change("t", 4);
    change("b", 2);
    size = expect_with(catalog_at, SIZE, "0 1 1 2 1 1 5 ");
    assert_int_equal(asked, count);
    assert_int_equal(expect_with(no_catalog_at, SIZE, "0 1 2 3 4 5 6 "), size);
    assert_int_equal(expect_with(catalog_at, 0, "0 1 2 3 4 5 6 "), size);
}

static void change_with(uint64_t commit_id, const char *table, uint32_t key)
{
    count++;
    put_gtid_mariadb(0, (uint64_t)count + 10, 0xc, commit_id);
    put_row(table, key);
    put_xid();
}

/* Without rows those of a file's first group wait for its first: 0 would be "for all". */
static void a_commit_id_counts_too(void **state)
{
    (void)state;
    begin_log_of(MARIADB);
    change_with(9, "x", 1);
    change_with(9, "x", 2);
    change_with(9, "x", 3);
    change_with(10, "t", 4);
    change_with(10, "t", 4);
    change_with(0, "t", 4);
    expect("0 1 1 3 3 5 ");
    (void)expect_with(NULL, 0, "0 0 0 3 3 5 ");
}

static void expect_barrier_of(uint8_t flags, void (*put)(void), const char *text)
{
    begin_log_of(MARIADB);
    change("t", 1);
    change("t", 2);
    change("t", 3);
    count++;
    put_gtid_mariadb(0, (uint64_t)count + 10, flags, 0);
    put();
    change("t", 4);
    change("t", 5);
    expect(text);
}

static void just_rows(void)
{
    put_row("t", 100);
    put_xid();
}

static void just_a_definition(void)
{
    put_query("CREATE TABLE u (a INT)");
}

static void rows_without_commit(void)
{
    put_row("t", 100);
    put_query("COMMIT");
}

static void barriers_stop_the_clock(void **state)
{
    (void)state;
    expect_barrier_of(0xc, just_rows, "0 1 1 1 1 1 ");
    expect_barrier_of(0x8, just_rows, "0 1 1 3 4 4 "); /* not all of it can be rolled back */
    expect_barrier_of(0x2c, just_rows, "0 1 1 3 4 4 ");
    expect_barrier_of(0x29, just_a_definition, "0 1 1 3 4 4 ");
    expect_barrier_of(0xc, rows_without_commit, "0 1 1 3 4 4 ");
}

/* Its numbers are others. */
static void another_file_begins_anew(void **state)
{
    const struct translator_options options = {
        .to = DIALECT_MYSQL_8, .server_id = 99, .keys = {.at = catalog_at}, .history_size = SIZE};
    struct err err;

    (void)state;
    begin_log_of(MARIADB);
    change("t", 1);
    change("t", 2);
    change("t", 3);
    translation_init_of(&translation, &options);
    for (int i = 0; i < 2; i++) {
        asked_at = 0;
        assert_true(translate_bytes(&translation, buf_span(&log_bytes), &err));
        assert_string_equal(numbers(), "0 1 1 ");
    }
    translation_done(&translation);
}

static void a_long_transaction_is_a_barrier(void **state)
{
    size_t events = 0;

    (void)state;
    begin_log_of(MARIADB);
    change("t", 1);
    change("t", 2);
    begin();
    for (uint32_t i = 0; events < TRANSLATOR_HELD_MAX + 100; i++) {
        size_t start = log_bytes.len;

        put_row("b", i);
        events += log_bytes.len - start;
    }
    put_row("t", 50);
    put_xid();
    change("t", 3);
    change("t", 50);
    (void)expect_with(catalog_at, SIZE, "0 1 2 3 3 ");
}

/* What it would have changed, nobody knows. */
static void what_is_given_up_is_a_barrier(void **state)
{
    struct translator_options options = {
        .to = DIALECT_MYSQL_8, .server_id = 99, .keys = {.at = catalog_at}, .history_size = SIZE};
    size_t bad;
    struct err err;

    (void)state;
    begin_log_of(MARIADB);
    change("t", 1);
    change("t", 2);
    begin();
    put_row("t", 3);
    bad = log_bytes.len;
    put_query("CREATE SEQUENCE s");
    put_xid();
    change("t", 4);
    change("t", 5);
    asked_at = 0;
    translation_init_of(&translation, &options);
    assert_false(translate_bytes(&translation, span_of(log_bytes.data, log_bytes.len), &err));
    assert_int_equal(err.class, E_STATE);
    assert_true(translator_give_up(translation.translator));
    for (struct span rest = span_of(log_bytes.data + bad, log_bytes.len - bad); rest.len > 0;) {
        struct event_header header = {0};

        if (!event_header_decode(rest, &header, &err) ||
            !translator_take(translation.translator, span_of(rest.data, header.length),
                             &translation.out, &err))
            fail_msg("%s", err.text);
        rest = span_of(rest.data + header.length, rest.len - header.length);
    }
    assert_string_equal(numbers(), "0 1 2 3 3 ");
    translation_done(&translation);
}

/* In GTIDs with tags small numbers take less room: offsets must not depend on what is known. */
static void numbers_with_tags_keep_their_size(void **state)
{
    struct gtid_origins *made = gtid_origins_new();
    struct one_domain domain;
    struct gtid_uuid uuid;
    struct gtid_set set;
    struct err err;
    size_t size;

    (void)state;
    gtid_set_init(&set);
    assert_true(gtid_set_parse(span_str(UUID_TEXT ":1-10"), &set, &err));
    assert_true(gtid_uuid_parse(span_str(UUID_TEXT), &uuid, &err));
    assert_true(gtid_origins_file(made, &set, &err));
    for (int64_t i = 1; i <= 67; i++)
        gtid_origins_add(made, &uuid, span_str(i > 2 ? "red" : ""), i + 10, 1);
    one_domain_init(&domain, made, 0);
    resolver = &domain.resolver;
    begin_log_of(MARIADB);
    for (uint32_t i = 1; i <= 67; i++)
        change("t", i);
    buf_clear(&body);
    for (int i = 0; i < 67; i++)
        buf_printf(&body, "%d ", i);
    size = expect_with(no_catalog_at, SIZE, buf_borrow_cstr(&body));
    buf_clear(&body);
    for (int i = 0; i < 67; i++)
        buf_printf(&body, "%d ", i == 0 ? 0 : i < 64 ? 1 : 64); /* twice 64 takes two bytes */
    assert_int_equal(expect_with(catalog_at, SIZE, buf_borrow_cstr(&body)), size);
    resolver = NULL;
    gtid_set_done(&set);
    gtid_origins_free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(rows_make_groups_where_there_is_no_clock),
        TEST(the_clock_and_the_rows_make_groups),
        TEST(a_clock_that_begins_in_a_group_tells_nothing_of_it),
        TEST(barriers_end_groups),
        TEST(rows_are_mysqls_clock),
        TEST(a_commit_id_counts_too),
        TEST(barriers_stop_the_clock),
        TEST(another_file_begins_anew),
        TEST(a_long_transaction_is_a_barrier),
        TEST(what_is_given_up_is_a_barrier),
        TEST(numbers_with_tags_keep_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
