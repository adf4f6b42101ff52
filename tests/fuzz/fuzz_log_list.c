/*
 * The answer to SHOW BINARY LOGS, in pieces and as a whole: the same must come of it, and no byte
 * past those that were given is looked at. First byte: 1: descriptions end with a packet of their
 * own; 2: of COM_STMT_PREPARE; the rest of it: how large the pieces are.
 */
#include "endpoint/log_list.h"

#include <stdlib.h>

#define SIZE_MAX_TRIED 4096
#define MADE_MAX       (4 * SIZE_MAX_TRIED)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What becomes of the bytes; those that are left alone are not in it. */
static size_t rewrite(struct span bytes, uint8_t flags, size_t step, struct buf *made)
{
    struct log_list list;
    size_t taken = 0;
    size_t have = 0;

    log_list_init(&list, flags & 1);
    log_list_await(&list, flags & 2);
    while (list.state != LOG_LIST_NONE && have < bytes.len) {
        uint8_t *copy;
        size_t n;

        have = bytes.len - have < step ? bytes.len : have + step;
        /* In memory of its own, so that the sanitizer sees a read past its end. */
        copy = malloc(have - taken ? have - taken : 1);
        memcpy(copy, bytes.data + taken, have - taken);
        n = log_list_take(&list, span_of(copy, have - taken), made);
        free(copy);
        if (n > have - taken)
            abort();
        taken += n;
    }
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole;
    struct buf pieces;

    if (size < 2 || size > SIZE_MAX_TRIED)
        return 0;
    buf_init(&whole, MADE_MAX);
    buf_init(&pieces, MADE_MAX);
    if (rewrite(span_of(data + 1, size - 1), data[0], size, &whole) !=
            rewrite(span_of(data + 1, size - 1), data[0], 1 + data[0] / 4u, &pieces) ||
        !buf_ok(&whole) || whole.len != pieces.len ||
        (whole.len > 0 && memcmp(whole.data, pieces.data, whole.len) != 0))
        abort();
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
