#include "net/certificate.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#define VALID_SECONDS (INT64_C(10) * 365 * 24 * 3600)
#define BACKDATE_SEC  (-24 * 3600) /* clients whose clock is behind */

static bool failed(const char *what, struct err *err)
{
    char reason[160];

    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    return err_set(err, E_BUG, 0, "certificate: %s: %s", what, reason);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* Serial number, validity, subject and key; the caller adds extensions and signs. */
static X509 *new_certificate(const char *common_name, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
    uint64_t serial;
    bool ok;

    random_bytes(&serial, sizeof serial);
    ok = cert && X509_set_version(cert, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(cert), BACKDATE_SEC) &&
         X509_gmtime_adj(X509_getm_notAfter(cert), VALID_SECONDS) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                    -1, -1, 0) == 1 &&
         X509_set_pubkey(cert, key) == 1;
    if (!ok) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static X509 *make_authority(const char *name, EVP_PKEY *key)
{
    char common_name[64]; /* X.520's bound */
    X509 *cert;

    (void)snprintf(common_name, sizeof common_name, "Borealis %.40s authority", name);
    cert = new_certificate(common_name, key);
    if (cert && X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
        add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
        X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

static X509 *make_server(const char *host, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    char names[512];
    X509 *cert = new_certificate("Borealis endpoint", key);

    (void)snprintf(names, sizeof names, "DNS:localhost,DNS:%.253s,IP:127.0.0.1,IP:::1", host);
    if (cert && X509_set_issuer_name(cert, X509_get_subject_name(ca)) == 1 &&
        add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(cert, ca, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
        add_extension(cert, ca, NID_ext_key_usage, "serverAuth,clientAuth") &&
        add_extension(cert, ca, NID_subject_alt_name, names) &&
        add_extension(cert, ca, NID_authority_key_identifier, "keyid") &&
        X509_sign(cert, ca_key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

/* Moves a memory BIO's content to buf and wipes it. */
static bool take_pem(BIO *bio, struct buf *into)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    if (len <= 0)
        return false;
    buf_bytes(into, span_of(data, (size_t)len));
    OPENSSL_cleanse(data, (size_t)len);
    return buf_ok(into);
}

static bool write_pem(X509 *cert, EVP_PKEY *key, struct buf *ret_cert, struct buf *ret_key)
{
    BIO *cert_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());
    bool ok = cert_bio && key_bio && PEM_write_bio_X509(cert_bio, cert) == 1 &&
              PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              take_pem(cert_bio, ret_cert) && take_pem(key_bio, ret_key);

    BIO_free(cert_bio);
    BIO_free(key_bio);
    return ok;
}

bool certificate_set_make(const char *name, const char *host, struct certificate_set *ret_set,
                          struct err *err)
{
    struct certificate_set set;
    EVP_PKEY *ca_key = EVP_RSA_gen(2048);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *ca = ca_key ? make_authority(name, ca_key) : NULL;
    X509 *cert = ca && key ? make_server(host, key, ca, ca_key) : NULL;
    bool ok;

    buf_init(&set.ca_cert, CERTIFICATE_PEM_MAX);
    buf_init(&set.ca_key, CERTIFICATE_PEM_MAX);
    buf_init(&set.server_cert, CERTIFICATE_PEM_MAX);
    buf_init(&set.server_key, CERTIFICATE_PEM_MAX);
    ok = cert && write_pem(ca, ca_key, &set.ca_cert, &set.ca_key) &&
         write_pem(cert, key, &set.server_cert, &set.server_key);
    if (ok) {
        *ret_set = set;
    } else {
        (void)failed("cannot make it", err);
        certificate_set_done(&set);
    }
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return ok;
}

static void wipe(struct buf *buf)
{
    if (buf->data)
        OPENSSL_cleanse(buf->data, buf->len);
    buf_done(buf);
}

void certificate_set_done(struct certificate_set *set)
{
    buf_done(&set->ca_cert);
    wipe(&set->ca_key);
    buf_done(&set->server_cert);
    wipe(&set->server_key);
}

static bool write_file(const char *directory, const char *name, const struct buf *content,
                       mode_t mode, struct err *err)
{
    char *path = mem_printf("%s/%s", directory, name);
    bool good = file_write(path, buf_span(content), mode, err);

    mem_free(path);
    return good;
}

static bool make_files(const char *directory, const char *name, struct err *err)
{
    struct certificate_set set;
    char host[256] = "localhost";
    bool good;

    (void)gethostname(host, sizeof host - 1);
    if (!certificate_set_make(name, host, &set, err))
        return false;
    good = write_file(directory, CERTIFICATE_CA_KEY_FILE, &set.ca_key, 0600, err) &&
           write_file(directory, CERTIFICATE_CA_FILE, &set.ca_cert, 0644, err) &&
           write_file(directory, CERTIFICATE_KEY_FILE, &set.server_key, 0600, err) &&
           write_file(directory, CERTIFICATE_FILE, &set.server_cert, 0644, err);
    certificate_set_done(&set);
    return good;
}

bool certificate_files_make(const char *directory, const char *name, struct err *err)
{
    char *path = mem_printf("%s/" CERTIFICATE_FILE, directory);
    bool good =
        dir_make(directory, 0700, err) && (path_exists(path) || make_files(directory, name, err));

    mem_free(path);
    return good;
}
