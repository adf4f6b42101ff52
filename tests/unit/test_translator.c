/*
 * Logs written event by event, and the transcript of what becomes of them: a line for each event of
 * the view.
 */
#include "recorded.h"
#include "resolver.h"
#include "translation.h"
#include "written_log.h"

#include "translation/gtid_exchange.h"

static struct buf lines;
static struct translation translation;
static uint64_t ends_at; /* where a GTID says that its transaction does */

/* One that joins or begins a group, without rows. */
static void put_transaction(int64_t number, int64_t last_committed, int64_t sequence)
{
    put_gtid(number, last_committed, sequence);
    put_query("BEGIN");
    put_xid();
}

static void write_gtid(const struct reader_event *event)
{
    struct gtid_mariadb_event mariadb;
    struct gtid gtid;
    char uuid[GTID_UUID_TEXT + 1];
    struct err err;

    if (event->header.type == EVENT_MARIADB_GTID) {
        assert_true(gtid_mariadb_decode(event->body, &mariadb, &err));
        buf_printf(&lines, "%u-%u-%llu %x", mariadb.domain, event->header.server_id,
                   (unsigned long long)mariadb.sequence, mariadb.flags);
        if (mariadb.commit_id) { /* of the group's first in the file, and the file's number */
            assert_int_equal(mariadb.commit_id >> 32, 7);
            buf_printf(&lines, " with %u", (uint32_t)mariadb.commit_id);
        }
        if (mariadb.xa.gtrid.len)
            buf_printf(&lines, " xa %u", mariadb.xa.format_id);
        assert_in_range(event->body.len, 19, 1000);
        return;
    }
    assert_true(gtid_decode(event->body, event->header.type, &gtid, &err));
    gtid_uuid_print(&gtid.uuid, uuid);
    buf_printf(&lines, "%s:%.*s%lld", uuid, (int)gtid.tag.len, (const char *)gtid.tag.data,
               (long long)gtid.number);
    if (gtid.parts & GTID_SEQUENCE)
        buf_printf(&lines, " %lld %lld", (long long)gtid.last_committed,
                   (long long)gtid.sequence_number);
    ends_at = gtid.parts & GTID_LENGTH ? event->offset + gtid.transaction_length : 0;
}

static void write_event(const struct reader *reader, const struct reader_event *event)
{
    struct query query;
    struct rotate rotate;
    struct gtid_set set;
    struct gtid_list list;
    struct err err;

    buf_printf(&lines, "%s ", event_type_name(event->header.type));
    gtid_set_init(&set);
    gtid_list_init(&list);
    switch ((enum event_type)event->header.type) {
    case EVENT_QUERY:
        assert_true(query_decode(event->body, EVENT_QUERY, &reader->format, &query, &err));
        buf_bytes(&lines, query.text);
        break;
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
        write_gtid(event);
        break;
    case EVENT_ROTATE:
        assert_true(rotate_decode(event->body, &rotate, &err));
        buf_bytes(&lines, rotate.name);
        break;
    case EVENT_PREVIOUS_GTIDS:
        assert_true(gtid_set_decode(event->body, &set, &err));
        gtid_set_print(&lines, &set);
        break;
    case EVENT_MARIADB_GTID_LIST:
        assert_true(gtid_list_decode(event->body, &list, &err));
        gtid_list_print(&lines, &list);
        break;
    default:
        break;
    }
    buf_str(&lines, "\n");
    gtid_set_done(&set);
    gtid_list_done(&list);
}

/* What the view has, after its format description. */
static const char *transcript(void)
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
        assert_int_equal(event.header.flags & EVENT_FLAG_NO_FILTER, 0);
        /* MySQL's replicas stop reading at an event that the description does not know. */
        assert_in_range(event.header.type, 1, reader.format.type_count);
        if (event.header.type != EVENT_FORMAT_DESCRIPTION)
            write_event(&reader, &event);
        if (reader.transaction == READER_OUTSIDE && ends_at != 0)
            assert_int_equal(reader.offset, ends_at);
        if (reader.transaction == READER_OUTSIDE)
            ends_at = 0;
    }
}

static const struct gtid_resolver *resolver;

static void expect(enum dialect to, const char *text)
{
    struct err err;

    translation_init_with(&translation, to, resolver);
    if (!translate_bytes(&translation, buf_span(&log_bytes), &err))
        fail_msg("%s", err.text);
    assert_string_equal(transcript(), text);
    translation_done(&translation);
}

/* A part of it: what else a statement becomes is in other tests. */
static void expect_within(enum dialect to, const char *part)
{
    struct err err;

    translation_init_with(&translation, to, resolver);
    if (!translate_bytes(&translation, buf_span(&log_bytes), &err))
        fail_msg("%s", err.text);
    assert_contains(transcript(), part);
    translation_done(&translation);
}

static void expect_refusal(enum dialect to, enum err_class class, const char *words)
{
    size_t length;
    struct err err;

    translation_init_with(&translation, to, resolver);
    assert_false(translate_bytes(&translation, buf_span(&log_bytes), &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, words);
    /* What came out before it is whole. */
    length = translation.out.len;
    if (length > READER_MAGIC_SIZE)
        (void)transcript();
    translation_done(&translation);
}

static void numbers_count_the_executed_set(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1-7:9:red:1-3,b0ea115d-0000-8000-8000-000000000003:1-4");
    put_gtid(8, 0, 0);
    put_query("CREATE TABLE t (a INT)");
    put_gtid_of(UUID_TEXT, "red", 5, 0, 0);
    put_query("BEGIN");
    put_query("INSERT INTO t VALUES (1)");
    put_xid();
    put_gtid_of("b0ea115d-0000-8000-8000-000000000003", "", 12, 0, 0);
    put_query("BEGIN");
    put_query("COMMIT");
    put_gtid(20, 0, 0);
    put_query("BEGIN");
    put_query("ROLLBACK");
    expect(DIALECT_MARIADB, "Gtid_list 0-3-4,5-99-11\n"
                            "Gtid 5-7-12 29\n"
                            "Query CREATE TABLE t (a INT)\n"
                            "Gtid 5-7-13 e with 2\n"
                            "Query INSERT INTO t VALUES (1)\n"
                            "Xid \n"
                            "Gtid 0-3-12 0\n"
                            "Query COMMIT\n"
                            "Gtid 5-7-14 0\n"
                            "Query ROLLBACK\n");
}

static void a_gtid_twice_is_refused(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1-7");
    put_gtid(8, 0, 0);
    put_query("CREATE TABLE t (a INT)");
    put_gtid(3, 0, 0);
    put_query("CREATE TABLE u (a INT)");
    expect_refusal(DIALECT_MARIADB, E_STATE, "GTID 5-7-8 after number 8");
}

static void the_channels_own_domain_does_not_come_back(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous("");
    put_gtid_of("b0ea115d-0000-8000-8500-000000000003", "", 12, 0, 0);
    put_query("BEGIN");
    put_xid();
    expect_refusal(DIALECT_MARIADB, E_STATE, "GTID 5-3-12");
}

static void a_source_without_gtids_has_places(void **state)
{
    uint64_t first;
    uint64_t second;
    uint64_t third;
    char text[500];

    (void)state;
    begin_log(MYSQL_56);
    first = gtid_sequence_of_place(7, log_bytes.len);
    put_query("CREATE TABLE t (a INT)");
    second = gtid_sequence_of_place(7, log_bytes.len);
    put_query("BEGIN");
    put_intvar(5);
    put_query("INSERT INTO t VALUES (NULL)");
    put_xid();
    third = gtid_sequence_of_place(7, log_bytes.len);
    put_intvar(6);
    put_query("CREATE TABLE u SELECT 1");
    (void)snprintf(text, sizeof text,
                   "Gtid_list \nGtid 5-7-%llu 29\nQuery CREATE TABLE t (a INT)\n"
                   "Gtid 5-7-%llu e with 2\nIntvar \nQuery INSERT INTO t VALUES (NULL)\nXid \n"
                   "Gtid 5-7-%llu 29\nIntvar \nQuery CREATE TABLE u SELECT 1\n",
                   (unsigned long long)first, (unsigned long long)second,
                   (unsigned long long)third);
    expect(DIALECT_MARIADB, text);
}

/* Counted, they have no gaps in a file, whatever is translated, and begin where the file does. */
static void a_source_without_gtids_is_counted(void **state)
{
    struct translator_options options = {
        .to = DIALECT_MARIADB, .domain = 5, .server_id = 99, .counted = true};
    uint64_t first;
    char text[500];
    struct err err;

    (void)state;
    begin_log(MYSQL_56);
    first = gtid_sequence_of_place(7, log_bytes.len);
    put_query("CREATE TABLE t (a INT)");
    put_query("BEGIN");
    put_intvar(5);
    put_query("INSERT INTO t VALUES (NULL)");
    put_xid();
    put_query("CREATE USER x");
    put_intvar(6);
    put_query("CREATE TABLE u SELECT 1");
    translation_init_of(&translation, &options);
    assert_true(translate_bytes(&translation, buf_span(&log_bytes), &err));
    (void)snprintf(
        text, sizeof text,
        "Gtid_list \nGtid 5-7-%llu 29\nQuery CREATE TABLE t (a INT)\n"
        "Gtid 5-7-%llu e with 2\nIntvar \nQuery INSERT INTO t VALUES (NULL)\nXid \n"
        "Gtid 5-7-%llu 0\nQuery COMMIT\nGtid 5-7-%llu 29\nIntvar \nQuery CREATE TABLE u SELECT 1\n",
        (unsigned long long)first, (unsigned long long)first + 1, (unsigned long long)first + 2,
        (unsigned long long)first + 3);
    assert_string_equal(transcript(), text);
    translation_done(&translation);
}

static void transactions_of_a_group_have_one_commit_id(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1-100");
    put_transaction(101, 0, 1);
    put_transaction(102, 0, 2);
    put_transaction(103, 0, 3);
    put_transaction(104, 2, 4); /* waits for one of the group: begins another */
    put_transaction(105, 1, 5); /* waits for less than all before the group */
    put_transaction(106, 3, 6);
    put_transaction(107, 4, 7);
    put_gtid(108, 4, 8); /* by itself, and after all before it */
    put_query("CREATE TABLE t (a INT)");
    put_transaction(109, 6, 9);
    expect(DIALECT_MARIADB, "Gtid_list 5-99-100\n"
                            "Gtid 5-7-101 e with 1\nXid \n"
                            "Gtid 5-7-102 e with 1\nXid \n"
                            "Gtid 5-7-103 e with 1\nXid \n"
                            "Gtid 5-7-104 e with 4\nXid \n"
                            "Gtid 5-7-105 e with 4\nXid \n"
                            "Gtid 5-7-106 e with 4\nXid \n"
                            "Gtid 5-7-107 e with 7\nXid \n"
                            "Gtid 5-7-108 29\nQuery CREATE TABLE t (a INT)\n"
                            "Gtid 5-7-109 e with 9\nXid \n");
}

static void gtids_become_again_what_they_were(void **state)
{
    struct gtid_origins *made = gtid_origins_new();
    struct one_domain domain;
    struct gtid_uuid uuid;
    struct gtid_set set;
    struct err err;

    (void)state;
    gtid_set_init(&set);
    assert_true(gtid_set_parse(span_str(UUID_TEXT ":1-3"), &set, &err));
    assert_true(gtid_uuid_parse(span_str(UUID_TEXT), &uuid, &err));
    assert_true(gtid_origins_file(made, &set, &err));
    gtid_origins_add(made, &uuid, (struct span){0}, 4, 1);
    gtid_origins_add(made, &uuid, span_str("red"), 1, 1);
    one_domain_init(&domain, made, 5);
    begin_log(MARIADB);
    put_list("0-7-10,5-8-3");
    put_gtid_mariadb(5, 4, 0x29, 0);
    put_query("CREATE TABLE t (a INT)");
    put_gtid_mariadb(0, 11, 0x29, 0);
    put_query("CREATE TABLE u (a INT)");
    put_gtid_mariadb(5, 5, 0xc, 0);
    put_xid();
    resolver = &domain.resolver;
    expect(DIALECT_MYSQL_8,
           "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10," UUID_TEXT ":1-3\n"
           "Gtid " UUID_TEXT ":4 0 1\nQuery CREATE TABLE t (a INT)\n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:11 1 2\n"
           "Query CREATE TABLE u (a INT)\n"
           "Gtid_tagged_log_event " UUID_TEXT ":red1 2 3\nQuery BEGIN\nXid \n");
    expect_refusal(DIALECT_MYSQL_5, E_STATE, "GTID 5-7-5 had the tag red");
    put_gtid_mariadb(5, 6, 0xc, 0);
    put_xid();
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "number 6 of domain 5 is not known");
    begin_log(MARIADB);
    put_list("5-8-2");
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "number 2 of domain 5 is not known");
    begin_log(MARIADB);
    put_list("5-8-3");
    server_id = 99;
    put_gtid_mariadb(5, 4, 0x29, 0);
    put_query("CREATE TABLE t (a INT)");
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "GTID 5-99-4: the source itself has written it");
    resolver = NULL;
    gtid_set_done(&set);
    gtid_origins_free(made);
}

static void a_commit_id_is_mysqls_clock(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-10");
    for (uint64_t i = 0; i < 3; i++) {
        put_gtid_mariadb(0, 11 + i, 0xc, 50);
        put_xid();
    }
    put_gtid_mariadb(0, 14, 0xc, 0);
    put_xid();
    put_gtid_mariadb(0, 15, 0xc, 51);
    put_xid();
    put_gtid_mariadb(3, 1, 0x29, 0);
    put_query("CREATE TABLE t (a INT)");
    now += 5;
    put_gtid_mariadb(0, 17, 0xc, 51);
    put_xid();
    expect(DIALECT_MYSQL_8,
           "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10\n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:11 0 1\nQuery BEGIN\nXid \n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:12 0 2\nQuery BEGIN\nXid \n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:13 0 3\nQuery BEGIN\nXid \n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:14 3 4\nQuery BEGIN\nXid \n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:15 4 5\nQuery BEGIN\nXid \n"
           "Gtid b0ea115d-0000-8000-8300-000000000007:1 5 6\n"
           "Query CREATE TABLE t (a INT)\n"
           "Gtid b0ea115d-0000-8000-8000-000000000007:17 6 7\nQuery BEGIN\nXid \n");
    expect(DIALECT_MYSQL_5, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:11\nQuery BEGIN\nXid \n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:12\nQuery BEGIN\nXid \n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:13\nQuery BEGIN\nXid \n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:14\nQuery BEGIN\nXid \n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:15\nQuery BEGIN\nXid \n"
                            "Gtid b0ea115d-0000-8000-8300-000000000007:1\n"
                            "Query CREATE TABLE t (a INT) ROW_FORMAT=DYNAMIC\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:17\nQuery BEGIN\nXid \n");
}

#define NO_UUID "00000000-0000-0000-0000-000000000000"

/* A replica may have come by either: every offset is the same. */
static void gtids_may_stay_out(void **state)
{
    static const enum dialect dialects[] = {DIALECT_MYSQL_5, DIALECT_MYSQL_8};
    static const char *const texts[] = {
        "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10\n"
        "Anonymous_Gtid " NO_UUID ":0\nQuery BEGIN\nXid \n"
        "Anonymous_Gtid " NO_UUID ":0\nQuery CREATE TABLE t (a INT) ROW_FORMAT=DYNAMIC\n",
        "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10\n"
        "Anonymous_Gtid " NO_UUID ":0 0 1\nQuery BEGIN\nXid \n"
        "Anonymous_Gtid " NO_UUID ":0 1 2\nQuery CREATE TABLE t (a INT)\n",
    };
    struct err err;

    (void)state;
    begin_log(MARIADB);
    put_list("0-7-10");
    put_gtid_mariadb(0, 11, 0xc, 0);
    put_xid();
    put_gtid_mariadb(0, 12, 0x29, 0);
    put_query("CREATE TABLE t (a INT)");
    for (size_t i = 0; i < 2; i++) {
        struct translator_options options = {.to = dialects[i], .server_id = 99};
        char marks[2][TRANSLATOR_MARK_SIZE];
        size_t sizes[2];

        for (size_t without = 0; without < 2; without++) {
            options.anonymous = without;
            translator_view_mark(&options, marks[without]);
            translation_init_of(&translation, &options);
            assert_true(translate_bytes(&translation, buf_span(&log_bytes), &err));
            sizes[without] = translation.out.len;
            if (without)
                assert_string_equal(transcript(), texts[i]);
            translation_done(&translation);
        }
        assert_int_equal(sizes[0], sizes[1]);
        assert_string_equal(marks[0], marks[1]);
    }
}

static void an_alter_in_two_phases_is_one(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-10");
    put_phase(11, GTID_MARIADB_EXTRA_START_ALTER);
    put_query("ALTER TABLE t ADD b INT");
    put_phase(12, GTID_MARIADB_EXTRA_COMMIT_ALTER);
    put_query("ALTER TABLE t ADD b INT");
    put_phase(13, GTID_MARIADB_EXTRA_ROLLBACK_ALTER);
    put_intvar(1);
    put_query("ALTER TABLE t ADD UNIQUE (b)");
    expect(DIALECT_MYSQL_5, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1-10\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:11\n"
                            "Query BEGIN\nQuery COMMIT\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:12\n"
                            "Query ALTER TABLE t ADD b INT\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:13\n"
                            "Query BEGIN\nQuery COMMIT\n");
}

/* CREATE TABLE ... SELECT in row format. */
static void a_table_with_its_rows_is_one_transaction(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_query("BEGIN");
    put_query("CREATE TABLE t (a INT) START TRANSACTION");
    put_xid();
    expect(DIALECT_MARIADB, "Gtid_list 5-99-1\n"
                            "Gtid 5-7-2 28\nQuery CREATE TABLE t (a INT)\nXid \n");
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, 0x28, 0);
    put_query("CREATE TEMPORARY TABLE u (a INT)");
    put_query("CREATE TABLE t (a INT)");
    put_xid();
    expect_within(DIALECT_MYSQL_8, "Query BEGIN\nQuery CREATE TEMPORARY TABLE u (a INT)");
    expect_within(DIALECT_MYSQL_8, " START TRANSACTION\nXid \n");
    expect_refusal(DIALECT_MYSQL_5, E_STATE,
                   "statement 'CREATE TABLE t': MySQL 5.6 can not create");
}

static void xa_of_mysql(void **state)
{
    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_query("XA START X'61',X'',1");
    put_query("XA END X'61',X'',1");
    put_prepare(false);
    put_gtid(3, 1, 2);
    put_query("XA COMMIT X'61',X'',1");
    put_gtid(4, 2, 3);
    put_query("XA START X'61',X'',1");
    put_intvar(3);
    put_query("INSERT INTO t VALUES (NULL)");
    put_query("XA END X'61',X'',1");
    put_prepare(true);
    expect(DIALECT_MARIADB, "Gtid_list 5-99-1\n"
                            "Gtid 5-7-2 4c xa 1\nQuery XA END X'61',X'',1\nXA_prepare \n"
                            "Gtid 5-7-3 8d xa 1\nQuery XA COMMIT X'61',X'',1\n"
                            "Gtid 5-7-4 e with 3\nIntvar \nQuery INSERT INTO t VALUES (NULL)\n"
                            "Xid \n");
}

static void put_gtid_xa(uint64_t sequence, uint8_t flags)
{
    struct gtid_mariadb_event gtid = {
        .sequence = sequence,
        .flags = flags,
        .xa = {.format_id = 1, .gtrid = span_str("a")},
    };

    gtid_mariadb_encode(&body, &gtid);
    put_body(EVENT_MARIADB_GTID);
}

static void xa_of_mariadb(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_xa(2, 0x4c);
    put_query("XA END X'61',X'',1");
    put_prepare(false);
    put_gtid_xa(3, 0x8d);
    put_query("XA ROLLBACK X'61',X'',1");
    expect(DIALECT_MYSQL_8, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:2 0 1\n"
                            "Query XA START X'61',X'',1\n"
                            "Query XA END X'61',X'',1\nXA_prepare \n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:3 1 2\n"
                            "Query XA ROLLBACK X'61',X'',1\n");
    expect_refusal(DIALECT_MYSQL_5, E_STATE, "XA transaction X'61',X'',1");
}

static void files_name_each_other(void **state)
{
    struct rotate rotate = {.position = 4, .name = span_str("mysql-bin.000008")};

    (void)state;
    begin_log(MYSQL);
    put_previous("");
    rotate_encode(&body, &rotate);
    put_body(EVENT_ROTATE);
    expect(DIALECT_MARIADB, "Gtid_list \nRotate mysql-bin-mariadb2a.000008\n");
    begin_log(MARIADB);
    put_list("0-7-1");
    put_body(EVENT_STOP);
    expect(DIALECT_MYSQL_5, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1\nStop \n");
    begin_log(MARIADB);
    put_list("0-7-1");
    rotate.name = span_str("mysql-bin");
    rotate_encode(&body, &rotate);
    put_body(EVENT_ROTATE);
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "'mysql-bin' has no number after its last dot");
}

static void an_unfinished_transaction_does_not_come_out(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, 0xc, 0);
    put_query("INSERT INTO t VALUES (1)");
    expect(DIALECT_MYSQL_5, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1\n");
}

static void mysql_5_does_not_create_and_fill(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, GTID_MARIADB_DDL | GTID_MARIADB_TRANSACTIONAL, 0);
    put_query("CREATE TABLE t (a INT)");
    expect_refusal(DIALECT_MYSQL_5, E_STATE, "can not create a table and fill it");
}

static void broken_order_is_refused(void **state)
{
    (void)state;
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, 0xc, 0);
    put_gtid_mariadb(0, 3, 0xc, 0);
    expect_refusal(DIALECT_MYSQL_5, E_PROTO, "Gtid event inside another transaction");
    begin_log(MARIADB);
    put_list("0-7-1");
    put_query("INSERT INTO t VALUES (1)");
    expect_refusal(DIALECT_MYSQL_5, E_STATE, "Query event without a GTID");
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, 0xc, 0);
    put_query("BEGIN");
    expect_refusal(DIALECT_MYSQL_8, E_PROTO, "'BEGIN' inside a transaction");
    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, UINT64_MAX, 0xc, 0);
    expect_refusal(DIALECT_MYSQL_8, E_LIMIT, "GTID 0-7-18446744073709551615");
    begin_log(MARIADB);
    put_list("0-7-9223372036854775807");
    expect_refusal(DIALECT_MYSQL_8, E_LIMIT, "GTID 0-7-9223372036854775807");
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_gtid(3, 0, 1);
    expect_refusal(DIALECT_MARIADB, E_PROTO, "Gtid event inside another transaction");
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_query("XA START 'a'");
    expect_refusal(DIALECT_MARIADB, E_PROTO, "no name of an XA transaction");
    begin_log(MYSQL);
    put_gtid(2, 0, 1);
    expect_refusal(DIALECT_MARIADB, E_STATE, "executed before it are not known");
    begin_log(MARIADB);
    put_xid();
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "GTIDs before the file are not known");
}

static char *long_insert(size_t size)
{
    char *text = mem_alloc(size + 1);

    memset(text, 'x', size);
    memcpy(text, "INSERT INTO t VALUES ('", 23);
    memcpy(text + size - 2, "')", 2);
    return text;
}

/* What is of no transaction, and what no replica of the other family could read. */
static void other_events(void **state)
{
    struct incident incident = {.number = 1, .message = span_str("lost")};

    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_body(EVENT_TRANSACTION_CONTEXT);
    put_body(EVENT_VIEW_CHANGE);
    incident_encode(&body, &incident);
    put_body(EVENT_INCIDENT);
    put_gtid(2, 0, 0);
    incident_encode(&body, &incident);
    put_body(EVENT_INCIDENT);
    put_body(EVENT_STOP);
    expect(DIALECT_MARIADB, "Gtid_list 5-99-1\nIncident \nGtid 5-7-2 29\nIncident \nStop \n");
    put_body(EVENT_LOAD);
    expect_refusal(DIALECT_MARIADB, E_STATE, "Load event: it can not be translated");
    begin_log(MARIADB);
    put_list("0-7-1");
    binlog_checkpoint_encode(&body, span_str("mysql-bin.000001"));
    put_body(EVENT_MARIADB_BINLOG_CHECKPOINT);
    put_gtid_mariadb(0, 2, 0xc, 0);
    buf_str(&body, "INSERT INTO t VALUES (1)");
    put_body(EVENT_MARIADB_ANNOTATE_ROWS);
    put_xid();
    expect(DIALECT_MYSQL_8, "Previous_gtids b0ea115d-0000-8000-8000-000000000007:1\n"
                            "Gtid b0ea115d-0000-8000-8000-000000000007:2 0 1\n"
                            "Query BEGIN\nRows_query \nXid \n");
    put_body(EVENT_MARIADB_PARTIAL_ROW_DATA);
    expect_refusal(DIALECT_MYSQL_8, E_STATE, "it can not be translated");
}

static void a_long_xa_transaction_in_one_phase_is_refused(void **state)
{
    char *text = long_insert(TRANSLATOR_HELD_MAX);

    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_query("XA START X'61',X'',1");
    put_query(text);
    put_query("XA END X'61',X'',1");
    put_prepare(false);
    expect_within(DIALECT_MARIADB, "Gtid 5-7-2 40 xa 1\n");
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1");
    put_gtid(2, 0, 1);
    put_query("XA START X'61',X'',1");
    put_query(text);
    put_query("XA END X'61',X'',1");
    put_prepare(true);
    expect_refusal(DIALECT_MARIADB, E_STATE, "committed in one phase can not be taken over");
    mem_free(text);
}

/* Names of files of a source and of its views. */
static void names(void **state)
{
    static const struct gtid_resolver known;
    static const struct {
        const char *source;
        enum dialect to;
        enum account_policy accounts;
        const char *mark;
        const char *view;
        const struct gtid_resolver *resolver;
    } cases[] = {
        {"mysql-bin.000031", DIALECT_MARIADB, ACCOUNTS_DROP, "mariadb2",
         "mysql-bin-mariadb2.000031", NULL},
        {"a.b.1000000", DIALECT_MYSQL_8, ACCOUNTS_STOP, "mysql82", "a.b-mysql82.1000000", NULL},
        {"x.1", DIALECT_MYSQL_5, ACCOUNTS_REPLICATE, "mysql52a", "x-mysql52a.1", NULL},
        {"x.1", DIALECT_MYSQL_8, ACCOUNTS_DROP, "mysql82g", "x-mysql82g.1", &known},
        {"x.1", DIALECT_MARIADB, ACCOUNTS_KEEP, "mariadb2k", "x-mariadb2k.1", NULL},
        {"x.1", DIALECT_MYSQL_8, ACCOUNTS_REPLICATE, "mysql82ag", "x-mysql82ag.1", &known},
    };
    static const char *const no_source[] = {"",           "mysql-bin", ".000001",
                                            "mysql-bin.", "a.1b",      "a.99999999999"};
    static const char *const no_view[] = {"",
                                          "mysql-bin.000001",
                                          "mysql-bin-mysql82.000001",
                                          "mysql-bin-mariadb.000001",
                                          "mysql-bin-mariadbx.000001",
                                          "mysql-bin-mariadb2b.000001",
                                          "mysql-bin-mariadb2aa.000001",
                                          "mysql-bin-mariadb2ga.000001",
                                          "mysql-bin-mariadb65536.000001",
                                          "mysql-bin-mariadb000000001.000001",
                                          "-mariadb2.000001",
                                          "mysql-bin-mariadb2",
                                          "mysql-bin-mariadb2 .000001"};
    struct translator_options options = {.to = DIALECT_MARIADB};
    char mark[TRANSLATOR_MARK_SIZE];
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof no_source / sizeof no_source[0]; i++)
        assert_false(translator_view_name(no_source[i], &options, text, sizeof text));
    for (size_t i = 0; i < sizeof no_view / sizeof no_view[0]; i++)
        assert_false(
            translator_source_name(span_str(no_view[i]), DIALECT_MARIADB, mark, text, sizeof text));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span view = span_str(cases[i].view);

        options = (struct translator_options){
            .to = cases[i].to, .accounts = cases[i].accounts, .resolver = cases[i].resolver};
        translator_view_mark(&options, mark);
        assert_string_equal(mark, cases[i].mark);
        assert_true(translator_view_name(cases[i].source, &options, text, sizeof text));
        assert_string_equal(text, cases[i].view);
        assert_false(translator_view_name(cases[i].source, &options, text, view.len));
        mark[0] = '\0';
        assert_true(translator_source_name(view, cases[i].to, mark, text, sizeof text));
        assert_string_equal(text, cases[i].source);
        assert_string_equal(mark, cases[i].mark);
        assert_false(
            translator_source_name(view, cases[i].to, mark, text, strlen(cases[i].source)));
    }
    assert_true(translator_source_name(span_str("a-mariadb12a.000001"), DIALECT_MARIADB, mark, text,
                                       sizeof text));
    assert_string_equal(mark, "mariadb12a");
}

/* Longer than what is held: its GTID tells nothing, and the next begins a group of its own. */
static void a_long_transaction_goes_out_as_it_comes(void **state)
{
    char *text = long_insert(TRANSLATOR_HELD_MAX / 2);
    struct translator *translator;
    size_t longest = 0;
    struct err err;

    (void)state;
    begin_log(MYSQL);
    put_previous(UUID_TEXT ":1-100");
    put_transaction(101, 0, 1);
    put_gtid(102, 0, 2);
    put_query("BEGIN");
    for (int i = 0; i < 4; i++)
        put_query(text);
    put_xid();
    put_transaction(103, 0, 3);
    translation_init(&translation, DIALECT_MARIADB);
    translator = translation.translator;
    assert_true(translate_bytes(&translation, buf_span(&log_bytes), &err));
    assert_true(translator_is_between(translator));
    (void)transcript();
    assert_contains(buf_borrow_cstr(&lines), "Gtid 5-7-101 e with 1\nXid \nGtid 5-7-102 0\n");
    assert_contains(buf_borrow_cstr(&lines), "Gtid 5-7-103 e with 3\nXid \n");
    longest = translation.out.len;
    assert_in_range(longest, 2 * TRANSLATOR_HELD_MAX, 3 * TRANSLATOR_HELD_MAX);
    translation_done(&translation);

    begin_log(MARIADB);
    put_list("0-7-1");
    put_gtid_mariadb(0, 2, 0xc, 9);
    for (int i = 0; i < 4; i++)
        put_query(text);
    put_xid();
    put_gtid_mariadb(0, 3, 0xc, 9);
    put_xid();
    translation_init(&translation, DIALECT_MYSQL_8);
    assert_true(translate_bytes(&translation, buf_span(&log_bytes), &err));
    (void)transcript();
    assert_contains(buf_borrow_cstr(&lines), "000000000007:2 0 1\nQuery BEGIN\n");
    assert_contains(buf_borrow_cstr(&lines), "000000000007:3 1 2\n");
    translation_done(&translation);
    mem_free(text);
}

/* A log that begins in the middle of a file: the view's places are the source's, or beyond. */
static void a_file_may_begin_in_the_middle(void **state)
{
    struct translator_options options = {.to = DIALECT_MARIADB, .domain = 5, .server_id = 99};
    struct translator_state gtids;
    struct translator *translator = translator_new(&options);
    struct gtid_set set;
    struct span format;
    struct reader reader;
    struct reader_event event;
    struct span window;
    struct buf out;
    struct event_header header = {0};
    struct cursor cur;
    struct format head;
    struct err err;

    (void)state;
    begin_log(MYSQL);
    window = buf_span(&log_bytes);
    reader_init(&reader);
    assert_true(reader_next(&reader, &window, &event, &err));
    format = event.bytes;
    gtid_set_init(&set);
    assert_true(gtid_set_parse(span_str(UUID_TEXT ":1-9"), &set, &err));
    gtids = (struct translator_state){.executed = &set};
    buf_init(&out, LOG_MAX);
    for (uint64_t offset = 150; offset < 100000; offset += 50000) {
        buf_clear(&out);
        assert_true(translator_file(translator, "a.000003", offset, format, &gtids, &out, &err));
        cur = cursor_of(buf_span(&out));
        assert_true(event_header_decode(cur.rest, &header, &err));
        cursor_skip(&cur, EVENT_HEADER_SIZE);
        assert_true(format_decode(
            cursor_bytes(&cur, header.length - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE), &head,
            &err));
        assert_int_equal(head.family, FORMAT_MARIADB);
        assert_int_equal(head.created, 0);
        assert_int_equal(translator_offset(translator),
                         offset < out.len + 4 ? out.len + 4 : offset);
    }
    assert_false(translator_file(translator, "a", 4, format, &gtids, &out, &err));
    assert_contains(err.text, "'a' has no number");
    buf_done(&out);
    gtid_set_done(&set);
    translator_free(translator);
    translator_free(NULL);
}

/* What is known of the time before a file is more than its head says: the last of the file before.
 */
static void a_head_may_lack_what_is_known(void **state)
{
    static const struct {
        const char *previous;
        bool good;
    } heads[] = {{UUID_TEXT ":1-9", true}, {UUID_TEXT ":1-8", true}, {UUID_TEXT ":1-10", false}};
    struct translator_options options = {.to = DIALECT_MARIADB, .domain = 5, .server_id = 99};
    struct gtid_set known;
    struct err err;

    (void)state;
    gtid_set_init(&known);
    assert_true(gtid_set_parse(span_str(UUID_TEXT ":1-9"), &known, &err));
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct translator *translator = translator_new(&options);
        struct translator_state gtids = {.executed = &known};
        struct reader_event event;
        struct reader reader;
        struct span window;
        struct buf out;
        bool good = true;

        begin_log(MYSQL);
        put_previous(heads[i].previous);
        put_gtid(10, 0, 0);
        put_query("CREATE TABLE t (a INT)");
        window = buf_span(&log_bytes);
        buf_init(&out, LOG_MAX);
        reader_init(&reader);
        assert_true(reader_next(&reader, &window, &event, &err));
        assert_true(translator_file(translator, "a.000003", 4, event.bytes, &gtids, &out, &err));
        while (good && window.len > 0) {
            assert_true(reader_next(&reader, &window, &event, &err));
            good = translator_take(translator, event.bytes, &out, &err);
        }
        assert_int_equal(good, heads[i].good);
        if (!good)
            assert_contains(err.text, "10 GTIDs that are not all among the 9 of the state given");
        buf_done(&out);
        translator_free(translator);
    }
    gtid_set_done(&known);
}

static int set_up(void **state)
{
    (void)state;
    written_log_init();
    buf_init(&lines, LOG_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    written_log_done();
    buf_done(&lines);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_count_the_executed_set),
        cmocka_unit_test(a_gtid_twice_is_refused),
        cmocka_unit_test(the_channels_own_domain_does_not_come_back),
        cmocka_unit_test(a_source_without_gtids_has_places),
        cmocka_unit_test(a_source_without_gtids_is_counted),
        cmocka_unit_test(transactions_of_a_group_have_one_commit_id),
        cmocka_unit_test(a_commit_id_is_mysqls_clock),
        cmocka_unit_test(gtids_may_stay_out),
        cmocka_unit_test(gtids_become_again_what_they_were),
        cmocka_unit_test(an_alter_in_two_phases_is_one),
        cmocka_unit_test(a_table_with_its_rows_is_one_transaction),
        cmocka_unit_test(xa_of_mysql),
        cmocka_unit_test(xa_of_mariadb),
        cmocka_unit_test(files_name_each_other),
        cmocka_unit_test(an_unfinished_transaction_does_not_come_out),
        cmocka_unit_test(mysql_5_does_not_create_and_fill),
        cmocka_unit_test(broken_order_is_refused),
        cmocka_unit_test(other_events),
        cmocka_unit_test(a_long_xa_transaction_in_one_phase_is_refused),
        cmocka_unit_test(names),
        cmocka_unit_test(a_long_transaction_goes_out_as_it_comes),
        cmocka_unit_test(a_file_may_begin_in_the_middle),
        cmocka_unit_test(a_head_may_lack_what_is_known),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
