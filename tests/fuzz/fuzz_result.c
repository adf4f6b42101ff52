/*
 * A server's answer to a statement, as packets of any bytes: joined to payloads, read as a text
 * result. The first byte chooses the capabilities. A result that was read is written as a server
 * and read again.
 */
#include "wire/joiner.h"
#include "wire/result.h"

#include <stdlib.h>

#define BYTES_MAX (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_again(const struct result *result, uint32_t capabilities)
{
    struct result *again = result_new(BYTES_MAX * 2);
    struct result_reader reader;
    size_t count = result_payloads(result, capabilities);
    bool done = false;
    struct buf payload;
    struct err err;

    buf_init(&payload, BYTES_MAX * 2);
    result_reader_init(&reader, capabilities, again);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&payload);
        result_write_payload(result, i, capabilities, 0, &payload);
        must(buf_ok(&payload) && !done &&
             result_reader_take(&reader, buf_span(&payload), &done, &err));
    }
    must(done && result_rows(again) == result_rows(result));
    for (size_t row = 0; row < result_rows(result); row++) {
        for (size_t column = 0; column < result_columns(result); column++) {
            struct span a = {0};
            struct span b = {0};

            must(result_value(result, row, column, &a) == result_value(again, row, column, &b) &&
                 span_eq(a, b));
        }
    }
    result_free(again);
    buf_done(&payload);
}

static void read_all(uint8_t *bytes, size_t len, uint32_t capabilities)
{
    struct result *result = result_new(BYTES_MAX);
    struct result_reader reader;
    struct joiner joiner;
    bool done = false;
    size_t at = 0;
    struct err err;

    joiner_init(&joiner, BYTES_MAX);
    joiner.any_sequence = true;
    result_reader_init(&reader, capabilities, result);
    while (!done) {
        struct span payload;
        size_t left = len - at;
        size_t need = 0;

        if (joiner_step(&joiner, bytes + at, &left, &need, &payload, &err) != JOINER_WHOLE)
            break;
        len = at + left;
        at += need;
        if (!result_reader_take(&reader, payload, &done, &err))
            break;
    }
    if (done && result_columns(result) > 0)
        check_again(result, capabilities);
    result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    if (size < 2)
        return 0;
    copy = malloc(size - 1);
    memcpy(copy, data + 1, size - 1);
    read_all(copy, size - 1,
             (data[0] & 1 ? CAP_DEPRECATE_EOF : 0) | (data[0] & 2 ? CAP_SESSION_TRACK : 0));
    free(copy);
    return 0;
}
