/*
 * The numbering on any stream of a client: cut in pieces it must give the same numbers as on the
 * whole, change nothing else, and 0 only to what its frame says is a command, or behind 255.
 */
#include "wire/numbering.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *number(const uint8_t *data, size_t size, size_t step)
{
    struct numbering numbering = {0};
    uint8_t *copy = malloc(size);

    memcpy(copy, data, size);
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;

        numbering_client(&numbering, copy + at, n, true);
        numbering_server(&numbering, span_of(data + at, 0));
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t step;
    uint8_t *whole;
    uint8_t *pieces;
    uint8_t last = 0;

    if (size < 2 || size > 4096)
        return 0;
    step = 1 + data[0] % 64;
    data++;
    size--;
    whole = number(data, size, size);
    pieces = number(data, size, step);
    if (memcmp(whole, pieces, size) != 0)
        abort();
    for (size_t at = 0; at + PACKET_HEADER_SIZE <= size;) {
        struct packet_header header = packet_header_parse(data + at);
        uint8_t given = whole[at + 3];

        if (given != (header.sequence == 0 ? 0 : (uint8_t)(last + 1)) ||
            memcmp(whole + at, data + at, 3) != 0)
            abort();
        last = given;
        at += PACKET_HEADER_SIZE + header.payload_len;
    }
    free(whole);
    free(pieces);
    return 0;
}
