/*
 * Fuzz target: the text of a JSON document, made binary, printed, and made binary again: the bytes
 * must be the same.
 */
#include "binlog/json_binary.h"
#include "binlog/json_encode.h"

#include <stdlib.h>

#define OUT_MAX (1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf binary;
    struct buf text;
    struct buf again;
    struct err err;

    buf_init(&binary, OUT_MAX);
    buf_init(&text, OUT_MAX);
    buf_init(&again, OUT_MAX);
    if (json_encode_text(&binary, span_of(data, size), &err)) {
        require(json_write_text(&text, buf_span(&binary), &err) && buf_ok(&text));
        require(json_encode_text(&again, buf_span(&text), &err));
        require(span_eq(buf_span(&binary), buf_span(&again)));
    } else {
        require(binary.len == 0);
    }
    buf_done(&binary);
    buf_done(&text);
    buf_done(&again);
    return 0;
}
