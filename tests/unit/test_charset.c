#include "binlog/charset.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf in;
static struct buf out;

static void collation_ids_of_both_families(void **state)
{
    static const struct {
        uint32_t id;
        const char *name;
    } cases[] = {
        {1, "big5"},       {8, "latin1"},     {33, "utf8mb3"},   {35, "ucs2"},
        {45, "utf8mb4"},   {63, "binary"},    {99, "cp1250"},    {101, "utf16"},
        {128, "ucs2"},     {159, "ucs2"},     {192, "utf8mb3"},  {224, "utf8mb4"},
        {250, "gb18030"},  {255, "utf8mb4"},  {323, "utf8mb4"},  {578, "utf8mb3"},
        {608, "utf8mb4"},  {1032, "latin1"},  {1069, "utf8mb4"}, {1147, "utf16"},
        {1270, "utf8mb4"}, {2048, "utf8mb3"}, {2308, "utf8mb4"}, {2600, "ucs2"},
        {3271, "utf32"},   {95, "cp932"},     {98, "eucjpms"},   {1122, "eucjpms"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(charset_of_collation(cases[i].id).name, cases[i].name);
    assert_null(charset_of_collation(0).name);
    assert_null(charset_of_collation(17).name);
    assert_null(charset_of_collation(100).name);
    assert_null(charset_of_collation(900).name);
    assert_null(charset_of_collation(5000).name);
    assert_null(charset_of_collation(UINT32_MAX).name);
    assert_int_equal(charset_of_collation(0).encoding, CHARSET_UNKNOWN);
}

static void check(enum charset_encoding encoding, const char *hex, const char *expected)
{
    buf_clear(&in);
    buf_clear(&out);
    hex_append(&in, hex);
    buf_str(&out, "kept");
    if (!expected) {
        assert_false(charset_to_utf8(&out, buf_span(&in), encoding));
        assert_int_equal(out.len, 4);
        return;
    }
    assert_true(charset_to_utf8(&out, buf_span(&in), encoding));
    assert_string_equal(buf_borrow_cstr(&out) + 4, expected);
}

static void conversion_to_utf8(void **state)
{
    (void)state;
    check(CHARSET_LATIN1, "61e980 81", "aé€\xc2\x81");
    check(CHARSET_UCS2, "0061 540d", "a名");
    check(CHARSET_UCS2, "d83d dc19", NULL);
    check(CHARSET_UCS2, "006100", NULL);
    check(CHARSET_UTF16, "0061 d83ddc19", "a🐙");
    check(CHARSET_UTF16, "d83d0061", NULL);
    check(CHARSET_UTF16, "dc19", NULL);
    check(CHARSET_UTF16, "d83d", NULL);
    check(CHARSET_UTF16LE, "6100 3dd819dc", "a🐙");
    check(CHARSET_UTF32, "00000061 0001f419", "a🐙");
    check(CHARSET_UTF32, "00110000", NULL);
    check(CHARSET_UTF32, "0000d800", NULL);
    check(CHARSET_UTF32, "000000", NULL);
    check(CHARSET_UTF8, "61c3a9f09f9099", "aé🐙");
    check(CHARSET_UTF8, "ff", NULL);
    check(CHARSET_ASCII_SUPERSET, "6162", "ab");
    check(CHARSET_ASCII_SUPERSET, "61e0", NULL);
    check(CHARSET_OTHER, "61", NULL);
    check(CHARSET_BINARY, "61", NULL);
    check(CHARSET_UNKNOWN, "", NULL);
}

/* One line of charsets.txt: collation id, name, 256 code points. Returns whether it is converted.
 */
static bool compare_with_server(char *line)
{
    char *rest = NULL;
    uint32_t id = (uint32_t)strtoul(strtok_r(line, " ", &rest), NULL, 10);
    const char *name = strtok_r(NULL, " ", &rest);
    struct charset charset = charset_of_collation(id);
    struct buf expected;

    assert_string_equal(charset.name, name);
    if (!charset.table && charset.encoding != CHARSET_LATIN1)
        return false;
    buf_init(&expected, 10);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t point = (uint32_t)strtoul(strtok_r(NULL, " \n", &rest), NULL, 16);
        uint8_t text = (uint8_t)byte;

        buf_clear(&in);
        buf_clear(&out);
        buf_clear(&expected);
        buf_be(&in, point, 4);
        assert_true(charset_to_utf8(&expected, buf_span(&in), CHARSET_UTF32));
        if (point == 0 && byte != 0)
            assert_false(charset_read(&out, span_of(&text, 1), charset));
        else if (!charset_read(&out, span_of(&text, 1), charset) ||
                 !span_eq(buf_span(&out), buf_span(&expected)))
            fail_msg("%s: byte 0x%02x", name, byte);
    }
    assert_null(strtok_r(NULL, " \n", &rest));
    buf_done(&expected);
    return true;
}

static void real_servers_agree_on_every_byte(void **state)
{
    static const char *const files[] = {"tests/data/binlog/mariadb-10.11/charsets.txt",
                                        "tests/data/binlog/mysql-9.7/charsets.txt"};
    char line[4096];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(files[i], "r");
        size_t converted = 0;

        assert_non_null(file);
        while (fgets(line, sizeof line, file))
            converted += compare_with_server(line);
        (void)fclose(file);
        assert_int_equal(converted, 22);
    }
}

static void text_of_tables_is_read_and_not_converted(void **state)
{
    struct charset cp1251 = charset_of_collation(51);

    (void)state;
    buf_clear(&out);
    assert_true(charset_read(&out, span_str("a\xcf\xf0"), cp1251));
    assert_string_equal(buf_borrow_cstr(&out), "aПр");
    assert_false(charset_to_utf8(&out, span_str("\xcf"), cp1251.encoding));
    assert_false(charset_read(&out, span_str("a\x98"), cp1251));
    assert_string_equal(buf_borrow_cstr(&out), "aПр");
    assert_false(charset_read(&out, span_str("\xb0\xa1"), charset_of_collation(28))); /* gbk */
    assert_true(charset_read(&out, span_str("\xe9"), charset_of_collation(8)));
    assert_string_equal(buf_borrow_cstr(&out), "aПрé");
}

static void what_is_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "61",
                                       "6161616161616161616161",
                                       "c280",
                                       "dfbf",
                                       "e0a080",
                                       "ed9fbf",
                                       "ee8080",
                                       "f0908080",
                                       "f48fbfbf",
                                       "61616161616161c3a961616161"};
    static const char *const bad[] = {
        "80",       "c0af",     "c1bf",     "c3",       "c361",
        "e08080",   "e09fbf",   "eda080",   "edbfbf",   "e28280ff",
        "f0808080", "f08fbfbf", "f4908080", "f5808080", "61616161616161c3",
        "fe",       "e282",     "f09f90"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        buf_clear(&in);
        hex_append(&in, good[i]);
        assert_true(utf8_is_valid(buf_span(&in)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buf_clear(&in);
        hex_append(&in, bad[i]);
        assert_false(utf8_is_valid(buf_span(&in)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collation_ids_of_both_families),
        cmocka_unit_test(conversion_to_utf8),
        cmocka_unit_test(real_servers_agree_on_every_byte),
        cmocka_unit_test(text_of_tables_is_read_and_not_converted),
        cmocka_unit_test(what_is_utf8),
    };
    int failed;

    buf_init(&in, 1000);
    buf_init(&out, 1000);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&in);
    buf_done(&out);
    return failed;
}
