#include "check.h"

#include "base/mem.h"
#include "wire/compression.h"

#define BIG (2 * (size_t)COMPRESSION_PLAIN_MAX + 12345)

static struct err err;

/* Expands all frames in turn. */
static void expand(struct compression *compression, struct span frames, struct buf *plain)
{
    size_t at = 0;
    uint8_t sequence = 3;

    while (at < frames.len) {
        struct compression_header header = compression_header_parse(frames.data + at);
        size_t into = buf_reserve(plain, compression_plain_size(&header));

        assert_true(buf_ok(plain));
        at += COMPRESSION_HEADER_SIZE;
        assert_true(header.payload_len <= frames.len - at);
        assert_int_equal(header.sequence, sequence++);
        assert_true(compression_expand(compression, &header,
                                       span_of(frames.data + at, header.payload_len),
                                       plain->data + into, &err));
        at += header.payload_len;
    }
    assert_int_equal(at, frames.len);
}

static void check_round_trip(enum compression_algorithm algorithm, int level, size_t n, bool noise)
{
    struct compression *compression = compression_new(algorithm, level);
    uint8_t *bytes = mem_alloc(n + 1);
    uint32_t seed = 1;
    uint8_t sequence = 3;
    struct buf frames;
    struct buf plain;

    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = noise ? (uint8_t)(seed >> 24) : (uint8_t)(i / 1000);
    }
    buf_init(&frames, n + 1000);
    buf_init(&plain, n);
    compression_write(compression, &frames, &sequence, span_of(bytes, n));
    assert_true(buf_ok(&frames));
    if (!noise && n > 10000)
        assert_true(frames.len < n / 10);
    else
        assert_true(frames.len <= n + 7 * (n / COMPRESSION_PLAIN_MAX + 1));
    expand(compression, buf_span(&frames), &plain);
    assert_int_equal(plain.len, n);
    assert_true(n == 0 || memcmp(plain.data, bytes, n) == 0);
    buf_done(&frames);
    buf_done(&plain);
    mem_free(bytes);
    compression_free(compression);
}

static void test_round_trips(void **state)
{
    static const size_t sizes[] = {0, 1, 49, 50, 51, 1000, 100000, BIG};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_round_trip(COMPRESSION_ZLIB, 0, sizes[i], false);
        check_round_trip(COMPRESSION_ZSTD, 3, sizes[i], false);
    }
    check_round_trip(COMPRESSION_ZLIB, 9, 100000, true);
    check_round_trip(COMPRESSION_ZSTD, 22, 100000, true);
}

/* A frame that says more or less than it holds, or holds nothing. */
static void check_refused(enum compression_algorithm algorithm)
{
    struct compression *compression = compression_new(algorithm, 0);
    uint8_t zeros[1000] = {0};
    uint8_t into[2000];
    uint8_t sequence = 0;
    struct compression_header header;
    struct span payload;
    struct buf frame;

    buf_init(&frame, 2000);
    compression_write(compression, &frame, &sequence, span_of(zeros, sizeof zeros));
    header = compression_header_parse(frame.data);
    payload = span_of(frame.data + COMPRESSION_HEADER_SIZE, header.payload_len);
    assert_true(compression_expand(compression, &header, payload, into, &err));
    for (uint32_t plain = 999; plain <= 1001; plain += 2) {
        header.plain_len = plain;
        assert_false(compression_expand(compression, &header, payload, into, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, compression_name(algorithm));
    }
    header.plain_len = 1000;
    for (header.payload_len = 0; header.payload_len < payload.len; header.payload_len++)
        assert_false(compression_expand(compression, &header,
                                        span_of(payload.data, header.payload_len), into, &err));
    buf_done(&frame);
    compression_free(compression);
}

static void test_frames_that_lie_are_refused(void **state)
{
    (void)state;
    check_refused(COMPRESSION_ZLIB);
    check_refused(COMPRESSION_ZSTD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_frames_that_lie_are_refused),
    };

    return cmocka_run_group_tests_name("compression", tests, NULL, NULL);
}
