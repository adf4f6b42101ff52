#include "net/tls.h"

#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls {
    SSL_CTX *context;
    bool server;
};

static bool failed(const char *what, struct err *err)
{
    char reason[160];

    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    return err_set(err, E_STATE, 0, "TLS: %s: %s", what, reason);
}

static struct tls *tls_new(bool server, struct err *err)
{
    struct tls *tls = mem_alloc(sizeof *tls);

    ERR_clear_error();
    tls->server = server;
    tls->context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!tls->context || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
        (void)failed("no context", err);
        tls_free(tls);
        return NULL;
    }
    /* A retried SSL_write may come from a buffer that has moved, and may write a part. */
    (void)SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                             SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

bool tls_server_new(const char *cert_path, const char *key_path, struct tls **ret_tls,
                    struct err *err)
{
    struct tls *tls = tls_new(true, err);

    if (!tls)
        return false;
    if (SSL_CTX_use_certificate_chain_file(tls->context, cert_path) != 1) {
        tls_free(tls);
        return failed(cert_path, err);
    }
    if (SSL_CTX_use_PrivateKey_file(tls->context, key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->context) != 1) {
        tls_free(tls);
        return failed(key_path, err);
    }
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
    mem_free(tls);
}

SSL *tls_new_session(const struct tls *tls, int fd, struct err *err)
{
    SSL *ssl;

    ERR_clear_error();
    ssl = SSL_new(tls->context);
    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        (void)failed("no session", err);
        SSL_free(ssl);
        return NULL;
    }
    if (tls->server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}
