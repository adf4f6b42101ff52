/*
 * Fuzz target: a whole binlog file, checksums not verified so that damage reaches the decoders;
 * every event that the reader gives is decoded and encoded. What was decoded must encode without
 * an error of ours (E_BUG). Seeds: tests/data/binlog.
 */
#include "roundtrip.h"

#include <stdlib.h>

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span window = span_of(data, size);
    struct reader reader;
    struct reader_event event;
    struct err err;

    reader_init(&reader);
    while (reader_next(&reader, &window, &event, &err) && event.bytes.len > 0) {
        struct buf out;

        buf_init(&out, OUT_MAX);
        if (!roundtrip_body(&event, &reader.format, &out, &err) && err.class == E_BUG &&
            event.header.type != EVENT_TRANSACTION_PAYLOAD)
            abort();
        buf_done(&out);
    }
    (void)!reader_finish(&reader, window, &err);
    return 0;
}
