/*
 * A list of client networks, and after a line break an address that comes: any text. A list that
 * is accepted is one of its ranges by itself, too, and has an address if one of them has.
 */
#include "net/address_ranges.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Whether one of the ranges, each read by itself, has the address. */
static bool one_has(char *list, const char *ip, size_t count)
{
    char *rest = list;
    bool has = false;
    size_t n = 0;

    for (char *word; (word = strsep(&rest, ",")); n++) {
        struct address_range range;
        struct err err;

        require(address_range_parse(span_str(word), &range, &err));
        require(range.bits <= 128);
        has = address_range_has(&range, ip) || has;
    }
    require(n == count);
    return has;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address_ranges ranges;
    char text[4096];
    size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
    struct err err;
    char *ip;

    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    ip = text + strcspn(text, "\n");
    if (*ip)
        *ip++ = '\0';
    if (!address_ranges_parse(text, &ranges, &err)) {
        require(err.class == E_USAGE || err.class == E_LIMIT);
        return 0;
    }
    require(ranges.count <= ADDRESS_RANGES_MAX);
    if (ranges.count == 0)
        require(address_ranges_have(&ranges, ip));
    else
        require(address_ranges_have(&ranges, ip) == one_has(text, ip, ranges.count));
    return 0;
}
