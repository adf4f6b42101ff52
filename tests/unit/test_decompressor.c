#include "base/decompressor.h"

#include "base/buf.h"

#include "check.h"

#include <zlib.h>
#include <zstd.h>

#define PLAIN_SIZE ((size_t)300000)

/* Bytes that compress, but not to nothing. */
static void make_plain(struct buf *plain)
{
    uint32_t state = 1;

    buf_init(plain, PLAIN_SIZE);
    while (plain->len < PLAIN_SIZE) {
        state = state * 1103515245u + 12345u;
        buf_u8(plain, (uint8_t)(state >> 28));
    }
}

static void append_gzip(struct buf *out, struct span plain)
{
    z_stream stream = {0};
    size_t room = compressBound(plain.len) + 64;
    size_t at = buf_reserve(out, room);

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)plain.data;
    stream.avail_in = (uInt)plain.len;
    stream.next_out = out->data + at;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->len -= stream.avail_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

static void append_zstd(struct buf *out, struct span plain)
{
    size_t room = ZSTD_compressBound(plain.len);
    size_t at = buf_reserve(out, room);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t made;

    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    made = ZSTD_compress2(context, out->data + at, room, plain.data, plain.len);
    assert_false(ZSTD_isError(made));
    out->len -= room - made;
    (void)ZSTD_freeCCtx(context);
}

static void append(struct buf *out, enum compression compression, struct span plain)
{
    if (compression == COMPRESSION_GZIP)
        append_gzip(out, plain);
    else
        append_zstd(out, plain);
}

/* Decompresses pieces of `step` bytes into pieces of `room`. */
static bool decompress(enum compression compression, struct span packed, size_t step, size_t room,
                       struct buf *out, struct err *err)
{
    struct decompressor *decompressor = decompressor_new(compression);
    uint8_t *piece = malloc(room);
    size_t at = 0;
    size_t made = 1;
    bool good = true;

    assert_non_null(piece);
    while (good && (at < packed.len || made > 0)) {
        struct span in = span_of(packed.data + at, packed.len - at < step ? packed.len - at : step);
        size_t given = in.len;

        good = decompressor_run(decompressor, &in, piece, room, &made, err);
        if (good)
            buf_bytes(out, span_of(piece, made));
        at += given - in.len;
    }
    good = good && decompressor_finish(decompressor, err);
    decompressor_free(decompressor);
    free(piece);
    return good;
}

static void test_streams_of_several_parts(void **state)
{
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    struct err err = {0};
    struct buf plain;

    (void)state;
    make_plain(&plain);
    for (enum compression kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
        struct buf packed;
        struct buf out;

        buf_init(&packed, (size_t)1 << 24);
        buf_init(&out, (size_t)1 << 24);
        append(&packed, kind, span_of(plain.data, 100));
        append(&packed, kind, span_of(plain.data, 0));
        append(&packed, kind, span_of(plain.data + 100, PLAIN_SIZE - 100));
        assert_int_equal(compression_of(buf_span(&packed)), kind);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            buf_clear(&out);
            if (!decompress(kind, buf_span(&packed), steps[i], 1 + steps[3 - i], &out, &err))
                fail_msg("%s", err.text);
            assert_true(span_eq(buf_span(&out), buf_span(&plain)));
        }
        buf_done(&packed);
        buf_done(&out);
    }
    buf_done(&plain);
    decompressor_free(NULL);
}

static void test_what_is_not_whole(void **state)
{
    struct err err = {0};
    struct buf plain;

    (void)state;
    make_plain(&plain);
    for (enum compression kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
        struct buf packed;
        struct buf out;

        buf_init(&packed, (size_t)1 << 24);
        buf_init(&out, (size_t)1 << 24);
        append(&packed, kind, span_of(plain.data, 2000));
        for (size_t length = 1; length < packed.len; length++) {
            assert_false(decompress(kind, span_of(packed.data, length), 64, 4096, &out, &err));
            assert_int_equal(err.class, E_PROTO);
            assert_contains(err.text, "it ends early");
        }
        /* The last bytes are a checksum, or a length. */
        packed.data[packed.len - 1] ^= 1;
        assert_false(decompress(kind, buf_span(&packed), 64, 4096, &out, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, kind == COMPRESSION_GZIP ? "gzip data: " : "zstd data: ");
        packed.data[packed.len - 1] ^= 1;
        buf_str(&packed, "garbage");
        assert_false(decompress(kind, buf_span(&packed), 64, 4096, &out, &err));
        buf_done(&packed);
        buf_done(&out);
    }
    buf_done(&plain);
}

static void test_a_window_that_is_too_large(void **state)
{
    /* A frame header with a window of 2 GiB, and an empty last block. */
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00};
    struct err err = {0};
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_false(decompress(COMPRESSION_ZSTD, span_of(frame, sizeof frame), 64, 4096, &out, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "--long=31");
    buf_done(&out);
}

static void test_magic(void **state)
{
    (void)state;
    assert_int_equal(compression_of(span_of("\x1f\x8b\x08\x00", 4)), COMPRESSION_GZIP);
    assert_int_equal(compression_of(span_of("\x5a\x2a\x4d\x18", 4)), COMPRESSION_ZSTD);
    assert_int_equal(compression_of(span_of("\xfe\x62\x69\x6e", 4)), COMPRESSION_NONE);
    assert_int_equal(compression_of(span_of("\x1f\x8b", 2)), COMPRESSION_NONE);
    assert_int_equal(compression_of(span_of("", 0)), COMPRESSION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_of_several_parts),
        cmocka_unit_test(test_what_is_not_whole),
        cmocka_unit_test(test_a_window_that_is_too_large),
        cmocka_unit_test(test_magic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
