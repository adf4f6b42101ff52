#include "check.h"

#include "base/mem.h"
#include "wire/framer.h"

static void add(struct buf *stream, uint8_t sequence, const char *payload, size_t len)
{
    buf_u24(stream, (uint32_t)len);
    buf_u8(stream, sequence);
    buf_bytes(stream, span_of(payload, len));
}

/* Feeds the stream in pieces of every size; the commands found must always be the same. */
static void check_commands(const struct buf *stream, const char *want)
{
    for (size_t piece = 1; piece <= stream->len; piece = piece < 40 ? piece + 1 : piece * 3) {
        struct framer framer = {0};
        char found[64] = "";
        size_t at = 0;
        size_t have = 0;

        while (at < stream->len) {
            struct span bytes;
            uint8_t command = 0;
            uint32_t len = 0;
            enum framer_at what;

            if (have == at)
                have = have + piece < stream->len ? have + piece : stream->len;
            bytes = span_of(stream->data + at, have - at);
            what = framer_peek(&framer, bytes, &command, &len);
            if (what == FRAMER_CUT) {
                assert_true(have < stream->len);
                have = have + piece < stream->len ? have + piece : stream->len;
                continue;
            }
            if (what == FRAMER_COMMAND)
                (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%02x:%u ",
                               command, len);
            at += framer_take(&framer, bytes);
        }
        assert_string_equal(found, want);
    }
}

static void test_commands_are_found(void **state)
{
    struct buf stream;

    (void)state;
    buf_init(&stream, 1000);
    add(&stream, 1, "answer", 6); /* of the handshake */
    add(&stream, 0, "\x03SELECT 1", 9);
    add(&stream, 0, "\x11user", 5);
    add(&stream, 3, "\x11 file data", 11);
    add(&stream, 4, "", 0); /* its end */
    add(&stream, 0, "\x01", 1);
    check_commands(&stream, "03:9 11:5 01:1 ");
    buf_done(&stream);
}

static void test_file_data_numbered_0_is_no_command(void **state)
{
    struct buf stream;

    (void)state;
    buf_init(&stream, 1000);
    add(&stream, 0, "\x03LOAD", 5);
    add(&stream, 255, "data", 4);
    add(&stream, 0, "\x11rdsadmin", 9);
    add(&stream, 1, "", 0);
    add(&stream, 0, "\x11user", 5);
    add(&stream, 255, "", 0);
    add(&stream, 0, "\x01", 1);
    check_commands(&stream, "03:5 11:5 01:1 ");
    buf_done(&stream);
}

static void test_a_long_command_goes_on_in_the_next_packet(void **state)
{
    char *full = mem_alloc(PACKET_PAYLOAD_MAX);
    struct buf stream;

    (void)state;
    full[0] = COM_QUERY;
    buf_init(&stream, 2 * PACKET_PAYLOAD_MAX + 100);
    add(&stream, 0, full, PACKET_PAYLOAD_MAX);
    /* The rest of it: numbered 1 by a client, and not a command even if it were numbered 0. */
    add(&stream, 0, "\x11rest", 5);
    add(&stream, 0, "\x01", 1);
    for (size_t piece = 1000003; piece < stream.len; piece *= 7) {
        struct framer framer = {0};
        int commands = 0;

        for (size_t at = 0; at < stream.len;) {
            size_t n = stream.len - at < piece ? stream.len - at : piece;
            uint8_t command = 0;
            uint32_t len = 0;
            enum framer_at what =
                framer_peek(&framer, span_of(stream.data + at, n), &command, &len);

            if (what == FRAMER_CUT)
                what = framer_peek(&framer, span_of(stream.data + at, stream.len - at), &command,
                                   &len);
            commands += what == FRAMER_COMMAND && command != COM_CHANGE_USER;
            assert_false(what == FRAMER_COMMAND && command == COM_CHANGE_USER);
            at += framer_take(&framer, span_of(stream.data + at,
                                               stream.len - at < 5 || n < 5 ? stream.len - at : n));
        }
        assert_int_equal(commands, 2);
    }
    buf_done(&stream);
    mem_free(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_found),
        cmocka_unit_test(test_file_data_numbered_0_is_no_command),
        cmocka_unit_test(test_a_long_command_goes_on_in_the_next_packet),
    };

    return cmocka_run_group_tests_name("framer", tests, NULL, NULL);
}
