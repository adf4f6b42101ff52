#include "check.h"

#include "net/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

static X509 *parse(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

static void test_the_server_certificate_is_the_authoritys_and_names_its_hosts(void **state)
{
    struct certificate_set set;
    struct err err;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509 *ca;
    X509 *server;

    (void)state;
    assert_true(certificate_set_make("main", "db.example.com", &set, &err));
    ca = parse(&set.ca_cert);
    server = parse(&set.server_cert);
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, server, NULL), 1);
    assert_int_equal(X509_verify_cert(context), 1);
    assert_int_equal(X509_check_host(server, "db.example.com", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(server, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(server, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(server, "10.0.0.1", 0), 0);
    assert_int_equal(X509_check_ca(server), 0);
    X509_free(ca);
    X509_free(server);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    certificate_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_server_certificate_is_the_authoritys_and_names_its_hosts),
    };

    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
