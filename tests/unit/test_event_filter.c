#include "cli/event_filter.h"

#include "check.h"
#include "event_bytes.h"

#define NAMES_MAX 400

struct fixture {
    struct event_filter *filter;
    struct format format;
    struct buf body;
    uint64_t next;          /* offset of the next event */
    char wanted[NAMES_MAX]; /* the offsets that came out, in order; unwanted ones with a minus */
};

static struct fixture *start(const struct event_criteria *criteria)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err = {0};

    assert_non_null(fixture);
    format_init(&fixture->format, "10.11.6-MariaDB", CHECKSUM_CRC32);
    buf_init(&fixture->body, EVENT_LENGTH_MAX);
    if (!event_filter_new(criteria, &fixture->filter, &err))
        fail_msg("%s", err.text);
    return fixture;
}

static void finish(struct fixture *fixture)
{
    event_filter_free(fixture->filter);
    buf_done(&fixture->body);
    free(fixture);
}

static bool put_of_server(struct fixture *fixture, uint8_t type, uint32_t server_id, bool in_range,
                          struct err *err)
{
    struct plain_event event = {
        .header = {.type = type, .server_id = server_id, .timestamp = 1},
        .type = type,
        .body = buf_span(&fixture->body),
        .offset = ++fixture->next,
    };
    bool wanted;

    if (!event_filter_take(fixture->filter, &event, &fixture->format, in_range, err))
        return false;
    while (event_filter_next(fixture->filter, &event, &wanted)) {
        size_t used = strlen(fixture->wanted);

        (void)snprintf(fixture->wanted + used, NAMES_MAX - used, "%s%s%u", used > 0 ? " " : "",
                       wanted ? "" : "-", (unsigned)event.offset);
    }
    buf_clear(&fixture->body);
    return true;
}

static void put(struct fixture *fixture, uint8_t type)
{
    struct err err = {0};

    if (!put_of_server(fixture, type, 1, true, &err))
        fail_msg("%s", err.text);
}

static void put_gtid(struct fixture *fixture, uint64_t sequence)
{
    bytes_gtid(&fixture->body, sequence);
    put(fixture, EVENT_MARIADB_GTID);
}

static void put_query(struct fixture *fixture, const char *database, const char *text)
{
    bytes_query(&fixture->body, database, text);
    put(fixture, EVENT_QUERY);
}

static void put_map(struct fixture *fixture, uint64_t id, const char *database, const char *table)
{
    bytes_map(&fixture->body, id, database, table);
    put(fixture, EVENT_TABLE_MAP);
}

static void put_rows(struct fixture *fixture, uint64_t id, bool last)
{
    bytes_rows(&fixture->body, id, last);
    put(fixture, EVENT_WRITE_ROWS_V1);
}

static void put_text(struct fixture *fixture, uint8_t type)
{
    buf_str(&fixture->body, "INSERT");
    put(fixture, type);
}

static void put_xid(struct fixture *fixture)
{
    buf_u64(&fixture->body, 7);
    put(fixture, EVENT_XID);
}

static void test_everything(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){0});
    struct err err = {0};

    (void)state;
    put_gtid(fixture, 1);
    put_query(fixture, "shop", "BEGIN");
    put_map(fixture, 5, "shop", "t");
    assert_true(put_of_server(fixture, EVENT_STOP, 1, false, &err));
    assert_string_equal(fixture->wanted, "1 2 3 -4");
    finish(fixture);
}

static void test_gtids_choose_transactions(void **state)
{
    struct fixture *fixture =
        start(&(struct event_criteria){.include_gtids = "0-1-2..4", .exclude_gtids = "0-1-3"});

    (void)state;
    put(fixture, EVENT_STOP);
    for (uint64_t sequence = 1; sequence <= 5; sequence++) {
        put_gtid(fixture, sequence);
        put_xid(fixture);
    }
    put(fixture, EVENT_STOP);
    assert_string_equal(fixture->wanted, "1 -2 -3 4 5 -6 -7 8 9 -10 -11 12");
    finish(fixture);
}

static void test_a_server_id_chooses(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.server_id = "2"});
    struct err err = {0};

    (void)state;
    put_gtid(fixture, 1);
    put_xid(fixture);
    buf_u64(&fixture->body, 7);
    assert_true(put_of_server(fixture, EVENT_XID, 2, true, &err));
    put(fixture, EVENT_STOP);
    assert_string_equal(fixture->wanted, "-1 -2 3 4");
    finish(fixture);
}

/* Frames wait for the first change; those of a transaction without one are not wanted. */
static void test_tables(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.tables = "shop.t"});

    (void)state;
    put_gtid(fixture, 1); /* 1 */
    put_text(fixture, EVENT_MARIADB_ANNOTATE_ROWS);
    put_map(fixture, 5, "shop", "other");
    put_rows(fixture, 5, true);
    put_text(fixture, EVENT_MARIADB_ANNOTATE_ROWS); /* 5 */
    put_map(fixture, 5, "shop", "other");
    put_map(fixture, 6, "shop", "t");
    put_rows(fixture, 5, false);
    put_rows(fixture, 6, true);
    put_xid(fixture); /* 10 */
    assert_string_equal(fixture->wanted, "-3 -2 -4 -6 1 5 7 -8 9 10");
    fixture->wanted[0] = '\0';
    put_gtid(fixture, 2); /* 11 */
    put_map(fixture, 5, "shop", "other");
    put_rows(fixture, 5, true);
    put_xid(fixture);
    assert_string_equal(fixture->wanted, "-12 -13 -11 -14");
    finish(fixture);
}

static void test_statements_go_by_database(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.databases = "shop"});

    (void)state;
    put_gtid(fixture, 1);
    put_query(fixture, "shop", "CREATE TABLE t (a INT)");
    put_gtid(fixture, 2);
    put_query(fixture, "other", "CREATE TABLE t (a INT)");
    put_gtid(fixture, 3); /* 5 */
    buf_u8(&fixture->body, 2);
    buf_u64(&fixture->body, 7);
    put(fixture, EVENT_INTVAR);
    put_query(fixture, "shop", "INSERT INTO t VALUES (NULL)");
    put_query(fixture, "", "COMMIT");
    assert_string_equal(fixture->wanted, "1 2 -4 -3 5 6 7 8");
    finish(fixture);
}

/* Without GTIDs a transaction begins with BEGIN. */
static void test_logs_without_gtids(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.databases = "shop"});

    (void)state;
    put_query(fixture, "other", "BEGIN");
    put_map(fixture, 5, "shop", "t");
    put_rows(fixture, 5, true);
    put_xid(fixture);
    put_query(fixture, "shop", "BEGIN"); /* 5 */
    put_map(fixture, 6, "other", "t");
    put_rows(fixture, 6, true);
    put_xid(fixture);
    put_query(fixture, "shop", "DROP TABLE t"); /* 9 */
    put_query(fixture, "", "XA COMMIT 'a'");
    assert_string_equal(fixture->wanted, "1 2 3 4 -6 -7 -5 -8 9 10");
    finish(fixture);
}

/* An incident is shown, but not one whose own GTID is not chosen. */
static void test_incidents(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.exclude_gtids = "0-1-1"});

    (void)state;
    put_gtid(fixture, 1);
    put(fixture, EVENT_INCIDENT);
    put(fixture, EVENT_INCIDENT);
    assert_string_equal(fixture->wanted, "-1 -2 3");
    finish(fixture);
}

static void fail_new(const struct event_criteria *criteria, const char *message)
{
    struct event_filter *filter = NULL;
    struct err err = {0};

    assert_false(event_filter_new(criteria, &filter, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_contains(err.text, message);
    assert_null(filter);
}

static void test_wrong_criteria(void **state)
{
    (void)state;
    fail_new(&(struct event_criteria){.include_gtids = "x"}, "--include-gtids: expected ");
    fail_new(&(struct event_criteria){.exclude_gtids = "x:1"}, "--exclude-gtids: ");
    fail_new(&(struct event_criteria){.databases = ","}, "--database: expected ");
    fail_new(&(struct event_criteria){.tables = "t"},
             "--table: expected names such as shop.orders");
    fail_new(&(struct event_criteria){.server_id = "4294967296"},
             "--server-id: expected a number up to 4294967295, found '4294967296'");
    fail_new(&(struct event_criteria){.server_id = "-1"}, "--server-id: ");
}

static void test_gtids_of_the_other_family(void **state)
{
    struct fixture *fixture =
        start(&(struct event_criteria){.include_gtids = "01234567-89ab-cdef-0123-456789abcdef:1"});
    struct err err = {0};

    (void)state;
    bytes_gtid(&fixture->body, 1);
    assert_false(put_of_server(fixture, EVENT_MARIADB_GTID, 1, true, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_string_equal(err.text, "--include-gtids has GTIDs of MySQL, but the file has those of "
                                  "MariaDB");
    finish(fixture);
}

static void test_what_is_held_is_bounded(void **state)
{
    struct fixture *fixture = start(&(struct event_criteria){.databases = "shop"});
    struct err err = {0};
    bool good = true;

    (void)state;
    for (int i = 0; good && i < 300; i++) {
        (void)buf_reserve(&fixture->body, (size_t)1 << 20);
        good = put_of_server(fixture, EVENT_APPEND_BLOCK, 1, true, &err);
    }
    assert_false(good);
    assert_int_equal(err.class, E_LIMIT);
    finish(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_gtids_choose_transactions),
        cmocka_unit_test(test_a_server_id_chooses),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_statements_go_by_database),
        cmocka_unit_test(test_logs_without_gtids),
        cmocka_unit_test(test_incidents),
        cmocka_unit_test(test_wrong_criteria),
        cmocka_unit_test(test_gtids_of_the_other_family),
        cmocka_unit_test(test_what_is_held_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
