#include "binlog/json_encode.h"

#include "binlog/json_binary.h"
#include "binlog/rows.h"
#include "binlog/table_maps.h"
#include "binlog/unpacker.h"
#include "binlog/value.h"
#include "hex.h"
#include "recorded.h"

#define BINARY_MAX (1 << 20)

static struct buf binary;

/* What a real server stored for a text; its own text of that is read from our bytes, too. */
static void check_good(struct span text, struct span stored)
{
    struct err err;

    buf_clear(&binary);
    if (!json_encode_text(&binary, text, &err))
        fail_msg("%s: %.200s", err.text, (const char *)text.data);
    if (!span_eq(buf_span(&binary), stored))
        fail_msg("other bytes: %.200s", (const char *)text.data);
}

static void check_doubtful(struct span text, int64_t valid)
{
    struct err err;

    buf_clear(&binary);
    if (json_encode_text(&binary, text, &err) != valid)
        fail_msg("the server says %d: %.*s", (int)valid, (int)(text.len < 200 ? text.len : 200),
                 (const char *)text.data);
    if (!valid) {
        assert_int_equal(binary.len, 0);
        assert_contains(err.text, "JSON text");
    }
}

static size_t check_rows(struct table_maps *maps, struct row_reader *reader,
                         const struct plain_event *event, const struct format *format)
{
    const struct table_map *map;
    struct rows rows;
    size_t count = 0;
    bool more = true;
    struct err err;

    assert_true(rows_decode(event->body, event->type, format, &rows, &err));
    map = table_maps_find(maps, rows.table_id);
    assert_non_null(map);
    assert_true(row_reader_start(reader, &rows, map, &err));
    while (row_reader_next(reader, &more, &err) && more) {
        const struct value *values = reader->after.values;

        assert_int_equal(values[0].kind, VALUE_STRING);
        if (values[1].kind == VALUE_JSON)
            check_good(values[0].bytes, values[1].bytes);
        else
            check_doubtful(values[0].bytes, values[1].i);
        count++;
    }
    assert_false(more);
    return count;
}

static void the_bytes_are_the_servers(void **state)
{
    struct table_maps *maps = table_maps_new();
    struct unpacker *unpacker = unpacker_new();
    struct row_reader reader;
    struct recorded file;
    struct reader_event event;
    size_t count = 0;

    (void)state;
    row_reader_init(&reader);
    recorded_open(&file, "mysql-9.7/json-text.binlog");
    while (recorded_next(&file, &event)) {
        const struct format *format = &file.reader.format;
        const struct table_map *map;
        struct plain_event plain;
        bool more;
        struct err err;

        unpacker_start(unpacker, &event, format);
        while (unpacker_next(unpacker, &plain, &more, &err) && more) {
            if (plain.type == EVENT_TABLE_MAP)
                assert_true(table_maps_take(maps, plain.body, format, &map, &err));
            else if (plain.type == EVENT_WRITE_ROWS)
                count += check_rows(maps, &reader, &plain, format);
        }
        assert_false(more);
    }
    assert_in_range(count, 700, 10000);
    recorded_close(&file);
    row_reader_done(&reader);
    unpacker_free(unpacker);
    table_maps_free(maps);
}

static void expect_refusal(struct span text, enum err_class class, const char *part)
{
    struct err err;

    buf_clear(&binary);
    buf_str(&binary, "kept");
    assert_false(json_encode_text(&binary, text, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, part);
    assert_int_equal(binary.len, 4);
}

static void refusals_say_where_and_why(void **state)
{
    (void)state;
    expect_refusal(span_str("[1, }"), E_PROTO, "offset 4: expected a value, found byte 0x7d");
    expect_refusal(span_str("{\"a\": 1"), E_PROTO,
                   "offset 7: expected a comma or }, found the end");
    expect_refusal(span_str("{\"a\" 1}"), E_PROTO, "offset 5: expected a colon, found byte 0x31");
    expect_refusal(span_str("{1: 1}"), E_PROTO, "offset 1: expected a key in quotation marks");
    expect_refusal(span_str("\"\\q\""), E_PROTO, "offset 2: expected an escape");
    expect_refusal(span_str("\"\\ud800\""), E_PROTO, "the second half of a surrogate pair");
    expect_refusal(span_str("1e400"), E_PROTO, "too large");
    expect_refusal(span_str("nil"), E_PROTO, "expected null");
    expect_refusal(span_str("\"\xff\""), E_PROTO, "UTF-8");
    expect_refusal(span_of("[1]\0", 4), E_PROTO, "offset 3: expected the end, found byte 0x00");
    expect_refusal((struct span){0}, E_PROTO, "offset 0: expected a value, found the end");
}

static void sizes_and_depths_have_limits(void **state)
{
    struct buf text;
    struct buf small;
    struct err err;

    (void)state;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 101; i++)
        buf_u8(&text, '[');
    expect_refusal(buf_span(&text), E_LIMIT, "100 levels");
    buf_clear(&text);
    buf_str(&text, "{\"");
    for (int i = 0; i < 65536; i++)
        buf_u8(&text, 'k');
    buf_str(&text, "\": 1}");
    expect_refusal(buf_span(&text), E_LIMIT, "a key of 65536 bytes");
    buf_init(&small, 4);
    assert_true(json_encode_text(&small, span_str("12"), &err));
    assert_false(json_encode_text(&small, span_str("12"), &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(small.len, 3);
    buf_done(&small);
    buf_done(&text);
}

/* The most members that a text can have for its length, in both kinds of container. */
static void memory_is_bounded_by_the_text(void **state)
{
    static const char *const items[] = {"1,",    "[],",      "[1],",       "{},",
                                        "\"\",", "\"\\n\",", "[[[[1]]]],", "{\"\":{\"\":1}},"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct buf text;
        struct buf out;

        buf_init(&text, 1 << 23);
        buf_init(&out, 1 << 26);
        buf_u8(&text, '[');
        while (text.len < 4000000)
            buf_str(&text, items[i]);
        buf_str(&text, "1]");
        assert_true(json_encode_text(&out, buf_span(&text), &err));
        buf_clear(&text);
        buf_u8(&text, '{');
        for (unsigned n = 0; n < 200000; n++)
            buf_printf(&text, "\"%x\":%s", n % 150000, items[i]);
        buf_str(&text, "\"\":1}");
        buf_clear(&out);
        assert_true(json_encode_text(&out, buf_span(&text), &err));
        buf_clear(&text);
        assert_true(json_write_text(&text, buf_span(&out), &err));
        buf_done(&text);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_servers),
        cmocka_unit_test(refusals_say_where_and_why),
        cmocka_unit_test(sizes_and_depths_have_limits),
        cmocka_unit_test(memory_is_bounded_by_the_text),
    };
    int failed;

    buf_init(&binary, BINARY_MAX);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&binary);
    return failed;
}
