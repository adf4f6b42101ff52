/*
 * struct server_url: which server, and as whom: mysql://USER@HOST[:PORT], or mysql://USER@/PATH of
 * its unix socket; mariadb:// is the same. Never a password: others would see it in the list of
 * processes.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

#define SERVER_URL_PORT 3306 /* when none is given */

struct server_url {
    char *user;
    char *host; /* NULL with a socket */
    uint16_t port;
    char *socket_path; /* NULL: TCP */
};

/* E_USAGE. */
MUST_CHECK bool server_url_parse(const char *text, struct server_url *ret_url, struct err *err);
void server_url_done(struct server_url *url);
