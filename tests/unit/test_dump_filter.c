#include "replication/dump_filter.h"

#include "binlog/xid.h"
#include "event_bytes.h"
#include "recorded.h"

struct fixture {
    struct replicate_rules *rules;
    struct dump_filter *filter;
    struct buf out; /* whole events */
    struct err err;
};

static void begin(struct fixture *fixture, const char *name, const char *text)
{
    enum replicate_rule rule;

    *fixture = (struct fixture){.rules = replicate_rules_new()};
    assert_true(replicate_rule_find(span_str(name), &rule));
    assert_true(replicate_rules_add(fixture->rules, rule, span_str(text), &fixture->err));
    fixture->filter = dump_filter_new(fixture->rules);
    buf_init(&fixture->out, RECORDED_MAX);
}

static void end(struct fixture *fixture)
{
    dump_filter_free(fixture->filter);
    replicate_rules_free(fixture->rules);
    buf_done(&fixture->out);
}

static bool take(struct fixture *fixture, struct span event)
{
    struct dump_filter_verdict verdict;
    struct event_header header;

    assert_true(event_header_decode(event, &header, &fixture->err));
    if (header.type == EVENT_FORMAT_DESCRIPTION &&
        !dump_filter_file(fixture->filter, event, &fixture->err))
        return false;
    if (!dump_filter_take(fixture->filter, &header, event, &verdict, &fixture->err))
        return false;
    buf_bytes(&fixture->out, verdict.first);
    if (verdict.keep)
        buf_bytes(&fixture->out, event);
    assert_true(buf_ok(&fixture->out));
    return true;
}

/* All events of a recorded file, or up to an error; the bytes that were taken. */
static size_t take_file(struct fixture *fixture, const char *name, bool good)
{
    struct reader_event event;
    struct recorded recorded;
    size_t taken = 0;
    bool went = true;

    recorded_open(&recorded, name);
    while (went && recorded_next(&recorded, &event)) {
        taken += event.bytes.len;
        went = take(fixture, event.bytes);
        assert_true(fixture->out.len <= taken); /* replicas count what they get */
    }
    if (went != good)
        fail_msg("%s: %s", name, went ? "went well" : fixture->err.text);
    if (good && recorded_next(&recorded, &event))
        fail_msg("%s: more events", name);
    recorded_close(&recorded);
    return taken;
}

static void test_nothing_unwanted(void **state)
{
    static const char *const names[] = {
        "mysql-5.6/gtid",       "mysql-9.7/gtid-classic",    "mysql-9.7/gtid-tagged",
        "mariadb-10.11/mixed",  "mariadb-10.11/ddl",         "mariadb-10.11/compressed",
        "mariadb-10.11/xa",     "mariadb-10.11/rows-full",   "mariadb-10.11/statement",
        "mariadb-10.11/errors", "mariadb-10.11/no-checksum",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct recorded recorded;
        struct fixture fixture;
        char name[64];

        (void)snprintf(name, sizeof name, "%s.binlog", names[i]);
        begin(&fixture, "replicate_ignore_db", "of_nobody");
        (void)take_file(&fixture, name, true);
        recorded_open(&recorded, name);
        assert_int_equal(fixture.out.len, recorded.window.len - 4);
        assert_memory_equal(fixture.out.data, recorded.window.data + 4, fixture.out.len);
        recorded_close(&recorded);
        end(&fixture);
    }
}

/* What is left of a log when no database is wanted: GTIDs, and empty transactions. */
static void check_empty(const struct fixture *fixture, size_t n_gtids)
{
    struct cursor cur = cursor_of(buf_span(&fixture->out));
    struct reader_event event;
    struct reader reader;
    size_t gtids = 0;
    struct err err;

    reader_init(&reader);
    reader.verify_checksums = true;
    while (cursor_left(&cur) > 0) {
        assert_true(event_header_decode(cur.rest, &event.header, &err));
        if (!reader_event_parse(&reader, cursor_bytes(&cur, event.header.length), true, &event,
                                &err))
            fail_msg("%s", err.text);
        assert_false(event_type_is_rows(event.header.type));
        assert_int_not_equal(event.header.type, EVENT_TABLE_MAP);
        assert_int_not_equal(event.header.type, EVENT_INTVAR);
        assert_int_not_equal(event.header.type, EVENT_TRANSACTION_PAYLOAD);
        gtids += event.header.type == EVENT_GTID || event.header.type == EVENT_GTID_TAGGED ||
                 event.header.type == EVENT_MARIADB_GTID;
        if (event.header.type == EVENT_QUERY) {
            struct query query;

            assert_true(query_decode(event.body, EVENT_QUERY, &reader.format, &query, &err));
            assert_true(span_eq(query.text, span_str("BEGIN")) ||
                        span_eq(query.text, span_str("COMMIT")) ||
                        span_eq(query.text, span_str("ROLLBACK")) || query.text.data[0] == 'S' ||
                        query.text.data[0] == 'R');
        }
    }
    assert_int_equal(reader.transaction, READER_OUTSIDE);
    assert_int_equal(gtids, n_gtids);
}

static size_t count_gtids(const char *name)
{
    struct reader_event event;
    struct recorded recorded;
    size_t gtids = 0;

    recorded_open(&recorded, name);
    while (recorded_next(&recorded, &event))
        gtids += event.header.type == EVENT_GTID || event.header.type == EVENT_GTID_TAGGED ||
                 event.header.type == EVENT_MARIADB_GTID;
    recorded_close(&recorded);
    return gtids;
}

static void test_nothing_wanted(void **state)
{
    static const char *const names[] = {
        "mysql-5.6/gtid.binlog",           "mysql-9.7/gtid-classic.binlog",
        "mariadb-10.11/mixed.binlog",      "mysql-9.7/compressed.binlog",
        "mariadb-10.11/compressed.binlog", "mariadb-10.11/no-checksum.binlog",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t gtids = count_gtids(names[i]);
        struct fixture fixture;

        assert_true(gtids > 0);
        begin(&fixture, "replicate_do_db", "of_nobody");
        assert_true(fixture.out.len < take_file(&fixture, names[i], true));
        check_empty(&fixture, gtids);
        end(&fixture);
    }
}

/* ---- Events by hand, of MariaDB with checksums ---- */

static void start(struct fixture *fixture, const char *rule, const char *text)
{
    struct format format;
    struct buf event;

    begin(fixture, rule, text);
    format_init(&format, "10.11.6-MariaDB", CHECKSUM_CRC32);
    buf_init(&event, 1 << 16);
    event_header_encode(&event, &(struct event_header){.type = EVENT_FORMAT_DESCRIPTION});
    format_encode(&event, &format);
    buf_patch_le(&event, EVENT_LENGTH_AT, event.len + EVENT_CHECKSUM_SIZE, 4);
    checksum_append(&event, 0);
    assert_true(take(fixture, buf_span(&event)));
    buf_clear(&fixture->out);
    buf_done(&event);
}

/* Frees the body. */
static bool feed(struct fixture *fixture, uint8_t type, struct buf *body)
{
    struct buf event;
    bool good;

    buf_init(&event, 1 << 16);
    event_header_encode(&event, &(struct event_header){.type = type, .server_id = 7});
    buf_bytes(&event, buf_span(body));
    buf_patch_le(&event, EVENT_LENGTH_AT, event.len + EVENT_CHECKSUM_SIZE, 4);
    checksum_append(&event, 0);
    good = take(fixture, buf_span(&event));
    buf_done(&event);
    buf_done(body);
    return good;
}

static bool feed_gtid(struct fixture *fixture, uint8_t flags)
{
    struct gtid_mariadb_event gtid = {.sequence = 1, .flags = flags};
    struct buf body;

    buf_init(&body, 1024);
    gtid_mariadb_encode(&body, &gtid);
    buf_bytes(&body, span_of("\0\0\0\0\0\0", 6)); /* the padding to the post-header's length */
    return feed(fixture, EVENT_MARIADB_GTID, &body);
}

static bool feed_map(struct fixture *fixture, uint64_t id, const char *table)
{
    struct buf body;

    buf_init(&body, 1024);
    bytes_map(&body, id, "d", table);
    return feed(fixture, EVENT_TABLE_MAP, &body);
}

static bool feed_rows(struct fixture *fixture, uint64_t id, bool last)
{
    struct buf body;

    buf_init(&body, 1024);
    bytes_rows(&body, id, last);
    return feed(fixture, EVENT_WRITE_ROWS_V1, &body);
}

static bool feed_query(struct fixture *fixture, const char *text)
{
    struct buf body;

    buf_init(&body, 1024);
    bytes_query(&body, "d", text);
    return feed(fixture, EVENT_QUERY, &body);
}

/* The types of what came out, and of rows whether they end the statement: "map rows rows!". */
static void expect(struct fixture *fixture, const char *expected)
{
    struct cursor cur = cursor_of(buf_span(&fixture->out));
    char found[256] = "";

    while (cursor_left(&cur) > 0) {
        struct event_header header;
        struct span event;
        size_t len = strlen(found);

        assert_true(event_header_decode(cur.rest, &header, &fixture->err));
        event = cursor_bytes(&cur, header.length);
        assert_true(checksum_verify(event, &fixture->err));
        assert_int_equal(header.server_id, 7);
        (void)snprintf(
            found + len, sizeof found - len, "%s%s%s", len > 0 ? " " : "",
            event_type_name(header.type),
            event_type_is_rows(header.type) && (event.data[EVENT_HEADER_SIZE + 6] & 1) ? "!" : "");
    }
    assert_string_equal(found, expected);
    buf_clear(&fixture->out);
}

static void test_statement_of_two_tables(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "replicate_ignore_table", "d.secret");
    assert_true(feed_gtid(&f, 0));
    expect(&f, "");
    assert_true(feed_query(&f, "INSERT INTO secret VALUES (1)"));
    expect(&f, "");
    assert_true(feed_query(&f, "INSERT INTO a VALUES (1)"));
    expect(&f, "Gtid Query");
    /* The end is unwanted: the last that is wanted gets it. */
    assert_true(feed_map(&f, 1, "a") && feed_map(&f, 2, "secret"));
    assert_true(feed_rows(&f, 1, false) && feed_rows(&f, 1, false) && feed_rows(&f, 2, true));
    expect(&f, "Table_map Write_rows_v1 Write_rows_v1!");
    /* The end is wanted. */
    assert_true(feed_map(&f, 2, "secret") && feed_map(&f, 1, "a"));
    assert_true(feed_rows(&f, 1, false) && feed_rows(&f, 2, false) && feed_rows(&f, 1, true));
    expect(&f, "Table_map Write_rows_v1 Write_rows_v1!");
    /* No rows of the wanted table; then none that is wanted. */
    assert_true(feed_map(&f, 1, "a") && feed_map(&f, 2, "secret") && feed_rows(&f, 2, true));
    assert_true(feed_map(&f, 2, "secret") && feed_rows(&f, 2, true));
    expect(&f, "");
    /* An id of a statement before. */
    assert_false(feed_rows(&f, 1, true));
    assert_non_null(strstr(f.err.text, "table id 1"));
    end(&f);
}

static void test_statement_alone(void **state)
{
    struct event_header header;
    struct gtid_mariadb_event gtid;
    struct fixture f;

    (void)state;
    start(&f, "replicate_ignore_table", "d.secret");
    assert_true(feed_gtid(&f, GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL));
    expect(&f, "");
    assert_true(feed_query(&f, "DROP TABLE a"));
    expect(&f, "Gtid Query");
    assert_true(feed_gtid(&f, GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL));
    assert_true(feed_query(&f, "DROP TABLE `secret`"));
    assert_true(event_header_decode(buf_span(&f.out), &header, &f.err));
    assert_true(
        gtid_mariadb_decode(span_of(f.out.data + EVENT_HEADER_SIZE,
                                    header.length - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE),
                            &gtid, &f.err));
    assert_int_equal(gtid.flags, 0);
    assert_int_equal(gtid.sequence, 1);
    expect(&f, "Gtid Xid");
    end(&f);
}

static void test_refusals(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "replicate_ignore_table", "d.secret");
    assert_true(feed_gtid(&f, 0));
    assert_false(feed_query(&f, "UPDATE a, secret SET a.v = 1"));
    assert_int_equal(f.err.class, E_STATE);
    assert_non_null(strstr(f.err.text, "can not be told: 'UPDATE a, secret SET a.v = 1'"));
    end(&f);

    start(&f, "replicate_ignore_table", "d.secret");
    assert_true(feed_gtid(&f, 0) && feed_query(&f, "XA START X'31',X'',1"));
    assert_true(feed_map(&f, 1, "a"));
    assert_false(feed_map(&f, 2, "secret"));
    assert_non_null(strstr(f.err.text, "XA"));
    end(&f);

    begin(&f, "replicate_do_db", "of_nobody");
    (void)take_file(&f, "mariadb-10.11/ddl.binlog", false);
    assert_non_null(strstr(f.err.text, "binlog_alter_two_phase"));
    end(&f);

    begin(&f, "replicate_ignore_db", "of_nobody");
    (void)take_file(&f, "mysql-9.7/anonymous.binlog", false);
    assert_non_null(strstr(f.err.text, "Anonymous_Gtid"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_unwanted),
        cmocka_unit_test(test_nothing_wanted),
        cmocka_unit_test(test_statement_of_two_tables),
        cmocka_unit_test(test_statement_alone),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
