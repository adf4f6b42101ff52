#include "binlog/json_binary.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf doc;
static struct buf text;

/* Documents as MySQL 9.7 wrote them, with the text that it prints. */
static const struct {
    const char *hex;
    const char *text;
} servers[] = {
    {"", "null"},
    {"0400", "null"},
    {"0200000400", "[]"},
    {"0000000400", "{}"},
    {"0c03c3a901", "\"é\\u0001\""},
    {"000300320019000000190001001a000200040100021c0005010061626202001600050100000a0001000c000b00010"
     "00"
     "400007a",
     "{\"\": true, \"a\": [1, {\"z\": null}], \"bb\": 1}"},
    {"0205003e000f13000f1d000f27000f31000f35000a080000000000c667190b08f8f5f34737ffffff0c0860ae0a464"
     "1c667190f020001f6070b027ffffffecd",
     "[\"2001-02-03\", \"-12:34:56.789000\", \"2001-02-03 04:05:06.700000\", "
     "\"base64:type15:AAE=\", "
     "-1.50]"},
    {"020f00790005000005ffff05ff7f073100073500073900073d000941000a49000a51000959000b61000b69000b710"
     "004020000800000ff7fffffffff0000000001000000008000000000ffffffffffffff7fffffffffffffffff000000"
     "0000000080000000000000f03f00003426f56b0c439bb16dc978b5d13b",
     "[0, -1, 32767, 32768, -32769, 65535, 65536, 2147483648, 9223372036854775807, "
     "18446744073709551615, -9223372036854775808, 1.0, 1e15, 1.5e-20, false]"},
};

static void load(const char *hex)
{
    buf_clear(&doc);
    hex_append(&doc, hex);
    buf_clear(&text);
}

static void text_is_mysqls(void **state)
{
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        load(servers[i].hex);
        assert_true(json_write_text(&text, buf_span(&doc), &err));
        assert_string_equal(buf_borrow_cstr(&text), servers[i].text);
    }
}

static void the_large_form(void **state)
{
    struct err err;

    (void)state;
    load("01 01000000 19000000 13000000 0100 07 feffffff 6b000000000000");
    doc.data[14] = 0; /* the key's length stays 1 */
    assert_true(json_write_text(&text, buf_span(&doc), &err));
    assert_string_equal(buf_borrow_cstr(&text), "{\"k\": -2}");
}

static void long_opaque_values_have_mysqls_line_breaks(void **state)
{
    struct err err;

    (void)state;
    load("0f 0f 3a");
    for (int i = 0; i < 0x3a; i++)
        buf_u8(&doc, 0xff);
    assert_true(json_write_text(&text, buf_span(&doc), &err));
    assert_string_equal(buf_borrow_cstr(&text),
                        "\"base64:type15:////////////////////////////////////////////////////////"
                        "////////////////////\\n/w==\"");
}

static void every_cut_and_changed_byte_is_survived(void **state)
{
    struct err err;

    (void)state;
    for (size_t d = 5; d < sizeof servers / sizeof servers[0]; d++) {
        load(servers[d].hex);
        for (size_t n = 1; n < doc.len; n++) {
            buf_clear(&text);
            assert_false(json_write_text(&text, span_of(doc.data, n), &err));
            assert_int_equal(err.class, E_PROTO);
        }
        for (size_t i = 0; i < doc.len; i++) {
            uint8_t kept = doc.data[i];

            for (unsigned byte = 0; byte < 256; byte++) {
                doc.data[i] = (uint8_t)byte;
                buf_clear(&text);
                (void)!json_write_text(&text, buf_span(&doc), &err);
                assert_true(text.len < 20 * doc.len);
            }
            doc.data[i] = kept;
        }
    }
}

/* Arrays of one array, `levels` deep, and a number. */
static void load_nested(unsigned levels)
{
    load("");
    buf_u8(&doc, JSON_SMALL_ARRAY);
    for (unsigned i = 0; i < levels; i++) {
        bool last = i + 1 == levels;

        buf_u16(&doc, 1);
        buf_u16(&doc, (uint16_t)(7 * (levels - i)));
        buf_u8(&doc, last ? JSON_INT16 : JSON_SMALL_ARRAY);
        buf_u16(&doc, last ? 5 : 7);
    }
}

static void nesting_has_its_limit(void **state)
{
    struct err err;

    (void)state;
    load_nested(JSON_DEPTH_MAX);
    assert_true(json_write_text(&text, buf_span(&doc), &err));
    assert_int_equal(text.len, 2 * JSON_DEPTH_MAX + 1);
    load_nested(JSON_DEPTH_MAX + 1);
    assert_false(json_write_text(&text, buf_span(&doc), &err));
    assert_int_equal(err.class, E_LIMIT);
}

static void what_points_to_itself_or_to_one_text_often_ends(void **state)
{
    struct err err;

    (void)state;
    load("02 0100 0700 02 0000"); /* an array whose element is itself */
    assert_false(json_write_text(&text, buf_span(&doc), &err));
    load(
        "02 0400 2100 0c1000 0c1000 0c1000 0c1000 10 61616161616161616161616161616161"); /* one
                                                                                            string
                                                                                            four
                                                                                            times */
    assert_false(json_write_text(&text, buf_span(&doc), &err));
    load("02 0200 1000 020a00 020a00 0000 0600 0000"); /* that is fine: empty arrays */
    assert_true(json_write_text(&text, buf_span(&doc), &err));
}

static void bad_documents(void **state)
{
    static const char *const bad[] = {
        "0403",                     /* a literal of 3 */
        "0d00",                     /* an unknown type */
        "05ff",                     /* INT16 cut off */
        "0cffffffffff01",           /* a length of more than 32 bits */
        "0c05616161",               /* a string cut off */
        "0f0a030000",               /* an opaque date of a wrong size */
        "0ff605ff020000",           /* an opaque decimal of a wrong size */
        "0201000700",               /* an array cut off */
        "02ffff0700050100",         /* more elements than bytes */
        "0001000b000b000200050100", /* a key outside */
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        load(bad[i]);
        assert_false(json_write_text(&text, buf_span(&doc), &err));
        assert_int_equal(err.class, E_PROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_mysqls),
        cmocka_unit_test(the_large_form),
        cmocka_unit_test(long_opaque_values_have_mysqls_line_breaks),
        cmocka_unit_test(every_cut_and_changed_byte_is_survived),
        cmocka_unit_test(nesting_has_its_limit),
        cmocka_unit_test(what_points_to_itself_or_to_one_text_often_ends),
        cmocka_unit_test(bad_documents),
    };
    int failed;

    buf_init(&doc, 10000);
    buf_init(&text, 100000);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&doc);
    buf_done(&text);
    return failed;
}
