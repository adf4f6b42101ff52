#include "net/route.h"

#include "base/file.h"

bool route_local_address(const struct address *to, struct address *ret_from, struct err *err)
{
    char ip[ADDRESS_IP_MAX];
    /* To connect a datagram socket is to look up the route, and no more. */
    int fd = socket(to->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 || err_errno(err, "socket");

    address_ip(to, ip);
    if (ok && connect(fd, (const struct sockaddr *)&to->storage, to->len) != 0)
        ok = err_errno(err, "%s: no route", ip);
    ok = ok && address_of_local(fd, ret_from, err);
    fd_close(&fd);
    return ok;
}
