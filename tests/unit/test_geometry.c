#include "binlog/geometry.h"

#include "check.h"
#include "hex.h"

#define TEXT_MAX 10000

static struct buf bytes;
static struct buf text;

static void expect(const char *hex, const char *expected)
{
    buf_clear(&bytes);
    buf_clear(&text);
    hex_append(&bytes, hex);
    buf_str(&text, "kept");
    if (!expected) {
        assert_false(geometry_write_text(&text, buf_span(&bytes)));
        assert_int_equal(text.len, 4);
        return;
    }
    assert_true(geometry_write_text(&text, buf_span(&bytes)));
    assert_string_equal(buf_borrow_cstr(&text) + 4, expected);
    /* Every truncation is found, and a byte too many. */
    for (size_t n = 0; n < bytes.len; n++)
        assert_false(geometry_write_text(&text, span_of(bytes.data, n)));
    buf_u8(&bytes, 0);
    assert_false(geometry_write_text(&text, buf_span(&bytes)));
}

#define ONE        "000000000000f03f"
#define TWO        "0000000000000040"
#define HALF       "000000000000e0bf"
#define LINE_OF_2  "02000000" ONE TWO TWO HALF
#define POINT_HEAD "01 01000000"
#define A_POINT    POINT_HEAD ONE TWO

static void every_type(void **state)
{
    (void)state;
    expect("00000000 " A_POINT, "POINT(1 2)");
    expect("e6100000 " A_POINT, "SRID=4326;POINT(1 2)");
    expect("00000000 01 02000000" LINE_OF_2, "LINESTRING(1 2,2 -0.5)");
    expect("00000000 01 03000000 02000000" LINE_OF_2 LINE_OF_2,
           "POLYGON((1 2,2 -0.5),(1 2,2 -0.5))");
    expect("00000000 01 04000000 02000000" A_POINT A_POINT, "MULTIPOINT((1 2),(1 2))");
    expect("00000000 01 05000000 01000000 01 02000000" LINE_OF_2, "MULTILINESTRING((1 2,2 -0.5))");
    expect("00000000 01 06000000 01000000 01 03000000 01000000" LINE_OF_2,
           "MULTIPOLYGON(((1 2,2 -0.5)))");
    expect("00000000 01 07000000 02000000" A_POINT "01 07000000 00000000",
           "GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION EMPTY)");
}

static void what_is_no_geometry(void **state)
{
    (void)state;
    expect("", NULL);
    expect("00000000", NULL);
    expect("00000000 00 00000001" ONE TWO, NULL); /* another byte order */
    expect("00000000 01 00000000" ONE TWO, NULL); /* types 0 and 8 */
    expect("00000000 01 08000000" ONE TWO, NULL);
    expect("00000000" POINT_HEAD ONE "000000000000f87f", NULL); /* NaN */
    expect("00000000" POINT_HEAD ONE "000000000000f07f", NULL); /* infinite */
    expect("00000000 01 02000000 00000000", NULL);              /* a line of no points */
    expect("00000000 01 02000000 ffffffff" ONE TWO, NULL);      /* of too many */
    expect("00000000 01 06000000 ffffffff" A_POINT, NULL);      /* of another type */
    expect("00000000 01 04000000 00000000", NULL);
}

/* Collections nest as deep as the servers let them, and not deeper than our stack. */
static void nesting_has_a_limit(void **state)
{
    static const size_t depths[] = {50, 100, 101, 10000};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct buf nested;
        struct buf out;

        buf_init(&nested, 1 << 20);
        buf_init(&out, 1 << 20);
        buf_u32(&nested, 0);
        for (size_t n = 0; n < depths[i]; n++)
            hex_append(&nested, "01 07000000 01000000");
        hex_append(&nested, A_POINT);
        assert_int_equal(geometry_write_text(&out, buf_span(&nested)), depths[i] <= 100);
        buf_done(&nested);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),
        cmocka_unit_test(what_is_no_geometry),
        cmocka_unit_test(nesting_has_a_limit),
    };
    int failed;

    buf_init(&bytes, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&bytes);
    buf_done(&text);
    return failed;
}
