#include "cli/binlog_stat.h"

#include "check.h"
#include "event_bytes.h"

struct fixture {
    struct binlog_stat stat;
    struct reader reader;
    struct buf body;
    uint64_t offset;
    uint32_t time;
    bool wanted;
};

static struct fixture *start(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    binlog_stat_init(&fixture->stat);
    reader_init(&fixture->reader);
    format_init(&fixture->reader.format, "10.11.6-MariaDB", CHECKSUM_CRC32);
    buf_init(&fixture->body, 1 << 20);
    fixture->offset = 4;
    fixture->time = 1000;
    fixture->wanted = true;
    return fixture;
}

static void finish(struct fixture *fixture)
{
    binlog_stat_done(&fixture->stat);
    buf_done(&fixture->body);
    free(fixture);
}

/* The event, after which the reader is in `state`. */
static bool put_event(struct fixture *fixture, uint8_t type, enum reader_transaction state,
                      struct err *err)
{
    struct plain_event event = {
        .header = {.type = type, .timestamp = fixture->time, .length = 100, .server_id = 1},
        .type = type,
        .body = buf_span(&fixture->body),
        .offset = fixture->offset,
    };

    fixture->reader.transaction = state;
    if (!binlog_stat_take(&fixture->stat, "log", fixture->wanted, &fixture->reader, &event, err))
        return false;
    binlog_stat_end_event(&fixture->stat, &fixture->reader);
    buf_clear(&fixture->body);
    fixture->offset += 100;
    return true;
}

static void put(struct fixture *fixture, uint8_t type, enum reader_transaction state)
{
    struct err err = {0};

    if (!put_event(fixture, type, state, &err))
        fail_msg("%s", err.text);
}

/* GTID, table map, `rows` events of a row each, and the end; `seconds` long. */
static void put_transaction(struct fixture *fixture, uint64_t sequence, const char *table, int rows,
                            uint32_t seconds)
{
    bytes_gtid(&fixture->body, sequence);
    put(fixture, EVENT_MARIADB_GTID, READER_INSIDE);
    bytes_map(&fixture->body, 5, "d", table);
    put(fixture, EVENT_TABLE_MAP, READER_INSIDE);
    for (int i = 0; i < rows; i++) {
        bytes_rows(&fixture->body, 5, i == rows - 1);
        put(fixture, EVENT_WRITE_ROWS_V1, READER_INSIDE);
    }
    fixture->time += seconds;
    buf_u64(&fixture->body, 7);
    put(fixture, EVENT_XID, READER_OUTSIDE);
}

static void test_counts(void **state)
{
    struct fixture *fixture = start();
    struct binlog_stat *stat = &fixture->stat;

    (void)state;
    put(fixture, EVENT_STOP, READER_OUTSIDE);
    put_transaction(fixture, 1, "t", 3, 2);
    put_transaction(fixture, 2, "u", 1, 0);
    put_transaction(fixture, 3, "t", 1, 5);
    binlog_stat_end_file(stat);
    binlog_stat_finish(stat);
    assert_int_equal(stat->files, 1);
    assert_int_equal(stat->events, 1 + 6 + 4 + 4);
    assert_int_equal(stat->bytes, 1500);
    assert_int_equal(stat->first_time, 1000);
    assert_int_equal(stat->last_time, 1007);
    assert_int_equal(stat->transactions, 3);
    assert_int_equal(stat->transaction_bytes, 1400);
    assert_int_equal(stat->rows[0], 5);
    assert_int_equal(stat->types[EVENT_WRITE_ROWS_V1].count, 5);
    assert_int_equal(stat->table_count, 2);
    assert_string_equal(stat->tables[0]->name, "d.t");
    assert_int_equal(stat->tables[0]->rows[0], 4);
    assert_int_equal(stat->tables[0]->key, STAT_KEY_UNKNOWN);
    assert_string_equal(stat->tables[1]->name, "d.u");
    finish(fixture);
}

static void test_largest_and_longest(void **state)
{
    struct fixture *fixture = start();
    struct binlog_stat *stat = &fixture->stat;

    (void)state;
    for (int i = 1; i <= 8; i++)
        put_transaction(fixture, (uint64_t)i, "t", i, (uint32_t)(10 - i));
    assert_int_equal(stat->largest[0].bytes, 1100);
    assert_string_equal(stat->largest[0].gtid, "0-1-8");
    assert_int_equal(stat->largest[STAT_TOP - 1].rows, 4);
    assert_string_equal(stat->longest[0].gtid, "0-1-1");
    assert_int_equal(stat->longest[0].ended - stat->longest[0].begun, 9);
    assert_int_equal(stat->longest[0].offset, 4);
    finish(fixture);
}

/* Table maps that are not wanted still tell what rows belong to. */
static void test_what_is_not_wanted(void **state)
{
    struct fixture *fixture = start();
    struct binlog_stat *stat = &fixture->stat;

    (void)state;
    fixture->wanted = false;
    put_transaction(fixture, 1, "t", 3, 1);
    assert_int_equal(stat->events + stat->transactions + stat->table_count, 0);
    bytes_map(&fixture->body, 9, "d", "u");
    put(fixture, EVENT_TABLE_MAP, READER_INSIDE);
    fixture->wanted = true;
    bytes_rows(&fixture->body, 9, true);
    put(fixture, EVENT_WRITE_ROWS_V1, READER_INSIDE);
    put(fixture, EVENT_STOP, READER_OUTSIDE);
    assert_int_equal(stat->transactions, 1);
    assert_string_equal(stat->tables[0]->name, "d.u");
    assert_string_equal(stat->largest[0].gtid, "");
    finish(fixture);
}

static void test_a_statement_by_itself(void **state)
{
    struct fixture *fixture = start();

    (void)state;
    bytes_query(&fixture->body, "d", "DROP TABLE t");
    put(fixture, EVENT_QUERY, READER_OUTSIDE);
    assert_int_equal(fixture->stat.transactions, 1);
    put(fixture, EVENT_STOP, READER_OUTSIDE);
    assert_int_equal(fixture->stat.transactions, 1);
    finish(fixture);
}

static void test_the_rate_doubles_its_columns(void **state)
{
    struct fixture *fixture = start();
    struct binlog_stat *stat = &fixture->stat;
    uint64_t sum = 0;

    (void)state;
    for (uint64_t i = 1; i <= 200; i++)
        put_transaction(fixture, i, "t", 1, 1);
    assert_int_equal(stat->bucket_start, 1001);
    assert_int_equal(stat->bucket_seconds, 4);
    assert_int_equal(stat->buckets[0], 4);
    for (size_t i = 0; i < STAT_BUCKETS; i++)
        sum += stat->buckets[i];
    assert_int_equal(sum, 200);
    finish(fixture);
}

static void test_events_that_break_the_format(void **state)
{
    struct fixture *fixture = start();
    struct err err = {0};

    (void)state;
    buf_str(&fixture->body, "short");
    assert_false(put_event(fixture, EVENT_TABLE_MAP, READER_INSIDE, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_false(put_event(fixture, EVENT_WRITE_ROWS_V1, READER_INSIDE, &err));
    assert_false(put_event(fixture, EVENT_MARIADB_GTID, READER_INSIDE, &err));
    finish(fixture);
}

/* Many tables: the hash grows, and each is still one. */
static void test_many_tables(void **state)
{
    struct fixture *fixture = start();
    char name[16];

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "t%u", (unsigned)(i % 500));
        put_transaction(fixture, i, name, 1, 0);
    }
    assert_int_equal(fixture->stat.table_count, 500);
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(fixture->stat.tables[i]->rows[0], 2);
    finish(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_largest_and_longest),
        cmocka_unit_test(test_what_is_not_wanted),
        cmocka_unit_test(test_a_statement_by_itself),
        cmocka_unit_test(test_the_rate_doubles_its_columns),
        cmocka_unit_test(test_events_that_break_the_format),
        cmocka_unit_test(test_many_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
