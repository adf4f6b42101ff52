#include "binlog/compressed_column.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* 300 times x, as MariaDB 10.11 wrote it. */
static const char raw[] = "8a012caba81805c40200";
static struct buf in;
static struct buf out;

static void inflates_what_mariadb_wrote(void **state)
{
    struct err err;

    (void)state;
    hex_append(&in, raw);
    assert_true(compressed_column_inflate(&out, buf_span(&in), 300, &err));
    assert_int_equal(out.len, 300);
    for (size_t i = 0; i < out.len; i++)
        assert_int_equal(out.data[i], 'x');
    buf_clear(&out);
    assert_false(compressed_column_inflate(&out, buf_span(&in), 299, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(out.len, 0);
}

static void plain_and_empty(void **state)
{
    struct err err;

    (void)state;
    assert_true(compressed_column_inflate(&out, span_of("\0abc", 4), 10, &err));
    assert_string_equal(buf_borrow_cstr(&out), "abc");
    buf_clear(&out);
    assert_true(compressed_column_inflate(&out, span_of(NULL, 0), 10, &err));
    assert_int_equal(out.len, 0);
}

static void damage_and_lies_are_refused(void **state)
{
    static const char *const bad[] = {
        "8a",                       /* no length */
        "88012caba81805c40200",     /* no length bytes */
        "8d012caba81805c40200",     /* five of them */
        "9a012caba81805c40200",     /* another method */
        "82012caba81805c40200",     /* zlib's wrapping is not there */
        "8a012daba81805c40200",     /* declares one more */
        "8a012baba81805c40200",     /* one less */
        "8a00000300",               /* nothing, which is stored as no bytes */
        "8cffffffffaba81805c40200", /* 4 GiB */
        "8a012caba81805c4",         /* cut off */
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buf_clear(&in);
        hex_append(&in, bad[i]);
        assert_false(compressed_column_inflate(&out, buf_span(&in), 1 << 20, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inflates_what_mariadb_wrote),
        cmocka_unit_test(plain_and_empty),
        cmocka_unit_test(damage_and_lies_are_refused),
    };
    int failed;

    buf_init(&in, 1000);
    buf_init(&out, 1 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_done(&in);
    buf_done(&out);
    return failed;
}
