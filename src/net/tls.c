#include "net/tls.h"

#include "base/mem.h"
#include "net/socket_bio.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define REASON_MAX   160
#define READ_AHEAD   (64u << 10) /* bytes of several records, for one call of the kernel */
#define VERSIONS_MAX 64

struct tls {
    pthread_mutex_t *lock; /* of `context`, once sessions begin */
    SSL_CTX *context;
    bool server;
    bool identity; /* a client that compares the host's name */
};

/* OpenSSL's first reason, without its library's and function's name. */
static void take_reason(char reason[REASON_MAX])
{
    unsigned long code = ERR_get_error();
    const char *text = ERR_reason_error_string(code);

    if (text)
        (void)snprintf(reason, REASON_MAX, "%s", text);
    else if (code)
        ERR_error_string_n(code, reason, REASON_MAX);
    else
        (void)snprintf(reason, REASON_MAX, "the other side closed the connection");
    ERR_clear_error();
}

static bool failed(enum err_class class, const char *what, struct err *err)
{
    char reason[REASON_MAX];

    take_reason(reason);
    return err_set(err, class, 0, "TLS: %s: %s", what, reason);
}

static struct tls *tls_new(bool server, struct err *err)
{
    struct tls *tls = mem_alloc(sizeof *tls);

    ERR_clear_error();
    tls->server = server;
    tls->lock = mem_alloc(sizeof *tls->lock);
    (void)pthread_mutex_init(tls->lock, NULL);
    tls->context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!tls->context || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
        (void)failed(E_STATE, "no context", err);
        tls_free(tls);
        return NULL;
    }
    /* A retried SSL_write may come from a buffer that has moved, and may write a part. */
    (void)SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                             SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

/* "TLSv1.2,TLSv1.3": the least and the greatest of those named are the bounds. */
static bool set_versions(struct tls *tls, const char *versions, struct err *err)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"TLSv1", TLS1_VERSION},
                 {"TLSv1.1", TLS1_1_VERSION},
                 {"TLSv1.2", TLS1_2_VERSION},
                 {"TLSv1.3", TLS1_3_VERSION}};
    char copy[VERSIONS_MAX];
    char *rest = copy;
    int least = 0;
    int greatest = 0;

    if (!versions)
        return true;
    (void)snprintf(copy, sizeof copy, "%s", versions);
    for (char *name; (name = strsep(&rest, ", ")) != NULL;) {
        int number = 0;

        if (!*name)
            continue;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (strcmp(known[i].name, name) == 0)
                number = known[i].number;
        }
        if (!number)
            return err_set(err, E_USAGE, 0,
                           "TLS versions: expected TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3, found '%s'",
                           name);
        if (!least || number < least)
            least = number;
        if (number > greatest)
            greatest = number;
    }
    if (!least || SSL_CTX_set_min_proto_version(tls->context, least) != 1 ||
        SSL_CTX_set_max_proto_version(tls->context, greatest) != 1)
        return err_set(err, E_USAGE, 0, "TLS versions: expected at least one, found '%.60s'",
                       versions);
    return true;
}

static bool set_ciphers(struct tls *tls, const char *ciphers, const char *suites, struct err *err)
{
    if (ciphers && SSL_CTX_set_cipher_list(tls->context, ciphers) != 1)
        return failed(E_USAGE, ciphers, err);
    if (suites && SSL_CTX_set_ciphersuites(tls->context, suites) != 1)
        return failed(E_USAGE, suites, err);
    return true;
}

static bool set_certificate(struct tls *tls, const char *cert_file, const char *key_file,
                            struct err *err)
{
    if (!cert_file && !key_file)
        return true;
    if (!cert_file || !key_file)
        return err_set(err, E_USAGE, 0, "TLS: expected a certificate and its key, found only %s",
                       cert_file ? cert_file : key_file);
    if (SSL_CTX_use_certificate_chain_file(tls->context, cert_file) != 1)
        return failed(E_USAGE, cert_file, err);
    if (SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->context) != 1)
        return failed(E_USAGE, key_file, err);
    return true;
}

static bool set_authorities(struct tls *tls, const char *ca_file, const char *ca_dir,
                            struct err *err)
{
    if (!ca_file && !ca_dir) {
        if (SSL_CTX_set_default_verify_paths(tls->context) != 1)
            return failed(E_STATE, "no authorities of the system", err);
        return true;
    }
    if (ca_file && SSL_CTX_load_verify_file(tls->context, ca_file) != 1)
        return failed(E_USAGE, ca_file, err);
    if (ca_dir && SSL_CTX_load_verify_dir(tls->context, ca_dir) != 1)
        return failed(E_USAGE, ca_dir, err);
    return true;
}

bool tls_server_new(const struct tls_server_spec *spec, struct tls **ret_tls, struct err *err)
{
    struct tls *tls = tls_new(true, err);
    bool client_ca = spec->client_ca_file || spec->client_ca_dir;

    if (!tls)
        return false;
    if (!spec->cert_file || !spec->key_file) {
        tls_free(tls);
        return err_set(err, E_USAGE, 0, "TLS: expected a server's certificate and key, found none");
    }
    if (!set_versions(tls, spec->versions, err) ||
        !set_ciphers(tls, spec->ciphers, spec->suites, err) ||
        !set_certificate(tls, spec->cert_file, spec->key_file, err) ||
        (client_ca && !set_authorities(tls, spec->client_ca_file, spec->client_ca_dir, err))) {
        tls_free(tls);
        return false;
    }
    if (client_ca)
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    *ret_tls = tls;
    return true;
}

bool tls_server_reload(struct tls *tls, const struct tls_server_spec *spec, struct err *err)
{
    struct tls *fresh = NULL;
    SSL_CTX *old;

    if (!tls_server_new(spec, &fresh, err))
        return false;
    (void)pthread_mutex_lock(tls->lock);
    old = tls->context;
    tls->context = fresh->context;
    (void)pthread_mutex_unlock(tls->lock);
    fresh->context = old;
    tls_free(fresh);
    return true;
}

bool tls_client_new(const struct tls_client_spec *spec, struct tls **ret_tls, struct err *err)
{
    struct tls *tls = tls_new(false, err);
    bool verify = spec->mode != TLS_REQUIRED;

    if (!tls)
        return false;
    if (!set_versions(tls, spec->versions, err) ||
        !set_ciphers(tls, spec->ciphers, spec->suites, err) ||
        !set_certificate(tls, spec->cert_file, spec->key_file, err) ||
        (verify && !set_authorities(tls, spec->ca_file, spec->ca_dir, err))) {
        tls_free(tls);
        return false;
    }
    SSL_CTX_set_verify(tls->context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    tls->identity = spec->mode == TLS_VERIFY_IDENTITY;
    /* A replica reads streams: without this each record takes two calls of the kernel. */
    SSL_CTX_set_read_ahead(tls->context, 1);
    SSL_CTX_set_default_read_buffer_len(tls->context, READ_AHEAD);
    *ret_tls = tls;
    return true;
}

bool tls_local_client_new(struct tls **ret_tls, struct err *err)
{
    struct tls *tls = tls_new(false, err);

    if (!tls)
        return false;
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_NONE, NULL);
    *ret_tls = tls;
    return true;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    (void)pthread_mutex_destroy(tls->lock);
    mem_free(tls->lock);
    mem_free(tls);
}

static bool is_ip(const char *host)
{
    uint8_t address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* Tells the server whom we mean, and OpenSSL whose certificate it must be. */
static bool set_host(const struct tls *tls, SSL *ssl, const char *host, struct err *err)
{
    if (!host)
        return !tls->identity ||
               err_set(err, E_USAGE, 0,
                       "TLS: expected a host whose name to compare with the certificate, found "
                       "none; a unix socket has no name");
    if (!is_ip(host) && SSL_set_tlsext_host_name(ssl, host) != 1)
        return failed(E_USAGE, host, err);
    if (!tls->identity)
        return true;
    if (is_ip(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) != 1
                    : SSL_set1_host(ssl, host) != 1)
        return failed(E_USAGE, host, err);
    return true;
}

SSL *tls_new_session(const struct tls *tls, int fd, const char *host, struct err *err)
{
    SSL *ssl;
    BIO *bio;

    ERR_clear_error();
    (void)pthread_mutex_lock(tls->lock);
    ssl = SSL_new(tls->context); /* which keeps the context */
    (void)pthread_mutex_unlock(tls->lock);
    bio = ssl ? socket_bio_new(fd) : NULL;
    if (!bio) {
        (void)failed(E_STATE, "no session", err);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    if (tls->server) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (!set_host(tls, ssl, host, err)) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

bool tls_explain(SSL *ssl, const char *peer, const char *host, struct err *err)
{
    long verdict = SSL_get_verify_result(ssl);
    char reason[REASON_MAX];

    take_reason(reason);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return err_set(err, E_AUTH, 0,
                       "%s: TLS: expected a certificate for '%s', found one for other names", peer,
                       host ? host : "");
    if (verdict != X509_V_OK)
        return err_set(err, E_AUTH, 0, "%s: TLS: the certificate is refused: %s", peer,
                       X509_verify_cert_error_string(verdict));
    return err_set(err, E_PROTO, 0, "%s: TLS: handshake: %s", peer, reason);
}
