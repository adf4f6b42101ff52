/*
 * link_login(): connects to a MySQL or MariaDB server and logs in.
 */
#pragma once

#include "base/err.h"
#include "net/tls.h"
#include "replication/link.h"

#include <stdint.h>

struct link_login_spec {
    const char *host; /* a name or an address; NULL with a socket_path */
    uint16_t port;
    const char *source_address; /* an IP of this machine to connect from; NULL: as routing picks */
    const char *socket_path;    /* NULL: TCP */
    const char *user;
    const char *password;  /* NULL or "": none */
    const char *database;  /* NULL: none */
    const struct tls *tls; /* NULL: plain. It says how far the server is checked. */
    bool tls_preferred; /* go on in clear with a server that offers no TLS (never when it fails) */
    bool allow_clear_password;  /* mysql_clear_password, inside TLS or a unix socket only */
    bool fetch_server_key;      /* see auth_client.h */
    const char *server_key_pem; /* content, not path; NULL: none */
    bool zlib;                  /* compress if the server offers it; zstd goes first */
    bool zstd;
    int zstd_level;           /* 1..22; 0: 3 */
    const char *program_name; /* a connection attribute; NULL: "borealis" */
    size_t payload_max;       /* bytes; 0: 64 MB */
    int stop_fd;              /* a wake-up that ends all waiting, now and later; -1: none */
};

#define LINK_PAYLOAD_MAX_DEFAULT ((size_t)64 << 20)

/*
 * All of the host's addresses are tried. E_AUTH (code is the server's, or 0 for what we refuse),
 * E_TIMEOUT, E_IO, E_PROTO, E_STATE. The text names host and port and never holds the password.
 */
MUST_CHECK bool link_login(const struct link_login_spec *spec, int64_t deadline_usec,
                           struct link **ret_link, struct err *err);
