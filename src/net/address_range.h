/*
 * struct address_range: which addresses an account may be used from, as a value.
 *
 *     %                 any
 *     192.0.2.7         one, IPv4 or IPv6
 *     192.0.2.0/24      a network; 2001:db8::/32
 *     192.0.2.%         the same as the host part of an account's name at a server has it
 *     localhost         127.0.0.0/8, ::1 and unix sockets
 *
 * Names are not looked up: what a name server says would decide who may log in.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct address_range {
    bool ipv4;
    bool ipv6;
    bool local;        /* unix sockets too */
    uint8_t bytes[16]; /* the network; of IPv4 the first four */
    unsigned bits;     /* how many of them count */
};

/* E_USAGE. */
MUST_CHECK bool address_range_parse(struct span text, struct address_range *ret_range,
                                    struct err *err);

/* `ip` as address_ip() writes it, or "localhost" for a unix socket. */
bool address_range_has(const struct address_range *range, const char *ip);
