#include "check.h"

#include "base/buf.h"

static void test_integers_are_little_endian(void **state)
{
    static const uint8_t want[] = {1, 2, 1, 3, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    buf_u8(&buf, 1);
    buf_u16(&buf, 0x0102);
    buf_u24(&buf, 0x010203);
    buf_u32(&buf, 0x01020304);
    buf_u64(&buf, 0x0102030405060708);
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.len, sizeof want);
    assert_memory_equal(buf.data, want, sizeof want);
    buf_done(&buf);
}

static void test_the_maximum_holds(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 4);
    buf_u32(&buf, 1);
    assert_true(buf_ok(&buf));
    buf_u8(&buf, 1);
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 4);
    /* Sticky: even what would fit is refused, because something before it is missing. */
    buf_bytes(&buf, (struct span){0});
    buf_str(&buf, "x");
    assert_int_equal(buf.len, 4);
    buf_clear(&buf);
    buf_str(&buf, "abcd");
    assert_true(buf_ok(&buf));
    buf_done(&buf);
}

static void test_reserve_and_patch(void **state)
{
    struct buf buf;
    size_t at;

    (void)state;
    buf_init(&buf, 100);
    buf_str(&buf, "ab");
    at = buf_reserve(&buf, 3);
    buf_str(&buf, "cd");
    buf_patch_u24(&buf, at, 0x010203);
    assert_span_eq(buf_span(&buf), "ab\3\2\1cd");
    buf_patch_u24(&buf, buf.len - 2, 1);
    assert_false(buf_ok(&buf));
    buf_done(&buf);
}

static void test_bytes_are_patched_inside_only(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    buf_str(&buf, "abcd");
    buf_patch_bytes(&buf, 1, span_str("XY"));
    buf_patch_bytes(&buf, 4, span_str(""));
    assert_string_equal(buf_borrow_cstr(&buf), "aXYd");
    assert_true(buf_ok(&buf));
    buf_patch_bytes(&buf, 3, span_str("ZZ"));
    assert_false(buf_ok(&buf));
    buf_done(&buf);
}

static void test_printf_and_cstr(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    buf_printf(&buf, "%s-%d", "a", 7);
    buf_printf(&buf, "%s", "");
    assert_string_equal(buf_borrow_cstr(&buf), "a-7");
    assert_int_equal(buf.len, 3);
    for (int i = 0; i < 100; i++)
        buf_printf(&buf, "%d,", i);
    assert_true(buf_ok(&buf));
    buf_done(&buf);
    buf_done(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_are_little_endian),
        cmocka_unit_test(test_the_maximum_holds),
        cmocka_unit_test(test_reserve_and_patch),
        cmocka_unit_test(test_bytes_are_patched_inside_only),
        cmocka_unit_test(test_printf_and_cstr),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
