/*
 * The certificates of a cluster: an authority of its own and a server certificate that it signed,
 * as PEM. Endpoint and engines of one cluster share the server certificate and key, because a
 * MariaDB 11.4 client checks it by fingerprint through the endpoint.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define CERTIFICATE_PEM_MAX 16384

struct certificate_set {
    struct buf ca_cert; /* what clients give as --ssl-ca */
    struct buf ca_key;
    struct buf server_cert;
    struct buf server_key;
};

/*
 * Makes both, with 2048-bit RSA keys (every client of the field takes them), valid for 10 years.
 * `name` becomes the authority's common name; the server's names are localhost, 127.0.0.1, ::1 and
 * `host`.
 */
MUST_CHECK bool certificate_set_make(const char *name, const char *host,
                                     struct certificate_set *ret_set, struct err *err);
void certificate_set_done(struct certificate_set *set); /* wipes the keys */

/* The files of a set in a directory. */
#define CERTIFICATE_CA_FILE     "ca.pem"
#define CERTIFICATE_CA_KEY_FILE "ca-key.pem"
#define CERTIFICATE_FILE        "server-cert.pem"
#define CERTIFICATE_KEY_FILE    "server-key.pem"

/*
 * Makes the directory (mode 0700) and a set in it, for this machine's host name, unless one is
 * there. The server's certificate is written last: its presence means that all are there.
 */
MUST_CHECK bool certificate_files_make(const char *directory, const char *name, struct err *err);
