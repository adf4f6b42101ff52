/*
 * struct tls: how to speak TLS as a server (with a certificate and key) or as a client.
 *
 * Immutable but for tls_server_reload(), so any number of threads and conns may share one; conns
 * that have begun keep what they need of it, so an owner that gets a new certificate makes a new
 * struct tls for new conns and frees the old one, or reloads it. TLS 1.2 and 1.3 unless told
 * otherwise. tls_new_session() and tls_explain() are for conn.c alone.
 */
#pragma once

#include "base/err.h"

struct tls;
typedef struct ssl_st SSL; /* OpenSSL's own name for it */

/* How far a client checks whom it speaks to; the names are those of MySQL's ssl-mode. */
enum tls_mode {
    TLS_REQUIRED,        /* not at all: keeps listeners out, not impostors */
    TLS_VERIFY_CA,       /* an authority that we trust signed the certificate */
    TLS_VERIFY_IDENTITY, /* and it is for the host that we meant to reach */
};

/* Paths are of PEM files; NULL means not given. */
struct tls_client_spec {
    enum tls_mode mode;
    const char *ca_file; /* of authorities; with neither, those that the system trusts */
    const char *ca_dir;
    const char *cert_file; /* to show to the server; goes with a key */
    const char *key_file;
    const char *ciphers;  /* OpenSSL's list for TLS 1.2 and below */
    const char *suites;   /* of TLS 1.3 */
    const char *versions; /* "TLSv1.2,TLSv1.3" is the default */
};

struct tls_server_spec {
    const char *cert_file; /* may hold the chain */
    const char *key_file;
    const char *client_ca_file; /* given: a client must show a certificate of these authorities */
    const char *client_ca_dir;
    const char *ciphers;
    const char *suites;
    const char *versions;
};

/* E_USAGE for what was given wrongly, with its path; E_STATE. */
MUST_CHECK bool tls_client_new(const struct tls_client_spec *spec, struct tls **ret_tls,
                               struct err *err);
MUST_CHECK bool tls_server_new(const struct tls_server_spec *spec, struct tls **ret_tls,
                               struct err *err);

/*
 * Sessions that begin from here on use what the spec's files hold now; any thread. A failure
 * changes nothing; errors as above.
 */
MUST_CHECK bool tls_server_reload(struct tls *tls, const struct tls_server_spec *spec,
                                  struct err *err);

/*
 * A client that does not check whom it speaks to: only for peers behind a unix socket in a
 * directory that nobody else can enter.
 */
MUST_CHECK bool tls_local_client_new(struct tls **ret_tls, struct err *err);

void tls_free(struct tls *tls);

/*
 * NULL and err on failure; the caller frees it with SSL_free. `host` is whom a client means to
 * reach: NULL is an error with TLS_VERIFY_IDENTITY.
 */
SSL *tls_new_session(const struct tls *tls, int fd, const char *host, struct err *err);

/* Why a handshake failed, as one sentence of err: E_AUTH for certificates, else E_PROTO. */
bool tls_explain(SSL *ssl, const char *peer, const char *host, struct err *err);
