#include "cli/binlog_cut.h"

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"

#include "check.h"
#include "event_bytes.h"

struct fixture {
    struct binlog_cut *cut;
    struct reader reader;
    struct buf body;
    struct buf event;
    struct buf out;
    struct err err;
};

static struct fixture *start(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->cut = binlog_cut_new();
    buf_init(&fixture->body, 1 << 20);
    buf_init(&fixture->event, 1 << 20);
    buf_init(&fixture->out, 1 << 20);
    reader_init(&fixture->reader);
    return fixture;
}

static void finish(struct fixture *fixture)
{
    binlog_cut_free(fixture->cut);
    buf_done(&fixture->body);
    buf_done(&fixture->event);
    buf_done(&fixture->out);
    free(fixture);
}

/* The event with the body that was written, through the reader into the cut. */
static bool put(struct fixture *fixture, uint8_t type, uint16_t flags, bool wanted)
{
    struct event_header header = {.type = type, .flags = flags, .server_id = 1, .timestamp = 9};
    struct reader_event event;

    buf_clear(&fixture->event);
    header.length = (uint32_t)(EVENT_HEADER_SIZE + fixture->body.len + EVENT_CHECKSUM_SIZE);
    header.log_pos = 77;
    event_header_encode(&fixture->event, &header);
    buf_bytes(&fixture->event, buf_span(&fixture->body));
    checksum_append(&fixture->event, 0);
    buf_clear(&fixture->body);
    if (!reader_event_parse(&fixture->reader, buf_span(&fixture->event), true, &event,
                            &fixture->err))
        fail_msg("%s", fixture->err.text);
    return binlog_cut_take(fixture->cut, &fixture->reader, &event, wanted, &fixture->out,
                           &fixture->err);
}

static bool put_format(struct fixture *fixture, const char *version, uint32_t created,
                       uint16_t flags)
{
    struct format format;

    format_init(&format, version, CHECKSUM_CRC32);
    format.created = created;
    format_encode(&fixture->body, &format);
    return put(fixture, EVENT_FORMAT_DESCRIPTION, flags, true);
}

static bool put_list(struct fixture *fixture, const char *text)
{
    struct gtid_list list;

    gtid_list_init(&list);
    assert_true(gtid_list_parse(span_str(text), &list, &fixture->err));
    gtid_list_encode(&fixture->body, &list);
    gtid_list_done(&list);
    return put(fixture, EVENT_MARIADB_GTID_LIST, 0, true);
}

static void put_transaction(struct fixture *fixture, uint64_t sequence, bool wanted, uint16_t flags)
{
    bytes_gtid(&fixture->body, sequence);
    assert_true(put(fixture, EVENT_MARIADB_GTID, 0, wanted));
    bytes_query(&fixture->body, "d", "INSERT INTO t VALUES (1)");
    assert_true(put(fixture, EVENT_QUERY, flags, wanted));
    buf_u64(&fixture->body, 7);
    assert_true(put(fixture, EVENT_XID, 0, wanted));
}

#define MARIADB "10.11.6-MariaDB-log"

/* The new file, read back. */
struct back {
    uint8_t types[32];
    size_t count;
    uint32_t created;
    char list[64];
    bool closed;
};

static void read_back(struct fixture *fixture, struct back *back)
{
    struct span window;
    struct reader reader;
    struct reader_event event;
    struct err err = {0};

    *back = (struct back){0};
    if (!binlog_cut_finish(fixture->cut, &fixture->out, &err))
        fail_msg("%s", err.text);
    window = buf_span(&fixture->out);
    assert_int_equal(window.len, binlog_cut_size(fixture->cut));
    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    while (reader_next(&reader, &window, &event, &err) && event.bytes.len > 0) {
        assert_true(back->count < sizeof back->types);
        back->types[back->count++] = event.header.type;
        assert_int_equal(event.header.flags & EVENT_FLAG_IN_USE, 0);
        if (event.header.type == EVENT_MARIADB_GTID_LIST) {
            struct gtid_list list;
            struct buf text;

            gtid_list_init(&list);
            buf_init(&text, 1000);
            assert_true(gtid_list_decode(event.body, &list, &err));
            gtid_list_print(&text, &list);
            (void)snprintf(back->list, sizeof back->list, "%s", buf_borrow_cstr(&text));
            buf_done(&text);
            gtid_list_done(&list);
        }
    }
    if (!reader_finish(&reader, window, &err))
        fail_msg("%s", err.text);
    back->created = reader.format.created;
    back->closed = reader.closed;
    assert_int_equal(back->count, binlog_cut_events(fixture->cut));
}

static void test_from_the_beginning(void **state)
{
    static const uint8_t types[] = {EVENT_FORMAT_DESCRIPTION,
                                    EVENT_MARIADB_GTID_LIST,
                                    EVENT_MARIADB_GTID,
                                    EVENT_QUERY,
                                    EVENT_XID,
                                    EVENT_STOP};
    struct fixture *fixture = start();
    struct back back;

    (void)state;
    assert_true(put_format(fixture, MARIADB, 123, EVENT_FLAG_IN_USE));
    assert_true(put_list(fixture, "0-1-4,3-2-9"));
    put_transaction(fixture, 5, true, 0);
    put_transaction(fixture, 6, false, 0);
    read_back(fixture, &back);
    assert_int_equal(back.count, sizeof types);
    assert_memory_equal(back.types, types, sizeof types);
    assert_int_equal(back.created, 123);
    assert_string_equal(back.list, "0-1-4,3-2-9");
    assert_true(back.closed);
    assert_int_equal(binlog_cut_transactions(fixture->cut), 1);
    finish(fixture);
}

/* The GTIDs of what was left out before are before the file, and no server's start is told. */
static void test_from_the_middle_on_over_files(void **state)
{
    struct fixture *fixture = start();
    struct back back;

    (void)state;
    assert_true(put_format(fixture, MARIADB, 123, 0));
    assert_true(put_list(fixture, "0-1-4"));
    put_transaction(fixture, 5, false, 0);
    put_transaction(fixture, 6, true, 0);
    assert_true(put_format(fixture, MARIADB, 456, 0));
    assert_true(put_list(fixture, "0-1-6"));
    put_transaction(fixture, 7, true, 0);
    read_back(fixture, &back);
    assert_int_equal(back.count, 2 + 3 + 3 + 1);
    assert_int_equal(back.created, 0);
    assert_string_equal(back.list, "0-1-5");
    finish(fixture);
}

static void test_a_file_that_does_not_follow(void **state)
{
    struct fixture *fixture = start();

    (void)state;
    assert_true(put_format(fixture, MARIADB, 0, 0));
    assert_true(put_list(fixture, "0-1-4"));
    put_transaction(fixture, 5, true, 0);
    assert_true(put_format(fixture, MARIADB, 0, 0));
    assert_false(put_list(fixture, "0-1-8"));
    assert_int_equal(fixture->err.class, E_STATE);
    assert_string_equal(fixture->err.text,
                        "it does not follow the file before it: its Gtid_list is "
                        "0-1-8, expected 0-1-5");
    finish(fixture);
}

static void test_other_formats_and_relay_logs(void **state)
{
    struct fixture *fixture = start();

    (void)state;
    assert_true(put_format(fixture, MARIADB, 0, 0));
    assert_false(put_format(fixture, "11.8.2-MariaDB", 0, 0));
    assert_int_equal(fixture->err.class, E_STATE);
    assert_contains(fixture->err.text, "format description of 11.8.2-MariaDB, checksum CRC32");
    finish(fixture);
    fixture = start();
    assert_false(put_format(fixture, MARIADB, 0, EVENT_FLAG_RELAY_LOG));
    assert_contains(fixture->err.text, "a relay log");
    finish(fixture);
}

/* Temporary tables of a server that crashed can not be told of in the middle of a file. */
static void test_a_crash_between_files(void **state)
{
    for (int tables = 0; tables <= 1; tables++) {
        for (int closed = 0; closed <= 1; closed++) {
            struct fixture *fixture = start();

            assert_true(put_format(fixture, MARIADB, 123, 0));
            put_transaction(fixture, 5, true, tables ? EVENT_FLAG_THREAD_SPECIFIC : 0);
            if (closed)
                assert_true(put(fixture, EVENT_STOP, 0, true));
            assert_int_equal(put_format(fixture, MARIADB, 456, 0), !tables || closed);
            if (tables && !closed)
                assert_contains(fixture->err.text, "began anew after a crash");
            finish(fixture);
        }
    }
    (void)state;
}

static void test_nothing_to_take(void **state)
{
    struct fixture *fixture = start();
    struct err err = {0};

    (void)state;
    assert_true(put_format(fixture, MARIADB, 0, 0));
    put_transaction(fixture, 5, false, 0);
    assert_false(binlog_cut_finish(fixture->cut, &fixture->out, &err));
    assert_int_equal(err.class, E_STATE);
    assert_int_equal(fixture->out.len, 0);
    finish(fixture);
    binlog_cut_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_the_beginning),
        cmocka_unit_test(test_from_the_middle_on_over_files),
        cmocka_unit_test(test_a_file_that_does_not_follow),
        cmocka_unit_test(test_other_formats_and_relay_logs),
        cmocka_unit_test(test_a_crash_between_files),
        cmocka_unit_test(test_nothing_to_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
