/*
 * The framer on any stream, cut at two places: it must find the same commands as on the whole, pass
 * on every byte once, and never look past what it was given.
 */
#include "wire/framer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that depends on every command found, its place and its length. */
static uint64_t commands(const uint8_t *data, size_t size, size_t step)
{
    struct framer framer = {0};
    uint64_t sum = 0;
    size_t at = 0;
    size_t have = 0;

    while (at < size) {
        uint8_t command = 0;
        uint32_t len = 0;
        size_t taken;
        enum framer_at what;
        uint8_t *copy;

        if (have == at)
            have = size - have < step ? size : have + step;
        /* In memory of its own, so that the sanitizer sees a read past its end. */
        copy = malloc(have - at ? have - at : 1);
        memcpy(copy, data + at, have - at);
        what = framer_peek(&framer, span_of(copy, have - at), &command, &len);
        if (what == FRAMER_CUT) {
            free(copy);
            if (have == size)
                return sum;
            have = size - have < step ? size : have + step;
            continue;
        }
        if (what == FRAMER_COMMAND)
            sum = sum * 31 + (at << 8 | command) + len;
        taken = framer_take(&framer, span_of(copy, have - at));
        free(copy);
        if (taken == 0 || taken > have - at)
            abort();
        at += taken;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t step;

    if (size < 2 || size > 4096)
        return 0;
    step = 1 + data[0] % 64;
    if (commands(data + 1, size - 1, size) != commands(data + 1, size - 1, step))
        abort();
    return 0;
}
