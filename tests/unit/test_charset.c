#include "binlog/charset.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

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
