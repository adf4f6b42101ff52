/*
 * Which of this machine's addresses a connection would come from.
 */
#pragma once

#include "net/address.h"

/*
 * The local address that the system's routing picks for a connection to an address; nothing is
 * sent. What a translation of addresses on the way makes of it can not be known here. E_IO:
 * there is no route.
 */
MUST_CHECK bool route_local_address(const struct address *to, struct address *ret_from,
                                    struct err *err);
