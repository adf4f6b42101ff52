#include "net/address_ranges.h"

#include <string.h>

bool address_ranges_parse(const char *text, struct address_ranges *ret_ranges, struct err *err)
{
    struct address_ranges ranges = {0};

    while (*text) {
        size_t len = strcspn(text, ",");

        if (ranges.count == ADDRESS_RANGES_MAX)
            return err_set(err, E_LIMIT, 0, "expected at most %d networks, found more",
                           ADDRESS_RANGES_MAX);
        if (!address_range_parse(span_of(text, len), &ranges.items[ranges.count], err))
            return false;
        ranges.count++;
        text += len;
        if (*text == ',' && text[1] == '\0')
            return err_set(err, E_USAGE, 0, "expected a network after each comma, found none");
        text += *text == ',';
    }
    *ret_ranges = ranges;
    return true;
}

bool address_ranges_have(const struct address_ranges *ranges, const char *ip)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (address_range_has(&ranges->items[i], ip))
            return true;
    }
    return ranges->count == 0;
}
