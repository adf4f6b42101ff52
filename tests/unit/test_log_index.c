/*
 * What stands beside a log's files: heads and records of the side index, manifest, holds, names.
 */
#include "check.h"

#include "base/buf.h"
#include "log/hold.h"
#include "log/index.h"
#include "log/manifest.h"
#include "log/sealed_text.h"

static struct err err;

static struct index_head sample_head(void)
{
    static const uint8_t format[30] = {1, 2, 3};
    static const uint8_t state[16] = {9};
    struct index_head head = {
        .ordinal = 77,
        .start = 4096,
        .salt = 0xabcdef01,
        .format = {format, sizeof format},
        .state_kind = LOG_STATE_MYSQL,
        .state = {state, sizeof state},
    };

    (void)snprintf(head.name, sizeof head.name, "mysql-bin.000077");
    return head;
}

static void test_head(void **unused)
{
    struct index_head head = sample_head();
    struct index_head got;
    struct buf bytes;
    size_t size;

    (void)unused;
    buf_init(&bytes, 4096);
    index_head_encode(&bytes, &head);
    assert_true(index_head_size(buf_span(&bytes), &size, &err));
    assert_int_equal(size, bytes.len);
    assert_true(index_head_decode(buf_span(&bytes), &got, &err));
    assert_int_equal(got.ordinal, 77);
    assert_int_equal(got.start, 4096);
    assert_int_equal(got.salt, 0xabcdef01);
    assert_string_equal(got.name, "mysql-bin.000077");
    assert_true(span_eq(got.format, head.format) && span_eq(got.state, head.state));
    assert_int_equal(got.state_kind, LOG_STATE_MYSQL);
    /* No byte may be changed, and none may be missing. */
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x20;
        assert_false(index_head_decode(buf_span(&bytes), &got, &err));
        bytes.data[i] ^= 0x20;
        assert_false(index_head_decode(span_of(bytes.data, i), &got, &err));
    }
    buf_done(&bytes);
}

static void test_record(void **unused)
{
    struct index_record block = {
        .kind = INDEX_END_RECORD,
        .offset = 5000,
        .last_timestamp = 12,
        .transaction_state = READER_INSIDE,
        .flags = INDEX_MIXED | INDEX_CLOSED,
        .runs = 3,
        .transaction_offset = 4900,
        .first_timestamp = 11,
        .transactions = 8,
        .closed_usec = 1763700000000000,
        .check_size = 64,
        .check = 0x01020304,
    };
    struct index_record run = {
        .kind = INDEX_RUN_RECORD,
        .offset = 5000,
        .last_timestamp = 12,
        .family = FORMAT_MYSQL,
        .uuid = {{1, 2}},
        .tag_length = 3,
        .tag = "red",
        .first = 5,
        .last = 9,
    };
    struct index_record got = {0};
    struct buf bytes;

    (void)unused;
    buf_init(&bytes, 4096);
    index_record_encode(&bytes, &block, 4, 9);
    assert_int_equal(bytes.len, INDEX_RECORD_SIZE);
    assert_true(index_record_decode(buf_span(&bytes), 4, 9, &got));
    assert_memory_equal(&got, &block, sizeof got);
    /* Of another index, or at another place, it is nothing. */
    assert_false(index_record_decode(buf_span(&bytes), 5, 9, &got));
    assert_false(index_record_decode(buf_span(&bytes), 4, 8, &got));
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 1;
        assert_false(index_record_decode(buf_span(&bytes), 4, 9, &got));
        bytes.data[i] ^= 1;
    }
    buf_clear(&bytes);
    index_record_encode(&bytes, &run, 4, 9);
    assert_true(index_record_decode(buf_span(&bytes), 4, 9, &got));
    assert_memory_equal(&got, &run, sizeof got);
    buf_done(&bytes);
}

static void assert_no_record(const struct index_record *record)
{
    struct index_record got;
    struct buf bytes;

    buf_init(&bytes, 4096);
    index_record_encode(&bytes, record, 1, 1);
    assert_false(index_record_decode(buf_span(&bytes), 1, 1, &got));
    buf_done(&bytes);
}

static void test_impossible_records(void **unused)
{
    (void)unused;
    assert_no_record(&(struct index_record){.kind = 4, .offset = 5, .check_size = 1});
    assert_no_record(
        &(struct index_record){.kind = INDEX_BLOCK_RECORD, .offset = 5, .check_size = 6});
    assert_no_record(
        &(struct index_record){.kind = INDEX_BLOCK_RECORD, .offset = 500, .check_size = 65});
    assert_no_record(&(struct index_record){
        .kind = INDEX_BLOCK_RECORD, .offset = 5, .check_size = 1, .transaction_offset = 6});
    assert_no_record(&(struct index_record){
        .kind = INDEX_BLOCK_RECORD, .offset = 5, .check_size = 1, .transaction_state = 3});
    assert_no_record(&(struct index_record){.kind = INDEX_RUN_RECORD, .first = 2, .last = 1});
    assert_no_record(&(struct index_record){.kind = INDEX_RUN_RECORD, .first = 0, .last = 1});
    assert_no_record(&(struct index_record){
        .kind = INDEX_RUN_RECORD, .first = 1, .last = 1, .tag_length = 2, .tag = "A!"});
}

static void test_manifest(void **unused)
{
    struct manifest manifest = {.first = 17};
    struct manifest got;
    struct buf text;

    (void)unused;
    manifest.identity = (struct log_identity){.family = FORMAT_MARIADB, .server_id = 3};
    (void)snprintf(manifest.identity.server_version, FORMAT_VERSION_SIZE, "11.8.1-MariaDB");
    buf_init(&text, SEALED_TEXT_MAX);
    manifest_encode(&text, &manifest);
    assert_true(manifest_decode(buf_span(&text), &got, &err));
    assert_int_equal(got.first, 17);
    assert_int_equal(got.identity.family, FORMAT_MARIADB);
    assert_string_equal(got.identity.server_version, "11.8.1-MariaDB");
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 4;
        assert_false(manifest_decode(buf_span(&text), &got, &err));
        text.data[i] ^= 4;
        assert_false(manifest_decode(span_of(text.data, i), &got, &err));
    }
    buf_done(&text);
}

static void refuse_lines(const char *lines, const char *why)
{
    struct manifest got;
    struct buf text;

    buf_init(&text, SEALED_TEXT_MAX);
    sealed_text_begin(&text, "borealis-log", LOG_FORMAT_VERSION);
    buf_str(&text, lines);
    sealed_text_end(&text);
    assert_false(manifest_decode(buf_span(&text), &got, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, why);
    buf_done(&text);
}

static void test_manifests_that_are_refused(void **unused)
{
    (void)unused;
    refuse_lines("family=mysql\n", "a line is missing");
    refuse_lines("family=oracle\n", "line 'family'");
    refuse_lines("family=mysql\nfamily=mysql\n", "or a second one");
    refuse_lines("server_id=4294967296\n", "line 'server_id'");
    refuse_lines("first=-1\n", "line 'first'");
    refuse_lines("colour=red\n", "line 'colour'");
    refuse_lines("\n", "line ''");
}

static void test_holds(void **unused)
{
    struct log_holds holds = {0};
    struct log_holds got = {0};
    struct log_hold one = {.replica = "a", .first = "x.000001", .cap_bytes = 9, .broken = true};
    struct buf text;

    (void)unused;
    buf_init(&text, SEALED_TEXT_MAX);
    assert_true(log_holds_set(&holds, &one, &err));
    (void)snprintf(one.replica, sizeof one.replica, "b");
    assert_true(log_holds_set(&holds, &one, &err));
    assert_true(log_holds_set(&holds, &one, &err));
    log_holds_encode(&text, &holds);
    assert_true(log_holds_decode(buf_span(&text), &got, &err));
    assert_int_equal(got.count, 2);
    assert_memory_equal(log_holds_find(&got, "b"), &one, sizeof one);
    log_holds_drop(&got, "a");
    assert_null(log_holds_find(&got, "a"));
    buf_clear(&text);
    sealed_text_begin(&text, "borealis-log-holds", LOG_FORMAT_VERSION);
    buf_str(&text, "a=2 0 x.000001\n");
    sealed_text_end(&text);
    assert_false(log_holds_decode(buf_span(&text), &got, &err));
    assert_contains(err.text, "line 'a' is no hold");
    assert_int_equal(got.count, 1);
    log_holds_done(&holds);
    log_holds_done(&got);
    buf_done(&text);
}

static void test_names(void **unused)
{
    static const char *const wrong[] = {"",           "000001",      ".000001",      "a.00001",
                                        "a/b.000001", "../x.000001", "a.000001.idx", "a.00000x",
                                        "manifest",   "a\n.000001"};
    char longest[LOG_NAME_MAX + 2];
    char name[LOG_NAME_MAX + 1];

    (void)unused;
    assert_true(log_name_check(span_str("mysql-bin.000017"), name, &err));
    assert_int_equal(log_name_number(name), 17);
    assert_int_equal(log_name_base_length(name), 9);
    assert_true(log_name_check(span_str("a.b.1000000"), name, &err));
    assert_int_equal(log_name_number(name), 1000000);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(log_name_check(span_str(wrong[i]), name, &err));
        assert_int_equal(err.class, E_USAGE);
    }
    memset(longest, 'a', sizeof longest);
    memcpy(longest + LOG_NAME_MAX - 7, ".000001", 7);
    assert_true(log_name_check(span_of(longest, LOG_NAME_MAX), name, &err));
    memcpy(longest + LOG_NAME_MAX - 6, ".000001", 7);
    assert_false(log_name_check(span_of(longest, LOG_NAME_MAX + 1), name, &err));
    assert_int_equal(log_name_number("a.99999999999999999999"), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_impossible_records),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_manifests_that_are_refused),
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
