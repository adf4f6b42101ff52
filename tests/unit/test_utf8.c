#include "check.h"

#include "base/utf8.h"

static void test_lengths(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 1},
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},             /* no beginning */
        {"\xbf\xbf", 0},         /* the same */
        {"\xc3\xa4", 2},         /* U+00E4 */
        {"\xc3", 0},             /* cut */
        {"\xc3 ", 0},            /* the same */
        {"\xc1\xbf", 0},         /* longer than needed */
        {"\xe2\x82\xac", 3},     /* U+20AC */
        {"\xe2\x82", 0},         /* cut */
        {"\xe0\x9f\xbf", 0},     /* longer than needed */
        {"\xed\x9f\xbf", 3},     /* the last before UTF-16's */
        {"\xed\xa0\x80", 0},     /* of UTF-16 */
        {"\xf0\x9f\x90\xac", 4}, /* U+1F42C */
        {"\xf0\x9f\x90", 0},     /* cut */
        {"\xf0\x8f\xbf\xbf", 0}, /* longer than needed */
        {"\xf4\x8f\xbf\xbf", 4}, /* the last one */
        {"\xf4\x90\x80\x80", 0}, /* past it */
        {"\xff", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_length(cases[i].text), cases[i].length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
