/*
 * Fuzz target: a whole binlog file, checksums not verified so that damage reaches the translation,
 * translated for every dialect. What comes out, whole or up to a refusal, must be a binlog file of
 * the other family with right checksums and positions. Seeds: tests/data/binlog.
 */
#include "translation.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct span bytes)
{
    struct reader reader;
    struct reader_event event;
    struct err err;

    if (bytes.len <= READER_MAGIC_SIZE)
        return;
    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    do {
        if (!reader_next(&reader, &bytes, &event, &err))
            abort();
    } while (event.bytes.len > 0);
    if (bytes.len > 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int to = 0; to < DIALECTS; to++) {
        struct translation translation;
        struct err err;

        translation_init(&translation, (enum dialect)to);
        if (!translate_bytes(&translation, span_of(data, size), &err) && err.class == E_BUG)
            abort();
        check(buf_span(&translation.out));
        translation_done(&translation);
    }
    return 0;
}
