/*
 * struct address_ranges: a list of address ranges, "192.0.2.0/24,2001:db8::/32", as a value. An
 * empty list has every address in it: it stands for no limit.
 */
#pragma once

#include "net/address_range.h"

#include <stddef.h>

#define ADDRESS_RANGES_MAX 64

struct address_ranges {
    size_t count;
    struct address_range items[ADDRESS_RANGES_MAX];
};

/* Ranges as address_range_parse() takes them, with commas between; "" is the empty list. E_USAGE,
 * E_LIMIT. */
MUST_CHECK bool address_ranges_parse(const char *text, struct address_ranges *ret_ranges,
                                     struct err *err);

/* `ip` as address_ip() writes it. */
bool address_ranges_have(const struct address_ranges *ranges, const char *ip);
