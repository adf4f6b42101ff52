#include "translation/key_collation.h"

#include "check.h"

/* Names with blanks between them. */
static void expect(enum key_collation collation, const char *names)
{
    char name[64];
    int length;

    for (; sscanf(names, "%63s%n", name, &length) == 1; names += length) {
        if (key_collation_of(span_str(name)) != collation)
            fail_msg("%s: %d, expected %d", name, (int)key_collation_of(span_str(name)),
                     (int)collation);
    }
}

static void what_is_no_text_is_by_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(key_collation_of((struct span){0}), KEY_COLLATION_BYTES);
    expect(KEY_COLLATION_BYTES, "binary BINARY");
}

static void binary_collations(void **state)
{
    (void)state;
    expect(KEY_COLLATION_PADDED,
           "utf8mb4_bin utf8_bin utf8mb3_bin latin1_bin ascii_bin cp1251_bin utf8mb4_0900_bin "
           "utf8mb4_nopad_bin UTF8MB4_BIN ujis_bin");
}

static void without_case(void **state)
{
    (void)state;
    expect(KEY_COLLATION_FOLDED,
           "latin1_swedish_ci latin1_general_ci utf8_general_ci utf8mb3_general_ci "
           "utf8mb4_general_ci utf8mb4_unicode_ci utf8mb4_unicode_520_ci utf8mb4_0900_ai_ci "
           "utf8mb4_0900_as_ci utf8mb4_0900_as_cs utf8mb4_uca1400_ai_ci utf8mb3_uca1400_as_cs "
           "utf8mb4_uca1400_nopad_as_ci Utf8mb4_General_CI cp1251_general_ci "
           "latin1_general_cs latin1_swedish_nopad_ci");
}

/* Letters of a language's own, bytes that are no characters, names of nothing. */
static void all_others_are_unknown(void **state)
{
    (void)state;
    expect(KEY_COLLATION_UNKNOWN,
           "utf8mb4_swedish_ci utf8mb4_de_pb_0900_ai_ci utf8mb4_uca1400_swedish_ai_ci "
           "latin1_german2_ci latin1_spanish_ci koi8u_general_ci macce_general_ci "
           "geostd8_general_ci ucs2_general_ci ucs2_bin utf16_bin "
           "utf16le_general_ci utf32_unicode_ci sjis_bin gbk_bin gbk_chinese_ci big5_bin "
           "gb18030_bin swe7_swedish_ci swe7_bin armscii8_bin cp1250_czech_cs "
           "utf8mb4_ja_0900_as_cs nonsense_bin nonsense_general_ci _bin general_ci utf8mb4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_text_is_by_its_bytes),
        cmocka_unit_test(binary_collations),
        cmocka_unit_test(without_case),
        cmocka_unit_test(all_others_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
