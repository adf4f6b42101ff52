#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool address_parse(const char *ip, uint16_t port, struct address *ret_address, struct err *err)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct address address = {0};

    if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1) {
        memcpy(&address.storage, &v4, sizeof v4);
        address.len = sizeof v4;
    } else if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1) {
        memcpy(&address.storage, &v6, sizeof v6);
        address.len = sizeof v6;
    } else {
        return err_set(err, E_USAGE, 0, "address '%.60s': expected an IPv4 or IPv6 address", ip);
    }
    *ret_address = address;
    return true;
}

bool address_of_peer(int fd, struct address *ret_address, struct err *err)
{
    struct address address = {.len = sizeof address.storage};

    if (getpeername(fd, (struct sockaddr *)&address.storage, &address.len) != 0)
        return err_errno(err, "socket: no peer address");
    *ret_address = address;
    return true;
}

bool address_of_local(int fd, struct address *ret_address, struct err *err)
{
    struct address address = {.len = sizeof address.storage};

    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.len) != 0)
        return err_errno(err, "socket: no local address");
    *ret_address = address;
    return true;
}

uint16_t address_port(const struct address *address)
{
    if (address->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

void address_ip(const struct address *address, char ip[ADDRESS_IP_MAX])
{
    if (address->storage.ss_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&address->storage)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(v6))
            (void)inet_ntop(AF_INET, v6->s6_addr + 12, ip, ADDRESS_IP_MAX);
        else
            (void)inet_ntop(AF_INET6, v6, ip, ADDRESS_IP_MAX);
        return;
    }
    (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)&address->storage)->sin_addr, ip,
                    ADDRESS_IP_MAX);
}
