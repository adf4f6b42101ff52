#include "binlog/reader.h"

#include "binlog/control.h"
#include "binlog/query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf file;
static struct format format;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&file, 1 << 20);
    buf_bytes(&file, span_of("\xfe"
                             "bin",
                             4));
    format_init(&format, "8.0.36", CHECKSUM_CRC32);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&file);
    return 0;
}

/* Appends an event with the right length, position and checksum. */
static void add(uint8_t type, uint16_t flags, struct span body)
{
    size_t start = file.len;
    size_t size = EVENT_HEADER_SIZE + body.len;
    struct event_header header = {.type = type, .flags = flags, .server_id = 1};

    if (format.checksum == CHECKSUM_CRC32 || type == EVENT_FORMAT_DESCRIPTION)
        size += EVENT_CHECKSUM_SIZE;
    header.length = (uint32_t)size;
    header.log_pos = (uint32_t)(start + size);
    event_header_encode(&file, &header);
    buf_bytes(&file, body);
    if (format.checksum == CHECKSUM_CRC32 || type == EVENT_FORMAT_DESCRIPTION)
        checksum_append(&file, start);
}

static void add_format(uint16_t flags)
{
    struct buf body;

    buf_init(&body, 1000);
    format_encode(&body, &format);
    add(EVENT_FORMAT_DESCRIPTION, flags, buf_span(&body));
    buf_done(&body);
}

static void add_query(const char *text)
{
    struct query query = {.database = span_str("d"), .text = span_str(text)};
    struct buf body;

    buf_init(&body, 1000);
    query_encode(&body, &query);
    add(EVENT_QUERY, 0, buf_span(&body));
    buf_done(&body);
}

static void add_xid(void)
{
    add(EVENT_XID, 0, span_of("12345678", 8));
}

static void add_rotate(void)
{
    add(EVENT_ROTATE, 0, span_of("\4\0\0\0\0\0\0\0binlog.2", 16));
}

static void start(struct reader *reader)
{
    reader_init(reader);
    reader->verify_checksums = true;
    reader->check_positions = true;
}

/* Reads all; the error's text, or "" when nothing is wrong. */
static const char *read_all(struct reader *reader)
{
    struct span window = buf_span(&file);
    struct reader_event event;

    start(reader);
    err.text[0] = 0;
    do {
        if (!reader_next(reader, &window, &event, &err))
            return err.text;
    } while (event.bytes.len > 0);
    return reader_finish(reader, window, &err) ? "" : err.text;
}

static void a_file_is_read_to_its_end(void **state)
{
    struct reader reader;

    (void)state;
    add_format(0);
    assert_string_equal(read_all(&reader), "");
    assert_false(reader.closed);
    add_query("BEGIN");
    add_query("INSERT");
    add_xid();
    add_query("CREATE TABLE t (a INT)");
    add_rotate();
    assert_string_equal(read_all(&reader), "");
    assert_true(reader.closed);
    assert_int_equal(reader.offset, file.len);
}

static void bytes_may_come_one_by_one(void **state)
{
    struct reader reader;
    struct reader_event event;
    size_t taken = 0;
    size_t events = 0;

    (void)state;
    add_format(0);
    add_query("CREATE TABLE t (a INT)");
    add_rotate();
    start(&reader);
    for (size_t n = 0; n <= file.len; n++) {
        struct span window = span_of(file.data + taken, n - taken);

        assert_true(reader_next(&reader, &window, &event, &err));
        taken = n - window.len;
        assert_int_equal(taken, reader.offset);
        if (event.bytes.len > 0) {
            events++;
            assert_int_equal(event.bytes.len, event.header.length);
        } else {
            assert_true(window.len < reader.need);
        }
    }
    assert_int_equal(events, 3);
}

static void transactions_are_followed(void **state)
{
    static const char *const inside[] = {"BEGIN", "XA START 'x'"};
    struct reader reader;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&file);
        buf_bytes(&file, span_of("\xfe"
                                 "bin",
                                 4));
        add_format(0);
        add_query(inside[i]);
        assert_non_null(strstr(read_all(&reader), "ends inside a transaction, which began at "
                                                  "offset 126"));
        add_query("INSERT");
        add_query("SAVEPOINT x");
        assert_int_not_equal(read_all(&reader)[0], 0);
        add_query(i == 0 ? "COMMIT" : "XA ROLLBACK 'x'");
        assert_string_equal(read_all(&reader), "");
    }
    add(EVENT_INTVAR, 0, span_of("\1\0\0\0\0\0\0\0\0", 9));
    assert_int_not_equal(read_all(&reader)[0], 0);
    add_query("INSERT");
    assert_string_equal(read_all(&reader), "");
}

static void mariadb_gtids_begin_transactions(void **state)
{
    struct reader reader;

    (void)state;
    format_init(&format, "11.8.6-MariaDB", CHECKSUM_CRC32);
    add_format(0);
    add(EVENT_MARIADB_GTID, 0, span_of("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19));
    add_query("DROP TABLE t"); /* inside: only XID or COMMIT ends it */
    assert_int_not_equal(read_all(&reader)[0], 0);
    add_xid();
    assert_string_equal(read_all(&reader), "");
    add(EVENT_MARIADB_GTID, 0, span_of("\2\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0", 19));
    assert_int_not_equal(read_all(&reader)[0], 0);
    add_query("DROP TABLE t");
    assert_string_equal(read_all(&reader), "");
}

/* As a server without checksums sends it, from the middle of a file; in a file it is damage. */
static void a_format_made_for_a_stream_may_have_the_files_checksum(void **state)
{
    struct reader reader;
    struct reader_event event;
    struct span bytes;

    (void)state;
    for (int i = 0; i < 4; i++) {
        bool without = i & 1;
        bool stream = i & 2;

        (void)tear_down(NULL);
        (void)set_up(NULL);
        format.created = 7;
        format.checksum = without ? CHECKSUM_NONE : CHECKSUM_CRC32;
        add_format(0);
        bytes = span_of(file.data + READER_MAGIC_SIZE, file.len - READER_MAGIC_SIZE);
        memset(file.data + READER_MAGIC_SIZE + EVENT_HEADER_SIZE + 2 + FORMAT_VERSION_SIZE, 0, 4);
        if (stream)
            memset(file.data + READER_MAGIC_SIZE + 13, 0, 4); /* log_pos */
        reader_init(&reader);
        reader.verify_checksums = true;
        assert_int_equal(reader_event_parse(&reader, bytes, true, &event, &err), without && stream);
    }
}

static void errors_name_place_event_expected_and_found(void **state)
{
    struct reader reader;
    size_t at;

    (void)state;
    add_format(0);
    at = file.len;
    add_query("BEGIN");
    file.data[at + 30] ^= 1;
    assert_non_null(strstr(read_all(&reader), "offset 126: Query event: checksum 0x"));
    file.data[at + 30] ^= 1;
    file.data[at + 9] = 18; /* length */
    assert_string_equal(read_all(&reader),
                        "offset 126: Query event: length 18, expected 19 to 1073741824");
    file.data[at + 9] = 22;
    assert_string_equal(read_all(&reader),
                        "offset 126: Query event: length 22, expected 23 or more");
    file.data[at + 9] = 200;
    assert_string_equal(read_all(&reader), "offset 126: file ends inside an event: 200 bytes "
                                           "expected, found 43");
}

static void heads_are_recognised(void **state)
{
    struct reader reader;

    (void)state;
    buf_clear(&file);
    assert_non_null(strstr(read_all(&reader), "file ends inside its magic"));
    buf_bytes(&file, span_of("\xfd"
                             "bin",
                             4));
    assert_non_null(strstr(read_all(&reader), "encrypted by MySQL"));
    assert_int_equal(err.class, E_STATE);
    buf_clear(&file);
    buf_str(&file, "text, not a binlog");
    assert_string_equal(read_all(&reader), "offset 0: not a binlog file: starts with 74 65 78 74, "
                                           "expected fe 62 69 6e");
    buf_clear(&file);
    buf_bytes(&file, span_of("\xfe"
                             "bin",
                             4));
    assert_non_null(strstr(read_all(&reader), "ends before its format description"));
    add_query("BEGIN");
    assert_string_equal(read_all(&reader),
                        "offset 4: Query event found, expected Format_desc as the first");
}

static void unknown_events_pass_only_when_they_may_be_ignored(void **state)
{
    struct reader reader;
    size_t end;

    (void)state;
    add_format(0);
    add(99, EVENT_FLAG_IGNORABLE, span_str("future"));
    assert_string_equal(read_all(&reader), "");
    end = file.len;
    add(99, 0, span_str("future"));
    assert_non_null(strstr(read_all(&reader), "unknown type 99, which may not be ignored"));
    assert_int_equal(reader.offset, end);
}

static void positions_are_checked_modulo_4_gib(void **state)
{
    struct reader reader;
    struct reader_event event;
    struct span window;
    size_t at;

    (void)state;
    add_format(0);
    at = file.len;
    add_query("CREATE TABLE t (a INT)");
    window = span_of(file.data + at, file.len - at);
    start(&reader);
    reader.has_format = true;
    reader.format = format;
    reader.offset = (UINT64_C(1) << 32) + at;
    assert_true(reader_next(&reader, &window, &event, &err));
    assert_true(event.offset == (UINT64_C(1) << 32) + at);
    reader.offset = (UINT64_C(1) << 32) + at + 1;
    window = span_of(file.data + at, file.len - at);
    assert_false(reader_next(&reader, &window, &event, &err));
    assert_non_null(strstr(err.text, "log_pos"));
    reader.relay_log = true; /* those have the source's positions */
    assert_true(reader_next(&reader, &window, &event, &err));
}

static void large_events_are_refused_by_the_callers_limit(void **state)
{
    struct reader reader;
    struct reader_event event;
    struct span window;

    (void)state;
    add_format(0);
    window = buf_span(&file);
    start(&reader);
    reader.event_max = 100;
    assert_false(reader_next(&reader, &window, &event, &err));
    assert_int_equal(err.class, E_LIMIT);
}

static void single_events_come_before_a_format_too(void **state)
{
    struct reader reader;
    struct reader_event event;
    size_t at = file.len;

    (void)state;
    add_rotate();
    start(&reader);
    reader.check_positions = false;
    assert_true(
        reader_event_parse(&reader, span_of(file.data + at, file.len - at), true, &event, &err));
    assert_int_equal(event.body.len, 16);
    assert_true(
        reader_event_parse(&reader, span_of(file.data + at, file.len - at), false, &event, &err));
    assert_int_equal(event.body.len, 20);
    assert_false(reader_event_parse(&reader, span_of(file.data + at, file.len - at - 1), true,
                                    &event, &err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_to_its_end),
        TEST(bytes_may_come_one_by_one),
        TEST(transactions_are_followed),
        TEST(mariadb_gtids_begin_transactions),
        TEST(a_format_made_for_a_stream_may_have_the_files_checksum),
        TEST(errors_name_place_event_expected_and_found),
        TEST(heads_are_recognised),
        TEST(unknown_events_pass_only_when_they_may_be_ignored),
        TEST(positions_are_checked_modulo_4_gib),
        TEST(large_events_are_refused_by_the_callers_limit),
        TEST(single_events_come_before_a_format_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
