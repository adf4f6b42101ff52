/*
 * struct tls: how to speak TLS as a server (with a certificate and key) or as a client.
 *
 * Immutable after creation, so any number of threads and conns may share one. TLS 1.2 and 1.3.
 * tls_new_session() is for conn.c alone.
 */
#pragma once

#include "base/err.h"

struct tls;
typedef struct ssl_st SSL; /* OpenSSL's own name for it */

/* Both files are PEM; the certificate file may hold the chain. */
MUST_CHECK bool tls_server_new(const char *cert_path, const char *key_path, struct tls **ret_tls,
                               struct err *err);

/*
 * A client that does not check whom it speaks to: only for peers behind a unix socket in a
 * directory that nobody else can enter.
 */
MUST_CHECK bool tls_local_client_new(struct tls **ret_tls, struct err *err);

void tls_free(struct tls *tls);

/* NULL and err on failure; the caller frees it with SSL_free. */
SSL *tls_new_session(const struct tls *tls, int fd, struct err *err);
