#include "check.h"

#include "base/mem.h"
#include "endpoint/stream.h"

#include <sys/socket.h>

#define LARGE (3u << 20)

static struct err err;

struct ends {
    struct stream stream; /* under test */
    struct conn *conn;    /* its conn */
    struct conn *other;   /* the test's own end */
    struct compression *compression;
};

static struct ends *open_ends(enum compression_algorithm algorithm)
{
    struct ends *ends = mem_alloc(sizeof *ends);
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ends->conn = conn_new(fds[0], "client");
    ends->other = conn_new(fds[1], "other");
    ends->compression = compression_new(algorithm, 0);
    stream_init(&ends->stream, ends->conn);
    stream_compress(&ends->stream, algorithm, 0);
    return ends;
}

static void close_ends(struct ends *ends)
{
    stream_done(&ends->stream);
    conn_free(ends->conn);
    conn_free(ends->other);
    compression_free(ends->compression);
    mem_free(ends);
}

/*
 * Sends a packet as one frame of that number, in pieces of `step` bytes; the stream reads
 * meanwhile.
 */
static void exchange(struct ends *ends, uint8_t number, struct span text, size_t step)
{
    uint8_t *got = mem_alloc(PACKET_HEADER_SIZE + text.len);
    size_t n_got = 0;
    size_t sent = 0;
    struct buf packet;
    struct buf frame;

    buf_init(&packet, LARGE + 1000);
    buf_u24(&packet, (uint32_t)text.len);
    buf_u8(&packet, 0);
    buf_bytes(&packet, text);
    buf_init(&frame, LARGE + 1000);
    compression_write(ends->compression, &frame, &number, buf_span(&packet));
    while (n_got < packet.len) {
        size_t left = frame.len - sent;
        size_t n = 0;

        if (left > 0 &&
            conn_try_write(ends->other, span_of(frame.data + sent, left < step ? left : step), &n,
                           &err) == IO_DONE)
            sent += n;
        switch (stream_try_read(&ends->stream, got + n_got, packet.len - n_got, &n, &err)) {
        case IO_DONE:
            n_got += n;
            break;
        case IO_AGAIN:
            assert_false(stream_pending(&ends->stream));
            break;
        case IO_EOF:
        case IO_ERROR:
            fail();
        }
    }
    assert_memory_equal(got, packet.data, PACKET_HEADER_SIZE - 1);
    assert_memory_equal(got + PACKET_HEADER_SIZE, text.data, text.len);
    assert_int_equal(sent, frame.len);
    assert_int_equal(ends->stream.number, number);
    buf_done(&frame);
    buf_done(&packet);
    mem_free(got);
}

static void reading(enum compression_algorithm algorithm)
{
    struct ends *ends = open_ends(algorithm);
    char *large = mem_alloc(LARGE);

    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)(i * i >> 7);
    exchange(ends, 0, span_str("short"), 1);
    exchange(ends, 1, span_of(large, 1000), 1);
    exchange(ends, 2, span_of(large, LARGE), 60000);
    exchange(ends, 0, span_str("again"), 100);
    close_ends(ends);
    mem_free(large);
}

static void test_reading(void **state)
{
    (void)state;
    reading(COMPRESSION_ZLIB);
    reading(COMPRESSION_ZSTD);
}

static void test_writing_goes_on_where_the_socket_was_full(void **state)
{
    struct ends *ends = open_ends(COMPRESSION_ZLIB);
    uint8_t *random = mem_alloc(LARGE);
    uint8_t *read = mem_alloc(LARGE);
    struct compression_header header;
    uint8_t head[COMPRESSION_HEADER_SIZE];
    uint32_t seed = 1;
    size_t n = 0;
    size_t got = 0;
    bool waited = false;

    (void)state;
    for (size_t i = 0; i < LARGE; i++) {
        seed = seed * 1664525 + 1013904223;
        random[i] = (uint8_t)(seed >> 24);
    }
    ends->stream.number = 7;
    /* More bytes than at first in the repetition, as a lane that was filled meanwhile has. */
    for (size_t offered = LARGE - 1000; n == 0; offered = LARGE) {
        size_t more = 0;

        if (stream_try_write(&ends->stream, span_of(random, offered), &n, &err) == IO_AGAIN) {
            waited = true;
            assert_int_equal(conn_try_read(ends->other, read + got, LARGE - got, &more, &err),
                             IO_DONE);
            got += more;
        }
    }
    assert_true(waited);
    assert_int_equal(n, LARGE - 1000);
    while (got < LARGE - 1000 + sizeof head) {
        size_t more = 0;

        assert_int_equal(conn_try_read(ends->other, read + got, LARGE - got, &more, &err), IO_DONE);
        got += more;
    }
    memcpy(head, read, sizeof head);
    header = compression_header_parse(head);
    assert_int_equal(header.sequence, 7);
    assert_int_equal(header.plain_len, 0); /* noise does not shrink */
    assert_int_equal(header.payload_len, LARGE - 1000);
    assert_memory_equal(read + sizeof head, random, LARGE - 1000);
    assert_int_equal(ends->stream.number, 8);
    close_ends(ends);
    mem_free(random);
    mem_free(read);
}

/* What comes of a frame that is not well formed. */
static void refused(const char *bytes, size_t len, const char *text)
{
    struct ends *ends = open_ends(COMPRESSION_ZLIB);
    uint8_t into[100];
    size_t n = 0;

    assert_int_equal(conn_try_write(ends->other, span_of(bytes, len), &n, &err), IO_DONE);
    assert_int_equal(stream_try_read(&ends->stream, into, sizeof into, &n, &err), IO_ERROR);
    assert_int_equal(err.class, E_PROTO);
    assert_contains(err.text, text);
    close_ends(ends);
}

static void test_broken_frames(void **state)
{
    (void)state;
    refused("\x01\0\0\x05\0\0\0x", 8, "expected number 0 or 0, found 5");
    refused("\x04\0\0\0\x10\0\0junk", 11, "4 bytes are not zlib data of 16 bytes");
    refused("\0\0\0\0\xff\xff\xff", 7, "0 bytes are not zlib data of 16777215 bytes");
}

static void test_an_empty_frame_and_the_end(void **state)
{
    struct ends *ends = open_ends(COMPRESSION_ZLIB);
    uint8_t into[10];
    size_t n = 0;

    (void)state;
    assert_int_equal(
        conn_try_write(ends->other, span_of("\0\0\0\0\0\0\0\x01\0\0\x01\0\0\0x", 15), &n, &err),
        IO_DONE);
    assert_int_equal(stream_try_read(&ends->stream, into, sizeof into, &n, &err), IO_DONE);
    assert_int_equal(n, 1);
    assert_int_equal(into[0], 'x');
    conn_interrupt(conn_borrow_fd(ends->other));
    assert_int_equal(stream_try_read(&ends->stream, into, sizeof into, &n, &err), IO_EOF);
    close_ends(ends);
}

static void test_without_compression_it_is_the_conn(void **state)
{
    struct ends *ends = open_ends(COMPRESSION_NONE);
    uint8_t into[10];
    size_t n = 0;

    (void)state;
    assert_int_equal(stream_try_write(&ends->stream, span_str("out"), &n, &err), IO_DONE);
    assert_int_equal(conn_try_read(ends->other, into, sizeof into, &n, &err), IO_DONE);
    assert_memory_equal(into, "out", 3);
    assert_int_equal(conn_try_write(ends->other, span_str("in"), &n, &err), IO_DONE);
    assert_int_equal(stream_try_read(&ends->stream, into, sizeof into, &n, &err), IO_DONE);
    assert_memory_equal(into, "in", 2);
    close_ends(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_writing_goes_on_where_the_socket_was_full),
        cmocka_unit_test(test_broken_frames),
        cmocka_unit_test(test_an_empty_frame_and_the_end),
        cmocka_unit_test(test_without_compression_it_is_the_conn),
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
