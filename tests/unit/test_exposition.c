#include "check.h"

#include "daemon/exposition.h"

static void test_a_family(void **state)
{
    struct exposition_label labels[] = {{"channel", "a"}, {"le", "+Inf"}};
    struct buf buf;

    (void)state;
    buf_init(&buf, 4096);
    exposition_family(&buf, "x_seconds", "histogram", "What\nit \\ is \"so\".");
    exposition_sample(&buf, "x_seconds", "_bucket", labels, 2, 3);
    exposition_sample(&buf, "x_seconds", "_sum", labels, 1, 0.5);
    exposition_sample(&buf, "x_seconds", "_count", NULL, 0, 9007199254740991.0);
    assert_span_eq(buf_span(&buf), "# HELP x_seconds What\\nit \\\\ is \"so\".\n"
                                   "# TYPE x_seconds histogram\n"
                                   "x_seconds_bucket{channel=\"a\",le=\"+Inf\"} 3\n"
                                   "x_seconds_sum{channel=\"a\"} 0.5\n"
                                   "x_seconds_count 9007199254740991\n");
    buf_done(&buf);
}

/* What a client called itself comes back as it is, as far as it is UTF-8. */
static void test_label_values(void **state)
{
    static const struct {
        const char *value;
        const char *shown;
    } cases[] = {
        {"a\"b\\c\nd", "a\\\"b\\\\c\\nd"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xf0\x9f\x90\xac", "\xf0\x9f\x90\xac"},
        {"\xc3", "?"},                /* cut */
        {"\xe2\x82", "??"},           /* cut */
        {"\xc0\xaf", "??"},           /* longer than needed */
        {"\xe0\x80\xaf", "???"},      /* the same */
        {"\xed\xa0\x80", "???"},      /* of UTF-16 */
        {"\xf4\x90\x80\x80", "????"}, /* past the last */
        {"\xff\x80", "??"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct exposition_label label = {"user", cases[i].value};
        char expected[64];
        struct buf buf;

        buf_init(&buf, 4096);
        exposition_sample(&buf, "x", "", &label, 1, 1);
        (void)snprintf(expected, sizeof expected, "x{user=\"%s\"} 1\n", cases[i].shown);
        assert_string_equal(buf_borrow_cstr(&buf), expected);
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_family),
        cmocka_unit_test(test_label_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
