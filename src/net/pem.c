#include "net/pem.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static BIO *open_text(struct span pem)
{
    return pem.len > 0 && pem.len <= INT_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
}

/* Whether reading ended because no further block begins. */
static bool nothing_left(void)
{
    unsigned long why = ERR_peek_last_error();

    return ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
}

/* Reads all certificates; the first one is the caller's unless `ret_first` is NULL. */
static bool read_certificates(struct span pem, const char *name, X509 **ret_first, struct err *err)
{
    BIO *bio = open_text(pem);
    X509 *first = NULL;
    X509 *next = NULL;
    size_t count = 0;
    bool ok;

    ERR_clear_error();
    while (bio && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        count++;
        if (!first)
            first = next;
        else
            X509_free(next);
    }
    if (bio && !nothing_left())
        ok = err_set(err, E_USAGE, 0, "%s: expected certificates in PEM, found number %zu broken",
                     name, count + 1);
    else
        ok = count > 0 ||
             err_set(err, E_USAGE, 0,
                     "%s: expected a certificate in PEM (-----BEGIN CERTIFICATE-----), found none",
                     name);
    ERR_clear_error();
    BIO_free(bio);
    if (ok && ret_first)
        *ret_first = first;
    else
        X509_free(first);
    return ok;
}

bool pem_check_certificates(struct span pem, const char *name, struct err *err)
{
    return read_certificates(pem, name, NULL, err);
}

/* Says that a passphrase was asked for, and gives none. */
static int no_passphrase(char *into, int size, int writing, void *asked)
{
    (void)into;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool read_key(struct span pem, const char *name, EVP_PKEY **ret_key, struct err *err)
{
    BIO *bio = open_text(pem);
    bool asked = false;
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked) : NULL;

    ERR_clear_error();
    BIO_free(bio);
    if (asked) {
        EVP_PKEY_free(key);
        return err_set(err, E_USAGE, 0,
                       "%s: expected a private key without a passphrase, found one with; take it "
                       "off with: openssl pkey -in KEY -out PLAIN_KEY",
                       name);
    }
    if (!key)
        return err_set(err, E_USAGE, 0,
                       "%s: expected a private key in PEM (-----BEGIN PRIVATE KEY-----), found "
                       "none that can be read",
                       name);
    *ret_key = key;
    return true;
}

bool pem_check_pair(struct span cert, const char *cert_name, struct span key, const char *key_name,
                    struct err *err)
{
    X509 *certificate = NULL;
    EVP_PKEY *private_key = NULL;
    bool ok = read_certificates(cert, cert_name, &certificate, err) &&
              read_key(key, key_name, &private_key, err);

    if (ok && X509_check_private_key(certificate, private_key) != 1)
        ok = err_set(err, E_USAGE, 0,
                     "%s: expected the private key of the first certificate in %s, found another "
                     "one",
                     key_name, cert_name);
    ERR_clear_error();
    EVP_PKEY_free(private_key);
    X509_free(certificate);
    return ok;
}
