/*
 * struct address: a TCP address, IPv4 or IPv6, as a value.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage storage;
    socklen_t len;
};

/* "127.0.0.1", "::1" or "0.0.0.0" with a port of 0..65535; names are not looked up. E_USAGE. */
MUST_CHECK bool address_parse(const char *ip, uint16_t port, struct address *ret_address,
                              struct err *err);

/* The two ends of a connected TCP socket. */
MUST_CHECK bool address_of_peer(int fd, struct address *ret_address, struct err *err);
MUST_CHECK bool address_of_local(int fd, struct address *ret_address, struct err *err);

uint16_t address_port(const struct address *address);

/* The IP alone; an IPv4 address mapped into IPv6 (::ffff:1.2.3.4) is given as IPv4. */
#define ADDRESS_IP_MAX 46
void address_ip(const struct address *address, char ip[ADDRESS_IP_MAX]);
